//! Character maps from codes to Unicode (ISO 32000-1 9.10.3).

use std::collections::BTreeMap;

use super::token::{Token, Tokens};

/// A map: single codes and ranges, kept as ranges however long they claim to be.
#[derive(Debug, Default)]
pub(super) struct ToUnicode {
    /// By first code: last code, and the text of the first.
    ranges: BTreeMap<u32, (u32, String)>,
    /// Bytes of a code, where the map says one length for all.
    pub(super) code_length: Option<usize>,
}

impl ToUnicode {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut tokens = Tokens::new(bytes);
        while let Some(token) = tokens.next() {
            match token {
                Token::Word(b"begincodespacerange") => map.code_space(&mut tokens),
                Token::Word(b"beginbfchar") => map.characters(&mut tokens),
                Token::Word(b"beginbfrange") => map.ranges(&mut tokens),
                _ => {}
            }
        }
        map
    }

    fn code_space(&mut self, tokens: &mut Tokens<'_>) {
        let mut lengths: Vec<usize> = Vec::new();
        while let Some(Token::String(bound)) = tokens.next() {
            lengths.push(bound.len());
        }
        if let [first, rest @ ..] = &lengths[..]
            && rest.iter().all(|length| length == first)
        {
            self.code_length = Some(*first).filter(|length| (1..=4).contains(length));
        }
    }

    fn characters(&mut self, tokens: &mut Tokens<'_>) {
        while let (Some(Token::String(code)), Some(Token::String(text))) =
            (tokens.next(), tokens.next())
        {
            let code = number(&code);
            self.ranges.insert(code, (code, utf16(&text)));
        }
    }

    fn ranges(&mut self, tokens: &mut Tokens<'_>) {
        while let (Some(Token::String(first)), Some(Token::String(last))) =
            (tokens.next(), tokens.next())
        {
            let (first, last) = (number(&first), number(&last));
            match tokens.next() {
                Some(Token::String(text)) => {
                    self.ranges.insert(first, (last.max(first), utf16(&text)));
                }
                Some(Token::ArrayStart) => {
                    for code in first.. {
                        let Some(Token::String(text)) = tokens.next() else {
                            break;
                        };
                        self.ranges.insert(code, (code, utf16(&text)));
                    }
                }
                _ => return,
            }
        }
    }

    /// The text of a code. In a range only the last character counts up.
    pub(super) fn text(&self, code: u32) -> Option<String> {
        let (&first, (last, text)) = self.ranges.range(..=code).next_back()?;
        if code > *last {
            return None;
        }
        let mut characters: Vec<char> = text.chars().collect();
        if let Some(end) = characters.last_mut() {
            *end = char::from_u32(u32::from(*end) + (code - first))
                .unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        Some(characters.into_iter().collect())
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter()
        .take(4)
        .fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&unit| u16::from_be_bytes(unit));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
