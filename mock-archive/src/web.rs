//! DICOMweb over the archive (PS3.18): one exchange for each request, one file for each kind of resource.

mod accept;
mod bulk;
mod capabilities;
mod cine;
mod cors;
mod delete;
mod delivery;
mod drain;
mod frames;
mod gzip;
mod limit;
mod look;
mod metadata;
mod model;
mod parameters;
mod parts;
mod problem;
pub(crate) mod produce;
mod qido;
mod range;
mod rendered;
mod resource;
mod stow;
mod uri;
mod validator;
mod wado;
mod zip;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use http::header::{CONNECTION, HOST, ORIGIN};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::archive::Archive;
use crate::exchange::Exchange;
use crate::moment::{Answer, BodyLimit, Heard, LimitedAt, Ruling};
use crate::recording::Player;
use crate::request::{Request, Scope, Service};
use crate::serve::Connection;
use crate::socket::Switch;
use problem::Problem;
use resource::Resource;
use validator::Validator;

/// The path below which the service lies.
pub(crate) const BASE_PATH: &str = "/dicomweb";

/// The service, for one server. The connection's number comes as an extension of the request.
pub(crate) fn router(archive: Archive) -> Router {
    Router::new().fallback(serve).with_state(archive)
}

/// What links begin with, where that is not where the client thinks it is.
#[derive(Clone)]
struct Links(String);

/// A request on its way to its resource.
pub(crate) struct Asked {
    pub(crate) archive: Archive,
    pub(crate) exchange: Exchange,
    /// URL of the service as the client sees it, without a slash at the end.
    pub(crate) base: String,
    pub(crate) headers: HeaderMap,
    /// Query of the request target, as received.
    pub(crate) query: String,
    /// What the client has already.
    pub(crate) validator: Validator,
    /// Ends the connection.
    pub(crate) switch: Option<Switch>,
}

async fn serve(State(archive): State<Archive>, request: HttpRequest) -> Response {
    let (mut parts, body) = request.into_parts();
    let connection = parts.extensions.get::<Connection>().cloned();
    let resource = match parts.uri.path().strip_prefix(BASE_PATH) {
        Some(below) if below.is_empty() || below.starts_with('/') => {
            let query = parts.uri.query().unwrap_or_default();
            match uri::is_meant(below, query) {
                true => uri::resource(query),
                false => Resource::parse(below),
            }
        }
        _ => Err(Problem::not_found(format!(
            "the path {:?}; the service lies below {BASE_PATH}",
            parts.uri.path()
        ))),
    };
    let player = parts.extensions.get::<Arc<Player>>().cloned();
    let exchange = archive.exchange(described(&parts, resource.as_ref().ok()));
    let admission = exchange.admit();
    if !admission.delay.is_zero() {
        tokio::time::sleep(admission.delay).await;
    }
    if let Some(merge) = admission.merge {
        archive.merge(&exchange, merge).await;
    }
    if let Some(query) = &admission.query {
        read_as(&mut parts.uri, query);
    }
    let from_a_page = parts.headers.contains_key(ORIGIN);
    if let Some(headers) = admission.headers {
        parts.headers = headers;
    }
    if let Some(base) = admission.base {
        parts.extensions.insert(Links(base));
    }
    let mut response = match admission.ruling {
        Ruling::Answer(answer) => {
            hear(admission.heard, &parts.headers, body).await;
            let mut response = made_up(answer);
            if admission.heard == Heard::Nothing {
                close_after(&mut response);
            }
            response
        }
        Ruling::Proceed if exchange.request().is_preflight() => {
            let delete = archive.policy().delete;
            let methods = resource.map_or("GET, HEAD, OPTIONS", |known| known.methods(delete));
            cors::preflight(&parts.headers, methods)
        }
        Ruling::Proceed => match player {
            Some(player) => played(&player, &exchange, &parts, body).await,
            None => match &admission.body_limit {
                Some(limit) => limited(limit, archive, &exchange, parts, resource, body).await,
                None => own(archive, &exchange, parts, resource, body).await,
            },
        },
        // What else can be ruled is meant for associations; over HTTP it all means: no answer.
        _ => return no_answer(),
    };
    if from_a_page {
        cors::allow(&mut response);
    }
    delivery::deliver(&exchange, response, connection.as_ref()).await
}

