//! What can be said about a store by the head of its request alone (PS3.18 10.5.1, 10.5.4).

use dicom_wire::media::{Accept, DICOM, DICOM_JSON, DICOM_XML, MULTIPART_RELATED, MediaType};
use dicom_wire::multipart::Boundary;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};

use super::Stopped;
use super::described::Model;
use super::hearing;
use crate::web::Asked;
use crate::web::problem::Problem;

/// How the instances come.
#[derive(Debug)]
pub(super) enum Form {
    /// As parts between boundaries.
    Parts(Boundary),
    /// As metadata and bulk data, in parts between boundaries.
    Described(Boundary, Model),
    /// One instance, bare (PS3.18 8.6.1.1).
    Bare,
}

/// The media types of the answer (PS3.18 10.5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Json,
    Xml,
}

/// What can be said about a request by its head alone.
pub(super) fn admissible(asked: &Asked) -> Result<(Form, Answer), Problem> {
    let answer = wanted(&asked.headers)?;
    let length = asked
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let (Some(length), Some(limit)) = (length, asked.archive.policy().max_request_bytes)
        && length > limit
    {
        return Err(Stopped::TooLarge(limit).problem());
    }
    let Some(value) = asked.headers.get(CONTENT_TYPE) else {
        return match length {
            Some(0) => Err(Problem::bad_request("the request has no body")),
            _ => Err(Problem::unsupported_media_type(
                "the request has no Content-Type; instances come as multipart/related; type=\"application/dicom\"",
            )),
        };
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    let media = MediaType::parse(&text).map_err(Problem::unsupported_media_type)?;
    if media.is(DICOM) {
        return Ok((Form::Bare, answer));
    }
    if !media.is(MULTIPART_RELATED) {
        return Err(Problem::unsupported_media_type(format!(
            "Content-Type {:?} is neither {MULTIPART_RELATED} nor {DICOM}",
            media.essence()
        )));
    }
    let part_type = media.parameter("type").map(MediaType::parse);
    let model = match part_type {
        Some(Ok(part)) if part.is(DICOM) => None,
        Some(Ok(part)) => Some(Model::of(&part).ok_or_else(|| {
            Problem::unsupported_media_type(format!(
                "parts of type {:?} are not taken; send instances as {DICOM}, or as {DICOM_JSON} or {DICOM_XML} with bulk data",
                part.essence()
            ))
        })?),
        Some(Err(error)) => return Err(Problem::unsupported_media_type(error)),
        None => None,
    };
    let boundary = hearing::boundary(&text, &asked.exchange.dialect().multipart)?;
    let form = match model {
        Some(model) => Form::Described(boundary, model),
        None => Form::Parts(boundary),
    };
    Ok((form, answer))
}

/// The type of the answer; JSON also where the client says nothing, because what it sends is worth more than a form.
fn wanted(headers: &HeaderMap) -> Result<Answer, Problem> {
    let fields: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if fields.is_empty() {
        return Ok(Answer::Json);
    }
    let (json, xml) = (MediaType::of(DICOM_JSON), MediaType::of(DICOM_XML));
    match Accept::parse(&fields.join(",")).best([&json, &xml]) {
        Some(best) if *best == xml => Ok(Answer::Xml),
        Some(_) => Ok(Answer::Json),
        None => Err(Problem::not_acceptable(format!(
            "the answer to a store is {DICOM_JSON} or {DICOM_XML}, not {:?}",
            fields.join(", ")
        ))),
    }
}
