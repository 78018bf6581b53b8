//! Text of a data set in its Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1).
//!
//! Decoding never fails: what a character set does not know becomes U+FFFD or, where the set
//! itself is not known, is read as UTF-8 or Latin 1.

use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

const ESCAPE: u8 = 0x1B;

/// The character sets that a data set names, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charset {
    /// What bytes mean before any escape sequence.
    initial: Set,
    /// Whether escape sequences switch (ISO 2022).
    extended: bool,
}

/// One set, by what decodes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// By its defined term, in dicom-encoding.
    Term(&'static str),
    /// ISO 8859-9, Turkish.
    Latin5,
    /// ISO 8859-15, with the euro sign.
    Latin9,
    /// None that is known.
    Unknown,
}

/// The defined terms that dicom-encoding decodes, without prefix.
const TERMS: [&str; 13] = [
    "IR 13", "IR 100", "IR 101", "IR 109", "IR 110", "IR 126", "IR 127", "IR 138", "IR 144",
    "IR 149", "IR 166", "IR 192", "IR 58",
];

/// What follows ESC, and the set that it puts into the upper half (PS3.3 C.12.1.1.2).
const UPPER: [(&[u8], Set); 15] = [
    (b")I", Set::Term("IR 13")),
    (b"-A", Set::Term("IR 100")),
    (b"-B", Set::Term("IR 101")),
    (b"-C", Set::Term("IR 109")),
    (b"-D", Set::Term("IR 110")),
    (b"-F", Set::Term("IR 126")),
    (b"-G", Set::Term("IR 127")),
    (b"-H", Set::Term("IR 138")),
    (b"-L", Set::Term("IR 144")),
    (b"-M", Set::Latin5),
    (b"-T", Set::Term("IR 166")),
    (b"-b", Set::Latin9),
    (b"$)C", Set::Term("IR 149")),
    (b"$)A", Set::Term("IR 58")),
    (b"$A", Set::Term("IR 58")),
];

/// What follows ESC, and whether two bytes make a character in the lower half then.
const LOWER: [(&[u8], bool); 4] = [
    (b"(B", false),
    (b"(J", false),
    (b"$B", true),
    (b"$(D", true),
];

impl Charset {
    /// ISO IR 6, for a data set that names none.
    pub const DEFAULT: Charset = Charset {
        initial: Set::Unknown,
        extended: false,
    };

    /// Reads the values of Specific Character Set (0008,0005).
    ///
    /// ```
    /// use dicom_wire::charset::Charset;
    ///
    /// let charset = Charset::from_terms(&["", "ISO 2022 IR 87"]);
    /// assert_eq!(charset.decode(b"Yamada=\x1b$B;3ED\x1b(B"), "Yamada=山田");
    /// ```
    pub fn from_terms(terms: &[impl AsRef<str>]) -> Charset {
        let first = terms.first().map_or("", |term| term.as_ref().trim());
        let extended = terms.len() > 1 || first.starts_with("ISO 2022");
        Charset {
            initial: set(first),
            extended,
        }
    }

    /// Encodes a text, if the first of the character sets has it without an escape sequence.
    ///
    /// ```
    /// use dicom_wire::charset::Charset;
    ///
    /// assert_eq!(Charset::from_terms(&["ISO_IR 100"]).encode("Müller"), Some(b"M\xFCller".to_vec()));
    /// assert_eq!(Charset::from_terms(&["ISO_IR 100"]).encode("山田"), None);
    /// ```
    pub fn encode(&self, text: &str) -> Option<Vec<u8>> {
        if text.is_ascii() {
            return Some(text.as_bytes().to_vec());
        }
        let encoded = match self.initial {
            Set::Term(term) => codec(term)?.encode(text).ok()?,
            Set::Latin5 | Set::Latin9 | Set::Unknown => return None,
        };
        // What a set does not have, some codecs replace.
        (self.decode(&encoded) == text).then_some(encoded)
    }

    /// Decodes a whole value, with all its components and backslashes.
    pub fn decode(&self, bytes: &[u8]) -> String {
        if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
            return bytes.iter().map(|&b| char::from(b)).collect();
        }
        if !self.extended || !bytes.contains(&ESCAPE) {
            return self.initial.decode(bytes);
        }
        let mut text = String::new();
        let (mut upper, mut wide) = (self.initial, None);
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if first == ESCAPE {
                let after = &rest[1..];
                if let Some((sequence, set)) = UPPER.iter().find(|(s, _)| after.starts_with(s)) {
                    upper = *set;
                    rest = &after[sequence.len()..];
                } else if let Some((sequence, two)) =
                    LOWER.iter().find(|(s, _)| after.starts_with(s))
                {
                    wide = two.then_some(&rest[..=sequence.len()]);
                    rest = &after[sequence.len()..];
                } else {
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = after;
                }
                continue;
            }
            if first < 0x80
                && let Some(escape) = wide.filter(|_| first > 0x20)
            {
                let run = run(rest, |b| (0x21..0x7F).contains(&b));
                text.push_str(&Set::Term("IR 87").decode(&[escape, run].concat()));
                rest = &rest[run.len()..];
                continue;
            }
            if first < 0x80 {
                // Delimiters and control characters bring the first set back (PS3.5 6.1.2.5.3).
                if matches!(first, b'\\' | b'^' | b'=' | 0x09..=0x0D) {
                    (upper, wide) = (self.initial, None);
                }
                text.push(char::from(first));
                rest = &rest[1..];
                continue;
            }
            let run = run(rest, |b| b >= 0x80);
            text.push_str(&upper.decode(run));
            rest = &rest[run.len()..];
        }
        text
    }
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes
        .iter()
        .position(|&b| !belongs(b))
        .unwrap_or(bytes.len());
    &bytes[..length]
}

