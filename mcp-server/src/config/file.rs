//! The settings as a TOML file, with any number of archives.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::archive::{Login, TlsSettings};
use super::{ArchiveSettings, ConfigError, DEFAULT_CALLING, DimseSettings, WebSettings};

/// What a settings file may say. Every key is optional but the archives' names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct File {
    /// Milliseconds that an answer of an archive may take.
    pub timeout: Option<u64>,
    /// Whether instances may be stored.
    pub allow_store: bool,
    /// Folders that files to store may come from.
    pub allow_path: Vec<PathBuf>,
    /// Folders that studies may be retrieved into.
    pub allow_retrieve_to: Vec<PathBuf>,
    /// AE titles that studies may be moved to.
    pub allow_move: Vec<String>,
    /// Hosts that configure_dicom_server may name.
    pub allow_hosts: Vec<String>,
    /// show, mask or pseudonym.
    pub phi: Option<String>,
    /// The folder of the dead-letter queue.
    pub queue: Option<PathBuf>,
    /// The archives; the first is the default one.
    pub archive: Vec<ArchiveTable>,
}

/// One `[[archive]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArchiveTable {
    /// Its name in the argument `archive`.
    pub name: String,
    /// Its DICOMweb base address.
    pub web: Option<String>,
    /// basic, bearer or none.
    pub auth: Option<String>,
    /// User for basic authentication.
    pub user: Option<String>,
    /// Password for basic authentication.
    pub password: Option<String>,
    /// Token for bearer authentication.
    pub token: Option<String>,
    /// A file that holds the token.
    pub token_file: Option<String>,
    /// A command that prints the token.
    pub token_command: Option<String>,
    /// Authorities to trust, PEM.
    pub ca_file: Option<PathBuf>,
    /// The certificate that this server shows, PEM.
    pub client_certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub client_key: Option<PathBuf>,
    /// Its DIMSE address, HOST:PORT.
    pub dimse: Option<String>,
    /// Its AE title.
    pub called: Option<String>,
    /// Our AE title.
    pub calling: Option<String>,
    /// Whether DIMSE goes over TLS, with the files above.
    #[serde(default)]
    pub dimse_tls: bool,
    /// Where an archive without C-GET may move instances to: a port of loopback, or an address with a port.
    pub receive: Option<String>,
}

impl File {
    /// Reads a file of settings.
    ///
    /// # Errors
    /// If it cannot be read, or says something that is no setting.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let faulty = |reason: String| ConfigError::File {
            path: path.display().to_string(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|error| faulty(error.to_string()))?;
        // The parser's own words show the line, and that may hold a secret: only the message and the place are told.
        toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| text[..span.start.min(text.len())].lines().count());
            faulty(format!("line {line}: {}", error.message()))
        })
    }
}

impl ArchiveTable {
    pub(super) fn settings(self) -> Result<ArchiveSettings, ConfigError> {
        let login = Login {
            auth: self.auth,
            user: self.user,
            pass: self.password,
            token: self.token,
            token_file: self.token_file,
            token_command: self.token_command,
        };
        let tls = TlsSettings::new(self.ca_file, self.client_certificate, self.client_key)?;
        let dimse_tls = self.dimse_tls.then(|| tls.clone());
        let web = self
            .web
            .map(|address| WebSettings::new(&address, login, tls))
            .transpose()?;
        let called = self.called.as_deref().unwrap_or("ANY-SCP");
        let calling = self.calling.as_deref().unwrap_or(DEFAULT_CALLING);
        let dimse = self
            .dimse
            .map(|address| {
                DimseSettings::new(&address, called, calling)?
                    .with(dimse_tls, self.receive.as_deref())
            })
            .transpose()?;
        if web.is_none() && dimse.is_none() {
            return Err(ConfigError::Invalid {
                setting: "archive",
                value: self.name,
                problem: "it has neither web nor dimse, so there is no way to it".to_owned(),
            });
        }
        Ok(ArchiveSettings {
            name: self.name,
            web,
            dimse,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_any_number_of_archives_and_a_misspelt_key_is_refused_without_showing_secrets() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("settings.toml");
        std::fs::write(
            &path,
            "timeout = 5000\n[[archive]]\nname = \"a\"\nweb = \"http://a/\"\ntoken = \"hush\"\n[[archive]]\nname = \"b\"\ndimse = \"b:104\"\ncalled = \"B\"\n",
        )
        .expect("file");
        let file = File::read(&path).expect("settings");
        let archives: Vec<_> = file
            .archive
            .into_iter()
            .map(|table| table.settings().expect("an archive"))
            .collect();
        assert_eq!(
            archives[0].web.as_ref().expect("web").host.as_str(),
            "http://a/"
        );
        assert_eq!(
            archives[1].dimse.as_ref().expect("dimse").called.as_str(),
            "B"
        );

        std::fs::write(
            &path,
            "[[archive]]\nname = \"a\"\nwebb = \"http://u:hush@a/\"\n",
        )
        .expect("file");
        let error = File::read(&path).expect_err("misspelt").to_string();
        assert!(error.contains("webb") && !error.contains("hush"), "{error}");
    }
}
