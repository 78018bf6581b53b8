//! What can be put around a right client to make it look like a wrong one: the proof of the client checks.

/// What a fault does with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Its last file is kept from it.
    DropsLast,
    /// It runs twice.
    SendsTwice,
    /// Its files are changed before it sees them.
    ChangesBytes,
    /// Its exit code is 0, whatever it was.
    Exits0,
    /// Its exit code is 1, whatever it was.
    Exits1,
    /// It runs again at once, up to three times, until it succeeds.
    RunsAgain,
    /// It is taken to run for ever.
    NeverEnds,
    /// Nothing that it prints is seen.
    Mute,
    /// It is taken to hold all that it sends.
    HoldsAll,
    /// Its multipart type is seen without its parameters.
    BareMultipart,
}

/// A named fault: the check's own, and what is done.
const FAULTS: &[(&str, Deed)] = &[
    ("client.drops-last", Deed::DropsLast),
    ("client.sends-twice", Deed::SendsTwice),
    ("client.changes-bytes", Deed::ChangesBytes),
    ("client.bare-multipart", Deed::BareMultipart),
    ("client.success-is-1", Deed::Exits1),
    ("client.partial-is-0", Deed::Exits0),
    ("client.names-nothing", Deed::Mute),
    ("client.sends-all-again", Deed::RunsAgain),
    ("client.refusal-is-0", Deed::Exits0),
    ("client.unsupported-is-0", Deed::Exits0),
    ("client.denial-is-0", Deed::Exits0),
    ("client.unavailable-is-0", Deed::Exits0),
    ("client.retries-at-once", Deed::RunsAgain),
    ("client.gives-up", Deed::Exits1),
    ("client.reset-is-0", Deed::Exits0),
    ("client.loses-one", Deed::Exits0),
    ("client.waits-for-ever", Deed::NeverEnds),
    ("client.holds-all", Deed::HoldsAll),
];

/// What the fault with this name does.
pub fn find(name: &str) -> Option<(&'static str, Deed)> {
    FAULTS.iter().copied().find(|(known, _)| *known == name)
}
