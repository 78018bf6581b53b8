//! Known failures: each with a reason and an owner, still run, and an error as soon as it is no longer needed.

pub mod update;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::statement::Product;

/// A file of waivers as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waivers {
    waivers: BTreeMap<String, Waiver>,
    flaky: BTreeMap<String, Flaky>,
}

/// Why a text is no file of waivers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaiverError {
    /// No TOML, an unknown key, or a value of another type.
    #[error("the waivers cannot be read: {0}")]
    Format(String),
    /// No check has this id; a waiver is for one check, not for many.
    #[error("a waiver for {0:?}, which is no check")]
    Unknown(String),
    /// A check with two waivers.
    #[error("two waivers for {0}")]
    Twice(String),
    /// Nobody has said why, or who is responsible.
    #[error("the waiver for {id} has no {what}: a person has to write it")]
    Unsigned {
        /// The check.
        id: String,
        /// What is missing.
        what: &'static str,
    },
    /// An expiry that is no date.
    #[error("the waiver for {id} expires at {date:?}, which is no date such as 2027-01-31")]
    Date {
        /// The check.
        id: String,
        /// What was written.
        date: String,
    },
    /// A range of versions that cannot be read.
    #[error(
        "the waiver for {id} is for the versions {range:?}, which is no range such as \">=1.2, <2\""
    )]
    Range {
        /// The check.
        id: String,
        /// What was written.
        range: String,
    },
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "waiver", skip_serializing_if = "Vec::is_empty")]
    waivers: Vec<Waiver>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    flaky: Vec<Flaky>,
}

/// One known failure.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The check.
    pub id: String,
    /// How it ends.
    pub outcome: Expected,
    /// What is in the words of the failure, if not everything is waived.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub got: String,
    /// Why that is accepted.
    #[serde(default)]
    pub reason: String,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
    /// Where it is tracked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// The last day on which it holds, as in 2027-01-31.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expires: String,
    /// The product that it is for; any if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// A product and its versions.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// As in the statement.
    pub product: String,
    /// A range such as `>=1.2, <2`; any if it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// A check that fails at times.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Flaky {
    /// The check.
    pub id: String,
    /// Why that is accepted.
    #[serde(default)]
    pub reason: String,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
}

/// The endings that can be waived.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// It fails.
    Fail,
    /// Something that it builds on fails.
    Untestable,
    /// It warns.
    Warn,
}

/// What is to be done about a waiver that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The check.
    pub id: String,
    /// What is wrong, as in `stale: the check passes`.
    pub what: String,
}

/// What a file of waivers says of one check that ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// Nothing, or nothing that fits.
    Silent,
    /// It ended as expected.
    Waived(Waiver),
    /// It failed, and is known to do so at times.
    Flaky(Flaky),
    /// The waiver is wrong.
    Objection(Objection),
}

impl Waivers {
    /// Reads a file; `is_known` says whether a check exists.
    ///
    /// # Errors
    /// A text that is none, and waivers that nobody answers for.
    pub fn parse(text: &str, is_known: impl Fn(&str) -> bool) -> Result<Self, WaiverError> {
        let document = read(text)?;
        let mut read = Self::default();
        for waiver in document.waivers {
            let id = waiver.id.clone();
            signed(&id, &waiver.reason, &waiver.owner)?;
            if !is_known(&id) {
                return Err(WaiverError::Unknown(id));
            }
            if !waiver.expires.is_empty() && !is_date(&waiver.expires) {
                let date = waiver.expires;
                return Err(WaiverError::Date { id, date });
            }
            if let Some(when) = &waiver.when
                && within("0", &when.version).is_none()
            {
                let range = when.version.clone();
                return Err(WaiverError::Range { id, range });
            }
            if read.waivers.insert(id.clone(), waiver).is_some() {
                return Err(WaiverError::Twice(id));
            }
        }
        for flaky in document.flaky {
            let id = flaky.id.clone();
            signed(&id, &flaky.reason, &flaky.owner)?;
            if !is_known(&id) {
                return Err(WaiverError::Unknown(id));
            }
            if read.waivers.contains_key(&id) || read.flaky.insert(id.clone(), flaky).is_some() {
                return Err(WaiverError::Twice(id));
            }
        }
        Ok(read)
    }

    /// Whether a check is known to fail at times.
    pub fn is_flaky(&self, id: &str) -> bool {
        self.flaky.contains_key(id)
    }

    /// What is said about a check that ended so, on a day such as `2026-11-21`.
    pub fn word(
        &self,
        id: &str,
        (outcome, got): (Outcome, &str),
        product: Option<&Product>,
        today: &str,
    ) -> Word {
        if let Some(flaky) = self.flaky.get(id)
            && outcome.is_failure()
        {
            return Word::Flaky(flaky.clone());
        }
        let Some(waiver) = self.waivers.get(id).filter(|waiver| waiver.is_for(product)) else {
            return Word::Silent;
        };
        let objection = |what: String| {
            let id = id.to_owned();
            Word::Objection(Objection { id, what })
        };
        if !waiver.expires.is_empty() && waiver.expires.as_str() < today {
            return objection(format!("expired: it held until {}", waiver.expires));
        }
        match outcome {
            Outcome::Pass => objection("stale: the check passes".into()),
            Outcome::NotApplicable => objection("stale: the check does not apply".into()),
            _ if waiver.outcome.word() == outcome.word() && got.contains(&waiver.got) => {
                Word::Waived(waiver.clone())
            }
            _ => Word::Silent,
        }
    }
}

