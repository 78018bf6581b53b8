//! When something goes wrong, what, and how often: one value for Rust, JSON and TOML.

mod after;
mod book;
mod facts;
mod matcher;
mod meter;
mod often;
mod one_of;
mod pattern;
mod transition;

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub use after::After;
pub(crate) use after::{Marks, Tally};
pub(crate) use book::{Mounted, RuleBook};
pub(crate) use facts::Facts;
pub use matcher::{
    Matcher, any, associating, echoing, fetching_metadata, moving, rendering, retrieving,
    searching, storing,
};
pub use meter::{Meter, Seen};
pub use often::Often;
pub use one_of::{LevelName, OneOf};
pub use transition::Transition;

use crate::fault::{AnyFault, Named, UnknownFault};
use crate::moment::{Admit, Arrival, Connect, Form, Judge, Moment, Negotiate, Send, Shape};
use crate::request::Request;

/// When this, then that, so often.
///
/// ```
/// use dicom_mock_archive::fault::RefuseInstance;
/// use dicom_mock_archive::rule::{Rule, storing};
///
/// let rule = Rule::when(storing().instance("1.2.3")).then(RefuseInstance::default()).once();
/// let json = r#"{ "when": { "service": "store", "instance": "1.2.3" }, "then": { "refuse-instance": {} }, "often": "once" }"#;
/// assert_eq!(serde_json::from_str::<Rule>(json).unwrap(), rule);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Which exchanges and instances it concerns; without it all of them.
    #[serde(default, skip_serializing_if = "Matcher::is_any")]
    pub when: Matcher,
    /// What happens: a fault with its fields, or the name of a fault.
    pub then: Then,
    /// How often.
    #[serde(default, skip_serializing_if = "Often::is_always")]
    pub often: Often,
    /// Only after so much has happened since the rule came into force, or since its state was entered.
    #[serde(default, skip_serializing_if = "After::is_nothing")]
    pub after: After,
    /// Only in this state of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_state: Option<String>,
    /// The state that the scenario enters when the rule has acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_state: Option<String>,
    /// Of two rules that decide about the same instance or request the one with the higher priority wins; of equals the older.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i32,
}

fn is_zero(priority: &i32) -> bool {
    *priority == 0
}

impl Rule {
    /// Starts a rule: which exchanges and instances it concerns.
    pub fn when(matcher: Matcher) -> When {
        When { matcher }
    }

    /// A named fault as it comes, such as `stow.partial-200`.
    ///
    /// # Errors
    /// [`UnknownFault`], which lists the nearest names.
    pub fn named(name: &str) -> Result<Self, UnknownFault> {
        let then = Then::named(name)?;
        Ok(Rule::when(Matcher::default()).then(then))
    }

    /// A fault as given on a command line: `NAME[:ARG]...`, such as `refuse-instance:reason=A700:once`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        crate::fault::parse_argument(text)
    }

    /// Only the first time.
    #[must_use]
    pub fn once(self) -> Self {
        self.often(Often::Once)
    }

    /// Only the first `n` times.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        self.often(Often::Times(n))
    }

    /// Only for these matches, counted from 1.
    #[must_use]
    pub fn nth(self, range: std::ops::RangeInclusive<u64>) -> Self {
        self.often(Often::Nth {
            from: *range.start(),
            to: *range.end(),
        })
    }

    /// Every `k`th match.
    #[must_use]
    pub fn every(self, k: u64) -> Self {
        self.often(Often::Every(k))
    }

    /// With probability `p`, decided by the seed and the number of the match alone.
    #[must_use]
    pub fn seeded(self, p: f64, seed: u64) -> Self {
        self.often(Often::Seeded { p, seed })
    }

    /// Only after so much has happened.
    #[must_use]
    pub fn after(mut self, after: After) -> Self {
        self.after = after;
        self
    }

    /// Only in this state of the scenario.
    #[must_use]
    pub fn in_state(mut self, state: &str) -> Self {
        self.in_state = Some(state.to_owned());
        self
    }

    /// The scenario enters this state when the rule has acted.
    #[must_use]
    pub fn to_state(mut self, state: &str) -> Self {
        self.to_state = Some(state.to_owned());
        self
    }

    /// With this priority instead of 0.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    fn often(mut self, often: Often) -> Self {
        self.often = often;
        self
    }

    /// How often it acts: as a named fault says, unless the rule says something itself.
    pub(crate) fn how_often(&self) -> Often {
        match &self.then {
            Then::Named(named) if self.often.is_always() => named.rule().often,
            _ => self.often,
        }
    }

    /// The matcher in force: the rule's own, completed by that of the named fault.
    pub(crate) fn matcher(&self) -> Cow<'_, Matcher> {
        match &self.then {
            Then::Fault(_) => Cow::Borrowed(&self.when),
            Then::Named(named) => Cow::Owned(self.when.clone().or(named.rule().when)),
        }
    }
}

