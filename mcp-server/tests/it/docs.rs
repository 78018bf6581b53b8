//! Pages that are made from the code.

use std::path::PathBuf;

/// `UPDATE_DOCS=1` writes the page instead.
#[test]
fn docs_tools_md_is_what_the_tools_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/tools.md");
    let page = dicom_mcp_server::tools::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/tools.md is out of date: `just docs` rewrites it"
    );
}
