//! The journal as it grows: server-sent events (WHATWG HTML 9.2).

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::journal::Entry;

/// One event `exchange` for each exchange that ends, with its JSON; `missed` with a number where the client is too slow.
pub(super) fn events(ended: Receiver<Arc<Entry>>) -> Response {
    // The first piece makes the head go out, so that the client knows from when on it sees everything.
    let opened = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(
        b": follows\n\n",
    ))]);
    let events = stream::unfold(ended, |mut ended| async move {
        let event = match ended.recv().await {
            Ok(entry) => match serde_json::to_string(&*entry) {
                Ok(json) => format!("event: exchange\nid: {}\ndata: {json}\n\n", entry.number),
                Err(error) => format!("event: unreadable\ndata: {error}\n\n"),
            },
            Err(RecvError::Lagged(missed)) => format!("event: missed\ndata: {missed}\n\n"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(Bytes::from(event)), ended))
    });
    let mut response = Response::new(Body::from_stream(stream::StreamExt::chain(opened, events)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
