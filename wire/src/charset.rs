//! Text of a data set in its Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1).
//!
//! Decoding never fails: what a character set does not know becomes U+FFFD or, where the set
//! itself is not known, is read as UTF-8 or Latin 1.

use dicom_core::VR;
use encoding_rs::{
    EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4,
    ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, SHIFT_JIS, UTF_8, WINDOWS_874,
};

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
    /// As the web has it, which is the same or, in bytes that DICOM does not use, more.
    Web(&'static Encoding),
    /// ISO 8859-1; the web's has other characters from 0x80 to 0x9F.
    Latin1,
    /// ISO 8859-9, Turkish.
    Latin5,
    /// ISO 8859-15, with the euro sign.
    Latin9,
    /// None that is known.
    Unknown,
}

/// Sets by the number of their defined term.
static NUMBERS: [(&str, Set); 16] = [
    ("13", Set::Web(SHIFT_JIS)),
    ("58", Set::Web(GBK)),
    ("87", Set::Web(ISO_2022_JP)),
    ("100", Set::Latin1),
    ("101", Set::Web(ISO_8859_2)),
    ("109", Set::Web(ISO_8859_3)),
    ("110", Set::Web(ISO_8859_4)),
    ("126", Set::Web(ISO_8859_7)),
    ("127", Set::Web(ISO_8859_6)),
    ("138", Set::Web(ISO_8859_8)),
    ("144", Set::Web(ISO_8859_5)),
    ("148", Set::Latin5),
    ("149", Set::Web(EUC_KR)),
    ("166", Set::Web(WINDOWS_874)),
    ("192", Set::Web(UTF_8)),
    ("203", Set::Latin9),
];

/// What follows ESC, and the set that it puts into the upper half (PS3.3 C.12.1.1.2).
static UPPER: [(&[u8], Set); 15] = [
    (b")I", Set::Web(SHIFT_JIS)),
    (b"-A", Set::Latin1),
    (b"-B", Set::Web(ISO_8859_2)),
    (b"-C", Set::Web(ISO_8859_3)),
    (b"-D", Set::Web(ISO_8859_4)),
    (b"-F", Set::Web(ISO_8859_7)),
    (b"-G", Set::Web(ISO_8859_6)),
    (b"-H", Set::Web(ISO_8859_8)),
    (b"-L", Set::Web(ISO_8859_5)),
    (b"-M", Set::Latin5),
    (b"-T", Set::Web(WINDOWS_874)),
    (b"-b", Set::Latin9),
    (b"$)C", Set::Web(EUC_KR)),
    (b"$)A", Set::Web(GBK)),
    (b"$A", Set::Web(GBK)),
];

/// What follows ESC, and what it puts into the lower half; JIS C 6226 of 1978 is read as its successor.
const LOWER: [(&[u8], Lower); 5] = [
    (b"(B", Lower::Ascii),
    (b"(J", Lower::Ascii),
    (b"$B", Lower::Kanji),
    (b"$@", Lower::Kanji),
    (b"$(D", Lower::Supplement),
];

/// What the bytes below 0x80 mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lower {
    /// ISO IR 6, or the Roman letters of ISO IR 14.
    Ascii,
    /// ISO IR 87, JIS X 0208: two bytes a character.
    Kanji,
    /// ISO IR 159, JIS X 0212: two bytes a character.
    Supplement,
}

/// Sets that do not allow code extensions (PS3.3 C.12.1.1.2, table C.12-5).
///
/// GBK has the decoder of ISO 2022 IR 58, which is designated by an escape sequence, so the term is asked for.
const ALONE: [&str; 3] = ["IR 192", "GB18030", "GBK"];

impl Charset {
    /// ISO IR 6, for a data set that names none.
    pub const DEFAULT: Charset = Charset {
        initial: Set::Unknown,
        extended: false,
    };

    /// Reads the values of Specific Character Set (0008,0005).
    ///
    /// ```
    /// use dicom_core::VR;
    /// use dicom_wire::charset::Charset;
    ///
    /// let charset = Charset::from_terms(&["", "ISO 2022 IR 87"]);
    /// assert_eq!(charset.decode(VR::PN, b"Yamada=\x1b$B;3ED\x1b(B"), "Yamada=山田");
    /// ```
    pub fn from_terms(terms: &[impl AsRef<str>]) -> Charset {
        let first = terms.first().map_or("", |term| term.as_ref().trim());
        let initial = set(first);
        let extended = terms.len() > 1 || first.starts_with("ISO 2022");
        Charset {
            initial,
            extended: extended && !ALONE.iter().any(|term| first.ends_with(term)),
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
            // JIS X 0201 is the part of Shift JIS that has one byte a character.
            Set::Web(encoding) if encoding == SHIFT_JIS => {
                web(encoding, text).filter(|encoded| encoded.len() == text.chars().count())?
            }
            Set::Web(encoding) if encoding == ISO_2022_JP => return None,
            Set::Web(encoding) => web(encoding, text)?,
            Set::Latin1 => text
                .chars()
                .map(|character| u8::try_from(character).ok())
                .collect::<Option<_>>()?,
            Set::Latin5 | Set::Latin9 | Set::Unknown => return None,
        };
        (self.decode(VR::LT, &encoded) == text).then_some(encoded)
    }

