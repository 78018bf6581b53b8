//! What makes the archive like a known product: facts, each with its source, as policy and rules.

mod fact;
mod page;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::rule::Rule;

pub use fact::{Fact, Seen, Source, SourceKind};
pub use page::markdown;

/// An archive to be like.
#[derive(Debug, Serialize)]
pub struct Personality {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is like.
    pub about: String,
    /// Whether it is something before an archive, and goes with one of the others.
    pub overlay: bool,
    /// What is known of it.
    pub facts: Vec<Fact>,
}

/// A personality as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    about: String,
    #[serde(default)]
    overlay: bool,
    facts: Vec<Fact>,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// The files, by name.
        const SHIPPED: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../personalities/", $name, ".toml")))),*];
    };
}

shipped![
    "strict",
    "orthanc-1.10",
    "orthanc-1.12",
    "dcm4chee-5",
    "google-healthcare",
    "azure-dicom",
    "aws-healthimaging",
    "static-dicomweb",
    "dcmqrscp",
    "pacs-2005",
    "hospital-proxy",
];

static PERSONALITIES: LazyLock<Vec<Personality>> = LazyLock::new(|| {
    let read = |&(name, text): &(&'static str, &str)| {
        let document: Document = toml::from_str(text).expect("a test reads every file");
        Personality {
            name,
            about: document.about,
            overlay: document.overlay,
            facts: document.facts,
        }
    };
    SHIPPED.iter().map(read).collect()
});

/// No personality has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no personality {name:?}; choose {choices}")]
pub struct UnknownPersonality {
    name: String,
    choices: String,
}

impl Personality {
    /// All of them.
    pub fn all() -> &'static [Self] {
        &PERSONALITIES
    }

    /// The one of this name.
    ///
    /// # Errors
    /// [`UnknownPersonality`], which names the choices.
    pub fn find(name: &str) -> Result<&'static Self, UnknownPersonality> {
        let mut all = PERSONALITIES.iter();
        all.find(|personality| personality.name == name)
            .ok_or_else(|| {
                let choices: Vec<_> = PERSONALITIES.iter().map(|one| one.name).collect();
                UnknownPersonality {
                    name: name.to_owned(),
                    choices: choices.join(", "),
                }
            })
    }

    /// Makes a policy like it.
    pub fn apply(&self, policy: &mut Policy) {
        self.facts.iter().for_each(|fact| fact.apply(policy));
    }

    /// What it does that is no policy.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.facts.iter().flat_map(|fact| fact.rules.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_of_every_personality_does_something_or_is_shown_and_has_an_address() {
        let plain = format!("{:?}", Policy::default());
        for personality in Personality::all() {
            assert!(!personality.facts.is_empty(), "{}", personality.name);
            for fact in &personality.facts {
                let mut policy = Policy::default();
                fact.apply(&mut policy);
                let changes = format!("{policy:?}") != plain;
                let does = changes || !fact.rules.is_empty();
                assert!(does || fact.seen.is_some(), "{}", fact.what);
                assert!(fact.source.at.len() > 8, "{}", fact.what);
                let has_dot = fact.what.ends_with('.');
                assert!(has_dot, "{:?} is no sentence", fact.what);
            }
        }
    }

    #[test]
    fn a_source_without_its_kind_is_refused() {
        let error = toml::from_str::<Document>(
            "about = 'x'\n[[facts]]\nwhat = 'y.'\nsource = 'somewhere'\npolicy = { called = 'own' }",
        );
        assert!(error.is_err_and(|error| error.to_string().contains("somewhere")));
    }
}
