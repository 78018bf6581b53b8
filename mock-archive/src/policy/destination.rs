//! Where the archive opens associations to.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::words::HIDDEN;
use crate::tls::{Authorities, Outgoing};

/// What stands before the address of a destination that is reached over TLS.
const TLS: &str = "tls://";

/// Where a node is that the archive opens associations to, and how it is reached.
///
/// In words `HOST:PORT`, or `tls://HOST:PORT` for DICOM over TLS, with `?ca=FILE` for those who vouch for the node, and
/// `&certificate=FILE&key=FILE` for what the archive proves itself with; all PEM, and nothing in file names stands for something else.
///
/// ```
/// use dicom_mock_archive::policy::Destination;
///
/// let workstation = Destination::from("127.0.0.1:104");
/// assert_eq!(workstation.address(), "127.0.0.1:104");
/// let safe: Destination = "tls://viewer.example:2762".parse()?;
/// assert!(safe.tls().is_some());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Destination {
    address: String,
    tls: Option<Outgoing>,
}

impl Destination {
    /// The same over TLS.
    #[must_use]
    pub fn over(mut self, tls: Outgoing) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Its `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How TLS is spoken to it, if it is.
    pub fn tls(&self) -> Option<&Outgoing> {
        self.tls.as_ref()
    }

    /// The host of its address, without the brackets of IPv6.
    pub(crate) fn host(&self) -> &str {
        let host = self.address.rsplit_once(':').map_or("", |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// An address without TLS.
impl<T: ToString> From<T> for Destination {
    fn from(address: T) -> Self {
        Self {
            address: address.to_string(),
            tls: None,
        }
    }
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (secure, rest) = match text.strip_prefix(TLS) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (address, settings) = match rest.split_once('?') {
            Some((address, settings)) if secure => (address, Some(settings)),
            _ => (rest, None),
        };
        let (host, port) = address.rsplit_once(':').unwrap_or_default();
        if host.is_empty() || host.contains('/') || port.parse::<u16>().is_err() {
            return Err(format!(
                "{text:?} is neither HOST:PORT nor {TLS}HOST:PORT with or without ?ca=FILE&certificate=FILE&key=FILE"
            ));
        }
        let destination = Self::from(address);
        match secure {
            true => Ok(destination.over(outgoing(settings)?)),
            false => Ok(destination),
        }
    }
}

/// Reads what stands behind the question mark.
fn outgoing(settings: Option<&str>) -> Result<Outgoing, String> {
    let (mut ca, mut certificate, mut key) = (None, None, None);
    for setting in settings.into_iter().flat_map(|all| all.split('&')) {
        let (name, file) = setting.split_once('=').unwrap_or((setting, ""));
        let place = match name {
            "ca" => &mut ca,
            "certificate" => &mut certificate,
            "key" => &mut key,
            other => return Err(format!("{other:?} is none of ca, certificate, key")),
        };
        *place = Some(file);
    }
    let mut tls = Outgoing::default();
    let read = |file| Authorities::from_file(file).map_err(|error| error.to_string());
    if let Some(authorities) = ca.map(read).transpose()? {
        tls = tls
            .believing(authorities)
            .map_err(|error| error.to_string())?;
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => tls
            .proving_files(certificate, key)
            .map_err(|error| error.to_string()),
        (None, None) => Ok(tls),
        (Some(_), None) => Err("certificate needs key, its private key".to_owned()),
        (None, Some(_)) => Err("key needs certificate, whose private key it is".to_owned()),
    }
}

/// In the words that it is read from; what came from no file is hidden.
impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Destination { address, tls }) = self;
        let Some(tls) = tls else {
            return f.write_str(address);
        };
        write!(f, "{TLS}{address}")?;
        let mut mark = '?';
        let mut put = |name: &str, file: Option<&Path>| {
            let file = file.map_or_else(|| HIDDEN.into(), Path::to_string_lossy);
            let written = write!(f, "{mark}{name}={file}");
            mark = '&';
            written
        };
        if let Some(file) = tls.believed() {
            put("ca", file)?;
        }
        if let Some(files) = tls.proven() {
            put("certificate", files.map(|[certificate, _]| &**certificate))?;
            put("key", files.map(|[_, key]| &**key))?;
        }
        Ok(())
    }
}

/// A destination where a policy is printed.
pub(super) struct Shown<'a>(pub(super) &'a Destination);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_destination_is_named() {
        for (text, named) in [
            ("host", "HOST:PORT"),
            ("host:70000", "HOST:PORT"),
            ("host:104?ca=x", "HOST:PORT"),
            ("tls://host", "HOST:PORT"),
            ("tls://host:104?certificate=a", "needs key"),
            ("tls://host:104?key=a", "needs certificate"),
            ("tls://host:104?name=x", "\"name\" is none of"),
            ("tls://host:104?ca=no-such-file.pem", "no-such-file.pem"),
        ] {
            let why = text.parse::<Destination>().unwrap_err();
            assert!(why.contains(named), "{text}: {why}");
        }
    }

    #[test]
    fn hosts_are_read_out_of_addresses() {
        for (address, host) in [("[::1]:104", "::1"), ("a.example:104", "a.example")] {
            assert_eq!(Destination::from(address).host(), host);
        }
    }
}
