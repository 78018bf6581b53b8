use std::path::Path;

use dicom_mock_archive::fault::{self, AnyFault, Named};
use dicom_mock_archive::personality;
use dicom_mock_archive::rule::Then;

#[test]
fn docs_faults_md_is_what_the_list_says() {
    assert_page("faults.md", &fault::markdown());
}

#[test]
fn docs_personalities_md_is_what_the_files_say() {
    assert_page("personalities.md", &personality::markdown());
}

fn assert_page(name: &str, expected: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, expected).unwrap();
    }

    let committed = std::fs::read_to_string(&page).unwrap();

    assert!(
        committed == expected,
        "docs/{name} is out of date: run `just docs`"
    );
}

#[test]
fn every_fault_says_what_happens_who_does_it_and_what_a_good_client_does() {
    for entry in fault::catalogue() {
        if entry.rule.is_none() {
            assert!(entry.meaning.contains("On the wire: "), "{}", entry.name);
            assert!(entry.meaning.contains("good client"), "{}", entry.name);
        }
    }
}

#[test]
fn every_fault_has_a_name_that_uses_it() {
    let used: Vec<_> = Named::all()
        .map(|named| named.rule().then)
        .map(|then| match then {
            Then::Fault(fault) => fault.name(),
            Then::Named(named) => panic!("{} is a name for a name", named.name),
        })
        .collect();

    for name in AnyFault::NAMES {
        assert!(used.contains(name), "{name} is used by no named fault");
    }
}

/// Files in which a fault may be used: tests, the catalogue of checks, scenarios, personalities and examples.
fn written() -> String {
    fn read(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "snapshots" | "target" | "node_modules") {
                read(&path, all);
            } else if let Ok(text) = std::fs::read_to_string(&path)
                && name != "docs.rs"
            {
                all.push_str(&text);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = String::new();
    for folder in [
        "mock-archive/tests",
        "mock-archive/scenarios",
        "mock-archive/personalities",
        "conformance/src/catalogue",
        "mcp-server/tests",
        "examples",
        "interop",
    ] {
        read(&root.join(folder), &mut all);
    }
    all
}

#[test]
fn every_fault_is_used_by_a_check_a_test_a_scenario_or_an_example() {
    let written = written();
    let is_written = |name: &str| {
        let bare = |at: usize| {
            let after = written[at + name.len()..].chars().next();
            let before = written[..at].chars().next_back();
            let dot = name.contains('.');
            let is_part = |c: Option<char>| {
                c.is_some_and(|c| c.is_alphanumeric() || c == '-' || (dot && c == '.'))
            };
            !is_part(before) && !is_part(after)
        };
        written.match_indices(name).any(|(at, _)| bare(at))
    };
    // In Rust a fault goes by the name of its type.
    let type_of = |name: &str| {
        let words = name.split('-');
        words
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect::<String>()
    };
    let mut dead = Vec::new();
    for name in AnyFault::NAMES {
        let by_name = Named::all().any(|named| {
            named.rule().then.fault().name() == *name
                && (!named.checks.is_empty() || is_written(named.name))
        });
        if !by_name && !is_written(name) && !is_written(&type_of(name)) {
            dead.push(*name);
        }
    }
    assert!(dead.is_empty(), "used by nothing: {dead:?}");
}
