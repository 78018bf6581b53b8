//! What a condition can be about, and which conditions do not hold.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::uid::Uid;
use http::header::ACCEPT;

use super::Scene;
use super::matcher::Matcher;
use super::one_of::{LevelName, OneOf};
use super::pattern::glob;
use crate::moment::{Choice, Form};
use crate::request::Request;

impl Matcher {
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
            (
                "query-key",
                self.query_key
                    .iter()
                    .all(|(name, pattern)| has_key(request, name, pattern)),
            ),
            (
                "media-type",
                self.media_type.admits(|pattern| asks_for(request, pattern)),
            ),
            (
                "connection",
                self.connection
                    .is_none_or(|number| number == request.connection),
            ),
            (
                "nth-of-connection",
                self.nth_of_connection.is_none_or(|nth| nth == request.nth),
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

fn has_header(request: &Request, name: &str, pattern: &str) -> bool {
    request
        .headers
        .get_all(name)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| glob(pattern, value)))
}

/// Whether a search has a key, by its name as it is written and its value as it is meant.
fn has_key(request: &Request, name: &str, pattern: &str) -> bool {
    let in_url = request.query.split('&').map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        (name, decoded.into_owned())
    });
    let in_identifier = request
        .keys
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let mut keys = in_url.chain(in_identifier);
    keys.any(|(key, value)| key.eq_ignore_ascii_case(name) && glob(pattern, &value))
}

/// Whether a media type is asked for, whatever its parameters.
fn asks_for(request: &Request, pattern: &str) -> bool {
    let fields = request.headers.get_all(ACCEPT).iter();
    fields.filter_map(|value| value.to_str().ok()).any(|text| {
        text.split(',').any(|range| {
            let range = range.split(';').next().unwrap_or_default();
            glob(pattern, &range.trim().to_ascii_lowercase())
                || part_type(text).is_some_and(|part| glob(pattern, &part))
        })
    })
}

/// The type of the parts, where a multipart is asked for.
fn part_type(range: &str) -> Option<String> {
    let (_, rest) = range.split_once("type=")?;
    let end = rest.trim_start_matches('"').find(['"', ';', ',']);
    let part = rest.trim_start_matches('"');
    Some(
        part[..end.unwrap_or(part.len())]
            .trim()
            .to_ascii_lowercase(),
    )
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

    pub(super) fn of(scene: &'a Scene<'_, '_>) -> Self {
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
                Choice::Contexts(_) | Choice::Acceptance(_) | Choice::Destination(_) => facts,
            },
            Scene::Shape(shape) => match &shape.form {
                Form::Row { row, .. } => facts.with_row(row),
                Form::Match { row, .. } => facts.with_row(row),
                Form::Dataset { stored, .. }
                | Form::SubOperation { stored, .. }
                | Form::File { stored, .. }
                | Form::Model { stored, .. }
                | Form::Frame { stored, .. }
                | Form::Picture { stored, .. } => facts.with_identity(stored.identity()),
                _ => facts,
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
