//! A draft of a statement, from what the smoke run saw: for a person to correct.

use std::fmt::Write;

use crate::check::{Door, Need};
use crate::observe::Observed;
use crate::target::Target;

use super::{VERSION, services};

/// The draft. It declares what was seen, with its source as a comment, and names what cannot be seen.
pub fn draft(target: &Target, observed: &Observed) -> String {
    let mut out = format!(
        "# What this archive declares. Drafted by `dicom-conformance statement init` from what could be seen; correct it.\n\
         statement = {VERSION}\n\n[product]\nname = \"\"\nversion = \"\"\n"
    );
    if let Some(web) = &target.web {
        let mut base = web.clone();
        // Only a URL that cannot have credentials refuses to lose them.
        let _ = base.set_password(None);
        let _ = base.set_username("");
        let _ = writeln!(out, "\n[web]\nbase = {}", quoted(base.as_str()));
        list(&mut out, observed, Door::Web);
        let _ = writeln!(
            out,
            "# Whether fuzzymatching=true finds more than the letters say.\nfuzzy = {}",
            !observed.offers(Need::NoFuzzy)
        );
        out.push_str("# max-results = 100        # no answer to a search has more\n");
        out.push_str("# tls-only = true          # plain HTTP is refused\n");
    }
    if let Some(dimse) = &target.dimse {
        let _ = writeln!(
            out,
            "\n[dimse]\naddress = {}\nae-title = {}",
            quoted(&dimse.address),
            quoted(&dimse.called)
        );
        list(&mut out, observed, Door::Dimse);
        out.push_str(
            "# checks-called = true     # only its own AE title is accepted\n\
             # checks-calling = true    # only AE titles that it knows are accepted\n\
             # max-associations = 16    # one more is rejected\n\
             # artim-seconds = 30       # a connection without a request is closed\n\
             # user-identity = true     # with --claim user-identity=NAME:SECRET\n\
             # dead-destination = \"AE\"  # a C-MOVE destination at whose address nobody listens\n\
             # refused-storer = \"AE\"    # nothing is stored for this AE title\n",
        );
    }
    out.push_str(
        "\n[policy]\n\
         # duplicate = \"ignore\"            # or replace, reject: another instance under a known UID\n\
         # patient-conflict = \"reject\"     # or coerce, accept: a Patient ID that is not that of the study\n\
         # private-elements = \"keep\"       # or discard\n\
         # validates = true                # an instance without required attributes is noticed\n\
         # refused-sop-class = \"UID\"\n\
         # refused-transfer-syntax = \"UID\"\n\
         # max-instance-bytes = 100000000\n\
         # index-delay-ms = 0              # how long after a store a search may miss it\n",
    );
    out
}

fn list(out: &mut String, observed: &Observed, door: Door) {
    out.push_str("services = [\n");
    for need in services(door) {
        let source = observed
            .all()
            .get(&need)
            .map_or("", |seen| seen.source.as_str());
        let source: String = (source.chars())
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let mark = if observed.offers(need) { "" } else { "# " };
        let word = format!("{mark}\"{need}\",");
        let _ = writeln!(out, "    {word:<22} # {source}");
    }
    out.push_str("]\n");
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
