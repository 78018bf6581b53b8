//! What the service says it can do (PS3.18 8.9, annex H).

use axum::body::Body;
use axum::response::Response;
use dicom_wire::media::MediaType;
use http::header::{ALLOW, HeaderValue};
use serde_json::{Value, json};

use crate::policy::Delete;
use crate::web::Asked;
use crate::web::accept;
use crate::web::problem::Problem;
use crate::web::resource::Resource;
use crate::web::wado::set_type;
use crate::web::zip::ZIP;

/// Media type of the Web Application Description Language.
const WADL: &str = "application/vnd.sun.wadl+xml";

const STORE: &[&str] = &[
    "multipart/related; type=\"application/dicom\"",
    "multipart/related; type=\"application/dicom+json\"",
    "multipart/related; type=\"application/dicom+xml\"",
    "application/dicom",
];
const FILES: &str = "multipart/related; type=\"application/dicom\"";
const XML: &str = "multipart/related; type=\"application/dicom+xml\"";
const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";
const ATTRIBUTES: &[&str] = &["application/dicom+json", XML];
const PICTURES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/apng"];
const LOOKS: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/apng",
    "text/html",
];

/// A resource, and for each of its methods what goes in and comes out.
struct Row {
    path: &'static str,
    gives: &'static [&'static str],
    takes: Option<&'static [&'static str]>,
}

impl Row {
    /// Whether it names a study, a series or an instance, and those can be deleted.
    fn has_delete(&self, delete: Delete) -> bool {
        let named = ["{study}", "{series}", "{instance}"];
        delete == Delete::Allowed && named.iter().any(|end| self.path.ends_with(end))
    }
}

const fn gives(path: &'static str, gives: &'static [&'static str]) -> Row {
    Row {
        path,
        gives,
        takes: None,
    }
}

const ROWS: &[Row] = &[
    gives(
        "wado",
        &["application/dicom", "image/jpeg", "image/png", "image/gif"],
    ),
    Row {
        path: "studies",
        gives: ATTRIBUTES,
        takes: Some(STORE),
    },
    gives("series", ATTRIBUTES),
    gives("instances", ATTRIBUTES),
    Row {
        path: "studies/{study}",
        gives: &[FILES, ZIP],
        takes: Some(STORE),
    },
    gives("studies/{study}/metadata", ATTRIBUTES),
    gives("studies/{study}/bulkdata", &[OCTETS]),
    gives("studies/{study}/pixeldata", &[OCTETS]),
    gives("studies/{study}/rendered", LOOKS),
    gives("studies/{study}/thumbnail", PICTURES),
    gives("studies/{study}/series", ATTRIBUTES),
    gives("studies/{study}/instances", ATTRIBUTES),
    gives("studies/{study}/series/{series}", &[FILES, ZIP]),
    gives("studies/{study}/series/{series}/metadata", ATTRIBUTES),
    gives("studies/{study}/series/{series}/bulkdata", &[OCTETS]),
    gives("studies/{study}/series/{series}/pixeldata", &[OCTETS]),
    gives("studies/{study}/series/{series}/rendered", LOOKS),
    gives("studies/{study}/series/{series}/thumbnail", PICTURES),
    gives("studies/{study}/series/{series}/instances", ATTRIBUTES),
    gives(
        "studies/{study}/series/{series}/instances/{instance}",
        &[FILES, "application/dicom", ZIP],
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/metadata",
        ATTRIBUTES,
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/bulkdata",
        &[OCTETS],
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/pixeldata",
        &[OCTETS],
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/rendered",
        LOOKS,
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/thumbnail",
        PICTURES,
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
        &[OCTETS],
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered",
        PICTURES,
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail",
        PICTURES,
    ),
    gives(
        "studies/{study}/series/{series}/instances/{instance}/bulkdata/{path}",
        &[OCTETS],
    ),
];

/// Answers with the description of the whole service at its base, and with the methods elsewhere.
pub(crate) fn capabilities(asked: &Asked, resource: &Resource) -> Result<Response, Problem> {
    let allow = HeaderValue::from_static(resource.methods(asked.archive.policy().delete));
    let mut response = match resource {
        Resource::Base => description(asked)?,
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = http::StatusCode::NO_CONTENT;
            response
        }
    };
    response.headers_mut().insert(ALLOW, allow);
    Ok(response)
}

fn description(asked: &Asked) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let offered = [MediaType::of(WADL), MediaType::of("application/json")];
    let chosen = accept.best(&offered).ok_or_else(|| {
        Problem::not_acceptable(format!(
            "capabilities are given as {WADL} or application/json"
        ))
    })?;
    let delete = asked.archive.policy().delete;
    let text = if chosen.is(WADL) {
        wadl(&asked.base, delete)
    } else {
        tree(&asked.base, delete).to_string()
    };
    let mut response = Response::new(Body::from(text));
    set_type(&mut response, chosen);
    Ok(response)
}

fn tree(base: &str, delete: Delete) -> Value {
    let resources = ROWS.iter().map(|row| {
        let mut methods = vec![json!({ "name": "GET", "response": row.gives })];
        if let Some(takes) = row.takes {
            let answers = ["application/dicom+json", "application/dicom+xml"];
            methods.push(json!({ "name": "POST", "request": takes, "response": answers }));
        }
        if row.has_delete(delete) {
            methods.push(json!({ "name": "DELETE" }));
        }
        json!({ "path": row.path, "methods": methods })
    });
    json!({ "base": format!("{base}/"), "resources": resources.collect::<Vec<_>>() })
}

fn wadl(base: &str, delete: Delete) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<application xmlns=\"http://wadl.dev.java.net/2009/02\">\n  <resources base=\"{}/\">\n",
        escaped(base)
    );
    for row in ROWS {
        text += &format!(
            "    <resource path=\"{}\">\n      <method name=\"GET\">\n        <response status=\"200\">\n",
            row.path
        );
        for media in row.gives {
            text += &format!(
                "          <representation mediaType=\"{}\"/>\n",
                escaped(media)
            );
        }
        text += "        </response>\n      </method>\n";
        if let Some(takes) = row.takes {
            text += "      <method name=\"POST\">\n        <request>\n";
            for media in takes {
                text += &format!(
                    "          <representation mediaType=\"{}\"/>\n",
                    escaped(media)
                );
            }
            text += "        </request>\n        <response status=\"200 202 409\">\n          <representation mediaType=\"application/dicom+json\"/>\n          <representation mediaType=\"application/dicom+xml\"/>\n        </response>\n      </method>\n";
        }
        if row.has_delete(delete) {
            text += "      <method name=\"DELETE\">\n        <response status=\"204\"/>\n      </method>\n";
        }
        text += "    </resource>\n";
    }
    text + "  </resources>\n</application>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
