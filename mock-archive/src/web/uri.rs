//! One instance by query parameters (PS3.18 9): the same answers as the resources give, asked for in another way.

use std::sync::Arc;

use axum::response::Response;
use dicom_wire::media::{DICOM, MediaType};
use dicom_wire::uid::Uid;
use http::HeaderValue;
use http::header::ACCEPT;

use crate::request::Scope;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::accept::parameter;
use crate::web::problem::Problem;
use crate::web::rendered::{self, DEPTH, Size, VOI};
use crate::web::resource::Resource;
use crate::web::wado;

/// What a picture may come as.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/apng"];

/// The longest edge where only the other one is limited, in pixels.
const UNLIMITED: u32 = 8192;

/// Whether a request is one of this service: at its own path, or at the base with a requestType.
pub(crate) fn is_meant(path: &str, query: &str) -> bool {
    match path.trim_matches('/') {
        "wado" => true,
        "" => parameter(query, "requestType").is_some(),
        _ => false,
    }
}

/// The instance that a query names.
///
/// # Errors
/// 400 with the names of all mandatory parameters that are missing (PS3.18 9.1.2.1), or with the one that cannot be.
pub(crate) fn resource(query: &str) -> Result<Resource, Problem> {
    let names = ["requestType", "studyUID", "seriesUID", "objectUID"];
    let values = names.map(|name| parameter(query, name).filter(|value| !value.is_empty()));
    let [Some(kind), Some(study), Some(series), Some(object)] = &values else {
        let missing: Vec<&str> = names
            .into_iter()
            .zip(&values)
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
        let missing = missing.join(", ");
        return Err(Problem::bad_request(format!(
            "missing parameters: {missing}"
        )));
    };
    if kind != "WADO" {
        return Err(Problem::bad_value("requestType", kind, "want WADO"));
    }
    let uid = |name, text: &str| {
        Uid::parse(text).map_err(|why| Problem::bad_request(format!("{name}: {why}")))
    };
    let scope = Scope::study(uid("studyUID", study)?)
        .and_series(uid("seriesUID", series)?)
        .and_instance(uid("objectUID", object)?);
    Ok(Resource::ByUri(scope))
}

/// Answers with the instance as a file, or with a picture of it.
pub(crate) async fn retrieve(mut asked: Asked, scope: Scope) -> Result<Response, Problem> {
    let query = std::mem::take(&mut asked.query);
    // What changes the instance or the picture must not be left out in silence.
    for name in ["anonymize", "region"] {
        if let Some(value) = parameter(&query, name) {
            let why = "this parameter is not supported here";
            return Err(Problem::bad_value(name, &value, why));
        }
    }
    let media = media(&asked, &scope, &query)?;
    if media != DICOM {
        let frames = frame(&query)?.map(|frame| vec![frame]);
        let state = state(&asked, &scope, &query)?;
        asked.query = as_rendered(&query)?;
        accept(&mut asked, media.to_owned())?;
        return rendered::shown(asked, scope, frames, Size::Own, state).await;
    }
    for name in ["presentationUID", "presentationSeriesUID"] {
        if let Some(value) = parameter(&query, name) {
            let why = "presentation states are for pictures only";
            return Err(Problem::bad_value(name, &value, why));
        }
    }
    if let Some(frame) = parameter(&query, "frameNumber") {
        let why = "frames are given as pictures only";
        return Err(Problem::bad_value("frameNumber", &frame, why));
    }
    let wanted = match parameter(&query, "transferSyntax") {
        None => DICOM.to_owned(),
        Some(text) => {
            let uid = Uid::parse(&text)
                .map_err(|why| Problem::bad_request(format!("transferSyntax: {why}")))?;
            format!("{DICOM}; transfer-syntax={uid}")
        }
    };
    accept(&mut asked, wanted)?;
    wado::instances(&asked, &scope).await
}

