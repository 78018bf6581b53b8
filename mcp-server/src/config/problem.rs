//! Why there is no configuration.

/// Why there is no configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No archive is named anywhere.
    #[error(
        "no archive is configured: set DICOMWEB_HOST to its DICOMweb base address, or DICOM_HOST and DICOM_PORT to its DIMSE address, or start with --demo"
    )]
    NoArchive,
    /// A setting has a value that cannot be.
    #[error("{setting} is {value:?}: {problem}")]
    Invalid {
        /// Its name.
        setting: &'static str,
        /// Its value; never a secret.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A setting is missing that another one needs.
    #[error("{needed} is not set, and DICOMWEB_AUTH={auth} needs it")]
    Missing {
        /// The one that is missing.
        needed: &'static str,
        /// The kind of authentication that needs it.
        auth: &'static str,
    },
    /// A file of settings that cannot be read.
    #[error("--config {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that is not there.
    #[error("{setting} {path}: {reason}")]
    Path {
        /// The setting that names it.
        setting: &'static str,
        /// The folder.
        path: String,
        /// Why it cannot be used.
        reason: String,
    },
}
