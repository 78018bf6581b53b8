//! What the archive declares: legitimate variation between archives, as opposed to faults.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use dicom_core::Tag;
use dicom_wire::ae::AeTitle;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use http::HeaderMap;
use serde::Serialize;

use crate::moment::Rejection;

/// What an archive says it does. Every field can be set by the builder and by a flag of the binary; the default accepts what the standard allows.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its own AE title.
    pub ae_title: AeTitle,
    /// Which edition of the standard it follows where editions differ.
    pub edition: Edition,
    /// A SOP Instance UID that is stored already arrives again.
    pub duplicates: Duplicates,
    /// An instance names another Patient ID than the study it belongs to.
    pub patient_conflict: PatientConflict,
    /// Attributes of the data set itself that every stored instance gets, with warning B000 where it had another value.
    pub coerce: BTreeMap<Tag, String>,
    /// How long what is stored is neither found nor retrieved.
    pub index_delay: Duration,
    /// How many exchanges the journal has room for; the oldest go first.
    pub journal_limit: usize,
    /// What is thrown away of an instance.
    pub discards: Discards,
    /// Whether an instance that lacks what its SOP class demands is noticed.
    pub validation: Validation,
    /// Whether instances can be deleted over HTTP.
    pub delete: Delete,
    /// Transfer syntaxes that can be stored; others are refused with C122 and not accepted in a presentation context.
    pub transfer_syntaxes: Accepts,
    /// SOP classes that can be stored; others are refused with 0122 and not accepted in a presentation context.
    pub sop_classes: Accepts,
    /// Largest body of one store request over HTTP, in bytes (413 above it).
    pub max_request_bytes: Option<u64>,
    /// Largest instance, in bytes (A700 above it).
    pub max_instance_bytes: Option<u64>,
    /// Number of matches returned when a search names no limit.
    pub default_limit: Option<usize>,
    /// Largest number of matches returned, whatever the search asks.
    pub max_limit: Option<usize>,
    /// Credentials asked for over HTTP.
    pub auth: Option<Auth>,
    /// Calling AE titles that may open an association; `None` = any.
    pub known_callers: Option<BTreeSet<AeTitle>>,
    /// Which called AE titles are taken.
    pub called: Called,
    /// Users that may open an association; none listed = anyone, named or not.
    pub logins: Vec<Login>,
    /// How many associations there may be at once; one more is rejected for now. `None` = any number.
    pub max_associations: Option<usize>,
    /// Where C-MOVE can send to: AE title to `HOST:PORT`.
    pub destinations: BTreeMap<AeTitle, String>,
    /// Which extensions of C-FIND, C-MOVE and C-GET are agreed to when an association proposes them. Over HTTP fuzzy matching is the one that can be
    /// missing: names are matched to the letter then, with Warning 299.
    pub extensions: BTreeSet<Extension>,
    /// Largest PDU the archive receives, in bytes (PS3.8 D.1); 0 = no limit.
    pub max_pdu: u32,
    /// Mixed into the seed of every rule that acts by chance.
    pub seed: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ae_title: AeTitle::parse("MOCK").expect("MOCK is an AE title"),
            edition: Edition::default(),
            duplicates: Duplicates::default(),
            patient_conflict: PatientConflict::default(),
            coerce: BTreeMap::new(),
            index_delay: Duration::ZERO,
            journal_limit: 10_000,
            discards: Discards::default(),
            validation: Validation::default(),
            delete: Delete::default(),
            transfer_syntaxes: Accepts::Any,
            sop_classes: Accepts::Any,
            max_request_bytes: None,
            max_instance_bytes: None,
            default_limit: None,
            max_limit: None,
            auth: None,
            known_callers: None,
            called: Called::default(),
            logins: Vec::new(),
            max_associations: None,
            destinations: BTreeMap::new(),
            extensions: BTreeSet::from(Extension::ALL),
            max_pdu: 65_536,
            seed: 0,
        }
    }
}

impl Policy {
    /// Whether an HTTP request may pass; on refusal the value for WWW-Authenticate (PS3.18 8.5, RFC 9110 11.6.1).
    ///
    /// # Errors
    /// The challenge, if credentials are asked for and these are not they.
    pub fn authorize(&self, headers: &HeaderMap) -> Result<(), String> {
        let Some(auth) = &self.auth else {
            return Ok(());
        };
        let given = headers
            .get(http::header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok());
        if given.is_some_and(|given| auth.matches(given)) {
            Ok(())
        } else {
            Err(auth.challenge().to_owned())
        }
    }

    /// Whether an association may be opened; on refusal the values of A-ASSOCIATE-RJ (PS3.8 9.3.4).
    ///
    /// # Errors
    /// Result 1, source 1, reason 7 for the called and 3 for the calling AE title.
    pub fn associate(
        &self,
        calling: Option<&AeTitle>,
        called: Option<&AeTitle>,
    ) -> Result<(), Rejection> {
        let own = |title: &AeTitle| *title == self.ae_title;
        if self.called == Called::Own && !called.is_some_and(own) {
            return Err(Rejection {
                result: 1,
                source: 1,
                reason: 7,
            });
        }
        match (&self.known_callers, calling) {
            (Some(known), Some(calling)) if !known.contains(calling) => Err(Rejection {
                result: 1,
                source: 1,
                reason: 3,
            }),
            _ => Ok(()),
        }
    }
}

/// A user who may open an association (PS3.7 D.3.3.7). Its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password; `None` = the name is enough.
    pub password: Option<String>,
}

