//! Which archive, as whom, and what may be done: flags over environment over `.env`.

mod archive;
mod environment;
mod file;
mod flags;
mod permissions;
mod problem;
mod resolve;

use std::path::PathBuf;
use std::time::Duration;

pub use archive::{ArchiveSettings, Credentials, DimseSettings, TlsSettings, WebSettings};
pub use environment::Environment;
pub use file::{ArchiveTable, File};
pub use flags::Flags;
pub use permissions::{Permissions, Store};
pub use problem::ConfigError;

/// How long a request may take where nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Our AE title where the settings name none.
pub const DEFAULT_CALLING: &str = "MCP";

/// Everything the server needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// The archives; the first is asked where a call names none.
    pub archives: Vec<ArchiveSettings>,
    /// The longest time for a request and, for tools that only read, for the whole call.
    pub timeout: Duration,
    /// What may be written and which files may be read.
    pub permissions: Permissions,
    /// Bounds on what is taken from the archive and given to the client.
    pub limits: Limits,
    /// What is shown of patients.
    pub phi: Phi,
    /// The folder of the dead-letter queue; none where nothing may be kept.
    pub queue: Option<PathBuf>,
}

/// What is shown of patients (mcp-server: point 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phi {
    /// Everything, as the archive has it.
    #[default]
    Show,
    /// Nothing of it.
    Mask,
    /// The same invented name and ID for the same patient, dates and free text left out.
    Pseudonym,
}

impl Phi {
    fn parse(text: &str) -> Result<Self, ConfigError> {
        match text {
            "show" => Ok(Self::Show),
            "mask" => Ok(Self::Mask),
            "pseudonym" => Ok(Self::Pseudonym),
            _ => Err(ConfigError::Invalid {
                setting: "--phi",
                value: text.to_owned(),
                problem: "it is show, mask or pseudonym".to_owned(),
            }),
        }
    }
}

/// Bounds; what is cut by one is always said.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most bytes of a search answer, metadata or rendered picture.
    pub answer_bytes: u64,
    /// The most bytes of an instance that is retrieved to be read or rendered here.
    pub instance_bytes: u64,
    /// The most characters of text in an answer.
    pub text: usize,
    /// The first wait before something transient is tried again; doubles each time.
    pub retry_after: Duration,
    /// The longest wait that an archive may ask for before another try.
    pub longest_wait: Duration,
    /// How often something transient is tried in all.
    pub tries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer_bytes: 64 << 20,
            instance_bytes: 512 << 20,
            text: 40_000,
            retry_after: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            tries: 3,
        }
    }
}

impl Config {
    /// The archive at `host` with everything else as by default: what tests and `--demo` start from.
    ///
    /// # Errors
    /// If the address cannot be one.
    pub fn for_host(host: &str) -> Result<Self, ConfigError> {
        Self::resolve(
            Flags {
                host: Some(host.to_owned()),
                ..Flags::default()
            },
            &Environment::default(),
        )
    }

    /// The archive at this DIMSE address with everything else as by default.
    ///
    /// # Errors
    /// If the address or the title cannot be one.
    pub fn for_dimse(address: &str, called: &str) -> Result<Self, ConfigError> {
        Self::resolve(
            Flags {
                dimse: Some(address.to_owned()),
                called: Some(called.to_owned()),
                ..Flags::default()
            },
            &Environment::default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn web(config: &Config) -> &WebSettings {
        config.archives[0].web.as_ref().expect("DICOMweb")
    }

    fn resolve(flags: Flags, process: &[(&str, &str)], file: &str) -> Result<Config, ConfigError> {
        let process: HashMap<String, String> = process
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Config::resolve(
            flags,
            &Environment::from_parts(|name| process.get(name).cloned(), file),
        )
    }

    #[test]
    fn flags_go_over_environment_over_the_file() {
        let file = "# archive\nDICOMWEB_HOST=http://file/\nDICOMWEB_TIMEOUT=\"1000\" # ms\nexport DICOMWEB_TOKEN='t#1'\n";
        let config = resolve(Flags::default(), &[], file).expect("from file");
        assert_eq!(web(&config).host.as_str(), "http://file/");
        assert_eq!(config.timeout, Duration::from_secs(1));
        assert_eq!(web(&config).credentials, Credentials::Bearer("t#1".into()));

        let config = resolve(
            Flags::default(),
            &[("DICOMWEB_HOST", "http://env/base/")],
            file,
        );
        assert_eq!(
            web(&config.expect("from environment")).host.as_str(),
            "http://env/base"
        );

        let flags = Flags {
            host: Some("http://flag/".into()),
            ..Flags::default()
        };
        let config = resolve(flags, &[("DICOMWEB_HOST", "http://env/")], file);
        assert_eq!(
            web(&config.expect("from flag")).host.as_str(),
            "http://flag/"
        );
    }

    #[test]
    fn credentials_leave_the_address_before_anything_can_print_it() {
        let config = resolve(
            Flags::default(),
            &[("DICOMWEB_HOST", "https://us%40er:se%2Fcret@host/dicomweb")],
            "",
        )
        .expect("credentials in the address");
        assert_eq!(web(&config).host.as_str(), "https://host/dicomweb");
        assert_eq!(
            web(&config).credentials,
            Credentials::Basic {
                user: "us@er".into(),
                password: "se/cret".into()
            }
        );
        assert!(!format!("{config:?}").contains("cret"));

        let error = resolve(
            Flags::default(),
            &[("DICOMWEB_HOST", "ftp://user:secret@host/")],
            "",
        );
        let error = error.expect_err("not http").to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |process: &[(&str, &str)]| {
            let mut all = vec![("DICOMWEB_HOST", "http://host")];
            all.extend(process);
            resolve(Flags::default(), &all, "")
                .expect_err("refused")
                .to_string()
        };
        assert_eq!(
            error(&[("DICOMWEB_AUTH", "basic")]),
            "DICOMWEB_USER is not set, and DICOMWEB_AUTH=basic needs it"
        );
        assert_eq!(
            error(&[("DICOMWEB_AUTH", "bearer")]),
            "DICOMWEB_TOKEN is not set, and DICOMWEB_AUTH=bearer needs it"
        );
        assert_eq!(
            error(&[("DICOMWEB_AUTH", "digest")]),
            "DICOMWEB_AUTH is \"digest\": it is basic, bearer or none"
        );
        assert_eq!(
            error(&[("DICOMWEB_TIMEOUT", "soon")]),
            "DICOMWEB_TIMEOUT is \"soon\": it is a number of milliseconds from 1 to 3600000"
        );
        assert_eq!(
            resolve(Flags::default(), &[], "").expect_err("nothing"),
            ConfigError::NoArchive
        );
    }
}
