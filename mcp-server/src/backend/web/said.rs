//! The archive's own words in an answer: Warning header (RFC 7234 5.5), JSON, XML, HTML or plain text.

use http::HeaderMap;
use serde_json::Value as Json;

use crate::error::Said;

/// What the archive said about its answer; `None` where it said nothing.
pub(super) fn of(headers: &HeaderMap, body: &[u8]) -> Option<Said> {
    let words = warnings(headers)
        .into_iter()
        .chain(in_body(body))
        .collect::<Vec<_>>();
    Said::new(&words.join("; "))
}

/// The texts of Warning headers, without code and agent.
pub(super) fn warnings(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(http::header::WARNING)
        .iter()
        .map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes());
            match (value.find('"'), value.rfind('"')) {
                (Some(first), Some(last)) if first < last => value[first + 1..last].to_owned(),
                _ => value.into_owned(),
            }
        })
        .collect()
}

fn in_body(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        return in_json(&json);
    }
    if text.starts_with('<') {
        return Some(in_markup(text));
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// The members that error bodies of archives and of RFC 9457 use; the whole value where there is none of them.
fn in_json(json: &Json) -> Option<String> {
    const WORDS: [&str; 9] = [
        "title",
        "detail",
        "Details",
        "errorMessage",
        "message",
        "Message",
        "error",
        "error_description",
        "reason",
    ];
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => items.first().and_then(in_json),
        Json::Object(object) => {
            let mut words: Vec<&str> = WORDS
                .iter()
                .filter_map(|word| object.get(*word).and_then(Json::as_str))
                .collect();
            words.dedup();
            if !words.is_empty() {
                return Some(words.join(": "));
            }
            object
                .get("error")
                .and_then(in_json)
                .or_else(|| (!object.is_empty()).then(|| json.to_string()))
        }
        _ => None,
    }
}

/// The text of a page or document: its title where it has one, else everything between the marks.
fn in_markup(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if let (Some(start), Some(end)) = (lower.find("<title"), lower.find("</title"))
        && let Some(open) = lower[start..].find('>')
        && start + open + 1 < end
    {
        return text[start + open + 1..end].trim().to_owned();
    }
    let mut words = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => {
                inside = true;
                words.push(' ');
            }
            '>' => inside = false,
            c if !inside => words.push(c),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        of(&HeaderMap::new(), body.as_bytes()).map_or("nothing".into(), |said| said.to_string())
    }

    #[test]
    fn the_reason_is_found_in_every_form_that_archives_use() {
        for (body, words) in [
            (
                r#"{"Message":"Unknown resource","HttpStatus":404}"#,
                "Unknown resource",
            ),
            (
                r#"{"title":"Conflict","detail":"other patient"}"#,
                "Conflict: other patient",
            ),
            (r#"{"errorMessage":"No such study"}"#, "No such study"),
            (
                "<html><head><title>Sign in</title></head><body>x</body></html>",
                "Sign in",
            ),
            (
                "<error><code>7</code><text>disk full</text></error>",
                "7 disk full",
            ),
            ("  disk\nfull ", "disk full"),
        ] {
            assert_eq!(said(body), format!("the archive's words: \"{words}\""));
        }
        assert_eq!(said(""), "nothing");
        assert_eq!(said("{}"), "nothing");
    }

    #[test]
    fn a_warning_header_is_its_text() {
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::WARNING,
            "299 host: \"There are 12 additional results\""
                .parse()
                .expect("value"),
        );
        assert_eq!(warnings(&headers), ["There are 12 additional results"]);
    }
}
