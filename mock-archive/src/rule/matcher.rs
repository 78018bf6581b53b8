//! Which exchanges and instances a rule concerns.

use std::collections::BTreeMap;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::ae::AeTitle;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scene;
use crate::moment::{Choice, Form};
use crate::request::{Protocol, Request, Service};

/// Which exchanges and instances a rule concerns: all that is given must hold; of several values for one thing, one must.
///
/// Built from one of the functions of this module, such as [`storing`], narrowed by its methods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Matcher {
    /// What is asked for.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub service: OneOf<Service>,
    /// Over which protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// HTTP method, or DIMSE command such as `C-STORE`.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub method: OneOf<String>,
    /// Path of the HTTP request as received; `*` stands for any text.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub path: OneOf<String>,
    /// HTTP header fields that must be there, by name; `*` in the value stands for any text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, String>,
    /// Study Instance UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub study: OneOf<Uid>,
    /// Series Instance UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub series: OneOf<Uid>,
    /// SOP Instance UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub instance: OneOf<Uid>,
    /// SOP Class UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub sop_class: OneOf<Uid>,
    /// Transfer Syntax UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub transfer_syntax: OneOf<Uid>,
    /// Patient ID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub patient_id: OneOf<String>,
    /// Calling AE title.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub calling: OneOf<AeTitle>,
    /// Called AE title.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub called: OneOf<AeTitle>,
    /// Query or retrieve level: `patient`, `study`, `series` or `instance`.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub level: OneOf<LevelName>,
    /// Which instance of an upload, counted from 1 in each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
}

/// Every exchange, connections and associations too.
pub fn any() -> Matcher {
    Matcher::default()
}

/// Associations being opened.
pub fn associating() -> Matcher {
    Matcher::of([Service::Associate])
}

/// C-ECHO.
pub fn echoing() -> Matcher {
    Matcher::of([Service::Echo])
}

/// STOW-RS and C-STORE.
pub fn storing() -> Matcher {
    Matcher::of([Service::Store])
}

/// QIDO-RS and C-FIND.
pub fn searching() -> Matcher {
    Matcher::of([Service::Search])
}

/// WADO-RS instances and C-GET.
pub fn retrieving() -> Matcher {
    Matcher::of([Service::Retrieve])
}

/// C-MOVE.
pub fn moving() -> Matcher {
    Matcher::of([Service::Move])
}

/// WADO-RS metadata.
pub fn fetching_metadata() -> Matcher {
    Matcher::of([Service::Metadata])
}

/// WADO-RS rendered resources.
pub fn rendering() -> Matcher {
    Matcher::of([Service::Rendered])
}

impl Matcher {
    fn of<const N: usize>(services: [Service; N]) -> Self {
        Self {
            service: OneOf(services.to_vec()),
            ..Self::default()
        }
    }

    /// Only over this protocol.
    #[must_use]
    pub fn over(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Only with this HTTP method or DIMSE command.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method.0.push(method.to_owned());
        self
    }

