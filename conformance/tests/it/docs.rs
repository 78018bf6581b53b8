//! The generated page is the catalogue.

use std::path::Path;

#[test]
fn docs_checks_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/checks.md");
    let page = dicom_conformance::explain::page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/checks.md is not what the catalogue says; `just docs` rewrites it"
    );
}
