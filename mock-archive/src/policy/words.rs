//! How policies are written.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_wire::ae::AeTitle;
use dicom_wire::query::Path;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;

use super::destination::{Destination, Shown};
use super::kinds::{
    Accepts, Auth, Called, Delete, Discards, Duplicates, Edition, Extension, FaultHeader, Login,
    PatientConflict, Validation,
};
use crate::fault::{AttributeTag, Reason, Span};
use crate::tls::Authorities;

/// What stands for a secret where a policy is printed.
pub(super) const HIDDEN: &str = "…";

/// A value that is read from words and shown in the same.
pub(super) trait Words: Sized {
    /// Whether there may be several.
    const IS_LIST: bool = false;

    /// Reads words; the error tells the choices.
    fn read(words: &[String]) -> Result<Self, String>;

    /// The words that it is read from.
    fn show(&self) -> Vec<String>;
}

/// The only word.
fn one(words: &[String]) -> Result<&str, String> {
    match words {
        [one] => Ok(one),
        other => Err(format!("one value is expected, not {}", other.len())),
    }
}

/// Words that may stand in one, with commas.
fn each(words: &[String]) -> impl Iterator<Item = &str> {
    words
        .iter()
        .flat_map(|word| word.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

fn parsed<T: FromStr>(word: &str) -> Result<T, String>
where
    T::Err: ToString,
{
    word.parse().map_err(|error: T::Err| error.to_string())
}

/// A value that is read from one of these words and no other.
fn chosen<T: Copy>(word: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("{word:?} is none of {}", names.join(", "))
    })
}

fn name_of<T: PartialEq>(value: &T, choices: &[(&str, T)]) -> Vec<String> {
    let found = choices.iter().find(|(_, other)| other == value);
    found
        .map(|(name, _)| (*name).to_owned())
        .into_iter()
        .collect()
}

macro_rules! choices {
    ($($type:ident: $($word:literal => $variant:ident),+;)*) => {
        $(impl Words for $type {
            fn read(words: &[String]) -> Result<Self, String> {
                chosen(one(words)?, &[$(($word, Self::$variant)),+])
            }

            fn show(&self) -> Vec<String> {
                name_of(self, &[$(($word, Self::$variant)),+])
            }
        })*
    };
}

choices! {
    Edition: "2024e" => E2024, "2026a" => E2026;
    Delete: "refused" => Refused, "allowed" => Allowed;
    Called: "any" => Any, "own" => Own;
    FaultHeader: "ignored" => Ignored, "allowed" => Allowed;
    Discards: "nothing" => Nothing, "private" => PrivateElements;
    Validation: "none" => None, "warn" => Warn, "reject" => Reject;
}

macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl Words for $type {
            fn read(words: &[String]) -> Result<Self, String> {
                let word = one(words)?;
                word.parse().map_err(|_| format!("{word:?} is not a number from {} to {}", Self::MIN, Self::MAX))
            }

            fn show(&self) -> Vec<String> {
                vec![self.to_string()]
            }
        }

        impl Words for Option<$type> {
            fn read(words: &[String]) -> Result<Self, String> {
                match one(words)? {
                    "none" => Ok(None),
                    word => word.parse().map(Some).map_err(|_| format!("{word:?} is neither none nor a number")),
                }
            }

            fn show(&self) -> Vec<String> {
                vec![self.map_or_else(|| "none".to_owned(), |number| number.to_string())]
            }
        })+
    };
}

numbers!(u32, u64, usize);

impl Words for AeTitle {
    fn read(words: &[String]) -> Result<Self, String> {
        parsed(one(words)?)
    }

    fn show(&self) -> Vec<String> {
        vec![self.to_string()]
    }
}

impl Words for Duration {
    fn read(words: &[String]) -> Result<Self, String> {
        parsed::<Span>(one(words)?).map(|span| span.0)
    }

    fn show(&self) -> Vec<String> {
        vec![Span(*self).to_string()]
    }
}

/// A word, and the reason behind its colon.
fn with_reason(word: &str, otherwise: FailureReason) -> Result<(&str, FailureReason), String> {
    match word.split_once(':') {
        Some((word, reason)) => Ok((word, parsed::<Reason>(reason)?.0)),
        None => Ok((word, otherwise)),
    }
}

