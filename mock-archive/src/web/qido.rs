//! Searching (PS3.18 10.6).

use std::io::{self, Write};

use axum::body::Body;
use axum::response::Response;
use dicom_core::value::PrimitiveValue;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::media::{DICOM_JSON, DICOM_XML, MediaType};
use dicom_wire::multipart::{Headers, Writer};
use dicom_wire::query::{Level, Query};
use dicom_wire::{json, xml};
use http::header::{CONTENT_TYPE, WARNING};
use http::{HeaderValue, StatusCode};

use crate::exchange::Exchange;
use crate::moment::{AttributesAs, Listing, Moment, Search};
use crate::policy::{Edition, Extension};
use crate::request::Scope;
use crate::web::accept::{self, Attributes};
use crate::web::problem::Problem;
use crate::web::wado::{boundary, set_type};
use crate::web::{Asked, parameters};

/// Answers with one data set for each match.
pub(crate) fn search(asked: &Asked, level: Level, scope: Scope) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let dialect = asked.exchange.dialect();
    let form = match dialect.attributes {
        AttributesAs::Asked => accept::attributes(&accept)?,
        AttributesAs::Json => Attributes::Json,
    };
    let parse = |raw: &str| Query::from_url(level, scope.study.clone(), scope.series.clone(), raw);
    let query =
        parameters::read(&asked.query, dialect.parameters, parse).map_err(Problem::bad_request)?;
    let mut search = Search::of(query);
    let fuzzy = asked
        .archive
        .policy()
        .extensions
        .contains(&Extension::Fuzzy);
    if search.query.fuzzy && !fuzzy {
        // PS3.18 8.3.4.2
        search.query.fuzzy = false;
        search.warnings.push(NOT_FUZZY.to_owned());
    }
    let add = |row: &mut InMemDicomObject| add_retrieve_url(row, &asked.base, level, &scope);
    let mut found = asked.archive.search(&asked.exchange, search, add);
    if let Some(status) = found.refused {
        return Ok(refused(status));
    }
    if found.remaining > 0 {
        // PS3.18 8.3.4.4.1
        let left = found.remaining;
        let text = format!("There are {left} additional results that can be requested");
        found.warnings.insert(0, text);
    }
    let mut response = listed(asked, form, &found.rows);
    for text in &found.warnings {
        warn(&mut response, asked, text);
    }
    Ok(response)
}

const NOT_FUZZY: &str =
    "The fuzzymatching parameter is not supported. Only literal matching has been performed.";

/// Adds a warning with code 299 (RFC 7234 5.5).
fn warn(response: &mut Response, asked: &Asked, text: &str) {
    if let Ok(warning) = HeaderValue::from_str(&format!("299 {} \"{text}\"", asked.base)) {
        response.headers_mut().append(WARNING, warning);
    }
}

/// What a rule answers in place of matches.
fn refused(status: u16) -> Response {
    let mut response = Response::new(Body::from("the search is refused"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    set_type(&mut response, &MediaType::of("text/plain"));
    response
}

/// The answer with these rows, past the moment for it.
fn listed(asked: &Asked, form: Attributes, rows: &[InMemDicomObject]) -> Response {
    let mut listing = match (rows.is_empty(), asked.archive.policy().edition) {
        (true, Edition::E2024) => Listing {
            matches: 0,
            status: StatusCode::NO_CONTENT.as_u16(),
            content_type: String::new(),
            body: Vec::new(),
        },
        _ => written(asked, form, rows),
    };
    asked.exchange.listing(&mut listing);
    let mut response = Response::new(Body::from(listing.body));
    *response.status_mut() = StatusCode::from_u16(listing.status).unwrap_or(StatusCode::OK);
    if let Ok(content_type) = HeaderValue::from_str(&listing.content_type)
        && !listing.content_type.is_empty()
    {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

fn written(asked: &Asked, form: Attributes, rows: &[InMemDicomObject]) -> Listing {
    let mut body = Vec::new();
    let media = match form {
        Attributes::Json => {
            body.push(b'[');
            for (index, row) in rows.iter().enumerate() {
                if index > 0 {
                    body.push(b',');
                }
                write_json(&asked.exchange, &mut body, row, &json::inline)
                    .expect("a Vec takes every byte");
            }
            body.push(b']');
            MediaType::of(DICOM_JSON)
        }
        Attributes::Xml => {
            let boundary = boundary(asked);
            let media = boundary.content_type(DICOM_XML);
            let mut writer = Writer::new(boundary);
            for row in rows {
                let headers = Headers::new().with("Content-Type", DICOM_XML);
                body.extend_from_slice(&writer.part_head(&headers));
                xml::write(&mut body, row, &xml::inline).expect("a Vec takes every byte");
            }
            body.extend_from_slice(&writer.close());
            media
        }
    };
    Listing {
        matches: rows.len(),
        status: StatusCode::OK.as_u16(),
        content_type: media.to_string(),
        body,
    }
}

/// Writes one data set as JSON, past the moment for its text.
pub(crate) fn write_json(
    exchange: &Exchange,
    out: &mut impl Write,
    object: &InMemDicomObject,
    links: json::Links<'_>,
) -> io::Result<()> {
    if !exchange.awaits(Moment::Json) {
        return json::write(out, object, links);
    }
    let mut text = json::to_vec(object, links);
    exchange.json(&mut text);
    out.write_all(&text)
}

/// Retrieve URL (0008,1190), PS3.18 Tables 10.6.3-3 to 10.6.3-5.
fn add_retrieve_url(row: &mut InMemDicomObject, base: &str, level: Level, scope: &Scope) {
    let uid = |named: &Option<dicom_wire::uid::Uid>, tag: Tag| match named {
        Some(uid) => Some(uid.to_string()),
        None => row
            .get(tag)
            .and_then(|element| element.to_str().ok())
            .map(|text| text.trim_end_matches('\0').to_owned()),
    };
    let study = uid(&scope.study, tags::STUDY_INSTANCE_UID);
    let series = uid(&scope.series, tags::SERIES_INSTANCE_UID);
    let instance = uid(&None, tags::SOP_INSTANCE_UID);
    let url = match (level, study, series, instance) {
        (Level::Study, Some(study), ..) => format!("{base}/studies/{study}"),
        (Level::Series, Some(study), Some(series), _) => {
            format!("{base}/studies/{study}/series/{series}")
        }
        (Level::Instance, Some(study), Some(series), Some(instance)) => {
            format!("{base}/studies/{study}/series/{series}/instances/{instance}")
        }
        _ => return,
    };
    row.put(InMemElement::new(
        tags::RETRIEVE_URL,
        VR::UR,
        PrimitiveValue::from(url),
    ));
}
