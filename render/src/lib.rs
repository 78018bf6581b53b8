//! A DICOM data set to what a person can look at: picture, text, pages.
