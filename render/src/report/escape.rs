//! Text of a report inside Markdown.

use crate::text::is_unsafe;

/// Text on one line: no character of it acts as Markdown, line breaks become spaces.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let characters: Vec<char> = text.trim_matches(['\0', ' ']).chars().collect();
    for (index, &character) in characters.iter().enumerate() {
        match character {
            '\\' | '`' | '*' | '<' | '|' => out.extend(['\\', character]),
            // A link, or the definition of one; a struck text.
            ']' if matches!(characters.get(index + 1), Some('(' | '[' | ':')) => {
                out.push_str("\\]")
            }
            '~' if characters.get(index + 1) == Some(&'~') => out.push_str("\\~"),
            // Emphasis, unless inside a word.
            '_' => {
                let inside =
                    |neighbour: Option<&char>| neighbour.is_some_and(|next| next.is_alphanumeric());
                if !inside(
                    index
                        .checked_sub(1)
                        .and_then(|before| characters.get(before)),
                ) || !inside(characters.get(index + 1))
                {
                    out.push('\\');
                }
                out.push('_');
            }
            // The beginning of an entity.
            '&' if characters
                .get(index + 1)
                .is_some_and(|next| next.is_ascii_alphabetic() || *next == '#') =>
            {
                out.push_str("\\&");
            }
            '\n' | '\r' | '\t' => out.push(' '),
            other if is_unsafe(other) => out.extend(other.escape_unicode()),
            other => out.push(other),
        }
    }
    out
}

/// Text of several lines, each so that it neither begins a heading, a list, a quotation nor a rule.
pub(super) fn lines(text: &str) -> Vec<String> {
    let text = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{0C}', '\u{2028}', '\u{2029}'], "\n");
    text.trim_matches(['\0', ' ', '\n'])
        .split('\n')
        .map(|line| start(&inline(line)))
        .collect()
}

fn start(line: &str) -> String {
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        Some(b'#' | b'-' | b'+' | b'>' | b'=' | b':') if digits == 0 => format!("\\{line}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_form_markdown() {
        assert_eq!(
            inline("a *b* <b> [x](y) | T2_FSE _c_ &amp;"),
            r"a \*b\* \<b> [x\](y) \| T2_FSE \_c\_ \&amp;"
        );
        assert_eq!(
            lines("# head\r\n- item\r1. one\n\u{2028}> quote"),
            [r"\# head", r"\- item", r"1\. one", "", r"\> quote"]
        );
        assert_eq!(inline("a\u{202E}b\u{7}"), r"a\u{202e}b\u{7}");
    }
}
