//! Instances that come as metadata and bulk data apart (PS3.18 8.6.1.2, 10.5.2): what arrives, until all of it is there.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::media::{DICOM_JSON, DICOM_XML, MediaType};
use dicom_wire::multipart::{Event, Headers};
use dicom_wire::part10::Step;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use dicom_wire::{json, xml};

use super::Stopped;
use super::assembled::{self, Bulk, Description};
use crate::archive::{Archive, Identity, Incoming, Judged};
use crate::exchange::Exchange;
use crate::store::{Spool, Spooled};
use crate::web::wado::EXPLICIT_LITTLE;

/// The most bytes of metadata in one part: it is read whole.
const MAX_METADATA_BYTES: usize = 64 * 1024 * 1024;

/// The model that metadata is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    /// PS3.18 F.
    Json,
    /// PS3.19 A.1.
    Xml,
}

impl Model {
    /// The model of a media type, if it is one of metadata.
    pub(super) fn of(media: &MediaType) -> Option<Model> {
        match () {
            () if media.is(DICOM_JSON) => Some(Model::Json),
            () if media.is(DICOM_XML) => Some(Model::Xml),
            () => None,
        }
    }
}

/// A body on its way in: metadata is held, bulk data is spooled, one part behind the other.
pub(super) struct Described {
    model: Model,
    part: Part,
    descriptions: Vec<Result<Description, String>>,
    bulk: Spool,
    known: Vec<Bulk>,
}

enum Part {
    Between,
    Metadata(Model, Vec<u8>),
    Bulk(Bulk),
}

/// What arrived, whole.
struct Arrived {
    descriptions: Vec<Result<Description, String>>,
    spooled: Spooled,
    known: Vec<Bulk>,
}

impl Described {
    /// Nothing yet; `model` is that of parts without a type.
    pub(super) fn new(model: Model, bulk: Spool) -> Described {
        Described {
            model,
            part: Part::Between,
            descriptions: Vec::new(),
            bulk,
            known: Vec::new(),
        }
    }

    /// Takes what the decoder gives.
    ///
    /// # Errors
    /// If bulk data cannot be spooled, or metadata is larger than can be read.
    pub(super) fn take(&mut self, event: Event) -> Result<(), Stopped> {
        match event {
            Event::PartStart(headers) => self.part = self.begin(&headers),
            Event::Data(bytes) => match &mut self.part {
                Part::Metadata(_, text) if text.len() + bytes.len() > MAX_METADATA_BYTES => {
                    return Err(Stopped::MetadataTooLarge(MAX_METADATA_BYTES));
                }
                Part::Metadata(_, text) => text.extend_from_slice(&bytes),
                Part::Bulk(_) => self.bulk.write(bytes).map_err(Stopped::NotKept)?,
                Part::Between => {}
            },
            Event::PartEnd => match std::mem::replace(&mut self.part, Part::Between) {
                Part::Metadata(model, text) => self.descriptions.extend(described(model, &text)),
                Part::Bulk(mut bulk) => {
                    bulk.range.end = self.bulk.len();
                    self.known.push(bulk);
                }
                Part::Between => {}
            },
            Event::End => {}
        }
        Ok(())
    }

    fn begin(&self, headers: &Headers) -> Part {
        let location = headers.field("content-location").map(str::trim);
        let media = headers.content_type().and_then(Result::ok);
        match (media.as_ref().map(Model::of), location) {
            (Some(Some(model)), _) => Part::Metadata(model, Vec::new()),
            (None, None) => Part::Metadata(self.model, Vec::new()),
            (_, location) => Part::Bulk(Bulk {
                location: location.unwrap_or_default().to_owned(),
                media,
                range: self.bulk.len()..self.bulk.len(),
            }),
        }
    }

    /// Whether no metadata came that describes an instance.
    pub(super) fn is_empty(&self) -> bool {
        self.descriptions.is_empty()
    }

    /// The locations of bulk data that no metadata names.
    pub(super) fn unnamed(&self) -> Vec<&str> {
        let named = |location: &str| {
            let descriptions = self.descriptions.iter().flatten();
            descriptions
                .flat_map(|description| &description.links)
                .any(|link| link.uri.trim() == location)
        };
        let locations = self.known.iter().map(|bulk| bulk.location.as_str());
        locations.filter(|location| !named(location)).collect()
    }