fn set(term: &str) -> Set {
    let name = term
        .trim_start_matches("ISO_")
        .trim_start_matches("ISO 2022 ")
        .replace('_', " ");
    match name.as_str() {
        "IR 148" => Set::Latin5,
        "IR 203" => Set::Latin9,
        "IR 87" => Set::Term("IR 87"),
        "GB18030" => Set::Term("GB18030"),
        "GBK" | "GB2312" => Set::Term("IR 58"),
        name => TERMS
            .iter()
            .find(|t| **t == name)
            .map_or(Set::Unknown, |t| Set::Term(t)),
    }
}

/// What encodes and decodes a set that dicom-encoding has.
fn codec(term: &str) -> Option<SpecificCharacterSet> {
    let code = match term {
        "GB18030" => term.to_owned(),
        "IR 58" => "GBK".to_owned(),
        _ => format!("ISO_{term}"),
    };
    SpecificCharacterSet::from_code(&code)
}

impl Set {
    fn decode(self, bytes: &[u8]) -> String {
        let latin = |b: &u8| char::from(*b);
        match self {
            Set::Term(term) => {
                let decoded = codec(term).and_then(|codec| codec.decode(bytes).ok());
                decoded.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
            }
            Set::Latin5 => bytes
                .iter()
                .map(|b| match b {
                    0xD0 => 'Ğ',
                    0xDD => 'İ',
                    0xDE => 'Ş',
                    0xF0 => 'ğ',
                    0xFD => 'ı',
                    0xFE => 'ş',
                    other => latin(other),
                })
                .collect(),
            Set::Latin9 => bytes
                .iter()
                .map(|b| match b {
                    0xA4 => '€',
                    0xA6 => 'Š',
                    0xA8 => 'š',
                    0xB4 => 'Ž',
                    0xB8 => 'ž',
                    0xBC => 'Œ',
                    0xBD => 'œ',
                    0xBE => 'Ÿ',
                    other => latin(other),
                })
                .collect(),
            Set::Unknown => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => bytes.iter().map(latin).collect(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of PS3.5 annexes H, I, J and K, and a line for each other set.
    #[test]
    fn names_of_the_standard_decode() {
        let cases: [(&[&str], &[u8], &str); 12] = [
            (&[], b"Doe^John", "Doe^John"),
            (&["ISO_IR 100"], b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
            (&["ISO_IR 144"], b"\xbb\xee\xda\x63\xd5\xdc\xd1\xe3\xe0\xd3", "Люкcембург"),
            (&["ISO_IR 148"], b"\xc7avu\xfeo\xf0lu", "Çavuşoğlu"),
            (&["ISO_IR 192"], "Wang^XiaoDong=王^小東".as_bytes(), "Wang^XiaoDong=王^小東"),
            (&["GB18030"], b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang^XiaoDong=王^小东"),
            (
                &["", "ISO 2022 IR 87"],
                b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
                "Yamada^Tarou=山田^太郎=やまだ^たろう",
            ),
            (
                &["ISO 2022 IR 13", "ISO 2022 IR 87"],
                b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
                "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
            ),
            (
                &["", "ISO 2022 IR 149"],
                b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7",
                "Hong^Gildong=洪^吉洞",
            ),
            (
                &["", "ISO 2022 IR 58"],
                b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
                "Zhang^XiaoDong=张^小东",
            ),
            (
                &["ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 144"],
                b"\x1b-AJ\xe9r\xf4me^\x1b-L\xbb\xee\xda",
                "Jérôme^Люк",
            ),
            (&["WHATEVER"], b"J\xe9r\xf4me", "Jérôme"),
        ];
        for (terms, bytes, text) in cases {
            assert_eq!(Charset::from_terms(terms).decode(bytes), text, "{terms:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_something(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(ESCAPE), Just(b'$')], 0..40),
            terms in prop::collection::vec("(|ISO_IR 192|ISO 2022 IR 87|ISO 2022 IR 149|GB18030|X)", 0..3),
        ) {
            let _ = Charset::from_terms(&terms).decode(&bytes);
        }
    }
}
