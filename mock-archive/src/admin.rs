//! The control API, on its own port: rules, journal, reset.
//!
//! `GET /openapi.json` describes it, made from the types that it reads; [`ROUTES`] is the list. An error is `{ "error": "...", "field": "..." }`.

mod follow;
mod openapi;

pub use openapi::{ROUTES, Route};

use std::io::Write as _;

use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::archive::{Archive, Reset};
use crate::fault;
use crate::policy::{Field, Policy};
use crate::rule::{Rule, RuleId};
use crate::scenario::{self, Scenario};
use crate::server::Ready;
use crate::web::produce;

/// What the API answers about.
#[derive(Clone)]
struct Api {
    archive: Archive,
    ready: Ready,
}

pub(crate) fn router(archive: Archive, ready: Ready) -> Router {
    Router::new()
        .route("/openapi.json", get(|| async { Json(openapi::document()) }))
        .route(
            "/ready",
            get(|State(api): State<Api>| async move { Json(api.ready) }),
        )
        .route("/faults", get(|| async { Json(fault::catalogue()) }))
        .route(
            "/schema",
            get(|| async { Json(schemars::schema_for!(Rule)) }),
        )
        .route("/policy", get(policy))
        .route("/scenarios", get(|| async { Json(scenarios()) }).post(play))
        .route("/scenarios/{name}", post(play_shipped))
        .route("/state", get(state).put(enter_state))
        .route("/rules", get(rules).post(add_rule).delete(clear_rules))
        .route("/rules/{id}", delete(remove_rule))
        .route("/journal", get(journal))
        .route("/journal/follow", get(follow))
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
                "there is no such resource; GET /openapi.json tells which there are",
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

/// What the archive declares.
async fn policy(State(api): State<Api>) -> Response {
    let policy = api.archive.policy();
    let is = |field: &Field| (field.name.to_owned(), field.show(policy).into());
    let all: serde_json::Map<String, serde_json::Value> = Policy::FIELDS.iter().map(is).collect();
    Json(all).into_response()
}

/// Puts a scenario into force that comes with the request.
async fn play(State(api): State<Api>, body: Bytes) -> Result<Response, Refused> {
    Ok(playing(&api.archive, read(&body)?))
}

/// Puts a scenario into force that comes with the archive.
async fn play_shipped(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let scenario = Scenario::shipped(&name).ok_or_else(|| {
        let names = scenario::names().join(", ");
        Refused::new(
            StatusCode::NOT_FOUND,
            format!("there is no scenario {name:?}; the scenarios are {names}"),
        )
    })?;
    Ok(playing(&api.archive, scenario))
}

fn playing(archive: &Archive, scenario: Scenario) -> Response {
    let rules = archive.play(scenario);
    let state = archive.scenario_state();
    let answer = json!({ "rules": rules, "state": state });
    (StatusCode::CREATED, Json(answer)).into_response()
}

/// A state of the scenario.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioState {
    /// Its name; empty where no scenario has given one.
    state: String,
}

async fn state(State(api): State<Api>) -> Json<ScenarioState> {
    let state = api.archive.scenario_state();
    Json(ScenarioState { state })
}

async fn enter_state(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Refused> {
    let ScenarioState { state } = read(&body)?;
    api.archive.enter_state(&state);
    Ok(StatusCode::NO_CONTENT)
}

async fn follow(State(api): State<Api>) -> Response {
    follow::events(api.archive.follow())
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
    let journal = api.archive.journal();
    let dropped = HeaderValue::from(journal.dropped());
    // Written while it goes out: the entries are shared with the archive, and their text is never there whole.
    let (media, body) = match accept.contains("json") {
        true => (
            "application/json",
            produce::body(move |sink| Ok(serde_json::to_writer(sink, &journal)?)),
        ),
        false => (
            "text/plain; charset=utf-8",
            produce::body(move |sink| write!(sink, "{journal}")),
        ),
    };
    let mut answer = body.into_response();
    let headers = answer.headers_mut();
    headers.insert("journal-dropped", dropped);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    answer
}

/// How often a rule has to have acted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// The rule.
    rule: RuleId,
    /// How often.
    count: u64,
}

async fn verify(State(api): State<Api>, body: Bytes) -> Result<Response, Refused> {
    let Expected { rule, count } = read(&body)?;
    match api.archive.verify(rule, count) {
        Ok(()) => Ok(Json(json!({ "rule": rule, "count": count })).into_response()),
        Err(unverified) => Err(Refused::new(StatusCode::CONFLICT, unverified.to_string())),
    }
}

/// What is forgotten; without a body everything.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ResetRequest {
    /// The rules and their counters.
    rules: bool,
    /// The scenario's state and transitions.
    scenario: bool,
    /// The journal.
    journal: bool,
    /// Instances and worklist.
    data: bool,
}

async fn reset(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Refused> {
    let what = if body.is_empty() {
        Reset::ALL
    } else {
        let ResetRequest {
            rules,
            scenario,
            journal,
            data,
        } = read(&body)?;
        Reset {
            rules,
            scenario,
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
