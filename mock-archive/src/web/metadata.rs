//! Retrieving attributes without bulk values (PS3.18 10.4.1.1.2).

use std::io::{self, Write};
use std::sync::Arc;

use axum::response::Response;
use dicom_core::header::Header;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::media::{DICOM_JSON, DICOM_XML, MediaType};
use dicom_wire::multipart::{Headers, Writer};
use dicom_wire::part10::Step;
use dicom_wire::xml;

use crate::exchange::Exchange;
use crate::request::Scope;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::accept::{self, Attributes};
use crate::web::problem::Problem;
use crate::web::produce;
use crate::web::qido;
use crate::web::resource::bulk_path;
use crate::web::wado::{boundary, found, instance_url, set_type};

/// Answers with one data set for each instance.
pub(crate) fn metadata(asked: &Asked, scope: &Scope) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let form = accept::attributes(&accept)?;
    let selected = found(asked, scope)?;
    let exchange = asked.exchange.clone();
    let base = asked.base.clone();
    match form {
        Attributes::Json => {
            let mut response = Response::new(produce::body(move |sink| {
                let mut before = "[";
                for stored in &selected {
                    sink.write_all(before.as_bytes())?;
                    before = ",";
                    let dataset = described(&exchange, stored);
                    qido::write_json(&exchange, sink, &dataset, &linked(&base, stored))
                        .map_err(io::Error::other)?;
                }
                sink.write_all(b"]")
            }));
            set_type(&mut response, &MediaType::of(DICOM_JSON));
            Ok(response)
        }
        Attributes::Xml => {
            let boundary = boundary(asked);
            let media = boundary.content_type(DICOM_XML);
            let mut response = Response::new(produce::body(move |sink| {
                let mut writer = Writer::new(boundary);
                for stored in &selected {
                    let headers = Headers::new().with("Content-Type", DICOM_XML).with(
                        "Content-Location",
                        format!("{}/metadata", instance_url(&base, stored)),
                    );
                    sink.write_all(&writer.part_head(&headers))?;
                    let dataset = described(&exchange, stored);
                    xml::write(sink, &dataset, &linked(&base, stored)).map_err(io::Error::other)?;
                }
                sink.write_all(&writer.close())
            }));
            set_type(&mut response, &media);
            Ok(response)
        }
    }
}

fn described(exchange: &Exchange, stored: &Arc<Stored>) -> InMemDicomObject {
    let mut dataset = stored.header().into_owned();
    exchange.dataset(stored, &mut dataset);
    dataset
}

/// Gives each bulk value the URL under which it can be had.
fn linked<'a>(
    base: &'a str,
    stored: &'a Stored,
) -> impl Fn(&[Step], &InMemElement) -> Option<String> + 'a {
    move |path, element| {
        let tag = element.tag();
        let lies_apart = stored
            .layout()
            .bulk
            .iter()
            .any(|bulk| bulk.tag == tag && bulk.path == path);
        lies_apart.then(|| format!("{}/{}", instance_url(base, stored), bulk_path(path, tag)))
    }
}
