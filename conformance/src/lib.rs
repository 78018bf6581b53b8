//! A harness that judges DICOM archives, each check with its clause and its fault.
