//! Retrieving attributes without bulk values (PS3.18 10.4.1.1.2).

use std::io::{self, Write};
use std::sync::Arc;

use axum::response::Response;
use dicom_core::header::Header;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::media::{DICOM_JSON, DICOM_XML, MediaType};
use dicom_wire::part10::Step;
use dicom_wire::{json, xml};

use crate::exchange::Exchange;
use crate::moment::ModelStyle;
use crate::request::Scope;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::accept::{self, Attributes, Form};
use crate::web::model;
use crate::web::parts::Parts;
use crate::web::problem::Problem;
use crate::web::produce;
use crate::web::qido;
use crate::web::resource::bulk_path;
use crate::web::wado::{found, instance_url, set_type};

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
                    let style = exchange.model(stored);
                    if style == ModelStyle::default() {
                        qido::write_json(&exchange, sink, &dataset, &linked(&base, stored))
                            .map_err(io::Error::other)?;
                        continue;
                    }
                    let mut model = json::to_value(&dataset, &linked(&base, stored));
                    let own = instance_url(&base, stored);
                    model::restyle(&mut model, &style, stored, &base, &own)?;
                    let mut text = serde_json::to_vec(&model)?;
                    exchange.json(&mut text);
                    sink.write_all(&text)?;
                }
                sink.write_all(b"]")
            }));
            set_type(&mut response, &MediaType::of(DICOM_JSON));
            Ok(response)
        }
        Attributes::Xml => {
            let part = MediaType::of(DICOM_XML);
            let body = Parts::new(asked, Form::Multipart, part.clone());
            Ok(body.respond(move |write| {
                selected.iter().try_for_each(|stored| {
                    let location = format!("{}/metadata", instance_url(&base, stored));
                    let dataset = described(&exchange, stored);
                    write(&part, &location, &mut |sink| {
                        xml::write(sink, &dataset, &linked(&base, stored)).map_err(io::Error::other)
                    })
                })
            }))
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
