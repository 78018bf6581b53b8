//! Identifiers of C-FIND, C-MOVE and C-GET: between bytes on a context and objects (PS3.4 C.4).

mod answering;
mod reading;

use std::io::Cursor;

use bytes::Bytes;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_wire::dimse::{Outcome, Status};
use dicom_wire::part10::{self, FileMeta, Limits};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::association::{Agreed, Association, Ended};
use super::negotiate::Root;

pub(super) use answering::{pass_over_unknown, wanted};

/// The longest identifier that is read. Lists of some thousand UIDs fit in.
const MAX_IDENTIFIER: usize = 1024 * 1024;

/// How far an identifier has to name the levels above its own (PS3.4 C.4.1.2, C.4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// Each by its unique key.
    Strict,
    /// Not at all: relational queries and retrievals were negotiated.
    Relational,
}

/// Reads the identifier that follows a request. The inner error is what to answer.
pub(super) async fn receive(
    association: &mut Association,
    context: &Agreed,
) -> Result<Result<InMemDicomObject, Outcome>, Ended> {
    let Some(bytes) = association.collect(MAX_IDENTIFIER).await? else {
        return Ok(Err(Outcome::from(Status::CANNOT_UNDERSTAND)
            .with_comment("identifier is longer than 1 MiB")));
    };
    let habits = association.operations();
    Ok(read(&bytes, context)
        .map(|identifier| reading::understood(identifier, context, habits))
        .map_err(|why| Outcome::from(Status::CANNOT_UNDERSTAND).with_comment(why)))
}

fn read(bytes: &Bytes, context: &Agreed) -> Result<InMemDicomObject, String> {
    if bytes.is_empty() {
        return Ok(InMemDicomObject::new_empty());
    }
    // As a file, so that the one reader that bounds depth and length reads it.
    let meta = FileMeta::new(
        context.abstract_syntax.clone(),
        context.abstract_syntax.clone(),
        context.transfer_syntax.clone(),
    );
    let mut file = meta.to_bytes();
    file.extend_from_slice(bytes);
    let mut file = Cursor::new(file);
    let layout = part10::scan(&mut file, &Limits::default()).map_err(|error| error.to_string())?;
    part10::header(&mut file, &layout).map_err(|error| error.to_string())
}

/// The bytes of an identifier on this context.
pub(super) fn write(identifier: &InMemDicomObject, transfer_syntax: &Uid) -> Result<Bytes, String> {
    let Some(syntax) = TransferSyntaxRegistry.get(transfer_syntax.as_str()) else {
        return Err(format!(
            "{transfer_syntax} is not a transfer syntax for identifiers"
        ));
    };
    let mut bytes = Vec::new();
    identifier
        .write_dataset_with_ts(&mut bytes, syntax)
        .map_err(|error| error.to_string())?;
    Ok(bytes.into())
}

/// The Query/Retrieve Level (0008,0052), as far as the model has it (PS3.4 C.6).
pub(super) fn level(identifier: &InMemDicomObject, root: Root) -> Result<Level, Outcome> {
    let wrong = |why: String| {
        let tag = tags::QUERY_RETRIEVE_LEVEL;
        Err(Outcome::from(Status::DOES_NOT_MATCH_CLASS)
            .with_comment(why)
            .with_offending([(tag.0, tag.1)]))
    };
    match (
        text(identifier, tags::QUERY_RETRIEVE_LEVEL).as_deref(),
        root,
    ) {
        (Some("PATIENT"), Root::Patient) => Ok(Level::Patient),
        (Some("STUDY"), _) => Ok(Level::Study),
        (Some("SERIES"), _) => Ok(Level::Series),
        (Some("IMAGE"), _) => Ok(Level::Instance),
        (Some("PATIENT"), Root::Study) => wrong("study root has no level PATIENT".to_owned()),
        (Some(other), _) => wrong(format!("no such level: {other}")),
        (None, _) => wrong("query/retrieve level is missing".to_owned()),
    }
}

/// The unique keys of the levels above this one, each of which a hierarchical request has to name once (PS3.4 C.4.1.3.1.1, C.4.2.2.1).
pub(super) fn above(level: Level, root: Root) -> impl Iterator<Item = Tag> {
    let all = [
        (Level::Patient, tags::PATIENT_ID),
        (Level::Study, tags::STUDY_INSTANCE_UID),
        (Level::Series, tags::SERIES_INSTANCE_UID),
    ];
    let counts = move |of: Level| of < level && (of != Level::Patient || root == Root::Patient);
    all.into_iter()
        .filter(move |(of, _)| counts(*of))
        .map(|(_, tag)| tag)
}

/// The unique key of a level.
pub(super) fn unique_key(level: Level) -> Tag {
    match level {
        Level::Patient => tags::PATIENT_ID,
        Level::Study => tags::STUDY_INSTANCE_UID,
        Level::Series => tags::SERIES_INSTANCE_UID,
        Level::Instance => tags::SOP_INSTANCE_UID,
    }
}

/// Checks that every unique key above the level has one value, without wildcards, unless relational queries were negotiated.
pub(super) fn check_hierarchy(
    identifier: &InMemDicomObject,
    level: Level,
    root: Root,
    hierarchy: Hierarchy,
) -> Result<(), Outcome> {
    if hierarchy == Hierarchy::Relational {
        return Ok(());
    }
    for tag in above(level, root) {
        let value = text(identifier, tag).unwrap_or_default();
        let has_wildcard = tag != tags::PATIENT_ID && value.contains(['*', '?']);
        if value.is_empty() || value.contains('\\') || has_wildcard {
            let name = match tag {
                tags::PATIENT_ID => "Patient ID",
                tags::STUDY_INSTANCE_UID => "Study Instance UID",
                _ => "Series Instance UID",
            };
            let why = format!("level {level} needs one {name}");
            return Err(Outcome::from(Status::DOES_NOT_MATCH_CLASS)
                .with_comment(why)
                .with_offending([(tag.0, tag.1)]));
        }
    }
    Ok(())
}

/// A text value without padding, several joined by backslashes; `None` if absent or empty.
pub(super) fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let value = object.get(tag)?.value().to_multi_str().ok()?;
    let joined = value
        .iter()
        .map(|text| text.trim_matches([' ', '\0']))
        .collect::<Vec<_>>()
        .join("\\");
    (!joined.is_empty()).then_some(joined)
}
