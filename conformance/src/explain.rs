//! The catalogue for readers: the list, one check in full, and the reference page.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::catalogue;
use crate::check::{Check, Profile};
use crate::selftest::can_be_proven;

/// One line a check.
pub fn list() -> String {
    let mut out = String::new();
    for check in catalogue::all() {
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
    catalogue::all()
        .iter()
        .map(|check| as_json(check))
        .collect()
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
        "profiles": check.profiles.iter().map(|profile| profile.word()).collect::<Vec<_>>(),
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
        ("level", check.level.to_string()),
        (
            "needs",
            words(check.needs.iter().map(|need| need.word()).collect()),
        ),
        (
            "profiles",
            words(
                check
                    .profiles
                    .iter()
                    .map(|profile| profile.word())
                    .collect(),
            ),
        ),
        ("sends", check.sends.to_owned()),
        ("accepts", check.accepts.to_owned()),
        (
            "fault",
            if can_be_proven(check) {
                format!(
                    "{} (see it fail: dicom-conformance run --fault {} --only {})",
                    check.fault, check.fault, check.id
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
         proves that check so far.\n\n\
         MUST fails a run; SHOULD, MAY and INTEROP warn. `--only` takes an id, the beginning of one, or a clause such as `PS3.18/10.5`.\n",
    );
    let mut groups: Vec<&str> = catalogue::all().iter().map(|check| check.group()).collect();
    groups.dedup();
    for group in groups {
        let _ = writeln!(out, "\n## {group}\n");
        out.push_str(
            "| check | level | clause | sends | accepts | needs | fault |\n|-|-|-|-|-|-|-|\n",
        );
        for check in catalogue::all()
            .iter()
            .filter(|check| check.group() == group)
        {
            let needs: Vec<_> = check.needs.iter().map(|need| need.word()).collect();
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                check.id,
                check.level,
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
    out.push_str("\n## Profiles\n");
    for profile in Profile::ALL {
        let members: Vec<_> = (catalogue::all().iter())
            .filter(|check| check.profiles.contains(&profile))
            .map(|check| format!("`{}`", check.id))
            .collect();
        let _ = writeln!(out, "\n**{profile}**: {}.", members.join(", "));
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}
