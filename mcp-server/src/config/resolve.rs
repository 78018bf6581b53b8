//! The settings put together: flags over environment over `.env` over the file.

use std::path::PathBuf;
use std::time::Duration;

use dicom_wire::ae::AeTitle;

use super::archive::Login;
use super::permissions::folders;
use super::{
    ArchiveSettings, Config, ConfigError, DEFAULT_CALLING, DEFAULT_TIMEOUT, DimseSettings,
    Environment, File, Flags, Limits, Permissions, Phi, Store, TlsSettings, WebSettings,
};

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
    let path = |flag: &Option<PathBuf>, name| {
        let named = || environment.value(name).map(PathBuf::from);
        flag.clone().or_else(named)
    };
    let web_tls = TlsSettings::new(
        path(&flags.ca_file, "DICOMWEB_CA_FILE"),
        path(&flags.client_certificate, "DICOMWEB_CLIENT_CERT"),
        path(&flags.client_key, "DICOMWEB_CLIENT_KEY"),
    )?;
    let web = host
        .map(|host| WebSettings::new(&host, login, web_tls))
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
    let dimse_tls = dimse_tls(flags, environment)?;
    let receive = setting(&flags.receive, &["DICOM_RECEIVE"]);
    let dimse = address
        .map(|address| {
            DimseSettings::new(
                &address,
                called.as_deref().unwrap_or("ANY-SCP"),
                calling.as_deref().unwrap_or(DEFAULT_CALLING),
            )?
            .with(dimse_tls, receive.as_deref())
        })
        .transpose()?;
    Ok((web.is_some() || dimse.is_some()).then(|| ArchiveSettings {
        name: "default".to_owned(),
        web,
        dimse,
    }))
}

/// What DIMSE is secured with: TLS where it is asked for, or a file of it is named in the environment.
fn dimse_tls(flags: &Flags, environment: &Environment) -> Result<Option<TlsSettings>, ConfigError> {
    let path = |name| environment.value(name).map(PathBuf::from);
    let in_environment = TlsSettings::new(
        path("DICOM_CA_FILE"),
        path("DICOM_CLIENT_CERT"),
        path("DICOM_CLIENT_KEY"),
    )?;
    let wanted = match environment.value("DICOM_TLS").as_deref() {
        None => flags.dimse_tls || !in_environment.is_empty(),
        Some("true" | "1" | "yes") => true,
        Some("false" | "0" | "no") => flags.dimse_tls,
        Some(other) => {
            return Err(ConfigError::Invalid {
                setting: "DICOM_TLS",
                value: other.to_owned(),
                problem: "it is true or false".to_owned(),
            });
        }
    };
    if !wanted {
        return Ok(None);
    }
    let on_line = TlsSettings::new(
        flags.ca_file.clone(),
        flags.client_certificate.clone(),
        flags.client_key.clone(),
    )?;
    Ok(Some(TlsSettings {
        authorities: on_line.authorities.or(in_environment.authorities),
        identity: on_line.identity.or(in_environment.identity),
    }))
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
