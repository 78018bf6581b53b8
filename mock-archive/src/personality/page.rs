//! The page about personalities, made from their files.

use std::fmt::Write as _;

use super::{Fact, Personality, Seen, SourceKind};

const HEAD: &str = "\
# Personalities

What the mock archive can be like. This page is generated from the files in `mock-archive/personalities/`; `just docs` writes it anew.

`dicom-mock-archive --like orthanc-1.10` on the command line, `MockArchive::builder().like(Personality::find(\"orthanc-1.10\")?)` in Rust. A personality is a list of facts; each is a
policy or a rule, and says where it is known from: a *run* of the product, its *source* code, a *document*, an *issue* thread, or, where no product stands behind it, a *choice* made
here. Policies given beside `--like` go over those of the personality. An overlay goes with another one and comes last: `--like azure-dicom,hospital-proxy`.
`dicom-mock-archive personalities --json` prints all of it. What is not in the list is as the mock archive has it: by the standard.

The last column is a request that shows the fact, and what comes; a test sends each of them to the personality, and to the plain archive, which has to answer
otherwise, unless nothing is done for the fact: then the archive does so anyway.
`orthanc-1.10` and `dcmqrscp` are compared with the products themselves: `interop/like/*.differences` lists the questions on which they still differ.

No vendor has checked these lists, and products change: a personality is a rehearsal for the real thing and not its conformance statement.

| name | what it is like | facts | from |
|---|---|---|---|
";

/// The page, in Markdown.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for one in Personality::all() {
        let (name, count) = (one.name, one.facts.len());
        let about = cell(&one.about);
        let kinds = kinds(one);
        let _ = writeln!(
            page,
            "| [`{name}`](#{}) | {about} | {count} | {kinds} |",
            anchor(name)
        );
    }
    for one in Personality::all() {
        let mut about = one.about.clone();
        if let Some(first) = about.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let overlay = if one.overlay { " An overlay." } else { "" };
        let _ = write!(page, "\n## {}\n\n{about}.{overlay}\n\n", one.name);
        page.push_str("| fact | from | done by | seen with |\n|---|---|---|---|\n");
        for fact in &one.facts {
            let seen = fact.seen.as_ref().map(seen).unwrap_or_default();
            let source = format!("{}: {}", fact.source.kind, linked(&fact.source.at));
            let _ = writeln!(
                page,
                "| {} | {source} | {} | {seen} |",
                cell(&fact.what),
                done_by(fact)
            );
        }
    }
    page
}

fn kinds(one: &Personality) -> String {
    let all = [
        SourceKind::Run,
        SourceKind::Source,
        SourceKind::Document,
        SourceKind::Issue,
        SourceKind::Choice,
    ];
    let count = |kind| {
        one.facts
            .iter()
            .filter(|fact| fact.source.kind == kind)
            .count()
    };
    let counts = all.map(|kind| (kind, count(kind)));
    let told = counts.iter().filter(|(_, count)| *count > 0);
    let told: Vec<_> = told
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    told.join(", ")
}

/// GitHub's anchor of a heading.
fn anchor(name: &str) -> String {
    name.replace('.', "")
}

fn linked(at: &str) -> String {
    let word = |word: &str| match word.starts_with("https://") {
        true => format!("<{word}>"),
        false => cell(word),
    };
    at.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The policies and faults behind a fact, by name.
fn done_by(fact: &Fact) -> String {
    let policies = fact.policy.names().map(|name| format!("policy `{name}`"));
    let rules = fact
        .rules
        .iter()
        .map(|rule| format!("`{}`", rule.then.name()));
    let mut all: Vec<_> = policies.chain(rules).collect();
    all.dedup();
    all.join(", ")
}

fn seen(seen: &Seen) -> String {
    let mut text = format!("`{}`", code(&seen.ask));
    for (name, value) in &seen.with {
        let _ = write!(text, " with `{name}: {}`", code(value));
    }
    if let Some(upload) = &seen.after {
        let _ = write!(text, " after `{upload}` was stored");
    }
    if let Some(upload) = &seen.send {
        let _ = write!(text, " of `{upload}`");
    }
    let _ = write!(text, " → `{}`", code(&seen.gives));
    let quoted = |texts: &[String]| {
        let texts = texts.iter().map(|text| format!("`{}`", code(text)));
        texts.collect::<Vec<_>>().join(", ")
    };
    if !seen.has.is_empty() {
        let _ = write!(text, " with {}", quoted(&seen.has));
    }
    if !seen.lacks.is_empty() {
        let _ = write!(text, " without {}", quoted(&seen.lacks));
    }
    text
}

fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { '.' } else { c })
        .collect();
    text.replace('|', "\\|").replace('`', "'")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
