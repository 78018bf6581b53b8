//! What may be written, and which files may be read.

use std::path::PathBuf;

use dicom_wire::ae::AeTitle;

use super::ConfigError;
use crate::upload::Conflicts;

/// What a session may do besides reading the archive.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// Whether instances may be stored in the archive.
    pub store: Store,
    /// The folders that files to store may come from.
    pub paths: Vec<PathBuf>,
    /// The folders that studies may be retrieved into.
    pub retrieve_to: Vec<PathBuf>,
    /// The AE titles that studies may be moved to.
    pub move_to: Vec<AeTitle>,
    /// The hosts that may be configured by a call, beside loopback and those of the settings.
    pub hosts: Vec<String>,
    /// Whether studies with two patients may be sent.
    pub conflicts: Conflicts,
}

/// Whether store-instances is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Store {
    /// Off: the default.
    #[default]
    Off,
    /// On, for files inside the allowed folders.
    On,
}

impl Permissions {
    /// Folders are resolved once, here, so that a link cannot lead out of them later.
    ///
    /// # Errors
    /// If a folder is not there.
    pub fn new(store: Store, paths: &[PathBuf]) -> Result<Self, ConfigError> {
        Ok(Self {
            store,
            paths: folders("--allow-path", paths)?,
            ..Self::default()
        })
    }
}

pub(super) fn folders(
    setting: &'static str,
    paths: &[PathBuf],
) -> Result<Vec<PathBuf>, ConfigError> {
    let resolved = paths.iter().map(|path| {
        path.canonicalize().map_err(|error| ConfigError::Path {
            setting,
            path: path.display().to_string(),
            reason: error.to_string(),
        })
    });
    resolved.collect()
}
