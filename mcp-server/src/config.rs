//! Which archive, as whom, and what may be done: flags over environment over `.env`.

mod archive;
mod environment;
mod file;

use std::path::PathBuf;
use std::time::Duration;

use dicom_wire::ae::AeTitle;

use crate::upload::Conflicts;

use archive::Login;
pub use archive::{ArchiveSettings, Credentials, DimseSettings, TlsSettings, WebSettings};
pub use environment::Environment;
pub use file::{ArchiveTable, File};

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

impl Config {
    /// Puts the settings together; every value is checked here, so that the first tool call does not find it out.
    ///
    /// # Errors
    /// If no archive is named, or a value cannot be.
    pub fn resolve(flags: Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let file = flags.file.as_deref().map(File::read).transpose()?;
        let file = file.unwrap_or_default();
        let named = named_archive(&flags, environment)?;
        let mut archives: Vec<ArchiveSettings> = named.into_iter().collect();
        for table in file.archive {
            archives.push(table.settings()?);
        }
        if archives.is_empty() {
            return Err(ConfigError::NoArchive);
        }
        for (index, archive) in archives.iter().enumerate() {
            if archives[..index]
                .iter()
                .any(|other| other.name == archive.name)
            {
                return Err(ConfigError::Invalid {
                    setting: "archive",
                    value: archive.name.clone(),
                    problem: "two archives have this name".to_owned(),
                });
            }
        }
        let in_file = file.timeout.map(|timeout| timeout.to_string());
        let timeout_text = flags
            .timeout
            .or_else(|| environment.value("DICOMWEB_TIMEOUT"))
            .or(in_file);
        let store = if file.allow_store {
            Store::On
        } else {
            flags.store
        };
        let paths = [flags.paths, file.allow_path].concat();
        let mut permissions = Permissions::new(store, &paths)?;
        permissions.retrieve_to = folders(
            "--allow-retrieve-to",
            &[flags.retrieve_to, file.allow_retrieve_to].concat(),
        )?;
        for title in flags
            .move_to
            .iter()
            .chain(&file.allow_move)
            .flat_map(|list| list.split(','))
        {
            let title = AeTitle::parse(title).map_err(|error| ConfigError::Invalid {
                setting: "--allow-move",
                value: title.to_owned(),
                problem: error.to_string(),
            })?;
            permissions.move_to.push(title);
        }
        permissions.hosts = [flags.hosts, file.allow_hosts].concat();
        permissions.conflicts = flags.conflicts;
        let phi = flags
            .phi
            .or_else(|| environment.value("DICOM_PHI"))
            .or(file.phi);
        Ok(Self {
            archives,
            timeout: timeout(timeout_text)?,
            permissions,
            limits: Limits::default(),
            phi: phi
                .as_deref()
                .map(Phi::parse)
                .transpose()?
                .unwrap_or_default(),
            queue: flags.queue.or(file.queue),
        })
    }

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

/// The archive of the flags and the environment, as `default`: with both protocols where both are named.
fn named_archive(
    flags: &Flags,
    environment: &Environment,
) -> Result<Option<ArchiveSettings>, ConfigError> {
    let setting = |flag: &Option<String>, names: &[&str]| {
        flag.clone()
            .or_else(|| names.iter().find_map(|name| environment.value(name)))
    };
    let host = setting(&flags.host, &["DICOMWEB_HOST", "DICOM_HL7_DICOMWEB_URL"]);
    let login = Login {
        auth: setting(&flags.auth, &["DICOMWEB_AUTH"]),
        user: setting(&flags.user, &["DICOMWEB_USER"]),
        pass: setting(&flags.pass, &["DICOMWEB_PASS"]),
        token: setting(&flags.token, &["DICOMWEB_TOKEN"]),
        token_file: environment.value("DICOMWEB_TOKEN_FILE"),
        token_command: environment.value("DICOMWEB_TOKEN_COMMAND"),
    };
    let path = |name| environment.value(name).map(PathBuf::from);
    let tls = TlsSettings {
        authorities: path("DICOMWEB_CA_FILE"),
        identity: path("DICOMWEB_CLIENT_CERT").zip(path("DICOMWEB_CLIENT_KEY")),
    };
    let web = host
        .map(|host| WebSettings::new(&host, login, tls))
        .transpose()?;
    let address = flags.dimse.clone().or_else(|| {
        let host = environment
            .value("DICOM_HOST")
            .or_else(|| environment.value("DICOM_HL7_PACS_HOST"))?;
        let port = environment
            .value("DICOM_PORT")
            .or_else(|| environment.value("DICOM_HL7_PACS_PORT"))
            .unwrap_or_else(|| "104".to_owned());
        Some(format!("{host}:{port}"))
    });
    let called = setting(
        &flags.called,
        &["DICOM_CALLED_AE_TITLE", "DICOM_HL7_PACS_AE_TITLE"],
    );
    let calling = setting(
        &flags.calling,
        &["DICOM_AE_TITLE", "DICOM_HL7_LOCAL_AE_TITLE"],
    );
    let dimse = address
        .map(|address| {
            DimseSettings::new(
                &address,
                called.as_deref().unwrap_or("ANY-SCP"),
                calling.as_deref().unwrap_or(DEFAULT_CALLING),
            )
        })
        .transpose()?;
    Ok((web.is_some() || dimse.is_some()).then(|| ArchiveSettings {
        name: "default".to_owned(),
        web,
        dimse,
    }))
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

fn folders(setting: &'static str, paths: &[PathBuf]) -> Result<Vec<PathBuf>, ConfigError> {
    let resolved = paths.iter().map(|path| {
        path.canonicalize().map_err(|error| ConfigError::Path {
            setting,
            path: path.display().to_string(),
            reason: error.to_string(),
        })
    });
    resolved.collect()
}

/// Milliseconds, as dicomweb-mcp-server counts.
fn timeout(text: Option<String>) -> Result<Duration, ConfigError> {
    let Some(text) = text else {
        return Ok(DEFAULT_TIMEOUT);
    };
    match text.trim().parse::<u64>() {
        Ok(milliseconds @ 1..=3_600_000) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(ConfigError::Invalid {
            setting: "DICOMWEB_TIMEOUT",
            value: text,
            problem: "it is a number of milliseconds from 1 to 3600000".to_owned(),
        }),
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
