//! One archive as the settings name it: where it is over each protocol, and as whom it is asked.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use dicom_wire::ae::AeTitle;
use url::Url;

use super::ConfigError;

/// An archive. At least one of the two protocols is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveSettings {
    /// Its name in the argument `archive`.
    pub name: String,
    /// How it is reached over DICOMweb.
    pub web: Option<WebSettings>,
    /// How it is reached over DIMSE.
    pub dimse: Option<DimseSettings>,
}

/// DICOMweb (PS3.18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSettings {
    /// The base address, without credentials.
    pub host: Url,
    /// What is sent to prove who asks; nothing by default.
    pub credentials: Credentials,
    /// What the connection is secured with where the address is https.
    pub tls: TlsSettings,
}

/// Files for TLS, all PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Authorities that are trusted beside those that every browser trusts.
    pub authorities: Option<PathBuf>,
    /// The certificate and the key that this server shows.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl TlsSettings {
    /// The files as settings name them.
    ///
    /// # Errors
    /// If a certificate is named without its key, or the other way round.
    pub(super) fn new(
        authorities: Option<PathBuf>,
        certificate: Option<PathBuf>,
        key: Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        let alone = |path: &PathBuf, problem: &str| ConfigError::Invalid {
            setting: "client certificate",
            value: path.display().to_string(),
            problem: problem.to_owned(),
        };
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(certificate), None) => return Err(alone(&certificate, "its key is not named")),
            (None, Some(key)) => {
                return Err(alone(&key, "the certificate of this key is not named"));
            }
            (None, None) => None,
        };
        Ok(Self {
            authorities,
            identity,
        })
    }

    /// Whether no file is named.
    pub(super) fn is_empty(&self) -> bool {
        self.authorities.is_none() && self.identity.is_none()
    }
}

/// DIMSE (PS3.7, PS3.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DimseSettings {
    /// HOST:PORT.
    pub address: String,
    /// The archive's AE title.
    pub called: AeTitle,
    /// Our AE title.
    pub calling: AeTitle,
    /// What the connection is secured with; plain where `None`.
    pub tls: Option<TlsSettings>,
    /// Where instances are taken that an archive without C-GET moves to this server; nowhere where `None`.
    pub receive: Option<SocketAddr>,
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
    /// RFC 6750, the token read from a file, again where the archive refuses it.
    BearerFile(PathBuf),
    /// RFC 6750, the token printed by a command, run again where the archive refuses it.
    BearerCommand(String),
}

impl Credentials {
    /// What kind they are, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic { .. } => "basic",
            Self::Bearer(_) | Self::BearerFile(_) | Self::BearerCommand(_) => "bearer",
        }
    }
}

/// Never shows a secret, so that a configuration can be logged.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) | Self::BearerFile(_) | Self::BearerCommand(_) => "Bearer(..)",
        })
    }
}

/// What the settings say about credentials, before it is known what is meant.
#[derive(Default)]
pub(super) struct Login {
    pub(super) auth: Option<String>,
    pub(super) user: Option<String>,
    pub(super) pass: Option<String>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<String>,
    pub(super) token_command: Option<String>,
}

impl WebSettings {
    /// The address and login as settings write them.
    pub(super) fn new(address: &str, login: Login, tls: TlsSettings) -> Result<Self, ConfigError> {
        let (host, in_url) = base_address(address)?;
        Ok(Self {
            host,
            credentials: credentials(login, in_url)?,
            tls,
        })
    }
}

impl DimseSettings {
    /// HOST:PORT, the archive's AE title and ours.
    ///
    /// # Errors
    /// If the address names no port or a title cannot be one.
    pub fn new(address: &str, called: &str, calling: &str) -> Result<Self, ConfigError> {
        let invalid = |setting, value: &str, problem: String| ConfigError::Invalid {
            setting,
            value: value.to_owned(),
            problem,
        };
        let parts = address.rsplit_once(':');
        let sound = parts.is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !sound {
            return Err(invalid(
                "DICOM_HOST and DICOM_PORT",
                address,
                "it should be HOST:PORT, as 10.0.0.5:104".to_owned(),
            ));
        }
        let title = |setting, text: &str| {
            AeTitle::parse(text).map_err(|error| invalid(setting, text, error.to_string()))
        };
        Ok(Self {
            address: address.to_owned(),
            called: title("DICOM_CALLED_AE_TITLE", called)?,
            calling: title("DICOM_AE_TITLE", calling)?,
            tls: None,
            receive: None,
        })
    }

    /// The same with TLS, and with an address to receive at: HOST:PORT by numbers, or a port, which is one of loopback.
    ///
    /// # Errors
    /// If the address cannot be one, or both are wanted and there is no certificate to be reached by: what an archive moves
    /// here would come without TLS.
    pub(super) fn with(
        self,
        tls: Option<TlsSettings>,
        receive: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let invalid = |text: &str, problem: &str| ConfigError::Invalid {
            setting: "DICOM_RECEIVE",
            value: text.to_owned(),
            problem: problem.to_owned(),
        };
        let address = |text: &str| {
            let port = text.parse::<u16>().ok().filter(|port| *port > 0);
            port.map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
                .or_else(|| text.parse().ok())
                .ok_or_else(|| invalid(text, "it is a port, or an address as 10.0.0.5:11112"))
        };
        if let (Some(tls), Some(text)) = (&tls, receive)
            && tls.identity.is_none()
        {
            return Err(invalid(
                text,
                "the archive is asked inside TLS, and to be reached inside TLS a certificate and its key are needed: DICOM_CLIENT_CERT and DICOM_CLIENT_KEY",
            ));
        }
        Ok(Self {
            tls,
            receive: receive.map(address).transpose()?,
            ..self
        })
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        self.address.rsplit_once(':').map_or("", |(host, _)| host)
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

fn credentials(login: Login, in_url: Option<Credentials>) -> Result<Credentials, ConfigError> {
    let Login {
        auth,
        user,
        pass,
        token,
        token_file,
        token_command,
    } = login;
    let missing = |needed, auth| ConfigError::Missing { needed, auth };
    let basic = |user: Option<String>, pass: Option<String>| match (user, in_url.clone()) {
        (Some(user), _) => {
            let password = pass.ok_or(missing("DICOMWEB_PASS", "basic"))?;
            Ok(Credentials::Basic { user, password })
        }
        (None, Some(in_url)) => Ok(in_url),
        (None, None) => Err(missing("DICOMWEB_USER", "basic")),
    };
    let bearer = token
        .map(Credentials::Bearer)
        .or_else(|| token_file.map(|path| Credentials::BearerFile(path.into())))
        .or_else(|| token_command.map(Credentials::BearerCommand));
    match auth.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("basic") => basic(user, pass),
        Some("bearer") => bearer.ok_or(missing("DICOMWEB_TOKEN", "bearer")),
        Some("none") => Ok(Credentials::None),
        Some(_) => Err(ConfigError::Invalid {
            setting: "DICOMWEB_AUTH",
            value: auth.unwrap_or_default(),
            problem: "it is basic, bearer or none".to_owned(),
        }),
        None if user.is_some() => basic(user, pass),
        None => Ok(bearer.or(in_url).unwrap_or(Credentials::None)),
    }
}
