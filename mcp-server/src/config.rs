//! Which archive, as whom, and what may be done: flags over environment over `.env`.

mod environment;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub use environment::Environment;

/// How long a request may take where nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything the server needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// The archive's DICOMweb base address, without credentials.
    pub host: Url,
    /// What is sent to prove who asks; nothing by default.
    pub credentials: Credentials,
    /// The longest time for a request and, for tools that only read, for the whole call.
    pub timeout: Duration,
    /// What may be written and which files may be read.
    pub permissions: Permissions,
    /// Bounds on what is taken from the archive and given to the client.
    pub limits: Limits,
}

/// What is sent in the Authorization header.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    None,
    /// RFC 7617.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// RFC 6750.
    Bearer(String),
}

/// Never shows a secret, so that a configuration can be logged.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

/// What a session may do besides reading the archive.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// Whether instances may be stored in the archive.
    pub store: Store,
    /// The folders that files to store may come from.
    pub paths: Vec<PathBuf>,
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
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No archive is named anywhere.
    #[error(
        "no archive is configured: set DICOMWEB_HOST to its DICOMweb base address, or start with --demo"
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
    /// A folder of `--allow-path` that is not there.
    #[error("--allow-path {path}: {reason}")]
    Path {
        /// The folder.
        path: String,
        /// Why it cannot be used.
        reason: String,
    },
}

impl Config {
    /// Puts the settings together; every value is checked here, so that the first tool call does not find it out.
    pub fn resolve(flags: Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let setting = |flag: Option<String>, name| flag.or_else(|| environment.value(name));
        let host = setting(flags.host, "DICOMWEB_HOST").ok_or(ConfigError::NoArchive)?;
        let (host, in_url) = base_address(&host)?;
        let credentials = credentials(
            setting(flags.auth, "DICOMWEB_AUTH"),
            setting(flags.user, "DICOMWEB_USER"),
            setting(flags.pass, "DICOMWEB_PASS"),
            setting(flags.token, "DICOMWEB_TOKEN"),
            in_url,
        )?;
        Ok(Self {
            host,
            credentials,
            timeout: timeout(setting(flags.timeout, "DICOMWEB_TIMEOUT"))?,
            permissions: Permissions::new(flags.store, &flags.paths)?,
            limits: Limits::default(),
        })
    }

    /// The archive at `host` with everything else as by default: what tests and `--demo` start from.
    pub fn for_host(host: &str) -> Result<Self, ConfigError> {
        Self::resolve(
            Flags {
                host: Some(host.to_owned()),
                ..Flags::default()
            },
            &Environment::default(),
        )
    }
}

impl Permissions {
    /// Folders are resolved once, here, so that a link cannot lead out of them later.
    pub fn new(store: Store, paths: &[PathBuf]) -> Result<Self, ConfigError> {
        let paths = paths
            .iter()
            .map(|path| {
                path.canonicalize().map_err(|error| ConfigError::Path {
                    path: path.display().to_string(),
                    reason: error.to_string(),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { store, paths })
    }
}

/// The base address without a trailing slash, and the credentials that stood in it.
fn base_address(text: &str) -> Result<(Url, Option<Credentials>), ConfigError> {
    let invalid = |problem: &str| ConfigError::Invalid {
        setting: "DICOMWEB_HOST",
        value: without_credentials(text),
        problem: problem.to_owned(),
    };
    let mut url = Url::parse(text.trim()).map_err(|error| {
        invalid(&format!(
            "{error}; it should look like http://host:8042/dicom-web"
        ))
    })?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid(
            "it should start with http:// or https:// and name a host",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("a base address has neither ? nor #"));
    }
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let in_url = (!url.username().is_empty()).then(|| Credentials::Basic {
        user: decode(url.username()),
        password: decode(url.password().unwrap_or_default()),
    });
    let cannot = || invalid("its credentials cannot be taken out");
    url.set_username("").map_err(|()| cannot())?;
    url.set_password(None).map_err(|()| cannot())?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok((url, in_url))
}

/// What may be printed of an address that cannot be parsed.
fn without_credentials(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    }
}

fn credentials(
    auth: Option<String>,
    user: Option<String>,
    pass: Option<String>,
    token: Option<String>,
    in_url: Option<Credentials>,
) -> Result<Credentials, ConfigError> {
    let missing = |needed, auth| ConfigError::Missing { needed, auth };
    let basic = |user: Option<String>, pass: Option<String>| match (user, in_url.clone()) {
        (Some(user), _) => {
            let password = pass.ok_or(missing("DICOMWEB_PASS", "basic"))?;
            Ok(Credentials::Basic { user, password })
        }
        (None, Some(in_url)) => Ok(in_url),
        (None, None) => Err(missing("DICOMWEB_USER", "basic")),
    };
    match auth.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("basic") => basic(user, pass),
        Some("bearer") => token
            .map(Credentials::Bearer)
            .ok_or(missing("DICOMWEB_TOKEN", "bearer")),
        Some("none") => Ok(Credentials::None),
        Some(_) => Err(ConfigError::Invalid {
            setting: "DICOMWEB_AUTH",
            value: auth.unwrap_or_default(),
            problem: "it is basic, bearer or none".to_owned(),
        }),
        None if user.is_some() => basic(user, pass),
        None => match (token, in_url) {
            (Some(token), _) => Ok(Credentials::Bearer(token)),
            (None, Some(in_url)) => Ok(in_url),
            (None, None) => Ok(Credentials::None),
        },
    }
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
        assert_eq!(config.host.as_str(), "http://file/");
        assert_eq!(config.timeout, Duration::from_secs(1));
        assert_eq!(config.credentials, Credentials::Bearer("t#1".into()));

        let config = resolve(
            Flags::default(),
            &[("DICOMWEB_HOST", "http://env/base/")],
            file,
        );
        assert_eq!(
            config.expect("from environment").host.as_str(),
            "http://env/base"
        );

        let flags = Flags {
            host: Some("http://flag/".into()),
            ..Flags::default()
        };
        let config = resolve(flags, &[("DICOMWEB_HOST", "http://env/")], file);
        assert_eq!(config.expect("from flag").host.as_str(), "http://flag/");
    }

    #[test]
    fn credentials_leave_the_address_before_anything_can_print_it() {
        let config = resolve(
            Flags::default(),
            &[("DICOMWEB_HOST", "https://us%40er:se%2Fcret@host/dicomweb")],
            "",
        )
        .expect("credentials in the address");
        assert_eq!(config.host.as_str(), "https://host/dicomweb");
        assert_eq!(
            config.credentials,
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
