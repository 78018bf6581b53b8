//! The answer to one request.

use serde_json::Value;

use crate::outcome::{Finding, Verdict};

use super::heard::excerpt;

/// A result or an error, as it came.
#[derive(Clone, Debug)]
pub struct Answer(pub Value);

impl Answer {
    /// The result.
    ///
    /// # Errors
    /// A failure, if it is an error.
    pub fn result(&self) -> Verdict<&Value> {
        let result = self.0.get("result");
        result.ok_or_else(|| Finding::fail(self.summary()))
    }

    /// The code of the error, if it is one.
    pub fn code(&self) -> Option<i64> {
        self.0.get("error")?.get("code")?.as_i64()
    }

    /// Whether it is an error of the protocol.
    pub fn is_protocol_error(&self) -> bool {
        self.0.get("error").is_some()
    }

    /// Whether it says that something went wrong, in either way.
    pub fn is_error(&self) -> bool {
        self.is_protocol_error() || self.0["result"]["isError"] == true
    }

    /// All that a reader of it sees: its text blocks, its structured content, or the error's message.
    pub fn text(&self) -> String {
        let result = &self.0["result"];
        let blocks = result["content"].as_array().into_iter().flatten();
        let mut texts: Vec<_> = blocks
            .filter_map(|block| {
                let text = block.get("text").or_else(|| block["resource"].get("text"));
                text.and_then(Value::as_str).map(str::to_owned)
            })
            .collect();
        if let Some(structured) = result.get("structuredContent") {
            texts.push(structured.to_string());
        }
        if let Some(message) = self.0["error"]["message"].as_str() {
            texts.push(message.to_owned());
        }
        texts.join("\n")
    }

    /// In one line.
    pub fn summary(&self) -> String {
        if let Some(error) = self.0.get("error") {
            return format!("error {}", excerpt(&error.to_string()));
        }
        let result = &self.0["result"];
        if result.get("content").is_none() {
            return format!("result {}", excerpt(&result.to_string()));
        }
        let flag = match &result["isError"] {
            Value::Bool(true) => "isError true: ",
            _ => "isError false: ",
        };
        let mut text = self.text();
        if text.is_empty() {
            text = result["content"].to_string();
        }
        format!("{flag}{}", excerpt(&text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_of_failing_are_errors() {
        let protocol = Answer(json!({"id": 1, "error": {"code": -32602, "message": "no"}}));
        assert!(protocol.is_error() && protocol.result().is_err());
        assert_eq!(protocol.code(), Some(-32602));
        let tool = Answer(
            json!({"id": 1, "result": {"isError": true, "content": [{"type": "text", "text": "down"}]}}),
        );
        assert!(tool.is_error() && !tool.is_protocol_error());
        assert_eq!(tool.summary(), "isError true: down");
        let fine =
            Answer(json!({"id": 1, "result": {"content": [], "structuredContent": {"n": 1}}}));
        assert!(!fine.is_error());
        assert_eq!(fine.text(), r#"{"n":1}"#);
    }
}
