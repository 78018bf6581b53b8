//! How an answer's bytes leave: at once, or late, slowly, and not all of them, as a rule says.

use std::io;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Version};
use tokio::time::{Duration, Instant, sleep, sleep_until};

use crate::exchange::Exchange;
use crate::moment::{Chunking, Coding, Cut, Delivery, Manner};
use crate::serve::Connection;
use crate::socket::Switch;
use crate::web::gzip;

/// Passes the moment of sending and does what it says.
pub(crate) async fn deliver(
    exchange: &Exchange,
    response: Response,
    connection: Option<&Connection>,
) -> Response {
    let (mut parts, mut body) = response.into_parts();
    let mut status = parts.status.as_u16();
    let delivery = exchange.answer(&mut status, &mut parts.headers);
    parts.status = http::StatusCode::from_u16(status).unwrap_or(parts.status);
    if !delivery.delay.is_zero() {
        sleep(delivery.delay).await;
    }
    if let Some(instead) = &delivery.instead {
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.remove(CONTENT_ENCODING);
        body = Body::from(instead.clone());
    }
    if let Some((find, with)) = &delivery.replace {
        body = replaced(body, find, with).await;
        parts.headers.remove(CONTENT_LENGTH);
    }
    if let Some(coding) = delivery.coding {
        body = coded(body, coding, &mut parts.headers);
    }
    if let Some((size, pause)) = delivery.dribble {
        parts.headers.remove(CONTENT_LENGTH);
        body = dribbled(body, size.max(1), pause);
    }
    if !delivery.framing.is_sound()
        && let Some(connection) = connection
    {
        body = match delivery.framing.chunks {
            Chunking::Sound => known(body).await,
            _ => unknown(body, &mut parts.headers),
        };
        parts
            .headers
            .insert(CONNECTION, HeaderValue::from_static("close"));
        connection.framing.make(delivery.framing);
    }
    if delivery.version_1_0 {
        parts.version = Version::HTTP_10;
        body = unknown(body, &mut parts.headers);
    }
    if delivery.cut.is_some() || delivery.bytes_per_second.is_some() {
        // A body that is cut was promised whole: what makes the cut visible is that fewer bytes come.
        if let Some(length) = body.size_hint().exact() {
            parts
                .headers
                .insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        body = altered(
            body,
            &delivery,
            connection.map(|known| known.switch.clone()),
        );
    }
    // The journal's entry stays open until the last byte is out or the client is gone.
    Response::from_parts(parts, accompanied(body, exchange.clone()))
}

/// The longest body that is looked through.
const MAX_REPLACED: usize = 1024 * 1024;

/// The body with one text in place of another; one that is too long or is cut stays away.
async fn replaced(body: Body, find: &str, with: &str) -> Body {
    match axum::body::to_bytes(body, MAX_REPLACED).await {
        Ok(bytes) => Body::from(String::from_utf8_lossy(&bytes).replace(find, with)),
        Err(error) => Body::from_stream(stream::iter([Err::<Bytes, _>(error)])),
    }
}

/// The body in a coding that the head names or does not.
fn coded(body: Body, coding: Coding, headers: &mut HeaderMap) -> Body {
    let was_coded = headers.contains_key(CONTENT_ENCODING);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    match coding {
        Coding::Claimed => return body,
        Coding::Always | Coding::Unnamed if was_coded => {}
        Coding::Always | Coding::Unnamed | Coding::Twice => {
            headers.remove(CONTENT_LENGTH);
        }
    }
    let once = |body| match was_coded {
        true => body,
        false => gzip::compressed(body),
    };
    match coding {
        Coding::Unnamed => {
            headers.remove(CONTENT_ENCODING);
            once(body)
        }
        Coding::Twice => gzip::compressed(once(body)),
        Coding::Always | Coding::Claimed => once(body),
    }
}

/// The body in small pieces with a pause between two.
fn dribbled(body: Body, size: usize, pause: Duration) -> Body {
    let pieces = body.into_data_stream().flat_map(move |piece| match piece {
        Ok(mut rest) => {
            let mut parts = Vec::with_capacity(rest.len().div_ceil(size));
            while !rest.is_empty() {
                parts.push(Ok(rest.split_to(size.min(rest.len()))));
            }
            stream::iter(parts)
        }
        Err(error) => stream::iter(vec![Err(error)]),
    });
    let mut is_first = true;
    Body::from_stream(pieces.then(move |piece| {
        let wait = !std::mem::take(&mut is_first);
        async move {
            if wait {
                sleep(pause).await;
            }
            piece
        }
    }))
}

/// A body whose length is known, so that the head says it; one that is too long for that stays as it is.
async fn known(body: Body) -> Body {
    match body.size_hint().upper() {
        Some(most) if most <= MAX_REPLACED as u64 => {}
        None => {}
        Some(_) => return body,
    }
    match axum::body::to_bytes(body, MAX_REPLACED).await {
        Ok(bytes) => Body::from(bytes),
        Err(error) => Body::from_stream(stream::iter([Err::<Bytes, _>(error)])),
    }
}

/// A body whose length nobody knows before its end.
fn unknown(body: Body, headers: &mut HeaderMap) -> Body {
    headers.remove(CONTENT_LENGTH);
    Body::from_stream(body.into_data_stream())
}

/// Keeps the exchange as long as the body lives, without hiding the body's length from the server.
fn accompanied(body: Body, exchange: Exchange) -> Body {
    Body::new(Accompanied {
        body,
        _exchange: exchange,
    })
}

struct Accompanied {
    body: Body,
    _exchange: Exchange,
}

impl HttpBody for Accompanied {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// The same bytes at the pace and up to the point that a rule allows.
fn altered(body: Body, delivery: &Delivery, switch: Option<Switch>) -> Body {
    let mut pieces: Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + std::marker::Send>> =
        Box::pin(body.into_data_stream());
    if let Some(rate) = delivery.bytes_per_second {
        pieces = Box::pin(paced(pieces, rate.max(1)));
    }
    if let Some(cut) = delivery.cut {
        pieces = Box::pin(shortened(pieces, cut, switch));
    }
    Body::from_stream(pieces)
}

fn paced(
    pieces: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
    rate: u64,
) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    // A tenth of a second's bytes at a time keeps the pace even.
    let step = usize::try_from((rate / 10).max(1)).unwrap_or(usize::MAX);
    let small = pieces.flat_map(move |piece| match piece {
        Ok(mut rest) => {
            let mut parts = Vec::with_capacity(rest.len() / step + 1);
            while !rest.is_empty() {
                parts.push(Ok(rest.split_to(step.min(rest.len()))));
            }
            stream::iter(parts)
        }
        Err(error) => stream::iter(vec![Err(error)]),
    });
    stream::unfold(
        (small, 0u64, None),
        move |(mut small, sent, started)| async move {
            let piece = small.next().await?;
            let started: Instant = started.unwrap_or_else(Instant::now);
            let due = Duration::from_secs_f64(sent as f64 / rate as f64);
            sleep_until(started + due).await;
            let sent = sent + piece.as_ref().map_or(0, |piece| piece.len() as u64);
            Some((piece, (small, sent, Some(started))))
        },
    )
}

fn shortened(
    pieces: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
    cut: Cut,
    switch: Option<Switch>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::unfold(Some((pieces, cut.after, switch)), move |state| async move {
        let (mut pieces, left, switch) = state?;
        if left == 0 {
            if cut.manner == Manner::Stall {
                std::future::pending::<()>().await;
            }
            // An error that is ready at once would reach the server before it wrote what came before.
            tokio::task::yield_now().await;
            if let Some(switch) = switch {
                switch.end(cut.manner);
            }
            return Some((
                Err(axum::Error::new(io::Error::from(
                    io::ErrorKind::ConnectionAborted,
                ))),
                None,
            ));
        }
        match pieces.next().await? {
            Ok(mut piece) => {
                piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - piece.len() as u64;
                Some((Ok(piece), Some((pieces, left, switch))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}