    /// Decodes a whole value, with all its components and backslashes.
    ///
    /// The VR tells what ends the effect of an escape sequence: control characters always, the backslash where it parts
    /// values, `^` and `=` in names only (PS3.5 6.1.2.5.3).
    pub fn decode(&self, vr: VR, bytes: &[u8]) -> String {
        if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
            return bytes.iter().map(|&b| char::from(b)).collect();
        }
        if !self.extended || !bytes.contains(&ESCAPE) {
            return self.initial.decode(bytes);
        }
        let mut text = String::new();
        let (mut upper, mut lower) = (self.initial, Lower::Ascii);
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if first == ESCAPE {
                let after = &rest[1..];
                if let Some((sequence, set)) = UPPER.iter().find(|(s, _)| after.starts_with(s)) {
                    upper = *set;
                    rest = &after[sequence.len()..];
                } else if let Some((sequence, set)) =
                    LOWER.iter().find(|(s, _)| after.starts_with(s))
                {
                    lower = *set;
                    rest = &after[sequence.len()..];
                } else {
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = after;
                }
                continue;
            }
            if first < 0x80 && lower != Lower::Ascii && first > 0x20 {
                let run = run(rest, |b| (0x21..0x7F).contains(&b));
                text.push_str(&lower.decode(run));
                rest = &rest[run.len()..];
                if run.is_empty() {
                    // DEL is in no set.
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &rest[1..];
                }
                continue;
            }
            if first < 0x80 {
                if ends_escape(vr, first) {
                    (upper, lower) = (self.initial, Lower::Ascii);
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

/// Whether the first set is active again from here.
fn ends_escape(vr: VR, byte: u8) -> bool {
    match byte {
        0x09..=0x0D => true,
        b'\\' => !matches!(vr, VR::LT | VR::ST | VR::UT),
        b'^' | b'=' => vr == VR::PN,
        _ => false,
    }
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes
        .iter()
        .position(|&b| !belongs(b))
        .unwrap_or(bytes.len());
    &bytes[..length]
}

/// The set of a defined term, also where the words before its number are misspelt, as `ISO-IR 100` and `ISO_IR_100`.
fn set(term: &str) -> Set {
    let name = term.trim().to_ascii_uppercase();
    match name.as_str() {
        "GB18030" => return Set::Web(GB18030),
        "GBK" | "GB2312" => return Set::Web(GBK),
        _ => (),
    }
    let number = name.rsplit_once("IR").map_or("", |(_, number)| number);
    let number = number.trim_start_matches(['_', '-', ' ']);
    let found = NUMBERS.iter().find(|(known, _)| *known == number);
    found.map_or(Set::Unknown, |(_, set)| *set)
}

fn web(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (encoded, _, is_lossy) = encoding.encode(text);
    (!is_lossy).then(|| encoded.into_owned())
}

impl Lower {
    /// Decodes two-byte characters by way of EUC, which has both tables; half a character at the end is said to be one.
    fn decode(self, run: &[u8]) -> String {
        let mut euc = Vec::with_capacity(run.len() * 3 / 2);
        let pairs = run.chunks_exact(2);
        let half = !pairs.remainder().is_empty();
        for pair in pairs {
            if self == Lower::Supplement {
                euc.push(0x8F);
            }
            euc.extend(pair.iter().map(|byte| byte | 0x80));
        }
        let mut text = EUC_JP.decode_without_bom_handling(&euc).0.into_owned();
        if half {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text
    }
}

impl Set {
    fn decode(self, bytes: &[u8]) -> String {
        let latin = |b: &u8| char::from(*b);
        match self {
            Set::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Set::Latin1 => bytes.iter().map(latin).collect(),
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
            assert_eq!(
                Charset::from_terms(terms).decode(VR::PN, bytes),
                text,
                "{terms:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_something(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(ESCAPE), Just(b'$')], 0..40),
            vr in prop::sample::select(vec![VR::PN, VR::LO, VR::UT]),
            terms in prop::collection::vec("(|ISO_IR 192|ISO 2022 IR 87|ISO 2022 IR 149|ISO 2022 IR 159|GB18030|X)", 0..3),
        ) {
            let _ = Charset::from_terms(&terms).decode(vr, &bytes);
        }
    }
}