impl Waiver {
    fn unsigned(id: &str, outcome: Expected) -> Self {
        Self {
            id: id.to_owned(),
            outcome,
            got: String::new(),
            reason: String::new(),
            owner: String::new(),
            link: String::new(),
            expires: String::new(),
            when: None,
        }
    }

    fn is_for(&self, product: Option<&Product>) -> bool {
        self.when.as_ref().is_none_or(|when| {
            product.is_some_and(|product| {
                product.name == when.product
                    && within(&product.version, &when.version) == Some(true)
            })
        })
    }
}

impl From<Flaky> for Waiver {
    fn from(Flaky { id, reason, owner }: Flaky) -> Self {
        Self {
            reason,
            owner,
            ..Self::unsigned(&id, Expected::Fail)
        }
    }
}

impl Expected {
    /// As in reports.
    const fn word(self) -> &'static str {
        match self {
            Self::Fail => Outcome::Fail.word(),
            Self::Untestable => Outcome::Untestable.word(),
            Self::Warn => Outcome::Warn.word(),
        }
    }
}

fn read(text: &str) -> Result<Document, WaiverError> {
    toml::from_str(text).map_err(|error| WaiverError::Format(error.to_string().trim().to_owned()))
}

fn signed(id: &str, reason: &str, owner: &str) -> Result<(), WaiverError> {
    for (what, text) in [("reason", reason), ("owner", owner)] {
        if text.trim().is_empty() {
            let id = id.to_owned();
            return Err(WaiverError::Unsigned { id, what });
        }
    }
    Ok(())
}

fn is_date(text: &str) -> bool {
    let numbers: Vec<_> = text.split('-').collect();
    let [year, month, day] = numbers[..] else {
        return false;
    };
    let is = |text: &str, length: usize, most: u32| {
        let number = text.parse().ok().filter(|_| text.len() == length);
        number.is_some_and(|number: u32| (1..=most).contains(&number))
    };
    is(year, 4, 9999) && is(month, 2, 12) && is(day, 2, 31)
}

/// Whether a version is in a range such as `>=1.2, <2`; `None` if the range cannot be read.
fn within(version: &str, range: &str) -> Option<bool> {
    let mut inside = true;
    for bound in range.split(',').map(str::trim).filter(|b| !b.is_empty()) {
        let (sign, limit) = bound.split_at(bound.find(|c: char| c.is_ascii_digit())?);
        let order = numbers(version).cmp(&numbers(limit));
        inside &= match sign.trim() {
            "" | "=" => order.is_eq(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            _ => return None,
        };
    }
    Some(inside)
}

/// The numbers of a version, without zeros at its end: 1.2 is 1.2.0.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|c: char| !c.is_ascii_digit());
    let mut numbers: Vec<_> = parts.filter_map(|part| part.parse().ok()).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"
        [[waiver]]
        id = "stow.resp.xml"
        outcome = "fail"
        got = "406"
        reason = "JSON only, ticket 12"
        owner = "archive team"
        expires = "2027-01-31"
        when = { product = "Example", version = ">=1.2, <2" }
    "#;

    fn product(version: &str) -> Product {
        Product {
            name: "Example".into(),
            version: version.into(),
        }
    }

    fn word(ended: (Outcome, &str), version: &str, today: &str) -> Word {
        let waivers = Waivers::parse(ONE, |_| true).unwrap();
        waivers.word("stow.resp.xml", ended, Some(&product(version)), today)
    }

    #[test]
    fn a_failure_as_expected_is_waived_and_any_other_is_not() {
        let fail = (Outcome::Fail, "406, no body");
        assert!(matches!(word(fail, "1.2.0", "2026-11-21"), Word::Waived(_)));
        for (ended, version) in [
            ((Outcome::Fail, "500, no body"), "1.2"),
            ((Outcome::Untestable, "406"), "1.2"),
            (fail, "2.0"),
            (fail, "1.1.9"),
        ] {
            assert_eq!(word(ended, version, "2026-11-21"), Word::Silent);
        }
    }

    #[test]
    fn a_waiver_that_is_not_needed_or_too_old_is_objected_to() {
        for (ended, today, named) in [
            ((Outcome::Pass, ""), "2026-11-21", "stale: the check passes"),
            ((Outcome::NotApplicable, ""), "2026-11-21", "stale"),
            ((Outcome::Fail, "406"), "2027-02-01", "expired"),
        ] {
            match word(ended, "1.5", today) {
                Word::Objection(objection) => assert!(objection.what.contains(named)),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(
            word((Outcome::Fail, "406"), "1.5", "2027-01-31"),
            Word::Waived(_)
        ));
    }

    #[test]
    fn a_mistake_in_the_file_is_named() {
        for (from, to, named) in [
            ("archive team", " ", "no owner"),
            ("JSON only, ticket 12", "", "no reason"),
            ("2027-01-31", "soon", "\"soon\""),
            (">=1.2", "~1.2", "~1.2"),
            ("outcome", "result", "result"),
        ] {
            let error = Waivers::parse(&ONE.replace(from, to), |_| true).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
        let twice = format!("{ONE}{ONE}");
        assert_eq!(
            Waivers::parse(&twice, |_| true),
            Err(WaiverError::Twice("stow.resp.xml".into()))
        );
        assert_eq!(
            Waivers::parse(&ONE.replace("resp.xml", "*"), |id| id == "stow.resp.xml"),
            Err(WaiverError::Unknown("stow.*".into()))
        );
    }
}
