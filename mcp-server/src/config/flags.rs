//! What the command line says.

use std::path::PathBuf;

use super::Store;
use crate::upload::Conflicts;

/// What the command line says; `None` where it says nothing.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--dicomweb-host`
    pub host: Option<String>,
    /// `--dicomweb-auth`
    pub auth: Option<String>,
    /// `--dicomweb-user`
    pub user: Option<String>,
    /// `--dicomweb-pass`
    pub pass: Option<String>,
    /// `--dicomweb-token`
    pub token: Option<String>,
    /// `--dicomweb-timeout`
    pub timeout: Option<String>,
    /// `--allow-store`
    pub store: Store,
    /// `--allow-path`
    pub paths: Vec<PathBuf>,
    /// `--dimse`
    pub dimse: Option<String>,
    /// `--called`
    pub called: Option<String>,
    /// `--calling`
    pub calling: Option<String>,
    /// `--dimse-tls`
    pub dimse_tls: bool,
    /// `--ca-file`
    pub ca_file: Option<PathBuf>,
    /// `--client-cert`
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`
    pub client_key: Option<PathBuf>,
    /// `--receive`
    pub receive: Option<String>,
    /// `--allow-retrieve-to`
    pub retrieve_to: Vec<PathBuf>,
    /// `--allow-move`
    pub move_to: Vec<String>,
    /// `--allow-hosts`
    pub hosts: Vec<String>,
    /// `--allow-conflicts`
    pub conflicts: Conflicts,
    /// `--phi`
    pub phi: Option<String>,
    /// `--queue`
    pub queue: Option<PathBuf>,
    /// `--config`
    pub file: Option<PathBuf>,
}
