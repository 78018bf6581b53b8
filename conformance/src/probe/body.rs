//! Multipart bodies: written to the byte, read strictly (RFC 2046 5.1.1, PS3.18 8.6.1.2.1).

use bytes::Bytes;

use crate::outcome::{Finding, Verdict};

use super::media::Media;

/// One part of a multipart/related body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub content: Bytes,
}

impl Part {
    /// The value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Its Content-Type.
    pub fn media(&self) -> Media {
        Media::of(self.header("content-type").unwrap_or_default())
    }
}

/// The parts of an answer with this content type.
///
/// # Errors
/// A failure that says what is wrong with the body.
pub fn parts(content_type: &str, body: &Bytes) -> Verdict<Vec<Part>> {
    let (kind, boundary) = parameters(content_type);
    if !kind.eq_ignore_ascii_case("multipart/related") {
        return Err(Finding::fail(format!(
            "content type {content_type:?}, not multipart/related"
        )));
    }
    let Some(boundary) = boundary else {
        return Err(Finding::fail(format!(
            "no boundary in content type {content_type:?}"
        )));
    };
    let delimiter = format!("--{boundary}");
    let wrong =
        |at: usize, what: &str| Finding::fail(format!("a multipart body with {what} at byte {at}"));

    let mut at = match body.starts_with(delimiter.as_bytes()) {
        true => delimiter.len(),
        false => match find(body, format!("\r\n{delimiter}").as_bytes(), 0) {
            Some(start) => start + 2 + delimiter.len(),
            None => return Err(wrong(0, "no delimiter")),
        },
    };
    let line_delimiter = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    loop {
        if body[at..].starts_with(b"--") {
            return Ok(parts);
        }
        let Some(line_end) = find(body, b"\r\n", at) else {
            return Err(wrong(at, "no line end"));
        };
        if !body[at..line_end].iter().all(|byte| b" \t".contains(byte)) {
            return Err(wrong(at, "text after the boundary"));
        }
        let Some(head_end) = find(body, b"\r\n\r\n", line_end) else {
            return Err(wrong(line_end, "a part without an end of its head"));
        };
        let content = head_end + 4;
        // The empty line of a part without content is the line end of its delimiter as well.
        let Some(end) = find(body, line_delimiter.as_bytes(), content - 2) else {
            return Err(wrong(body.len(), "no close delimiter"));
        };
        let head = String::from_utf8_lossy(&body[line_end..head_end]).into_owned();
        let headers = head.lines().filter_map(|line| line.split_once(':'));
        let headers = headers
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        parts.push(Part {
            headers: headers.collect(),
            content: body.slice(content.min(end)..end.max(content.min(end))),
        });
        at = end + line_delimiter.len();
    }
}

/// The media type and its boundary.
fn parameters(content_type: &str) -> (&str, Option<String>) {
    let (kind, mut rest) = content_type.split_once(';').unwrap_or((content_type, ""));
    while let Some((name, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let (text, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if name
            .trim()
            .trim_start_matches(';')
            .trim()
            .eq_ignore_ascii_case("boundary")
        {
            return (kind.trim(), Some(text.trim().to_owned()));
        }
        rest = after.trim_start().trim_start_matches(';');
    }
    (kind.trim(), None)
}

/// Where the needle begins, from a byte on.
pub(crate) fn find(hay: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    while at + needle.len() <= hay.len() {
        at += hay[at..].iter().position(|&byte| byte == first)?;
        if hay[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(content_type: &str, body: &'static str) -> Result<Vec<String>, String> {
        match parts(content_type, &Bytes::from_static(body.as_bytes())) {
            Ok(parts) => Ok(parts
                .iter()
                .map(|part| String::from_utf8_lossy(&part.content).into_owned())
                .collect()),
            Err(Finding::Fail(difference)) => Err(difference.got),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn parts_are_what_stands_between_delimiters() {
        let body =
            "preamble\r\n--b\r\nContent-Type: a/b\r\n\r\none\r\n--b  \r\n\r\ntwo --b\r\n--b--\r\n";
        for kind in [
            "multipart/related; boundary=b",
            "Multipart/Related; type=\"a;b\"; Boundary=\"b\"",
        ] {
            // The second part has no headers: an empty line follows the delimiter at once.
            assert_eq!(contents(kind, body).unwrap(), ["one", "two --b"], "{kind}");
        }
    }

    #[test]
    fn a_broken_body_is_named() {
        let kind = "multipart/related; boundary=b";
        assert_eq!(
            contents(kind, "").unwrap_err(),
            "a multipart body with no delimiter at byte 0"
        );
        assert!(
            contents(kind, "--b\r\nA: b\r\n\r\none\r\n")
                .unwrap_err()
                .contains("no close delimiter")
        );
        assert!(
            contents("text/html", "")
                .unwrap_err()
                .contains("not multipart/related")
        );
        assert!(
            contents("multipart/related", "")
                .unwrap_err()
                .contains("no boundary")
        );
    }
}
