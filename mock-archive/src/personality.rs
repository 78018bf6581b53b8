//! What makes the archive like a known product: facts, each with its source, as policy and rules.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::policy::{Policy, PolicyChanges};
use crate::rule::Rule;

/// An archive to be like.
#[derive(Debug, Serialize)]
pub struct Personality {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is like.
    pub about: String,
    /// What is known of it.
    pub facts: Vec<Fact>,
}

/// One thing that is known of an archive, and what is done to be like it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it does, in a sentence.
    pub what: String,
    /// Where that is known from: a run, its source, a document, an issue.
    pub source: String,
    #[serde(default, skip_serializing)]
    policy: PolicyChanges,
    /// The rule that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}

/// A personality as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    about: String,
    facts: Vec<Fact>,
}

/// The files, by name.
const SHIPPED: &[(&str, &str)] = &[
    ("strict", include_str!("../personalities/strict.toml")),
    (
        "orthanc-1.10",
        include_str!("../personalities/orthanc-1.10.toml"),
    ),
    ("dcmqrscp", include_str!("../personalities/dcmqrscp.toml")),
];

static PERSONALITIES: LazyLock<Vec<Personality>> = LazyLock::new(|| {
    let read = |&(name, text): &(&'static str, &str)| {
        let document: Document = toml::from_str(text).expect("a test reads every file");
        Personality {
            name,
            about: document.about,
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
        PERSONALITIES
            .iter()
            .find(|personality| personality.name == name)
            .ok_or_else(|| {
                let choices: Vec<_> = PERSONALITIES
                    .iter()
                    .map(|personality| personality.name)
                    .collect();
                UnknownPersonality {
                    name: name.to_owned(),
                    choices: choices.join(", "),
                }
            })
    }

    /// Makes a policy like it.
    pub fn apply(&self, policy: &mut Policy) {
        self.facts.iter().for_each(|fact| fact.policy.apply(policy));
    }

    /// What it does that is no policy.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.facts.iter().filter_map(|fact| fact.rule.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_of_every_personality_has_a_source_and_does_something() {
        let plain = format!("{:?}", Policy::default());
        for personality in Personality::all() {
            assert!(!personality.facts.is_empty(), "{}", personality.name);
            for fact in &personality.facts {
                let mut policy = Policy::default();
                fact.policy.apply(&mut policy);
                let changes = format!("{policy:?}") != plain;
                assert!(changes || fact.rule.is_some(), "{}", fact.what);
                let kind = fact.source.split(':').next().unwrap_or_default();
                assert!(
                    ["run", "source", "document", "issue", "choice"].contains(&kind),
                    "{}",
                    fact.source
                );
            }
        }
    }
}