impl Words for Duplicates {
    fn read(words: &[String]) -> Result<Self, String> {
        match with_reason(one(words)?, FailureReason::DUPLICATE_INSTANCE)? {
            ("keep", _) => Ok(Self::Keep),
            ("replace" | "overwrite", _) => Ok(Self::Replace),
            ("reject", reason) => Ok(Self::Reject(reason)),
            (other, _) => Err(format!(
                "{other:?} is none of keep, replace, reject[:REASON]"
            )),
        }
    }

    fn show(&self) -> Vec<String> {
        vec![match self {
            Self::Keep => "keep".to_owned(),
            Self::Replace => "replace".to_owned(),
            Self::Reject(reason) => format!("reject:{}", Reason(*reason)),
        }]
    }
}

impl Words for PatientConflict {
    fn read(words: &[String]) -> Result<Self, String> {
        match with_reason(one(words)?, FailureReason::PATIENT_CONFLICT)? {
            ("accept", _) => Ok(Self::Accept),
            ("coerce", _) => Ok(Self::Coerce),
            ("split", _) => Ok(Self::Split),
            ("hide", _) => Ok(Self::Hide),
            ("reject", reason) => Ok(Self::Reject(reason)),
            (other, _) => Err(format!(
                "{other:?} is none of accept, coerce, split, hide, reject[:REASON]"
            )),
        }
    }

    fn show(&self) -> Vec<String> {
        vec![match self {
            Self::Accept => "accept".to_owned(),
            Self::Coerce => "coerce".to_owned(),
            Self::Split => "split".to_owned(),
            Self::Hide => "hide".to_owned(),
            Self::Reject(reason) => format!("reject:{}", Reason(*reason)),
        }]
    }
}

impl Words for Accepts {
    const IS_LIST: bool = true;

    fn read(words: &[String]) -> Result<Self, String> {
        let mut all: Vec<&str> = each(words).collect();
        if all == ["any"] {
            return Ok(Self::Any);
        }
        let except = all.first().and_then(|first| first.strip_prefix("except:"));
        if let (Some(first), Some(place)) = (except, all.first_mut()) {
            *place = first;
        }
        let uids = all.into_iter().map(parsed::<Uid>);
        let uids: BTreeSet<Uid> = uids.collect::<Result<_, _>>()?;
        match (except, uids.is_empty()) {
            (_, true) => Err("expected any, UIDs, or except: and UIDs".to_owned()),
            (Some(_), false) => Ok(Self::Except(uids)),
            (None, false) => Ok(Self::Only(uids)),
        }
    }

    fn show(&self) -> Vec<String> {
        let (mark, uids) = match self {
            Self::Any => return vec!["any".to_owned()],
            Self::Only(uids) => ("", uids),
            Self::Except(uids) => ("except:", uids),
        };
        let mut words: Vec<_> = uids.iter().map(ToString::to_string).collect();
        if let Some(first) = words.first_mut() {
            first.insert_str(0, mark);
        }
        words
    }
}

impl Words for Option<BTreeSet<AeTitle>> {
    const IS_LIST: bool = true;

    fn read(words: &[String]) -> Result<Self, String> {
        let all: Vec<&str> = each(words).collect();
        match all.as_slice() {
            ["any"] => Ok(None),
            all => all
                .iter()
                .map(|word| parsed(word))
                .collect::<Result<_, _>>()
                .map(Some),
        }
    }

