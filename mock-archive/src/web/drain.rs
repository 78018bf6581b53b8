//! What a client still sends although it has its answer.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::EXPECT;
use http_body_util::BodyExt as _;

/// How much of a refused body is read and thrown away, so that its sender comes to read the answer.
const MAX_DRAINED_BYTES: u64 = 64 * 1024 * 1024;

/// Reads the rest of a body that nobody wants: a client that is cut off while it writes often never reads why. One that waits to be
/// asked for its body (RFC 9110 10.1.1) is not asked.
pub(crate) async fn drain(headers: &HeaderMap, mut body: Body) {
    if headers.contains_key(EXPECT) {
        return;
    }
    let mut drained = 0;
    while let Some(Ok(frame)) = body.frame().await {
        drained += frame.data_ref().map_or(0, Bytes::len) as u64;
        if drained > MAX_DRAINED_BYTES {
            return;
        }
    }
}
