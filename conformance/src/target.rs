//! The archive that is judged.

pub mod embedded;
pub mod start;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::check::{Check, Need};
use crate::identity::Identity;
use crate::probe::scp::StorageScp;
use crate::statement::Statement;
use crate::subject::{Program, Subject};

/// Where an archive is and how it is spoken to.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Base URL of DICOMweb.
    pub web: Option<Url>,
    /// DIMSE address and AE titles.
    pub dimse: Option<DimseTarget>,
    /// Our storage SCP, if the archive knows it as a C-MOVE destination.
    pub destination: Option<Arc<StorageScp>>,
    /// What is claimed for it, that cannot be seen.
    pub claims: Claims,
    /// What its vendor declares.
    pub statement: Option<Arc<Statement>>,
    /// The arguments that name this archive on the command line.
    pub arguments: String,
    /// The program that is judged in place of an archive.
    pub program: Option<Program>,
}

/// What an archive is said to do, with a value for some: `max-assoc` is `4`.
pub type Claims = BTreeMap<Need, String>;

/// A DIMSE peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimseTarget {
    /// `host:port`.
    pub address: String,
    /// Its AE title.
    pub called: String,
    /// Ours.
    pub calling: String,
}

impl Target {
    /// How long after a store an instance may be missing from searches, as declared.
    pub fn index_delay(&self) -> Duration {
        (self.statement.as_ref()).map_or(Duration::ZERO, |statement| statement.index_delay())
    }

    /// A program in place of an archive.
    pub fn of_program(program: Program) -> Self {
        Self {
            arguments: program.arguments(),
            program: Some(program),
            ..Self::default()
        }
    }

    /// The command that judges this target again by one check.
    pub fn repeat(&self, check: &Check, identity: &Identity) -> String {
        let (check, seed) = (check.id, identity.seed());
        let subject = self
            .program
            .as_ref()
            .map_or(Subject::Archive, |program| program.subject);
        let word = subject.word();
        match self.arguments.as_str() {
            "" => format!("dicom-conformance {word} --only {check} --seed {seed}"),
            arguments if self.program.is_some() => {
                format!("dicom-conformance {word} --only {check} --seed {seed}{arguments}")
            }
            arguments => {
                format!("dicom-conformance {word} {arguments} --only {check} --seed {seed}")
            }
        }
    }

    /// In one line: the URL, and the AE title at its address.
    pub fn line(&self) -> String {
        if let Some(program) = &self.program {
            return program.line();
        }
        let web = self.web.as_ref().map(|url| {
            let mut url = url.clone();
            // Only a URL that cannot have credentials refuses to lose them.
            let _ = url.set_password(None);
            let _ = url.set_username("");
            url.to_string()
        });
        let dimse = self
            .dimse
            .as_ref()
            .map(|dimse| format!("{} at {}", dimse.called, dimse.address));
        let doors: Vec<_> = web.into_iter().chain(dimse).collect();
        doors.join(", ")
    }
}

impl DimseTarget {
    /// Where our storage SCP has to listen so that this peer can reach it: loopback for a peer on this machine.
    pub fn destination_address(&self, port: u16) -> SocketAddr {
        let host = self
            .address
            .rsplit_once(':')
            .map_or(self.address.as_str(), |(host, _)| host);
        let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let local = host == "localhost" || ip.is_some_and(|ip| ip.is_loopback());
        SocketAddr::from((
            if local {
                Ipv4Addr::LOCALHOST
            } else {
                Ipv4Addr::UNSPECIFIED
            },
            port,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_in_the_line() {
        let web = Url::parse("http://user:secret@archive.example/dicom-web").unwrap();
        let target = Target {
            web: Some(web),
            ..Target::default()
        };
        assert_eq!(target.line(), "http://archive.example/dicom-web");
    }

    #[test]
    fn the_destination_is_open_to_others_only_for_an_archive_elsewhere() {
        let at = |address: &str| {
            let target = DimseTarget {
                address: address.into(),
                called: "A".into(),
                calling: "B".into(),
            };
            target.destination_address(104).to_string()
        };
        assert_eq!(at("127.0.0.1:11112"), "127.0.0.1:104");
        assert_eq!(at("localhost:11112"), "127.0.0.1:104");
        assert_eq!(at("pacs.example:11112"), "0.0.0.0:104");
    }
}
