//! What can be read by address: `dicom://{archive}/studies/{study}` and below, text of metadata and pictures of frames.

use base64::Engine as _;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};

use crate::command::arguments;
use crate::error::Failure;
use crate::listing::More;
use crate::query::{Search, Terms};
use crate::tools::{self, Session};
use crate::{find, text};

/// Studies of a page of the list.
const PAGE: usize = 50;

/// The kinds of addresses: template, name, what is there, media type.
const TEMPLATES: [(&str, &str, &str, &str); 4] = [
    (
        "dicom://{archive}/studies/{study}",
        "study",
        "A study with its series and reports",
        "text/plain",
    ),
    (
        "dicom://{archive}/studies/{study}/series/{series}",
        "series",
        "The instances of a series",
        "text/plain",
    ),
    (
        "dicom://{archive}/studies/{study}/series/{series}/instances/{instance}",
        "instance",
        "The attributes of an instance",
        "text/plain",
    ),
    (
        "dicom://{archive}/studies/{study}/series/{series}/instances/{instance}/frames/{frame}",
        "frame",
        "A picture of a frame",
        "image/jpeg",
    ),
];

/// The templates as the protocol tells them.
pub fn templates() -> Vec<ResourceTemplate> {
    let of = |(template, name, about, mime): &(&str, &str, &str, &str)| {
        ResourceTemplate::new(*template, *name)
            .with_description(*about)
            .with_mime_type(*mime)
    };
    TEMPLATES.iter().map(of).collect()
}

/// The studies of the default archive from `offset` on, and where the next ones begin.
///
/// # Errors
/// If the archive cannot be searched.
pub async fn list(
    session: &Session,
    offset: usize,
) -> Result<(Vec<Resource>, Option<usize>), Failure> {
    let search = Search {
        level: Level::Study,
        study: None,
        series: None,
        terms: Terms {
            limit: Some(PAGE),
            offset,
            ..Terms::default()
        },
    };
    let mut listing = find::page(&session.backend, &search, &session.deadline()).await?;
    session.mask.rows(&mut listing.rows);
    let next = listing.next_offset.filter(|_| listing.more == More::Yes);
    let resources = listing.rows.iter().filter_map(|row| {
        let uid = row.text(tags::STUDY_INSTANCE_UID)?;
        let words = [
            tags::PATIENT_NAME,
            tags::STUDY_DATE,
            tags::STUDY_DESCRIPTION,
        ]
        .iter()
        .filter_map(|tag| row.text(*tag))
        .collect::<Vec<_>>();
        let name = text::cut(&text::escape(&words.join(" ")), 200);
        let uri = format!("dicom://{}/studies/{uid}", session.backend.name());
        Some(
            Resource::new(uri, if name.is_empty() { uid } else { name })
                .with_mime_type("text/plain"),
        )
    });
    Ok((resources.collect(), next))
}

/// What lies at an address; `None` where no address is of this form.
///
/// # Errors
/// If the archive does not have it or does not give it.
pub async fn read(session: &Session, uri: &str) -> Option<Result<ResourceContents, Failure>> {
    let rest = uri.strip_prefix("dicom://")?;
    let parts: Vec<&str> = rest.split('/').collect();
    let (archive, tool, given) = match parts.as_slice() {
        [archive, "studies", study] => (
            archive,
            "get-study-overview",
            [("studyInstanceUid", *study), ("", ""), ("", "")],
        ),
        [archive, "studies", study, "series", series] => (
            archive,
            "find-instances",
            [
                ("studyInstanceUid", *study),
                ("seriesInstanceUid", *series),
                ("", ""),
            ],
        ),
        [
            archive,
            "studies",
            study,
            "series",
            series,
            "instances",
            instance,
            ..,
        ] => (
            archive,
            "get-instance-metadata",
            [
                ("studyInstanceUid", *study),
                ("seriesInstanceUid", *series),
                ("sopInstanceUid", *instance),
            ],
        ),
        _ => return None,
    };
    if given
        .iter()
        .any(|(name, uid)| !name.is_empty() && Uid::parse(uid).is_err())
    {
        return None;
    }
    let frame = match &parts[parts.len().min(7)..] {
        [] => None,
        ["frames", number] => Some(number.parse::<u32>().ok().filter(|number| *number > 0)?),
        _ => return None,
    };
    let session = match session.for_archive(archive) {
        Ok(session) => session,
        Err(failure) => return Some(Err(failure)),
    };
    let mut given = arguments(given);
    let tool = match frame {
        None => tool,
        Some(number) => {
            given.insert("frame".to_owned(), number.into());
            "render-instance-frame"
        }
    };
    Some(
        tools::invoke(&session, tool, given)
            .await
            .map(|answer| match answer.picture {
                Some(picture) => {
                    let data = base64::engine::general_purpose::STANDARD.encode(&picture.bytes);
                    ResourceContents::blob(data, uri).with_mime_type(picture.format.mime())
                }
                None => ResourceContents::text(answer.text, uri),
            }),
    )
}
