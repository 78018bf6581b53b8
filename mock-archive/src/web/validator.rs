//! Which state of the archive an answer shows, and whether the client has it already (RFC 9110 8.8, 13.1).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::response::Response;
use dicom_wire::media::{MULTIPART_RELATED, MediaType};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::archive::Archive;
use crate::store::Stored;

/// What a request names, and in which state it was found.
#[derive(Clone, Debug)]
pub(crate) struct Validator {
    state: Arc<OnceLock<u64>>,
    /// Where links in the answer lead, and what was asked for besides the path.
    form: u64,
    if_none_match: Vec<String>,
    if_range: Option<String>,
}

impl Validator {
    /// Of a request, before anything was looked up.
    pub(crate) fn new(base: &str, query: &str, headers: &HeaderMap) -> Validator {
        let texts = |name| headers.get_all(name).iter().filter_map(text);
        Validator {
            state: Arc::default(),
            form: hash(|hasher| (base, query).hash(hasher)),
            if_none_match: texts(IF_NONE_MATCH).collect(),
            if_range: texts(IF_RANGE).next(),
        }
    }

    /// Notes what the answer will be made of. Rules may change it on its way: another set of rules makes another answer.
    pub(crate) fn found(&self, archive: &Archive, selected: &[Arc<Stored>]) {
        let rules: Vec<_> = archive.rules().iter().map(|rule| rule.id).collect();
        let state = hash(|hasher| {
            rules.hash(hasher);
            for stored in selected {
                stored.revision().hash(hasher);
            }
        });
        // Something that is looked up a second time within one request is still the first state.
        let _ = self.state.set(state);
    }

    /// The entity tag of an answer of a media type; nothing before anything was found. Boundaries differ from answer to answer, so that several parts are never
    /// the same bytes: their tag is a weak one.
    pub(crate) fn tag(&self, content_type: &str, encoding: &str) -> Option<String> {
        let state = self.state.get()?;
        let media = MediaType::parse(content_type).ok()?;
        let tag = hash(|hasher| {
            (state, self.form, media.essence(), encoding).hash(hasher);
            let lasting = media.parameters().filter(|(name, _)| *name != "boundary");
            lasting.for_each(|parameter| parameter.hash(hasher));
        });
        let weak = if media.is(MULTIPART_RELATED) {
            "W/"
        } else {
            ""
        };
        Some(format!("{weak}\"{tag:016x}\""))
    }

    /// Whether a range may be given: always, unless the client has a part of another state.
    pub(crate) fn allows_range(&self, tag: Option<&str>) -> bool {
        match &self.if_range {
            None => true,
            Some(known) => tag.is_some_and(|tag| tag == known && !tag.starts_with("W/")),
        }
    }

    /// Puts the tag into a good answer, or says that the client has it.
    pub(crate) fn apply(&self, mut response: Response) -> Response {
        if !matches!(
            response.status(),
            StatusCode::OK | StatusCode::PARTIAL_CONTENT
        ) {
            return response;
        }
        let field = |name| response.headers().get(name).and_then(text);
        let encoding = field(CONTENT_ENCODING).unwrap_or_default();
        let tag = field(CONTENT_TYPE).and_then(|media| self.tag(&media, &encoding));
        let Some((tag, value)) = tag.and_then(|tag| {
            let value = HeaderValue::from_str(&tag).ok()?;
            Some((tag, value))
        }) else {
            return response;
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, value);
        headers.append(VARY, HeaderValue::from_static("Accept"));
        if !self.is_known(&tag) {
            return response;
        }
        for name in [
            CONTENT_TYPE,
            CONTENT_LENGTH,
            CONTENT_RANGE,
            CONTENT_ENCODING,
        ] {
            headers.remove(name);
        }
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response
    }

    /// Tags are compared weakly (RFC 9110 13.1.2).
    fn is_known(&self, tag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let members = self
            .if_none_match
            .iter()
            .flat_map(|value| value.split(','))
            .map(opaque);
        let own = opaque(tag);
        members
            .into_iter()
            .any(|member| member == "*" || member == own)
    }
}

fn text(value: &HeaderValue) -> Option<String> {
    value.to_str().ok().map(str::to_owned)
}

fn hash(of: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of(&mut hasher);
    hasher.finish()
}
