//! The control API, on its own port: rules, journal, reset.
//!
//! | request | answer |
//! |---|---|
//! | `GET /ready` | the ready line |
//! | `GET /faults` | all faults with their fields and meaning |
//! | `GET /schema` | JSON schema of a rule |
//! | `GET /scenarios` | the scenarios that come with the archive |
//! | `GET /rules` | the rules in force with their counters |
//! | `POST /rules` | puts a rule into force: 201 with its number |
//! | `DELETE /rules`, `DELETE /rules/{id}` | takes rules out of force |
//! | `GET /journal` | what happened: text, or JSON if `Accept` asks for it |
//! | `POST /verify` | `{ "rule": 1, "count": 2 }`: 200 if the rule acted so often, 409 with the near misses if not |
//! | `GET /unused`, `GET /near-misses` | rules that never acted, and where they nearly did |
//! | `GET /stored` | SOP Instance UIDs, sorted |
//! | `POST /reset` | `{ "rules": true, "journal": true, "data": true }`, each optional; without a body all of them |
//!
//! An error is `{ "error": "...", "field": "..." }`.

use axum::extract::{Path, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::archive::{Archive, Reset};
use crate::fault;
use crate::rule::{Rule, RuleId};
use crate::scenario::{self, Scenario};
use crate::server::Ready;

/// What the API answers about.
#[derive(Clone)]
struct Api {
    archive: Archive,
    ready: Ready,
}

pub(crate) fn router(archive: Archive, ready: Ready) -> Router {
    Router::new()
        .route(
            "/ready",
            get(|State(api): State<Api>| async move { Json(api.ready) }),
        )
        .route("/faults", get(|| async { Json(fault::catalogue()) }))
        .route(
            "/schema",
            get(|| async { Json(schemars::schema_for!(Rule)) }),
        )
        .route("/scenarios", get(|| async { Json(scenarios()) }))
        .route("/rules", get(rules).post(add_rule).delete(clear_rules))
        .route("/rules/{id}", delete(remove_rule))
        .route("/journal", get(journal))
        .route("/verify", post(verify))
        .route(
            "/unused",
            get(|State(api): State<Api>| async move { Json(api.archive.unused()) }),
        )
        .route(
            "/near-misses",
            get(|State(api): State<Api>| async move { Json(api.archive.near_misses()) }),
        )
        .route(
            "/stored",
            get(|State(api): State<Api>| async move { Json(api.archive.stored()) }),
        )
        .route("/reset", post(reset))
        .fallback(|| async {
            Refused::new(
                StatusCode::NOT_FOUND,
                "there is no such resource; see GET /rules, /faults, /journal",
            )
        })
        .method_not_allowed_fallback(|| async {
            Refused::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this resource does not take this method",
            )
        })
        .with_state(Api { archive, ready })
}

/// The scenarios that come with the archive, as they are listed.
pub fn scenarios() -> Vec<serde_json::Value> {
    let described = |name| {
        Scenario::shipped(name).map(
            |scenario| json!({ "name": name, "about": scenario.about, "rules": scenario.rules }),
        )
    };
    scenario::names()
        .into_iter()
        .filter_map(described)
        .collect()
}

async fn rules(State(api): State<Api>) -> Response {
    Json(api.archive.rules()).into_response()
}

async fn add_rule(State(api): State<Api>, body: Bytes) -> Result<Response, Refused> {
    let rule: Rule = read(&body)?;
    let id = api.archive.inject(rule.clone());
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "rule": rule }))).into_response())
}

async fn clear_rules(State(api): State<Api>) -> StatusCode {
    api.archive.reset(Reset {
        rules: true,
        ..Reset::default()
    });
    StatusCode::NO_CONTENT
}

async fn remove_rule(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    let number = id.parse().map_err(|_| {
        Refused::new(
            StatusCode::BAD_REQUEST,
            format!("{id:?} is not the number of a rule"),
        )
    })?;
    if api.archive.withdraw(RuleId(number)) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::new(
            StatusCode::NOT_FOUND,
            format!("there is no rule {number}"),
        ))
    }
}

async fn journal(State(api): State<Api>, headers: HeaderMap) -> Response {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accept.contains("json") {
        return Json(api.archive.journal()).into_response();
    }
    api.archive.journal().to_string().into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rule: RuleId,
    count: u64,
}

async fn verify(State(api): State<Api>, body: Bytes) -> Result<Response, Refused> {
    let Expected { rule, count } = read(&body)?;
    match api.archive.verify(rule, count) {
        Ok(()) => Ok(Json(json!({ "rule": rule, "count": count })).into_response()),
        Err(unverified) => Err(Refused::new(StatusCode::CONFLICT, unverified.to_string())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct ResetRequest {
    rules: bool,
    journal: bool,
    data: bool,
}

async fn reset(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Refused> {
    let what = if body.is_empty() {
        Reset::ALL
    } else {
        let ResetRequest {
            rules,
            journal,
            data,
        } = read(&body)?;
        Reset {
            rules,
            journal,
            data,
        }
    };
    api.archive.reset(what);
    Ok(StatusCode::NO_CONTENT)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.to_string()))
}

/// An error as the client sees it.
#[derive(Debug, Serialize)]
struct Refused {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl Refused {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        let error = error.into();
        let field = error
            .split_once("field `")
            .and_then(|(_, rest)| rest.split_once('`'))
            .map(|(field, _)| field.to_owned());
        Self {
            status,
            error,
            field,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
