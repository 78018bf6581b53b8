//! The catalogue for readers: the list, one check in full, and the reference page.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::catalogue;
use crate::check::{Check, Profile};
use crate::selftest::can_be_proven;
use crate::subject::mcp::OF_LIBRARY;

/// What no check covers, and why.
pub const NOT_COVERED: &[(&str, &str)] = &[
    (
        "PS3.18 11 (UPS-RS)",
        "the worklist service over HTTP: no check yet",
    ),
    (
        "PS3.18 13 (storage commitment over HTTP)",
        "no check yet; commitment over DIMSE is covered",
    ),
    ("PS3.18 9 (WADO-URI)", "no check yet"),
    (
        "PS3.4 K (modality worklist)",
        "needs a worklist that the harness can fill, for which there is no standard way",
    ),
    (
        "PS3.18 8.5: 401, 413, 429, 503",
        "needs an archive that can be brought into these states",
    ),
    (
        "RFC 9110: validators, ranges, HEAD, content codings",
        "may be left out by any server; no check yet",
    ),
    ("Fetch: CORS", "no text in DICOM; no check yet"),
    (
        "PS3.15 (security profiles)",
        "beyond what tls-only and user-identity say: the machine's own configuration decides",
    ),
    (
        "PS3.4 C-STORE of every SOP class",
        "sampled: some image classes, structured reports, encapsulated documents",
    ),
    (
        "PS3.5 private data dictionaries",
        "what private attributes mean is nobody else's to judge; that they are kept is checked",
    ),
];

/// One line a check.
pub fn list() -> String {
    let mut out = String::new();
    for check in catalogue::every() {
        let clause = check.clauses[0].to_string();
        let _ = writeln!(
            out,
            "{:<36} {:<7} {clause:<18} {:<28} {}",
            check.id, check.level, check.fault, check.title
        );
    }
    out
}

/// Everything that is data, for programs.
pub fn list_json() -> Value {
    catalogue::every().map(as_json).collect()
}

fn as_json(check: &Check) -> Value {
    let edition =
        |edition: Option<crate::check::Edition>| edition.map(|edition| edition.to_string());
    json!({
        "id": check.id,
        "group": check.group(),
        "title": check.title,
        "clauses": check.clauses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "level": check.level.word(),
        "needs": check.needs.iter().map(|need| need.word()).collect::<Vec<_>>(),
        "since": edition(check.editions.since),
        "until": edition(check.editions.until),
        "profiles": Profile::of(check).into_iter().map(Profile::word).collect::<Vec<_>>(),
        "fault": check.fault,
        "sends": check.sends,
        "accepts": check.accepts,
    })
}

/// One check in full.
pub fn explain(check: &Check) -> String {
    let words = |texts: Vec<&str>| {
        if texts.is_empty() {
            "nothing".to_owned()
        } else {
            texts.join(", ")
        }
    };
    let rows = [
        ("clause", check.clause_text()),
        ("level", level(check)),
        (
            "needs",
            words(check.needs.iter().map(|need| need.word()).collect()),
        ),
        (
            "profiles",
            words(Profile::of(check).into_iter().map(Profile::word).collect()),
        ),
        ("sends", check.sends.to_owned()),
        ("accepts", check.accepts.to_owned()),
        (
            "fault",
            if can_be_proven(check) {
                format!(
                    "{} (see it fail: dicom-conformance {} --fault {} --only {})",
                    check.fault,
                    catalogue::subject(check).word(),
                    check.fault,
                    check.id
                )
            } else {
                format!("{} (not in the mock archive yet)", check.fault)
            },
        ),
    ];
    let mut out = format!("{}: {}\n", check.id, check.title);
    for (name, value) in rows {
        let _ = writeln!(out, "  {name:<9} {value}");
    }
    out
}

/// The reference page `docs/checks.md`.
pub fn page() -> String {
    let mut out = String::from(
        "# Checks\n\n\
         Every check of `dicom-conformance`, from the catalogue in the code. Each stands on a clause, passes on the faithful mock\n\
         archive and fails under the named fault (`dicom-conformance selftest`). A fault in brackets is not in the mock archive yet: nothing\n\
         proves that check so far. The groups mcp and client judge a program (`dicom-conformance mcp`, `dicom-conformance client`); their\n\
         faults stand between the program and the harness.\n\n\
         MUST fails a run; SHOULD, MAY and INTEROP warn. `--only` takes an id, the beginning of one, or a clause such as `PS3.18/10.5`.\n",
    );
    let mut groups: Vec<&str> = catalogue::every().map(Check::group).collect();
    groups.dedup();
    for group in groups {
        let _ = writeln!(out, "\n## {group}\n");
        if group == "mcp" {
            let _ = writeln!(
                out,
                "A protocol library, or a list of tools, passes these by itself; they say nothing about a server's way with an archive, and\n\
                 tables count them apart: {}.\n",
                (OF_LIBRARY
                    .iter()
                    .map(|id| format!("`{id}`"))
                    .collect::<Vec<_>>())
                .join(", ")
            );
        }
        out.push_str(
            "| check | level | clause | sends | accepts | needs | fault |\n|-|-|-|-|-|-|-|\n",
        );
        for check in catalogue::every().filter(|check| check.group() == group) {
            let needs: Vec<_> = check.needs.iter().map(|need| need.word()).collect();
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                check.id,
                level(check),
                check.clause_text(),
                cell(check.sends),
                cell(check.accepts),
                needs.join(", "),
                if can_be_proven(check) {
                    format!("`{}`", check.fault)
                } else {
                    format!("(`{}`)", check.fault)
                }
            );
        }
    }
    out.push_str("\n## What no check covers\n\n| clause | why |\n|-|-|\n");
    for (clause, why) in NOT_COVERED {
        let _ = writeln!(out, "| {} | {} |", cell(clause), cell(why));
    }
    out.push_str("\n## Profiles\n");
    out.push_str(
        "\nA profile is closed: inside it `not-applicable` is not allowed, so passing means the same for everyone. What an archive may leave\n\
         out is in none but its own.\n",
    );
    for &profile in Profile::ALL {
        let members: Vec<_> = (catalogue::all().iter())
            .filter(|check| profile.contains(check))
            .map(|check| format!("`{}`", check.id))
            .collect();
        let _ = writeln!(
            out,
            "\n**{profile}** ({}): {}.",
            profile.about(),
            members.join(", ")
        );
    }
    out
}

fn level(check: &Check) -> String {
    match check.is_rarely_met() {
        true => format!("{} (rarely met)", check.level),
        false => check.level.to_string(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}
