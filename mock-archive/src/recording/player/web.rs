//! HTTP answers from a recording.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::recording::mask::Mask;
use crate::recording::web::{Exchange, Outcome};
use crate::recording::{BASE, Ending, Kept, masked, parts};

/// The HTTP exchanges of a recording, with a finger on each line.
#[derive(Debug)]
pub(crate) struct Pages {
    exchanges: Vec<Exchange>,
    by_question: BTreeMap<Question, Vec<usize>>,
    /// How often each question was asked with each Accept.
    asked: Mutex<BTreeMap<(Question, Option<String>), usize>>,
    mask: Option<Arc<Mask>>,
}

/// What makes two requests the same: the order of query keys and how they are escaped do not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    method: String,
    path: String,
    query: Vec<(String, String)>,
}

/// A request that was not recorded, or whose answer was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unrecorded(String);

impl Unrecorded {
    /// 501 in words.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        response
    }
}

impl Pages {
    pub(super) fn new(exchanges: Vec<Exchange>, mask: Option<Arc<Mask>>) -> Self {
        let mut by_question = BTreeMap::<Question, Vec<usize>>::new();
        for (index, exchange) in exchanges.iter().enumerate() {
            let question = Question::new(&exchange.request.method, &exchange.request.target);
            by_question.entry(question).or_default().push(index);
        }
        Self {
            exchanges,
            by_question,
            asked: Mutex::default(),
            mask,
        }
    }

    /// The answer recorded for this request: of several, those to the same Accept, one after the other, the last one again and again.
    pub(crate) fn answer(
        &self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        base: &str,
    ) -> Result<Response, Unrecorded> {
        let masked = self.mask.as_ref().map(|mask| masked::target(mask, target));
        let question = Question::new(method.as_str(), masked.as_deref().unwrap_or(target));
        let Some(all) = self.by_question.get(&question) else {
            return Err(Unrecorded(format!(
                "the recording has no {method} {target}{}",
                self.nearest(&question)
            )));
        };
        let accept = headers
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .map(spaceless);
        let same: Vec<usize> = (all.iter().copied())
            .filter(|&index| recorded_accept(&self.exchanges[index]) == accept)
            .collect();
        let (choice, accept) = if same.is_empty() {
            (all, None)
        } else {
            (&same, accept)
        };
        let turn = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let times = asked.entry((question, accept)).or_insert(0);
            *times += 1;
            *times - 1
        };
        let index = choice[turn.min(choice.len() - 1)];
        respond(&self.exchanges[index], base)
    }

    /// What was recorded for the same path, for the message.
    fn nearest(&self, question: &Question) -> String {
        let same_path = self
            .by_question
            .iter()
            .filter(|(known, _)| known.path == question.path);
        let targets: Vec<_> = same_path
            .filter_map(|(_, indices)| indices.first())
            .map(|&index| {
                let request = &self.exchanges[index].request;
                format!("{} {}", request.method, request.target)
            })
            .take(5)
            .collect();
        if targets.is_empty() {
            String::new()
        } else {
            format!("; of this path it has {}", targets.join(", "))
        }
    }
}

impl Question {
    fn new(method: &str, target: &str) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut query: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        query.sort();
        Self {
            method: method.to_owned(),
            path: decoded(path.trim_end_matches('/')),
            query,
        }
    }
}

fn spaceless(text: &str) -> String {
    text.chars().filter(|it| !it.is_whitespace()).collect()
}

fn recorded_accept(exchange: &Exchange) -> Option<String> {
    let fields = &exchange.request.headers;
    let accept = fields
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("accept"));
    accept.map(|(_, value)| spaceless(value))
}

fn respond(exchange: &Exchange, base: &str) -> Result<Response, Unrecorded> {
    let answer = match &exchange.outcome {
        Outcome::Failed(_) => return Ok(crate::web::no_answer()),
        Outcome::Answer(answer) => answer,
    };
    let body = match answer.body.kept() {
        Kept::Whole(body) => body,
        Kept::Nothing(why) => {
            return Err(Unrecorded(format!(
                "the answer to {} {} was recorded without its body: {why}",
                exchange.request.method, exchange.request.target
            )));
        }
    };
    let content_type = (answer.headers.iter())
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.as_str());
    let body = Bytes::from(parts::with_url(content_type, body.to_vec(), BASE, base));
    let mut response = match answer.ending {
        Ending::Whole => Response::new(Body::from(body)),
        Ending::Cut => {
            let promised = body.len() as u64 + 1;
            broken(body, promised)
        }
    };
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in &answer.headers {
        let name = name.parse::<HeaderName>();
        let value = HeaderValue::from_str(&value.replace(BASE, base));
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

/// A body that ends before its end.
fn broken(sent: Bytes, promised: u64) -> Response {
    let error = || std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    // An error that is ready at once makes the server give up before the bytes it has.
    let chunks = stream::unfold(Some(sent), move |rest| async move {
        let rest = rest?;
        if rest.is_empty() {
            tokio::task::yield_now().await;
            return Some((Err(error()), None));
        }
        Some((Ok(rest), Some(Bytes::new())))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(promised));
    response
}
