//! What a vendor declares of an archive: a versioned TOML file, compared with what the smoke run sees.
//!
//! A capability that is declared and not offered makes its checks untestable, one that is offered and not declared is reported, and one
//! that is neither does not apply.

pub mod compare;
pub mod draft;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use url::Url;

use crate::check::{Door, Known, Need};
use crate::target::Claims;

/// The version of the format that is read and written.
pub const VERSION: u32 = 1;

/// The longest index delay that is waited for.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// A statement as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    document: Document,
    digest: String,
}

/// Why a text is no statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// No TOML, an unknown key, or a value of another type.
    #[error("the statement cannot be read: {0}")]
    Format(String),
    /// A version that this harness does not know.
    #[error("the statement is of version {0}, this harness reads version {VERSION}")]
    Version(u32),
    /// A service that does not exist, or is not of that protocol.
    #[error("{service:?} is no service of [{section}]; there are {known}")]
    Service {
        /// What was written.
        service: String,
        /// Where.
        section: &'static str,
        /// What can be written there.
        known: String,
    },
    /// A value that cannot be used.
    #[error("{key} = {value:?} cannot be used: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// Why not.
        reason: String,
    },
}

/// The file. Its keys are described in `docs/conformance.md`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    statement: u32,
    #[serde(default)]
    product: Product,
    web: Option<WebService>,
    dimse: Option<DimseService>,
    #[serde(default)]
    policy: Behaviour,
}

/// What the archive is called.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Product {
    /// The product's name.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WebService {
    #[serde(default, deserialize_with = "url")]
    base: Option<Url>,
    services: BTreeSet<String>,
    #[serde(default)]
    tls_only: bool,
    #[serde(default)]
    fuzzy: bool,
    max_results: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DimseService {
    address: Option<String>,
    ae_title: Option<String>,
    services: BTreeSet<String>,
    #[serde(default)]
    checks_called: bool,
    #[serde(default)]
    checks_calling: bool,
    max_associations: Option<u32>,
    artim_seconds: Option<u32>,
    #[serde(default)]
    user_identity: bool,
    dead_destination: Option<String>,
    refused_storer: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Behaviour {
    duplicate: Option<Duplicate>,
    patient_conflict: Option<PatientConflict>,
    private_elements: Option<PrivateElements>,
    #[serde(default)]
    validates: bool,
    refused_sop_class: Option<String>,
    refused_transfer_syntax: Option<String>,
    max_instance_bytes: Option<u64>,
    #[serde(default)]
    index_delay_ms: u64,
}

/// What becomes of an instance whose UID is known with other content.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicate {
    /// The first is kept.
    Ignore,
    /// The last is kept.
    Replace,
    /// The first is kept, and the store fails.
    Reject,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum PatientConflict {
    Reject,
    Coerce,
    Accept,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum PrivateElements {
    Keep,
    Discard,
}

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// A text that is none, or says what cannot be.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        let document: Document = toml::from_str(text)
            .map_err(|error| StatementError::Format(error.to_string().trim().to_owned()))?;
        if document.statement != VERSION {
            return Err(StatementError::Version(document.statement));
        }
        if let Some(web) = &document.web {
            known(&web.services, Door::Web, "web")?;
            if let Some(base) = &web.base
                && (base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https"))
            {
                return Err(StatementError::Value {
                    key: "web.base",
                    value: base.to_string(),
                    reason: "not an http or https URL".into(),
                });
            }
        }
        if let Some(dimse) = &document.dimse {
            known(&dimse.services, Door::Dimse, "dimse")?;
        }
        let delay = Duration::from_millis(document.policy.index_delay_ms);
        if delay > LONGEST_DELAY {
            return Err(StatementError::Value {
                key: "policy.index-delay-ms",
                value: document.policy.index_delay_ms.to_string(),
                reason: format!("nobody waits longer than {} s", LONGEST_DELAY.as_secs()),
            });
        }
        let digest = Sha256::digest(text.as_bytes());
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { document, digest })
    }

    /// SHA-256 of the file, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What the archive is called.
    pub const fn product(&self) -> &Product {
        &self.document.product
    }

    /// Base URL of DICOMweb, if it is written down.
    pub fn base(&self) -> Option<&Url> {
        self.document.web.as_ref()?.base.as_ref()
    }

    /// Address of DIMSE, if it is written down.
    pub fn address(&self) -> Option<&str> {
        self.document.dimse.as_ref()?.address.as_deref()
    }

    /// Its AE title, if it is written down.
    pub fn ae_title(&self) -> Option<&str> {
        self.document.dimse.as_ref()?.ae_title.as_deref()
    }

    /// How long after a store an instance may be missing from searches.
    pub const fn index_delay(&self) -> Duration {
        Duration::from_millis(self.document.policy.index_delay_ms)
    }

    /// What becomes of an instance whose UID is known, if that is declared.
    pub const fn duplicate(&self) -> Option<Duplicate> {
        self.document.policy.duplicate
    }

    /// Whether it declares a capability.
    pub fn declares(&self, need: Need) -> bool {
        let web = self.document.web.as_ref();
        let dimse = self.document.dimse.as_ref();
        match need {
            Need::Web => web.is_some(),
            Need::Dimse => dimse.is_some(),
            Need::NoDelete => web.is_some_and(|web| !web.services.contains(Need::Delete.word())),
            Need::Delete => web.is_some_and(|web| web.services.contains(Need::Delete.word())),
            Need::NoFuzzy => web.is_some_and(|web| !web.fuzzy),
            Need::UserIdentity => dimse.is_some_and(|dimse| dimse.user_identity),
            need if need.known() == Known::Claimed => self.claim(need).is_some(),
            need => match need.door() {
                Door::Web => web.is_some_and(|web| web.services.contains(need.word())),
                Door::Dimse => dimse.is_some_and(|dimse| dimse.services.contains(need.word())),
                // A statement is of an archive.
                Door::Program => false,
            },
        }
    }

    /// What it says of capabilities that cannot be seen. A secret is not in a file: who declares `user-identity` names it on the
    /// command line.
    pub fn claims(&self) -> Claims {
        let all = Need::ALL.iter().copied();
        let all = all.filter(|need| need.known() == Known::Claimed);
        all.filter_map(|need| Some((need, self.claim(need)?)))
            .collect()
    }

    fn claim(&self, need: Need) -> Option<String> {
        let web = self.document.web.as_ref();
        let dimse = self.document.dimse.as_ref();
        let policy = &self.document.policy;
        let said = |said: bool| said.then(String::new);
        match need {
            Need::Tls => said(web?.tls_only),
            Need::Cap => Some(web?.max_results?.to_string()),
            Need::Delete => said(web?.services.contains(need.word())),
            Need::ChecksCalled => said(dimse?.checks_called),
            Need::ChecksCalling => said(dimse?.checks_calling),
            Need::MaxAssociations => Some(dimse?.max_associations?.to_string()),
            Need::Artim => Some(dimse?.artim_seconds?.to_string()),
            Need::DeadDestination => dimse?.dead_destination.clone(),
            Need::Acl => dimse?.refused_storer.clone(),
            Need::Coerces => said(policy.patient_conflict == Some(PatientConflict::Coerce)),
            Need::Consistency => said(policy.patient_conflict == Some(PatientConflict::Reject)),
            Need::Discards => said(policy.private_elements == Some(PrivateElements::Discard)),
            Need::Validates => said(policy.validates),
            Need::SopClassLimit => policy.refused_sop_class.clone(),
            Need::TransferSyntaxLimit => policy.refused_transfer_syntax.clone(),
            Need::Quota => Some(policy.max_instance_bytes?.to_string()),
            _ => None,
        }
    }
}