impl Login {
    /// Whether this is the user that an association names.
    pub fn matches(&self, user: &[u8], password: Option<&[u8]>) -> bool {
        let expected = self.password.as_deref().map(str::as_bytes);
        self.user.as_bytes() == user && (expected.is_none() || expected == password)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl FromStr for Login {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (user, password) = match text.split_once(':') {
            Some((user, password)) => (user, Some(password.to_owned())),
            None => (text, None),
        };
        if user.is_empty() {
            return Err("expected USER or USER:PASS".to_owned());
        }
        Ok(Self {
            user: user.to_owned(),
            password,
        })
    }
}

/// An edition of the standard, for the places where editions contradict each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Edition {
    /// 2024e: a search without a match is 204 without a body (PS3.18 10.6.3.1).
    #[default]
    #[serde(rename = "2024e")]
    E2024,
    /// 2026a: a search without a match is 200 with an empty list (CP-2473).
    #[serde(rename = "2026a")]
    E2026,
}

impl FromStr for Edition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "2024e" => Ok(Self::E2024),
            "2026a" => Ok(Self::E2026),
            other => Err(format!(
                "{other:?} is not an edition: choose 2024e or 2026a"
            )),
        }
    }
}

/// What happens when an instance arrives that is stored already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Success, and the first one stays.
    #[default]
    Keep,
    /// Success, and the new one takes its place.
    Overwrite,
    /// Refused with this reason.
    Reject(FailureReason),
}

/// What happens when an instance names another Patient ID than the study it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PatientConflict {
    /// It is stored as it is; the study keeps the patient it had first.
    #[default]
    Accept,
    /// It is refused with this reason, such as A778.
    Reject(FailureReason),
    /// It is stored under the study's Patient ID, with warning B000.
    Coerce,
    /// It is stored, and the study is listed once for each patient.
    Split,
}

/// What is thrown away of an instance before it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discards {
    /// Nothing.
    #[default]
    Nothing,
    /// Private elements at the top level, with warning B006.
    PrivateElements,
}

/// What happens when an instance lacks what is Type 1 in its SOP class, as far as the archive looks: Modality, and of images the pixels and their description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// Nothing: it is stored.
    #[default]
    None,
    /// It is stored, with warning B007.
    Warn,
    /// It is refused with A900.
    Reject,
}

/// Whether studies, series and instances can be deleted over HTTP, which PS3.18 does not have and many archives do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delete {
    /// No: 405.
    #[default]
    Refused,
    /// Yes: 204, and they are gone.
    Allowed,
}

/// A set of UIDs that are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Accepts {
    /// All.
    #[default]
    Any,
    /// These only.
    Only(BTreeSet<Uid>),
    /// All but these.
    Except(BTreeSet<Uid>),
}

impl Accepts {
    /// Whether this one is accepted.
    pub fn accepts(&self, uid: &Uid) -> bool {
        match self {
            Self::Any => true,
            Self::Only(set) => set.contains(uid),
            Self::Except(set) => !set.contains(uid),
        }
    }
}

/// Which called AE titles are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Called {
    /// Any.
    #[default]
    Any,
    /// The archive's own only.
    Own,
}

/// What a requester can ask for by extended negotiation of a query/retrieve SOP class (PS3.4 C.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extension {
    /// A level may be asked for without the unique keys above it (C.4.1.2.2, C.4.2.2.2).
    Relational,
    /// A range of dates and one of times make one interval; C-FIND only (C.2.2.2.5).
    Combined,
    /// Names match by folded words, and with small slips; searches only (C.2.2.2.1.1, PS3.18 8.3.4.2).
    Fuzzy,
}

impl Extension {
    /// All of them, in the order of their bytes in the sub-item (PS3.4 table C.5-1).
    pub const ALL: [Self; 3] = [Self::Relational, Self::Combined, Self::Fuzzy];
}

impl FromStr for Extension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "relational" => Ok(Self::Relational),
            "combined" => Ok(Self::Combined),
            "fuzzy" => Ok(Self::Fuzzy),
            other => Err(format!(
                "{other:?} is not an extension: choose of relational, combined and fuzzy"
            )),
        }
    }
}

/// Credentials of the HTTP edge. Its `Debug` form shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// Basic (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// Bearer token (RFC 6750).
    Bearer {
        /// The token.
        token: String,
    },
}

impl Auth {
    fn matches(&self, given: &str) -> bool {
        let Some((scheme, credentials)) = given.split_once(' ') else {
            return false;
        };
        let credentials = credentials.trim();
        match self {
            Self::Basic { user, password } => {
                let expected =
                    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                scheme.eq_ignore_ascii_case("basic") && credentials == expected
            }
            Self::Bearer { token } => scheme.eq_ignore_ascii_case("bearer") && credentials == token,
        }
    }

    fn challenge(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "Basic realm=\"dicom-mock-archive\", charset=\"UTF-8\"",
            Self::Bearer { .. } => "Bearer realm=\"dicom-mock-archive\"",
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer { .. } => "Bearer",
        })
    }
}

impl FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("basic", rest)) => match rest.split_once(':') {
                Some((user, password)) => Ok(Self::Basic {
                    user: user.to_owned(),
                    password: password.to_owned(),
                }),
                None => Err("basic needs USER:PASS".to_owned()),
            },
            Some(("bearer", token)) if !token.is_empty() => Ok(Self::Bearer {
                token: token.to_owned(),
            }),
            _ => Err("expected basic:USER:PASS or bearer:TOKEN".to_owned()),
        }
    }
}
