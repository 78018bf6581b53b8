//! What travels between DICOM clients and archives: bytes to types and back, without IO.
