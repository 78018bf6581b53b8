//! A DICOM archive for tests: right by the standard, or exactly as wrong as told.
