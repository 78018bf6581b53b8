//! Content types as answers carry them (RFC 9110 8.3.1).

/// A media type with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Type and subtype in lower case: `multipart/related`.
    pub essence: String,
    /// Parameters in order: names in lower case, values without their quotes.
    pub parameters: Vec<(String, String)>,
}

impl Media {
    /// Reads a header's value; what cannot be read is left out.
    pub fn of(text: &str) -> Self {
        let mut pieces = split(text);
        let essence = pieces
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let parameters = pieces
            .filter_map(|piece| {
                let (name, value) = piece.split_once('=')?;
                let value = value.trim().trim_matches('"').replace("\\\"", "\"");
                Some((name.trim().to_ascii_lowercase(), value))
            })
            .collect();
        Self {
            essence,
            parameters,
        }
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The pieces between semicolons that are not inside quotes.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |byte| {
        is_quoted ^= byte == '"';
        byte == ';' && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_in_quotes_belongs_to_the_value() {
        let media = Media::of("Multipart/Related; type=\"a/b; c=1\"; Boundary=x;");
        assert_eq!(media.essence, "multipart/related");
        assert_eq!(media.parameter("type"), Some("a/b; c=1"));
        assert_eq!(media.parameter("boundary"), Some("x"));
        assert_eq!(media.parameter("charset"), None);
    }
}
