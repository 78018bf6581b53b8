//! What an archive does otherwise than the standard says, where it is a matter of yes or no.
//!
//! A peer that does nothing unusual does not notice most of these: they are ways to read, not things to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the upper layer treats what comes on a connection (PS3.8 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum UpperLayer {
    /// Another application context than DICOM's is accepted.
    AnyApplicationContext,
    /// A request without protocol version 1 is accepted.
    AnyVersion,
    /// Only protocol version 1 itself is accepted, not a set that contains it.
    VersionOneOnly,
    /// A request with a reserved byte that is not zero is aborted.
    ReservedTested,
    /// A request with an unknown sub-item of the user information is aborted.
    UnknownItemAborts,
    /// A request with an even context ID is never answered.
    EvenContextHangs,
    /// Data on a context that was not negotiated is taken for data on the first one.
    AnyContext,
    /// A PDU of an unknown type is passed over.
    UnknownPduIgnored,
    /// A second request is accepted again.
    SecondRequestAccepted,
    /// Data before the request is passed over.
    DataFirst,
    /// A PDU is taken to come whole in one read; what comes later is not waited for.
    OneRead,
    /// Of a PDU only the first value is read.
    OneValue,
    /// The lengths of PDUs and items are believed: what they promise is waited for.
    LengthsBelieved,
    /// A PDU above the maximum length is dropped without a word.
    OversizeDropped,
    /// A release is answered by closing.
    ReleaseCloses,
    /// The peer's maximum length is not minded: PDUs are as long as they like.
    PeerLimitIgnored,
    /// A connection without a request is kept open for ever.
    NoArtim,
    /// One association too many is closed without a word.
    LimitCloses,
    /// Users are not checked.
    UserIgnored,
}

/// How DIMSE operations are understood and carried out (PS3.7, PS3.4 C).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Operation {
    /// An identifier without a level is taken for one at STUDY level.
    LevelMayBeMissing,
    /// An identifier with an unknown level is taken for one at STUDY level.
    AnyLevel,
    /// PATIENT in the Study Root model is taken for STUDY.
    PatientInStudyRoot,
    /// The unique keys above a level need not be given.
    Relational,
    /// Of a list of UIDs only the first counts.
    FirstOfList,
    /// Asterisks and question marks are letters like all others.
    LiteralWildcards,
    /// Ranges of dates do not include their ends.
    ExclusiveRanges,
    /// Keys inside sequences do not count.
    SequencesIgnored,
    /// C-CANCEL is read and forgotten.
    CancelIgnored,
    /// A C-CANCEL for what has ended ends the association.
    LateCancelAborts,
    /// A C-STORE is answered before its data set has come.
    EarlySuccess,
    /// Instances go out on a C-GET to a peer that is no SCP of their class.
    RolesIgnored,
    /// C-STORE requests of a C-MOVE do not name its originator.
    NoOriginator,
    /// Whatever storage commitment is asked for is reported as committed.
    CommitsAnything,
    /// Storage commitment is reported on an association of the archive's own, whatever is open.
    ReportsApart,
    /// A C-MOVE or C-GET without a unique key is for all that there is.
    NoKeyIsAll,
    /// A date that is none is looked for all the same, and found nowhere.
    BadDatesAreDates,
    /// Storage commitment does not look at SOP classes.
    ClassesUnchecked,
    /// Reports of storage commitment name another transaction.
    OtherTransaction,
    /// Reports of storage commitment go out on the association of their request, or not at all.
    ReportsHereOnly,
    /// Of an instance in the middle of which the peer aborts, what came is kept.
    AbortKeepsPart,
    /// Instances of a C-MOVE go out on the association that asks for it.
    MoveOnOwnAssociation,
    /// Instances of a C-GET go to the peer's AE title, as those of a C-MOVE do.
    GetOnNewAssociation,
    /// A C-MOVE does not answer a destination that asks for the release at the same time.
    CollisionHangs,
}

/// A set of habits of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits<H> {
    bits: u32,
    of: std::marker::PhantomData<H>,
}

impl<H> Default for Habits<H> {
    fn default() -> Self {
        Self {
            bits: 0,
            of: std::marker::PhantomData,
        }
    }
}

macro_rules! habits {
    ($($kind:ty),*) => {$(
        impl Habits<$kind> {
            /// Takes one up.
            pub const fn add(&mut self, habit: $kind) {
                self.bits |= 1 << habit as u32;
            }

            /// Whether it is one of them.
            pub const fn has(self, habit: $kind) -> bool {
                self.bits & 1 << habit as u32 != 0
            }
        }
    )*};
}

habits!(UpperLayer, Operation);