/// Puts another query into a request target, as long as it can be one.
fn read_as(target: &mut Uri, query: &str) {
    let text = format!("{}?{query}", target.path());
    if let Ok(path_and_query) = text.parse() {
        let mut pieces = target.clone().into_parts();
        pieces.path_and_query = Some(path_and_query);
        *target = Uri::from_parts(pieces).unwrap_or_else(|_| target.clone());
    }
}

/// The part of a request that rules match and the journal shows.
fn described(parts: &Parts, resource: Option<&Resource>) -> Request {
    let service = resource.map_or(Service::Other, |resource| resource.service(&parts.method));
    let connection = parts.extensions.get::<Connection>();
    let mut request = Request::web(service, &parts.method, &parts.uri, parts.headers.clone())
        .on_connection(connection.map_or(0, |known| known.number))
        .scope(resource.map_or_else(Scope::all, Resource::scope));
    match (service, resource) {
        (Service::Search, Some(Resource::Collection { level, .. })) => {
            request = request.level(*level);
        }
        (Service::Store, _) => {}
        _ => request.level = request.scope.level(),
    }
    request
}

async fn answer(asked: Asked, method: Method, resource: Resource, body: Body) -> Response {
    let reads = matches!(method, Method::GET | Method::HEAD);
    let validator = asked.validator.clone();
    let takes_gzip = gzip::is_accepted(&asked.headers);
    let delete = asked.exchange.dialect().delete;
    let methods = resource.methods(delete.unwrap_or(asked.archive.policy().delete));
    let answered = match resource {
        _ if method == Method::OPTIONS => capabilities::capabilities(&asked, &resource),
        Resource::Base if reads => capabilities::capabilities(&asked, &resource),
        Resource::Collection { level, scope } if reads => qido::search(&asked, level, scope),
        Resource::Collection { scope, .. } | Resource::Instances(scope)
            if method == Method::POST && methods.contains("POST") =>
        {
            stow::store(&asked, scope.study, body).await
        }
        Resource::Instances(scope) if reads => wado::instances(&asked, &scope).await,
        Resource::ByUri(scope) if reads => uri::retrieve(asked, scope).await,
        Resource::Metadata(scope) if reads => metadata::metadata(&asked, &scope),
        Resource::Rendered { scope, frames } if reads => {
            rendered::rendered(asked, scope, frames, rendered::Size::Own).await
        }
        Resource::Thumbnail { scope, frames } if reads => {
            rendered::rendered(asked, scope, frames, rendered::Size::Thumbnail).await
        }
        Resource::Frames { scope, frames } if reads => frames::frames(&asked, &scope, frames),
        Resource::BulkData { scope, path, tag } if reads => bulk::value(&asked, &scope, &path, tag),
        Resource::AllBulkData { scope, values } if reads => bulk::values(&asked, &scope, values),
        Resource::Instances(scope) if method == Method::DELETE && methods.contains("DELETE") => {
            delete::delete(&asked, &scope).await
        }
        _ => {
            drain::drain(&asked.headers, body).await;
            Err(Problem::method_not_allowed(&method, methods))
        }
    };
    let response = answered.unwrap_or_else(IntoResponse::into_response);
    validator.apply(gzip::compress(response, takes_gzip))
}

/// Reads as much of a body as a rule says before its answer goes out.
async fn hear(heard: Heard, headers: &HeaderMap, body: Body) {
    match heard {
        Heard::AsUsual => drain::drain(headers, body).await,
        Heard::Nothing => {}
        Heard::Everything => {
            let mut sent = body.into_data_stream();
            while let Some(Ok(_)) = sent.next().await {}
        }
    }
}