fn url<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(source)?;
    let url = Url::parse(&text).map_err(|error| D::Error::custom(format!("{text:?}: {error}")))?;
    Ok(Some(url))
}

/// The services that can be declared for a door: what can be seen there, and deletion.
pub fn services(door: Door) -> impl Iterator<Item = Need> {
    let all = Need::ALL.iter().copied();
    all.filter(move |need| {
        let seen = need.known() == Known::Observed || *need == Need::Delete;
        let itself = matches!(need, Need::Web | Need::Dimse | Need::NoDelete);
        need.door() == door && seen && !itself
    })
}

fn known(
    written: &BTreeSet<String>,
    door: Door,
    section: &'static str,
) -> Result<(), StatementError> {
    let unknown = (written.iter()).find(|word| !services(door).any(|need| need.word() == *word));
    let Some(service) = unknown else {
        return Ok(());
    };
    let known: Vec<_> = services(door).map(Need::word).collect();
    Err(StatementError::Service {
        service: service.clone(),
        section,
        known: known.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        statement = 1
        [product]
        name = "Example Archive"
        version = "7.2"
        [web]
        base = "https://archive.example/dicom-web"
        services = ["store", "search", "retrieve"]
        max-results = 100
        [policy]
        patient-conflict = "coerce"
        index-delay-ms = 250
    "#;

    #[test]
    fn what_is_not_listed_is_declared_to_be_absent() {
        let statement = Statement::parse(SMALL).unwrap();
        for (need, declared) in [
            (Need::Web, true),
            (Need::Search, true),
            (Need::Rendered, false),
            (Need::Dimse, false),
            (Need::CFind, false),
            (Need::Cap, true),
            (Need::Coerces, true),
            (Need::Consistency, false),
            (Need::NoDelete, true),
            (Need::NoFuzzy, true),
        ] {
            assert_eq!(statement.declares(need), declared, "{need}");
        }
        assert_eq!(statement.claims()[&Need::Cap], "100");
        assert_eq!(statement.index_delay(), Duration::from_millis(250));
        assert_eq!(statement.digest().len(), 64);
    }

    #[test]
    fn a_mistake_is_named() {
        for (from, to, named) in [
            ("statement = 1", "statement = 9", "version 9"),
            (
                "\"search\"",
                "\"serch\"",
                "\"serch\" is no service of [web]",
            ),
            (
                "\"search\"",
                "\"c-find\"",
                "\"c-find\" is no service of [web]",
            ),
            ("max-results", "max-result", "max-result"),
            ("https:", "ftp:", "ftp://archive.example"),
            ("\"coerce\"", "\"ignore\"", "ignore"),
            ("250", "250000", "250000"),
        ] {
            let error = Statement::parse(&SMALL.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