/// A rule that lacks its consequence.
#[derive(Clone, Debug)]
#[must_use = "a rule needs a `then`"]
pub struct When {
    matcher: Matcher,
}

impl When {
    /// What happens.
    pub fn then(self, fault: impl Into<Then>) -> Rule {
        Rule {
            when: self.matcher,
            then: fault.into(),
            often: Often::Always,
            after: After::default(),
            in_state: None,
            to_state: None,
            priority: 0,
        }
    }
}

/// What happens: a fault, or one of the named faults.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Then {
    /// A fault with its fields, as `{ "name": { fields } }`.
    Fault(AnyFault),
    /// The name of a fault, with the fields it has by default.
    #[schemars(with = "String")]
    Named(&'static Named),
}

impl Then {
    /// Finds a named fault, or a fault whose fields all have defaults.
    ///
    /// # Errors
    /// [`UnknownFault`], which lists the nearest names.
    pub fn named(name: &str) -> Result<Self, UnknownFault> {
        match Named::find(name) {
            Some(named) => Ok(Self::Named(named)),
            None => AnyFault::by_default(name).map(Self::Fault),
        }
    }

    /// The fault in force.
    pub fn fault(&self) -> AnyFault {
        match self {
            Self::Fault(fault) => fault.clone(),
            Self::Named(named) => match named.rule().then {
                Self::Fault(fault) => fault,
                Self::Named(other) => other.rule().then.fault(),
            },
        }
    }

    /// The word for it in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.name(),
            Self::Named(named) => named.name,
        }
    }
}

impl<F: Into<AnyFault>> From<F> for Then {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl<'de> Deserialize<'de> for Then {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ThenVisitor)
    }
}

struct ThenVisitor;

impl<'de> serde::de::Visitor<'de> for ThenVisitor {
    type Value = Then;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault as { name: { fields } } or the name of a fault")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Then, E> {
        Then::named(name).map_err(E::custom)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Then, A::Error> {
        AnyFault::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Then::Fault)
    }
}

/// Number of a rule in one archive; the first is 1, and none is used twice.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RuleId(pub u64);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the moments with its context, on its way past the rules.
#[derive(Debug)]
pub enum Scene<'s, 'a> {
    /// A connection was accepted.
    Connect(&'s mut Connect),
    /// A request or association is about to be looked at.
    Admit(&'s mut Admit<'a>),
    /// A choice was made.
    Negotiate(&'s mut Negotiate<'a>),
    /// A piece of what a client sends has come.
    Arrival(&'s mut Arrival<'a>),
    /// An instance was judged.
    Judge(&'s mut Judge<'a>),
    /// Something is about to go out.
    Shape(&'s mut Shape<'a>),
    /// An answer's head is ready.
    Send(&'s mut Send<'a>),
}

impl Scene<'_, '_> {
    /// Its name.
    pub fn moment(&self) -> Moment {
        match self {
            Scene::Connect(_) => Moment::Connect,
            Scene::Admit(_) => Moment::Admit,
            Scene::Negotiate(_) => Moment::Negotiate,
            Scene::Arrival(_) => Moment::Arrival,
            Scene::Judge(_) => Moment::Judge,
            Scene::Send(_) => Moment::Send,
            Scene::Shape(shape) => match shape.form {
                Form::Search(_) => Moment::Search,
                Form::Page(_) => Moment::Page,
                Form::Rows(_) => Moment::Rows,
                Form::Row { .. } => Moment::Row,
                Form::Match { .. } => Moment::Match,
                Form::Instances(_) => Moment::Instances,
                Form::Dataset { .. } => Moment::Dataset,
                Form::Receipt { .. } => Moment::Receipt,
                Form::Json(_) => Moment::Json,
                Form::Listing(_) => Moment::Listing,
                Form::SubOperation { .. } => Moment::SubOperation,
                Form::Scope(_) => Moment::Scope,
                Form::Multipart(_) => Moment::Multipart,
                Form::File { .. } => Moment::File,
                Form::Model { .. } => Moment::Model,
                Form::Frames { .. } => Moment::Frames,
                Form::Frame { .. } => Moment::Frame,
                Form::Picture { .. } => Moment::Picture,
                Form::Deletion(_) => Moment::Deletion,
            },
        }
    }

    /// The request it belongs to; a connection has none yet.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Scene::Connect(_) => None,
            Scene::Admit(admit) => Some(admit.request),
            Scene::Negotiate(negotiate) => Some(negotiate.request),
            Scene::Arrival(arrival) => Some(arrival.request),
            Scene::Judge(judge) => Some(judge.request),
            Scene::Shape(shape) => Some(shape.request),
            Scene::Send(send) => Some(send.request),
        }
    }
}