/// The archive's own answer, unless the body is longer than a rule has it.
async fn limited(
    limit: &BodyLimit,
    archive: Archive,
    exchange: &Exchange,
    parts: Parts,
    resource: Result<Resource, Problem>,
    body: Body,
) -> Response {
    let mut response = match limit::apply(limit, &parts.headers, body) {
        None => made_up(limit.answer.clone()),
        Some((body, exceeded)) => {
            let response = own(archive, exchange, parts, resource, body).await;
            if !exceeded.is_so() {
                return response;
            }
            made_up(limit.answer.clone())
        }
    };
    if limit.when != LimitedAt::End {
        close_after(&mut response);
    }
    response
}

/// Has the connection end after an answer: the client may still be sending.
fn close_after(response: &mut Response) {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
}

/// The archive's own answer.
async fn own(
    archive: Archive,
    exchange: &Exchange,
    parts: Parts,
    resource: Result<Resource, Problem>,
    body: Body,
) -> Response {
    let base = base(&parts);
    let query = parts.uri.query().unwrap_or_default();
    let validator = Validator::new(&base, query, &parts.headers);
    let asked = Asked {
        archive,
        exchange: exchange.clone(),
        query: query.to_owned(),
        base,
        validator,
        switch: parts
            .extensions
            .get::<Connection>()
            .map(|known| known.switch.clone()),
        headers: parts.headers,
    };
    match resource {
        Ok(resource) => answer(asked, parts.method, resource, body).await,
        Err(problem) => {
            drain::drain(&asked.headers, body).await;
            problem.into_response()
        }
    }
}

/// The answer of a recording in place of the archive's own.
async fn played(player: &Player, exchange: &Exchange, parts: &Parts, body: Body) -> Response {
    // A client sends what it has to send before it listens.
    let mut sent = body.into_data_stream();
    while let Some(Ok(_)) = sent.next().await {}
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |known| known.as_str());
    let target = target.strip_prefix(BASE_PATH).unwrap_or(target);
    let answer = player
        .web
        .answer(&parts.method, target, &parts.headers, &base(parts));
    answer.unwrap_or_else(|unrecorded| {
        exchange.remark("the recording has no answer to this");
        unrecorded.into_response()
    })
}

fn made_up(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    *response.headers_mut() = answer.headers;
    response
}

/// Closes the connection without a byte: a body whose first piece is an error makes the server give up before the status line.
pub(crate) fn no_answer() -> Response {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    let mut response = Response::new(Body::from_stream(stream::iter([Err::<&[u8], _>(error)])));
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Where the client thinks it is: by its Host header, as long as that can be one.
///
/// A host without a port means the scheme's own (RFC 9110 7.2). Where it is the address that this connection came to, the port is
/// the connection's: dicomweb-client leaves it out whatever it is, and could not follow the links otherwise.
fn base(parts: &Parts) -> String {
    if let Some(Links(base)) = parts.extensions.get() {
        return base.clone();
    }
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = host
        .and_then(|host| host.parse::<Authority>().ok())
        .or_else(|| parts.uri.authority().cloned());
    let connection = parts.extensions.get::<Connection>();
    let scheme = connection.map_or(&Scheme::HTTP, |known| &known.scheme);
    let here = connection.and_then(|known| known.local);
    match (authority, here) {
        (Some(authority), Some(here))
            if authority.port().is_none() && authority.host() == host_of(here.ip()) =>
        {
            format!("{scheme}://{here}{BASE_PATH}")
        }
        (Some(authority), _) => format!("{scheme}://{authority}{BASE_PATH}"),
        (None, _) => BASE_PATH.to_owned(),
    }
}

/// An address as the host of a URL (RFC 3986 3.2.2).
fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