    fn show(&self) -> Vec<String> {
        match self {
            None => vec!["any".to_owned()],
            Some(titles) => titles.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Words for Option<Auth> {
    fn read(words: &[String]) -> Result<Self, String> {
        match one(words)? {
            "none" => Ok(None),
            word => parsed(word).map(Some),
        }
    }

    fn show(&self) -> Vec<String> {
        vec![match self {
            None => "none".to_owned(),
            Some(Auth::Basic { user, .. }) => format!("basic:{user}:{HIDDEN}"),
            Some(Auth::Bearer { .. }) => format!("bearer:{HIDDEN}"),
        }]
    }
}

impl Words for Vec<Login> {
    const IS_LIST: bool = true;

    fn read(words: &[String]) -> Result<Self, String> {
        words.iter().map(|word| parsed(word)).collect()
    }

    fn show(&self) -> Vec<String> {
        let shown = |login: &Login| match login.password {
            Some(_) => format!("{}:{HIDDEN}", login.user),
            None => login.user.clone(),
        };
        self.iter().map(shown).collect()
    }
}

impl Words for BTreeSet<Extension> {
    const IS_LIST: bool = true;

    fn read(words: &[String]) -> Result<Self, String> {
        let all: Vec<&str> = each(words).collect();
        match all.as_slice() {
            ["none"] => Ok(Self::new()),
            all => all.iter().map(|word| parsed(word)).collect(),
        }
    }

    fn show(&self) -> Vec<String> {
        if self.is_empty() {
            return vec!["none".to_owned()];
        }
        let word = |extension: &Extension| match extension {
            Extension::Relational => "relational",
            Extension::Combined => "combined",
            Extension::Fuzzy => "fuzzy",
        };
        self.iter().map(|one| word(one).to_owned()).collect()
    }
}

impl Words for BTreeMap<AeTitle, Destination> {
    const IS_LIST: bool = true;

    fn read(words: &[String]) -> Result<Self, String> {
        let destination = |word: &str| {
            let (title, place) = word
                .split_once('=')
                .ok_or_else(|| format!("{word:?} is not AE=HOST:PORT"))?;
            Ok((parsed(title)?, parsed(place)?))
        };
        each(words).map(destination).collect()
    }

    fn show(&self) -> Vec<String> {
        let pairs = self.iter();
        pairs
            .map(|(title, place)| format!("{title}={}", Shown(place)))
            .collect()
    }
}

impl Words for Option<Authorities> {
    fn read(words: &[String]) -> Result<Self, String> {
        match one(words)? {
            "none" => Ok(None),
            file => Authorities::from_file(file)
                .map(Some)
                .map_err(|error| error.to_string()),
        }
    }

    fn show(&self) -> Vec<String> {
        vec![match self.as_ref().map(Authorities::file) {
            None => "none".to_owned(),
            Some(file) => file.map_or_else(|| HIDDEN.to_owned(), |file| file.display().to_string()),
        }]
    }
}

/// What an instance is filed under, and how its text is written: not to be changed on the way in.
const OF_IDENTITY: [Tag; 5] = [
    tags::SPECIFIC_CHARACTER_SET,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
];

impl Words for BTreeMap<Tag, String> {
    const IS_LIST: bool = true;

    fn read(words: &[String]) -> Result<Self, String> {
        let attribute = |word: &String| {
            let (name, text) = word
                .split_once('=')
                .ok_or_else(|| format!("{word:?} is not ATTRIBUTE=TEXT"))?;
            let tag = parsed::<AttributeTag>(name)?.0;
            if OF_IDENTITY.contains(&tag) || tag.0 <= 0x0002 {
                return Err(format!(
                    "{name} cannot be coerced: instances are filed under it"
                ));
            }
            if !is_text(Path::from(tag).vr()) {
                return Err(format!("{name} cannot be coerced: it is no text"));
            }
            Ok((tag, text.to_owned()))
        };
        words.iter().map(attribute).collect()
    }

    fn show(&self) -> Vec<String> {
        let name = |tag: &Tag| match StandardDataDictionary.by_tag(*tag) {
            Some(entry) => entry.alias().to_owned(),
            None => format!("{:04X}{:04X}", tag.0, tag.1),
        };
        let pairs = self.iter();
        pairs
            .map(|(tag, text)| format!("{}={text}", name(tag)))
            .collect()
    }
}

fn is_text(vr: VR) -> bool {
    matches!(
        vr,
        VR::AE
            | VR::AS
            | VR::CS
            | VR::DA
            | VR::DS
            | VR::DT
            | VR::IS
            | VR::LO
            | VR::LT
            | VR::PN
            | VR::SH
            | VR::ST
            | VR::TM
            | VR::UC
            | VR::UI
            | VR::UR
            | VR::UT
    )
}