    /// Only with this path; `*` stands for any text.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.path.0.push(pattern.to_owned());
        self
    }

    /// Only with this header field; `*` in the value stands for any text.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.header.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Only this study. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn study(mut self, uid: impl AsRef<str>) -> Self {
        self.study.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this series. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn series(mut self, uid: impl AsRef<str>) -> Self {
        self.series.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this instance. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn instance(mut self, uid: impl AsRef<str>) -> Self {
        self.instance.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this SOP class. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn sop_class(mut self, uid: impl AsRef<str>) -> Self {
        self.sop_class.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this transfer syntax. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn transfer_syntax(mut self, uid: impl AsRef<str>) -> Self {
        self.transfer_syntax.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this Patient ID. Called again: one of them.
    #[must_use]
    pub fn patient_id(mut self, id: &str) -> Self {
        self.patient_id.0.push(id.to_owned());
        self
    }

    /// Only from this calling AE title. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no AE title.
    #[must_use]
    pub fn calling(mut self, title: &str) -> Self {
        self.calling
            .0
            .push(AeTitle::parse(title).expect("the calling AE title of a rule must be valid"));
        self
    }

    /// Only for this called AE title. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no AE title.
    #[must_use]
    pub fn called(mut self, title: &str) -> Self {
        self.called
            .0
            .push(AeTitle::parse(title).expect("the called AE title of a rule must be valid"));
        self
    }

    /// Only at this query or retrieve level. Called again: one of them.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level.0.push(level.into());
        self
    }

    /// Only the instance that comes at this place in its upload; 1 for the first.
    #[must_use]
    pub fn number(mut self, number: usize) -> Self {
        self.number = Some(number);
        self
    }

    /// Whether it asks for nothing.
    pub(crate) fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// How many conditions it has.
    pub(crate) fn conditions(&self) -> usize {
        let fields = serde_json::to_value(self).unwrap_or_default();
        fields.as_object().map_or(0, serde_json::Map::len)
    }

    /// Takes from `base` what this one leaves open.
    pub(crate) fn or(mut self, base: Self) -> Self {
        self.service = self.service.or(base.service);
        self.protocol = self.protocol.or(base.protocol);
        self.method = self.method.or(base.method);
        self.path = self.path.or(base.path);
        if self.header.is_empty() {
            self.header = base.header;
        }
        self.study = self.study.or(base.study);
        self.series = self.series.or(base.series);
        self.instance = self.instance.or(base.instance);
        self.sop_class = self.sop_class.or(base.sop_class);
        self.transfer_syntax = self.transfer_syntax.or(base.transfer_syntax);
        self.patient_id = self.patient_id.or(base.patient_id);
        self.calling = self.calling.or(base.calling);
        self.called = self.called.or(base.called);
        self.level = self.level.or(base.level);
        self.number = self.number.or(base.number);
        self
    }

    /// Whether a scene is what the rule asks for.
    pub(crate) fn matches(&self, scene: &Scene<'_, '_>) -> bool {
        if self.is_any() {
            return true;
        }
        match scene {
            Scene::Connect(connect) => {
                let only_protocol = Self {
                    protocol: self.protocol,
                    ..Self::default()
                };
                *self == only_protocol && self.protocol == Some(connect.protocol)
            }
            _ => self.misses(&Facts::of(scene)).is_empty(),
        }
    }

    /// The conditions that do not hold, by field name.
    pub(crate) fn misses(&self, facts: &Facts<'_>) -> Vec<&'static str> {
        let Some(request) = facts.request else {
            return vec!["service"];
        };
        let uid =
            |wanted: &OneOf<Uid>, is: Option<&str>| wanted.admits(|uid| Some(uid.as_str()) == is);
        let conditions = [
            (
                "service",
                self.service.admits(|service| *service == request.service),
            ),
            (
                "protocol",
                self.protocol
                    .is_none_or(|protocol| protocol == request.protocol),
            ),
            (
                "method",
                self.method
                    .admits(|method| method.eq_ignore_ascii_case(&request.method)),
            ),
            (
                "path",
                self.path.admits(|pattern| glob(pattern, &request.path)),
            ),
            (
                "header",
                self.header
                    .iter()
                    .all(|(name, pattern)| has_header(request, name, pattern)),
            ),
            ("study", uid(&self.study, facts.study)),
            ("series", uid(&self.series, facts.series)),
            ("instance", uid(&self.instance, facts.instance)),
            ("sop-class", uid(&self.sop_class, facts.sop_class)),
            (
                "transfer-syntax",
                uid(&self.transfer_syntax, facts.transfer_syntax),
            ),
            (
                "patient-id",
                self.patient_id
                    .admits(|id| Some(id.as_str()) == facts.patient_id),
            ),
            (
                "calling",
                self.calling
                    .admits(|title| Some(title) == request.calling.as_ref()),
            ),
            (
                "called",
                self.called
                    .admits(|title| Some(title) == request.called.as_ref()),
            ),
            (
                "level",
                self.level
                    .admits(|level| Some(*level) == request.level.map(LevelName::from)),
            ),
            (
                "number",
                self.number
                    .is_none_or(|number| Some(number) == facts.number),
            ),
        ];
        conditions
            .into_iter()
            .filter(|(_, holds)| !holds)
            .map(|(name, _)| name)
            .collect()
    }
}

fn a_uid(text: &str) -> Uid {
    Uid::parse(text).expect("a rule names UIDs")
}

fn has_header(request: &Request, name: &str, pattern: &str) -> bool {
    request
        .headers
        .get_all(name)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| glob(pattern, value)))
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// What is known at one moment, for matching.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) request: Option<&'a Request>,
    pub(crate) study: Option<&'a str>,
    pub(crate) series: Option<&'a str>,
    pub(crate) instance: Option<&'a str>,
    pub(crate) sop_class: Option<&'a str>,
    pub(crate) transfer_syntax: Option<&'a str>,
    pub(crate) patient_id: Option<&'a str>,
    pub(crate) number: Option<usize>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of_request(request: &'a Request) -> Self {
        Self {
            request: Some(request),
            study: request.scope.study.as_ref().map(Uid::as_str),
            series: request.scope.series.as_ref().map(Uid::as_str),
            instance: request.scope.instance.as_ref().map(Uid::as_str),
            sop_class: request.sop_class.as_ref().map(Uid::as_str),
            transfer_syntax: request.transfer_syntax.as_ref().map(Uid::as_str),
            patient_id: request.patient_id.as_deref(),
            number: None,
        }
    }

    pub(crate) fn with_identity(self, identity: &'a crate::archive::Identity) -> Self {
        Self {
            study: Some(identity.study.as_str()),
            series: Some(identity.series.as_str()),
            instance: Some(identity.instance.as_str()),
            sop_class: Some(identity.sop_class.as_str()),
            transfer_syntax: Some(identity.transfer_syntax.as_str()),
            patient_id: Some(identity.patient_id.as_str()),
            ..self
        }
    }

    fn with_row(self, row: &'a InMemDicomObject) -> Self {
        Self {
            study: text(row, tags::STUDY_INSTANCE_UID).or(self.study),
            series: text(row, tags::SERIES_INSTANCE_UID).or(self.series),
            instance: text(row, tags::SOP_INSTANCE_UID).or(self.instance),
            sop_class: text(row, tags::SOP_CLASS_UID).or(self.sop_class),
            patient_id: text(row, tags::PATIENT_ID).or(self.patient_id),
            ..self
        }
    }

    fn of(scene: &'a Scene<'_, '_>) -> Self {
        let Some(request) = scene.request() else {
            return Self::default();
        };
        let facts = Self::of_request(request);
        match scene {
            Scene::Judge(judge) => Self {
                number: Some(judge.number),
                ..facts.with_identity(judge.instance)
            },
            Scene::Negotiate(negotiate) => match &negotiate.choice {
                Choice::Syntax { stored, .. } => facts.with_identity(stored.identity()),
                Choice::Contexts(_) => facts,
            },
            Scene::Shape(shape) => match &shape.form {
                Form::Row { row, .. } => facts.with_row(row),
                Form::Dataset { stored, .. } | Form::SubOperation { stored, .. } => {
                    facts.with_identity(stored.identity())
                }
                Form::Page(_) | Form::Rows(_) | Form::Instances(_) | Form::Receipt { .. } => facts,
            },
            _ => facts,
        }
    }
}

fn text(row: &InMemDicomObject, tag: Tag) -> Option<&str> {
    let text = row.get(tag)?.value().primitive()?;
    let text: &str = text.string().ok()?;
    Some(text.trim_end_matches([' ', '\0']))
}

/// One value or several; none = any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOf<T>(pub Vec<T>);

impl<T> Default for OneOf<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> OneOf<T> {
    fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    fn admits(&self, is: impl FnMut(&T) -> bool) -> bool {
        self.0.is_empty() || self.0.iter().any(is)
    }

    fn or(self, other: Self) -> Self {
        if self.is_open() { other } else { self }
    }
}

impl<T: Serialize> Serialize for OneOf<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOf<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = OneOf<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, one: &str) -> Result<OneOf<T>, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(one))
                    .map(|one| OneOf(vec![one]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<OneOf<T>, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(OneOf)
            }
        }
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOf<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("OneOf_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// The four levels, as rules write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LevelName {
    /// PATIENT.
    Patient,
    /// STUDY.
    Study,
    /// SERIES.
    Series,
    /// IMAGE.
    Instance,
}

impl From<Level> for LevelName {
    fn from(level: Level) -> Self {
        match level {
            Level::Patient => Self::Patient,
            Level::Study => Self::Study,
            Level::Series => Self::Series,
            Level::Instance => Self::Instance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_does() {
        for (pattern, text, fits) in [
            ("/studies", "/studies", true),
            ("/studies", "/studies/1", false),
            ("/studies/*", "/studies/1", true),
            ("/studies/*/metadata", "/studies/1/metadata", true),
            ("/studies/*/metadata", "/studies/1/metadata/x", false),
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("a.c", "abc", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn one_value_or_a_list_is_read_and_a_wrong_field_is_named() {
        let one: Matcher =
            serde_json::from_str(r#"{ "service": "store", "instance": "1.2" }"#).unwrap();
        let list: Matcher =
            serde_json::from_str(r#"{ "service": ["store"], "instance": ["1.2"] }"#).unwrap();
        assert_eq!(one, list);
        assert_eq!(one, storing().instance("1.2"));

        let error = serde_json::from_str::<Matcher>(r#"{ "servise": "store" }"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("servise"), "{error}");
        let error = serde_json::from_str::<Matcher>(r#"{ "study": "1..2" }"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("1..2"), "{error}");
    }
}