    /// Puts instances together and stores them, each or not at all. Blocks while it reads and writes.
    ///
    /// # Errors
    /// If what was spooled cannot be read.
    pub(super) fn store(self, archive: &Archive, exchange: &Exchange) -> io::Result<Vec<Judged>> {
        let arrived = Arrived {
            descriptions: self.descriptions,
            spooled: self.bulk.finish()?,
            known: self.known,
        };
        Ok(arrived.store(archive, exchange))
    }
}

impl Arrived {
    fn store(&self, archive: &Archive, exchange: &Exchange) -> Vec<Judged> {
        let one = |description: &Result<Description, String>| match description {
            Ok(description) => {
                match assembled::assemble(description, &self.known, &self.spooled, archive.spool())
                {
                    Ok(whole) => archive.store(exchange, Incoming::part(whole)),
                    Err(refusal) => {
                        let named = identity(description);
                        archive.refuse(exchange, named, refusal.reason, refusal.because)
                    }
                }
            }
            Err(because) => {
                archive.refuse_unread(exchange, FailureReason::CANNOT_UNDERSTAND, because.clone())
            }
        };
        self.descriptions.iter().map(one).collect()
    }
}

/// The data sets of a metadata part; what cannot be read counts as one instance, which is refused.
fn described(model: Model, text: &[u8]) -> Vec<Result<Description, String>> {
    match model {
        Model::Json => match json::parse(text) {
            Ok(all) => all.into_iter().map(from_json).collect(),
            Err(error) => vec![Err(format!("metadata cannot be read: {error}"))],
        },
        Model::Xml => match xml::parse(text) {
            Ok(parsed) => vec![Ok(Description {
                object: parsed.object,
                links: parsed.links,
            })],
            Err(error) => vec![Err(format!("metadata cannot be read: {error}"))],
        },
    }
}

/// A departure from the model by which a value is lost makes the instance another one: it is not taken.
fn from_json(parsed: json::Parsed) -> Result<Description, String> {
    use json::WhatIsWrong::{Attribute, Base64, Form, Range, Type};
    let loses =
        |fault: &&json::Fault| matches!(fault.wrong, Attribute | Type | Range | Base64 | Form);
    match parsed.faults.iter().find(loses) {
        Some(fault) => Err(format!("metadata cannot be read: {fault}")),
        None => Ok(Description {
            object: parsed.object,
            links: parsed.links,
        }),
    }
}

/// Reads a range of the spooled bulk data.
pub(super) fn reading(spooled: &Spooled, range: &Range<u64>) -> io::Result<impl Read + use<>> {
    let mut reader = spooled.reader()?;
    reader.seek(SeekFrom::Start(range.start))?;
    Ok(reader.take(range.end - range.start))
}

/// The UID of an attribute, where a description has it.
pub(super) fn uid(description: &Description, tag: Tag, name: &str) -> Result<Uid, String> {
    let text = description
        .object
        .get(tag)
        .and_then(|element| element.to_str().ok());
    let text = text.ok_or_else(|| format!("{name} is missing"))?;
    Uid::from_padded(&text).map_err(|why| format!("{name}: {why}"))
}

/// What an instance is that could not be put together, where that can be said.
fn identity(description: &Description) -> Option<Identity> {
    let uid = |tag, name| uid(description, tag, name).ok();
    Some(Identity {
        study: uid(tags::STUDY_INSTANCE_UID, "StudyInstanceUID")?,
        series: uid(tags::SERIES_INSTANCE_UID, "SeriesInstanceUID")?,
        sop_class: uid(tags::SOP_CLASS_UID, "SOPClassUID")?,
        instance: uid(tags::SOP_INSTANCE_UID, "SOPInstanceUID")?,
        transfer_syntax: Uid::parse(EXPLICIT_LITTLE).ok()?,
        patient_id: String::new(),
    })
}

/// The place of an attribute, for messages.
pub(super) fn place(path: &[Step], tag: Tag) -> String {
    let mut text = String::new();
    for step in path {
        let Tag(group, element) = step.sequence;
        text += &format!("{group:04X}{element:04X}.{}.", step.item);
    }
    format!("{text}{:04X}{:04X}", tag.0, tag.1)
}
