# Everything a contributor runs. `just` alone lists it.

# List what can be run
list:
    @just --list --unsorted

# Formatting, lints, tests and docs: what has to be green before a commit
check: && docs-check
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace

# All tests
test:
    cargo test --workspace

# Foreign peers against our binaries: dcmtk, pynetdicom, dicomweb-client, Orthanc, the Python MCP client; and the examples
interop *ARGS:
    interop/run {{ARGS}}

# Criterion benches; STOW_GIB=4 for a larger upload
bench *ARGS:
    cargo bench -p dicom-benches {{ARGS}}

# The demo archive: patients to look at, over DICOMweb and DIMSE
demo *ARGS:
    cargo run --release --bin dicom-mock-archive -- {{ARGS}}

# Judge an archive; without a target the embedded one
conform *ARGS:
    cargo run --release --bin dicom-conformance -- {{ARGS}}

# Rewrite the generated pages of docs/ and the API documentation
docs:
    UPDATE_DOCS=1 cargo test --workspace --test it docs
    cargo doc --workspace --no-deps

# The API documentation builds without a warning
docs-check:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
