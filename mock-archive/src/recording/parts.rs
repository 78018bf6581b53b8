//! Multipart bodies, a part at a time.

use bytes::Bytes;
use dicom_wire::media::MediaType;
use dicom_wire::multipart::{Boundary, Decoder, Event, Headers, Writer};

/// The same body with every part changed.
///
/// # Errors
/// In words: a body whose parts cannot be told from each other, or a part that cannot be changed.
pub(super) fn each(
    content_type: &str,
    body: &[u8],
    change: impl Fn(Headers, Vec<u8>) -> Result<(Headers, Vec<u8>), String>,
) -> Result<Vec<u8>, String> {
    let in_words = |error: &dyn std::fmt::Display| format!("its parts cannot be read: {error}");
    let boundary = Boundary::from_content_type(content_type).map_err(|error| in_words(&error))?;
    let mut decoder = Decoder::new(&boundary);
    let mut writer = Writer::new(boundary);
    let (mut out, mut part) = (Vec::new(), (Headers::new(), Vec::new()));
    decoder.push(Bytes::copy_from_slice(body));
    while let Some(event) = decoder.poll().map_err(|error| in_words(&error))? {
        match event {
            Event::PartStart(headers) => part = (headers, Vec::new()),
            Event::Data(data) => part.1.extend_from_slice(&data),
            Event::PartEnd => {
                let (headers, data) = std::mem::take(&mut part);
                let (headers, data) = change(headers, data)?;
                out.extend_from_slice(&writer.part_head(&headers));
                out.extend_from_slice(&data);
            }
            Event::End => break,
        }
    }
    decoder.finish().map_err(|error| in_words(&error))?;
    out.extend_from_slice(&writer.close());
    Ok(out)
}

/// The same body with one URL for another where a text or a part's head has it. Data sets and pixels stay as they are.
pub(super) fn with_url(content_type: Option<&str>, body: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let essence = content_type.and_then(|text| MediaType::parse(text).ok());
    let essence = essence.as_ref().map_or("", MediaType::essence);
    if memchr::memmem::find(&body, from.as_bytes()).is_none() && !essence.ends_with("json") {
        return body;
    }
    if essence != "multipart/related" {
        return if is_text(essence) {
            exchange(&body, from, to)
        } else {
            body
        };
    }
    let changed = each(content_type.unwrap_or_default(), &body, |headers, data| {
        let data = with_url(headers.field("content-type"), data, from, to);
        let headers = headers
            .iter()
            .map(|(name, value)| (name, value.replace(from, to)))
            .collect();
        Ok((headers, data))
    });
    changed.unwrap_or(body)
}

/// Whether a type is of text in which URLs can be exchanged.
pub(super) fn is_text(essence: &str) -> bool {
    essence.is_empty()
        || essence.ends_with("json")
        || essence.ends_with("xml")
        || essence.starts_with("text/")
}

/// The same text with one URL for another, also where JSON has escaped its slashes.
pub(super) fn exchange(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(text) else {
        return text.to_vec();
    };
    let escaped = |url: &str| url.replace('/', "\\/");
    text.replace(from, to)
        .replace(&escaped(from), &escaped(to))
        .into_bytes()
}
