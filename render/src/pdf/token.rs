//! The tokens of content streams and character maps (ISO 32000-1 7.2 and 7.8).

/// One token; arrays and dictionaries come as their brackets.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    Name(Vec<u8>),
    String(Vec<u8>),
    ArrayStart,
    ArrayEnd,
    DictionaryStart,
    DictionaryEnd,
    /// An operator, `true`, `false` or `null`.
    Word(&'a [u8]),
}

/// Tokens of some bytes. Never fails: what is no token is skipped.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes the data of an inline image, after its `ID`: up to an `EI` that stands alone.
    pub(super) fn skip_inline_image(&mut self) {
        let rest = &self.bytes[self.at..];
        let alone = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        let end = memchr::memmem::find_iter(rest, b"EI")
            .find(|&at| at > 0 && alone(rest.get(at - 1)) && alone(rest.get(at + 2)));
        self.at = end.map_or(self.bytes.len(), |end| self.at + end + 2);
    }

    fn string(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut depth = 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    self.escape(&mut out);
                    continue;
                }
                _ => {}
            }
            out.push(byte);
        }
        out
    }

    fn escape(&mut self, out: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else {
                        break;
                    };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                out.push(value as u8);
            }
            other => out.push(other),
        }
    }

    fn hex_string(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            digits.extend((byte as char).to_digit(16).map(|digit| digit as u8));
        }
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
            .collect()
    }

    fn name(&mut self) -> Vec<u8> {
        let word = self.word();
        let mut name = Vec::with_capacity(word.len());
        let mut at = 0;
        while at < word.len() {
            let digit = |offset: usize| {
                word.get(at + offset)
                    .and_then(|&byte| (byte as char).to_digit(16))
            };
            match (word[at], digit(1), digit(2)) {
                (b'#', Some(high), Some(low)) => {
                    name.push((high << 4 | low) as u8);
                    at += 3;
                }
                (byte, ..) => {
                    name.push(byte);
                    at += 1;
                }
            }
        }
        name
    }

    fn word(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let end = rest
            .iter()
            .position(|&byte| is_space(byte) || is_delimiter(byte))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = self.peek()?;
            let next = self.bytes.get(self.at + 1).copied();
            self.at += 1;
            return Some(match (byte, next) {
                (byte, _) if is_space(byte) => continue,
                (b'%', _) => {
                    let rest = &self.bytes[self.at..];
                    self.at += rest
                        .iter()
                        .position(|byte| matches!(byte, 10 | 13))
                        .unwrap_or(rest.len());
                    continue;
                }
                (b'(', _) => Token::String(self.string()),
                (b'/', _) => Token::Name(self.name()),
                (b'[', _) => Token::ArrayStart,
                (b']', _) => Token::ArrayEnd,
                (b'<', Some(b'<')) => {
                    self.at += 1;
                    Token::DictionaryStart
                }
                (b'>', Some(b'>')) => {
                    self.at += 1;
                    Token::DictionaryEnd
                }
                (b'<', _) => Token::String(self.hex_string()),
                (byte, _) if is_delimiter(byte) => continue,
                _ => {
                    self.at -= 1;
                    let word = self.word();
                    let number = std::str::from_utf8(word)
                        .ok()
                        .and_then(|text| text.parse::<f64>().ok());
                    // Rust reads `nan` and `inf` as numbers, PDF does not.
                    number
                        .filter(|number| number.is_finite())
                        .map_or(Token::Word(word), Token::Number)
                }
            });
        }
    }
}
