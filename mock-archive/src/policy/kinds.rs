//! What single policies can be.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use serde::Serialize;

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
    Replace,
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
    /// It is said to be stored, and is neither found nor given back.
    Hide,
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
    pub(super) fn matches(&self, given: &str) -> bool {
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

    pub(super) fn challenge(&self) -> &'static str {
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

/// What becomes of a header field Mock-Fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultHeader {
    /// Nothing: it is one of many.
    #[default]
    Ignored,
    /// The faults that it names happen to its request.
    Allowed,
}
