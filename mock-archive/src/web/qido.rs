//! Searching (PS3.18 10.6).

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
use http::header::WARNING;
use http::{HeaderValue, StatusCode};

use crate::policy::{Edition, Extension};
use crate::request::Scope;
use crate::web::Asked;
use crate::web::accept::{self, Attributes};
use crate::web::problem::Problem;
use crate::web::wado::{boundary, set_type};

/// Answers with one data set for each match.
pub(crate) fn search(asked: &Asked, level: Level, scope: Scope) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let form = accept::attributes(&accept)?;
    let mut query = Query::from_url(
        level,
        scope.study.clone(),
        scope.series.clone(),
        &asked.query,
    )
    .map_err(Problem::bad_request)?;
    let literal = query.fuzzy
        && !asked
            .archive
            .policy()
            .extensions
            .contains(&Extension::Fuzzy);
    query.fuzzy &= !literal;
    let mut found = asked.archive.find(&asked.exchange, &query);
    for row in &mut found.rows {
        add_retrieve_url(row, &asked.base, level, &scope);
    }
    let mut response = match (found.rows.is_empty(), asked.archive.policy().edition) {
        (true, Edition::E2024) => empty(),
        _ => written(asked, form, &found.rows),
    };
    if found.remaining > 0 {
        // PS3.18 8.3.4.4.1
        let left = found.remaining;
        let text = format!("There are {left} additional results that can be requested");
        warn(&mut response, asked, &text);
    }
    if literal {
        // PS3.18 8.3.4.2
        let text = "The fuzzymatching parameter is not supported. Only literal matching has been performed.";
        warn(&mut response, asked, text);
    }
    Ok(response)
}

/// Adds a warning with code 299 (RFC 7234 5.5).
fn warn(response: &mut Response, asked: &Asked, text: &str) {
    if let Ok(warning) = HeaderValue::from_str(&format!("299 {} \"{text}\"", asked.base)) {
        response.headers_mut().append(WARNING, warning);
    }
}

fn empty() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn written(asked: &Asked, form: Attributes, rows: &[InMemDicomObject]) -> Response {
    match form {
        Attributes::Json => {
            let mut body = b"[".to_vec();
            for (index, row) in rows.iter().enumerate() {
                if index > 0 {
                    body.push(b',');
                }
                json::write(&mut body, row, &json::inline).expect("a Vec takes every byte");
            }
            body.push(b']');
            let mut response = Response::new(Body::from(body));
            set_type(&mut response, &MediaType::of(DICOM_JSON));
            response
        }
        Attributes::Xml => {
            let boundary = boundary(asked);
            let media = boundary.content_type(DICOM_XML);
            let mut writer = Writer::new(boundary);
            let mut body = Vec::new();
            for row in rows {
                let headers = Headers::new().with("Content-Type", DICOM_XML);
                body.extend_from_slice(&writer.part_head(&headers));
                xml::write(&mut body, row, &xml::inline).expect("a Vec takes every byte");
            }
            body.extend_from_slice(&writer.close());
            let mut response = Response::new(Body::from(body));
            set_type(&mut response, &media);
            response
        }
    }
}

/// Retrieve URL (0008,1190), PS3.18 Tables 10.6.3-3 to 10.6.3-5. Left out where a rule took a UID away that it needs.
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