/// The first media type asked for that can be given; by default a picture of what has one frame, and the file of anything else.
fn media(asked: &Asked, scope: &Scope, query: &str) -> Result<&'static str, Problem> {
    let Some(text) = parameter(query, "contentType").filter(|text| !text.is_empty()) else {
        let known = scope
            .instance
            .as_ref()
            .and_then(|uid| asked.archive.known(uid));
        let is_picture = known.is_some_and(|stored| {
            stored.layout().pixel_data().is_some() && stored.frame_count() == 1
        });
        let is_frame = parameter(query, "frameNumber").is_some();
        return Ok(if is_picture || is_frame {
            PICTURES[0]
        } else {
            DICOM
        });
    };
    for member in text.split(',') {
        let media = MediaType::parse(member)
            .map_err(|why| Problem::bad_value("contentType", &text, why))?;
        if media.parameter("transfer-syntax").is_some() {
            let why = "a transfer syntax has a parameter of its own, transferSyntax";
            return Err(Problem::bad_value("contentType", &text, why));
        }
        let mut offered = std::iter::once(DICOM).chain(PICTURES);
        if let Some(found) = offered.find(|offer| media.is(offer)) {
            return Ok(found);
        }
    }
    Err(Problem::not_acceptable(format!(
        "contentType {text:?} is none of {DICOM}, {}",
        PICTURES.join(", ")
    )))
}

/// The presentation state asked for (PS3.18 9.1.2.2.4): of the same study, and named with its series.
fn state(asked: &Asked, scope: &Scope, query: &str) -> Result<Option<Arc<Stored>>, Problem> {
    let names = ["presentationSeriesUID", "presentationUID"];
    let (series, instance) = match names.map(|name| parameter(query, name)) {
        [None, None] => return Ok(None),
        [Some(series), Some(instance)] => (series, instance),
        [series, _] => {
            let missing = names[usize::from(series.is_some())];
            let why = format!(
                "missing parameters: {missing}; a presentation state is named with its series"
            );
            return Err(Problem::bad_request(why));
        }
    };
    let uid = |name: &str, text: &str| {
        Uid::parse(text).map_err(|why| Problem::bad_request(format!("{name}: {why}")))
    };
    let (series, instance) = (uid(names[0], &series)?, uid(names[1], &instance)?);
    let of_study = |stored: &Arc<Stored>| {
        let identity = stored.identity();
        identity.series == series && scope.study.as_ref() == Some(&identity.study)
    };
    let found = asked.archive.known(&instance).filter(of_study);
    found.map(Some).ok_or_else(|| {
        Problem::not_found(format!("presentation state {instance} of series {series}"))
    })
}

fn frame(query: &str) -> Result<Option<u32>, Problem> {
    let Some(text) = parameter(query, "frameNumber") else {
        return Ok(None);
    };
    match text.parse::<u32>() {
        Ok(frame) if frame > 0 => Ok(Some(frame)),
        _ => Err(Problem::bad_value(
            "frameNumber",
            &text,
            "frames are numbers from 1",
        )),
    }
}

/// The same wishes as the rendered resources have them (PS3.18 8.3.5.1).
fn as_rendered(query: &str) -> Result<String, Problem> {
    let mut wishes = Vec::new();
    if let Some(quality) = parameter(query, "imageQuality") {
        wishes.push(format!("quality={quality}"));
    }
    match ["windowCenter", "windowWidth"].map(|name| parameter(query, name)) {
        [Some(center), Some(width)] => wishes.push(format!("window={center},{width},linear")),
        [None, None] => {}
        [center, _] => {
            let missing = match center {
                None => "windowCenter",
                Some(_) => "windowWidth",
            };
            let why = format!("missing parameters: {missing}; a window has center and width");
            return Err(Problem::bad_request(why));
        }
    }
    // Ours: the same in both services.
    for name in [VOI, DEPTH] {
        if let Some(value) = parameter(query, name) {
            let value =
                percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            wishes.push(format!("{name}={value}"));
        }
    }
    let [columns, rows] = [edge(query, "columns")?, edge(query, "rows")?];
    if columns.is_some() || rows.is_some() {
        let [columns, rows] = [columns, rows].map(|edge| edge.unwrap_or(UNLIMITED));
        wishes.push(format!("viewport={columns},{rows}"));
    }
    Ok(wishes.join("&"))
}

fn edge(query: &str, name: &str) -> Result<Option<u32>, Problem> {
    let Some(text) = parameter(query, name) else {
        return Ok(None);
    };
    match text.parse::<u32>() {
        Ok(edge @ 1..=UNLIMITED) => Ok(Some(edge)),
        _ => Err(Problem::bad_value(
            name,
            &text,
            format!("want a number from 1 to {UNLIMITED}"),
        )),
    }
}

/// The parameter contentType stands where resources have the Accept header.
fn accept(asked: &mut Asked, media: String) -> Result<(), Problem> {
    let value = HeaderValue::from_str(&media).map_err(Problem::internal)?;
    asked.headers.insert(ACCEPT, value);
    Ok(())
}
