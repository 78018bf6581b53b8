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
