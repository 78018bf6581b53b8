//! What the control API is, for programs: an OpenAPI document made from the types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::{Expected, ResetRequest, ScenarioState};
use crate::rule::Rule;
use crate::scenario::Scenario;

/// One thing that can be asked of the control API.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// HTTP method, in small letters.
    pub method: &'static str,
    /// Path, with parameters in braces.
    pub path: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Status of success.
    pub status: u16,
    body: Option<fn() -> Schema>,
}

const fn route(
    method: &'static str,
    path: &'static str,
    status: u16,
    about: &'static str,
    body: Option<fn() -> Schema>,
) -> Route {
    Route {
        method,
        path,
        about,
        status,
        body,
    }
}

fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>()
}

/// All of them.
pub const ROUTES: &[Route] = &[
    route("get", "/openapi.json", 200, "This document", None),
    route(
        "get",
        "/ready",
        200,
        "How the archive is reached: the ready line",
        None,
    ),
    route(
        "get",
        "/faults",
        200,
        "All faults with their fields and meaning",
        None,
    ),
    route("get", "/schema", 200, "JSON schema of a rule", None),
    route(
        "get",
        "/policy",
        200,
        "What the archive declares, by name",
        None,
    ),
    route(
        "get",
        "/scenarios",
        200,
        "The scenarios that come with the archive",
        None,
    ),
    route(
        "post",
        "/scenarios",
        201,
        "Puts a scenario into force",
        Some(schema::<Scenario>),
    ),
    route(
        "post",
        "/scenarios/{name}",
        201,
        "Puts a scenario into force that comes with the archive",
        None,
    ),
    route(
        "get",
        "/state",
        200,
        "The state that the scenario is in",
        None,
    ),
    route(
        "put",
        "/state",
        204,
        "Brings the scenario into a state",
        Some(schema::<ScenarioState>),
    ),
    route(
        "get",
        "/rules",
        200,
        "The rules in force with their counters",
        None,
    ),
    route(
        "post",
        "/rules",
        201,
        "Puts a rule into force",
        Some(schema::<Rule>),
    ),
    route(
        "delete",
        "/rules",
        204,
        "Takes all rules out of force",
        None,
    ),
    route(
        "delete",
        "/rules/{id}",
        204,
        "Takes a rule out of force",
        None,
    ),
    route(
        "get",
        "/journal",
        200,
        "What happened: text, or JSON if Accept asks for it; Journal-Dropped tells how many older exchanges had no room",
        None,
    ),
    route(
        "get",
        "/journal/follow",
        200,
        "What happens from now on, as server-sent events",
        None,
    ),
    route(
        "post",
        "/verify",
        200,
        "Whether a rule acted so often; 409 with the near misses if not",
        Some(schema::<Expected>),
    ),
    route("get", "/unused", 200, "Rules that never acted", None),
    route(
        "get",
        "/near-misses",
        200,
        "Where rules that never acted nearly did",
        None,
    ),
    route(
        "get",
        "/stored",
        200,
        "SOP Instance UIDs of all that is stored, sorted",
        None,
    ),
    route(
        "post",
        "/reset",
        204,
        "Forgets rules, scenario, journal or data, each as asked; without a body all of them",
        Some(schema::<ResetRequest>),
    ),
];

/// The document.
pub(super) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let mut operation = json!({
            "summary": route.about,
            "responses": {
                route.status.to_string(): { "description": "success" },
                "default": { "description": "what is wrong, and with which field", "content": { "application/json": { "schema": {
                    "type": "object",
                    "required": ["error"],
                    "properties": { "error": { "type": "string" }, "field": { "type": "string" } },
                } } } },
            },
        });
        if let Some(body) = route.body {
            operation["requestBody"] =
                json!({ "content": { "application/json": { "schema": body() } } });
        }
        if let Some((_, rest)) = route.path.split_once('{')
            && let Some((name, _)) = rest.split_once('}')
        {
            operation["parameters"] = json!([
                { "name": name, "in": "path", "required": true, "schema": { "type": "string" } },
            ]);
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation;
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "dicom-mock-archive: control API",
            "description": "Tells an archive what to do wrong, and asks what happened.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths,
    })
}
