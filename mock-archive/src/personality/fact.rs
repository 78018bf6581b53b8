//! One thing that is known of an archive: what, from where, what is done to be like it, and where it shows.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::policy::{Policy, PolicyChanges};
use crate::rule::Rule;

/// One thing that is known of an archive, and what is done to be like it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fact {
    /// What it does, in a sentence.
    pub what: String,
    /// Where that is known from.
    pub source: Source,
    /// The policies that it sets.
    #[serde(skip_serializing_if = "PolicyChanges::is_empty")]
    pub policy: PolicyChanges,
    /// The rules that do it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// A request that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// A fact as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    what: String,
    source: String,
    #[serde(default)]
    policy: PolicyChanges,
    rule: Option<Rule>,
    #[serde(default)]
    rules: Vec<Rule>,
    seen: Option<Seen>,
}

/// Where a fact is known from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What kind of evidence it is.
    pub kind: SourceKind,
    /// Where it can be read: an address, or what was run.
    pub at: String,
}

/// Kinds of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// The product was asked, and answered.
    Run,
    /// Its source code.
    Source,
    /// Its documentation, or a standard.
    Document,
    /// A thread in which somebody met it.
    Issue,
    /// No product: chosen here.
    Choice,
}

impl SourceKind {
    const ALL: [(&str, Self); 5] = [
        ("run", Self::Run),
        ("source", Self::Source),
        ("document", Self::Document),
        ("issue", Self::Issue),
        ("choice", Self::Choice),
    ];
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// A request that shows a fact, and what is in its answer.
///
/// In texts `{study}`, `{series}`, `{instance}`, `{patient}` and the like stand for what the archive holds then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Method and path below the service's URL, or a DIMSE operation with its keys: `find level=STUDY PatientID=nobody`.
    pub ask: String,
    /// Header fields of the request; Accept is `*/*` unless it is here, and left out where it is empty here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// What was sent before, and answered: the name of an upload of the tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What is sent with it: the name of an upload of the tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// Status of the answer, or what becomes of the association.
    pub gives: String,
    /// Texts that are in its head or body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<String>,
    /// Texts that are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

impl Fact {
    /// Makes a policy like it.
    pub fn apply(&self, policy: &mut Policy) {
        self.policy.apply(policy);
    }
}

impl TryFrom<Written> for Fact {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let source = Source::read(&written.source)?;
        Ok(Self {
            what: written.what,
            source,
            policy: written.policy,
            rules: written.rule.into_iter().chain(written.rules).collect(),
            seen: written.seen,
        })
    }
}

impl Source {
    /// `KIND: WHERE`.
    fn read(text: &str) -> Result<Self, String> {
        let kinds = SourceKind::ALL.map(|(name, _)| name).join(", ");
        let wrong = || format!("{text:?} is no source: one of {kinds}, a colon, and where");
        let (kind, at) = text.split_once(": ").ok_or_else(wrong)?;
        let known = SourceKind::ALL.iter().find(|(name, _)| *name == kind);
        Ok(Self {
            kind: known.ok_or_else(wrong)?.1,
            at: at.to_owned(),
        })
    }
}
