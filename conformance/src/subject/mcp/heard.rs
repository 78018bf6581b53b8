//! What a server said, line by line.

use serde_json::Value;

/// So much of what a server says is kept; more ends the reading.
const MOST_BYTES: usize = 256 << 20;

/// A line on standard output, without its line feed.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The JSON object that it is.
    pub message: Option<Value>,
}

impl Heard {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let message = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
            .filter(Value::is_object);
        Self { bytes, message }
    }

    /// Whether it is one JSON-RPC message: a request or notification, a result, or an error.
    pub fn is_message(&self) -> bool {
        let Some(message) = &self.message else {
            return false;
        };
        let kinds = ["method", "result", "error"];
        let has = kinds.iter().filter(|kind| message.get(kind).is_some());
        message["jsonrpc"] == "2.0" && has.count() == 1
    }

    /// The id that it answers, if it is an answer.
    pub fn answers(&self) -> Option<&Value> {
        let message = self.message.as_ref()?;
        match message.get("method") {
            Some(_) => None,
            None => Some(message.get("id").unwrap_or(&Value::Null)),
        }
    }

    /// The method, if it is a notification or a request.
    pub fn method(&self) -> Option<&str> {
        self.message.as_ref()?.get("method")?.as_str()
    }

    /// The beginning of it, as text.
    pub fn excerpt(&self) -> String {
        excerpt(&String::from_utf8_lossy(&self.bytes))
    }
}

/// The beginning of a text.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// All that was heard so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) lines: Vec<Heard>,
    pub(super) errors: Vec<u8>,
    bytes: usize,
    pub(super) ended: bool,
}

impl Log {
    /// Keeps a line; whether there was room for it.
    pub(super) fn keep(&mut self, line: Vec<u8>) -> bool {
        self.bytes += line.len();
        if self.bytes > MOST_BYTES {
            return false;
        }
        self.lines.push(Heard::new(line));
        true
    }

    /// Keeps what came on standard error.
    pub(super) fn keep_error(&mut self, bytes: &[u8]) {
        if self.errors.len() + bytes.len() <= MOST_BYTES {
            self.errors.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_request_a_result_or_an_error_and_nothing_else() {
        let is = |text: &str| Heard::new(text.as_bytes().to_vec()).is_message();
        assert!(is(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#));
        assert!(is(r#"{"jsonrpc":"2.0","method":"notifications/x"}"#));
        assert!(!is(r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#));
        assert!(!is(r#"{"jsonrpc":"1.0","id":1,"result":{}}"#));
        assert!(!is("INFO ready"));
        assert!(!is("{"));
        assert!(!Heard::new(vec![b'"', 0xFF, b'"']).is_message());
    }
}
