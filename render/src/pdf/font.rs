//! Fonts as far as text needs them: what a code means and how wide it is (ISO 32000-1 9.6, 9.7, 9.10).

use std::collections::HashMap;
use std::rc::Rc;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, GB18030, SHIFT_JIS, UTF_16BE};
use lopdf::{Dictionary, Document, Object};

use super::stream::Budget;
use super::tounicode::ToUnicode;
use super::{PdfError, glyphs, resolve};

/// The fonts met so far, by the address of their dictionary.
#[derive(Default)]
pub(super) struct Fonts {
    known: HashMap<*const Dictionary, Rc<Font>>,
}

impl Fonts {
    pub(super) fn get(
        &mut self,
        document: &Document,
        font: &Dictionary,
        budget: &mut Budget,
    ) -> Result<Rc<Font>, PdfError> {
        if let Some(font) = self.known.get(&std::ptr::from_ref(font)) {
            return Ok(Rc::clone(font));
        }
        let read = Rc::new(Font::read(document, font, budget)?);
        self.known
            .insert(std::ptr::from_ref(font), Rc::clone(&read));
        Ok(read)
    }
}

pub(super) struct Font {
    to_unicode: Option<ToUnicode>,
    codes: Codes,
    widths: HashMap<u32, f32>,
    default_width: Width,
}

/// What the codes of a string are.
enum Codes {
    /// One byte each, with its text.
    Simple(Box<[Option<String>; 256]>),
    /// Two bytes each, glyphs of the font: only a character map can tell what they mean.
    Glyphs,
    /// Text in an encoding of East Asia.
    Text(&'static encoding_rs::Encoding),
}

#[derive(Clone, Copy)]
enum Width {
    Of(f32),
    /// A standard font without widths: Helvetica's, times this.
    Standard(f32),
}

/// One code shown.
pub(super) struct Shown {
    pub(super) text: String,
    /// In units of the font size.
    pub(super) width: f32,
    /// A single byte 32, to which word spacing is added.
    pub(super) is_space: bool,
}

impl Font {
    fn read(document: &Document, font: &Dictionary, budget: &mut Budget) -> Result<Self, PdfError> {
        let get = |key: &[u8]| {
            font.get(key)
                .ok()
                .and_then(|object| resolve(document, object))
        };
        let to_unicode = match get(b"ToUnicode").and_then(|object| object.as_stream().ok()) {
            Some(stream) => Some(ToUnicode::read(&budget.unpack(stream)?)),
            None => None,
        };
        let composite = get(b"Subtype").and_then(|object| object.as_name().ok()) == Some(b"Type0");
        if composite {
            let encoding = get(b"Encoding").and_then(|object| object.as_name().ok());
            let descendant = get(b"DescendantFonts")
                .and_then(|object| object.as_array().ok())
                .and_then(|fonts| fonts.first());
            let descendant = descendant
                .and_then(|font| resolve(document, font))
                .and_then(|font| font.as_dict().ok());
            let (widths, default) = descendant.map_or((HashMap::new(), 1000.0), |font| {
                composite_widths(document, font)
            });
            let codes = encoding
                .and_then(east_asian)
                .map_or(Codes::Glyphs, Codes::Text);
            return Ok(Self {
                to_unicode,
                codes,
                widths,
                default_width: Width::Of(default / 1000.0),
            });
        }
        let name = get(b"BaseFont")
            .and_then(|object| object.as_name().ok())
            .unwrap_or_default();
        let (widths, default_width) = simple_widths(document, font, name);
        Ok(Self {
            to_unicode,
            codes: Codes::Simple(simple_codes(document, font)),
            widths,
            default_width,
        })
    }

    /// The codes of a string with their texts and widths.
    pub(super) fn decode(&self, string: &[u8]) -> Vec<Shown> {
        let length = match &self.codes {
            Codes::Simple(_) => 1,
            Codes::Glyphs => self
                .to_unicode
                .as_ref()
                .and_then(|map| map.code_length)
                .unwrap_or(2),
            Codes::Text(codec) if self.to_unicode.is_none() => {
                let (text, _) = codec.decode_without_bom_handling(string);
                let width = if text.is_ascii() { 0.5 } else { 1.0 };
                let shown = |character: char| Shown {
                    text: character.to_string(),
                    width,
                    is_space: false,
                };
                return text.chars().map(shown).collect();
            }
            Codes::Text(_) => 2,
        };
        let mut shown = Vec::with_capacity(string.len() / length);
        for code in string.chunks(length) {
            let number = code
                .iter()
                .fold(0, |number, &byte| number << 8 | u32::from(byte));
            let mapped = self.to_unicode.as_ref().and_then(|map| map.text(number));
            let text = mapped.or_else(|| match &self.codes {
                Codes::Simple(texts) => texts[(number & 0xFF) as usize].clone(),
                Codes::Text(codec) => Some(codec.decode_without_bom_handling(code).0.into_owned()),
                Codes::Glyphs => None,
            });
            // A glyph that nobody can name is shown as such rather than left out.
            let text = text.unwrap_or_else(|| {
                if length > 1 {
                    '\u{FFFD}'.to_string()
                } else {
                    String::new()
                }
            });
            let width = self
                .widths
                .get(&number)
                .copied()
                .unwrap_or_else(|| self.default_width.of(&text));
            shown.push(Shown {
                text,
                width,
                is_space: length == 1 && number == 32,
            });
        }
        shown
    }
}

impl Width {
    fn of(self, text: &str) -> f32 {
        match self {
            Width::Of(width) => width,
            Width::Standard(factor) => {
                let index = text.bytes().next().unwrap_or(b'n').wrapping_sub(32);
                f32::from(HELVETICA.get(usize::from(index)).copied().unwrap_or(556)) / 1000.0
                    * factor
            }
        }
    }
}

/// The encodings that predefined character maps stand for (ISO 32000-1 table 118).
fn east_asian(encoding: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let name = std::str::from_utf8(encoding).ok()?;
    let has = |part: &str| name.contains(part);
    Some(match name {
        _ if has("UCS2") || has("UTF16") => UTF_16BE,
        _ if has("RKSJ") => SHIFT_JIS,
        "EUC-H" | "EUC-V" => EUC_JP,
        _ if has("GBK") || has("GB-EUC") || has("GBpc") => GB18030,
        _ if has("B5") || has("ETen") || has("HKscs") => BIG5,
        _ if has("KSC") => EUC_KR,
        _ => return None,
    })
}

fn simple_codes(document: &Document, font: &Dictionary) -> Box<[Option<String>; 256]> {
    let encoding = font
        .get(b"Encoding")
        .ok()
        .and_then(|object| resolve(document, object));
    let dictionary = encoding.and_then(|object| object.as_dict().ok());
    let name = match dictionary {
        Some(dictionary) => dictionary.get(b"BaseEncoding").ok(),
        None => encoding,
    };
    let base = glyphs::base(name.and_then(|object| object.as_name().ok()));
    let mut texts = Box::new(base.map(|character| character.map(String::from)));
    let differences = dictionary.and_then(|dictionary| dictionary.get(b"Differences").ok());
    let differences = differences
        .and_then(|object| resolve(document, object))
        .and_then(|object| object.as_array().ok());
    let mut code = 0usize;
    for entry in differences.map(Vec::as_slice).unwrap_or_default() {
        match entry {
            Object::Integer(number) => code = usize::try_from(*number).unwrap_or(256),
            Object::Name(name) => {
                if let Some(text) = texts.get_mut(code) {
                    *text = glyphs::text(name);
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    texts
}

fn simple_widths(
    document: &Document,
    font: &Dictionary,
    name: &[u8],
) -> (HashMap<u32, f32>, Width) {
    let numbers = font
        .get(b"Widths")
        .ok()
        .and_then(|object| resolve(document, object))
        .and_then(|object| object.as_array().ok());
    let first = font
        .get(b"FirstChar")
        .ok()
        .and_then(|object| object.as_i64().ok())
        .unwrap_or(0) as u32;
    let numbers = numbers.map(Vec::as_slice).unwrap_or_default();
    let type3 = font
        .get(b"Subtype")
        .ok()
        .and_then(|object| object.as_name().ok())
        == Some(b"Type3");
    // Type 3 fonts have units of their own; one thousandth is the usual choice.
    let unit = if type3 {
        font_unit(font).unwrap_or(0.001)
    } else {
        0.001
    };
    let widths = (first..).zip(numbers.iter().take(256));
    let widths = widths
        .filter_map(|(code, width)| Some((code, number(resolve(document, width)?)? * unit)))
        .collect();
    let has = |part: &str| {
        name.windows(part.len())
            .any(|window| window == part.as_bytes())
    };
    let default = match () {
        _ if has("Courier") => Width::Of(0.6),
        _ if has("Times") => Width::Standard(0.9),
        _ => Width::Standard(1.0),
    };
    (widths, default)
}

fn font_unit(font: &Dictionary) -> Option<f32> {
    number(font.get(b"FontMatrix").ok()?.as_array().ok()?.first()?)
}

/// W and DW of a CIDFont: `first [w w w]` or `first last w`, in thousandths.
fn composite_widths(document: &Document, font: &Dictionary) -> (HashMap<u32, f32>, f32) {
    let default = font.get(b"DW").ok().and_then(number).unwrap_or(1000.0);
    let entries = font
        .get(b"W")
        .ok()
        .and_then(|object| resolve(document, object))
        .and_then(|object| object.as_array().ok());
    let mut entries = entries.map(Vec::as_slice).unwrap_or_default().iter();
    let mut widths = HashMap::new();
    while let (Some(first), Some(second)) = (entries.next(), entries.next()) {
        let first = number(first).unwrap_or(0.0) as u32;
        match resolve(document, second) {
            Some(Object::Array(list)) => {
                for (code, width) in (first..).zip(list) {
                    widths.extend(number(width).map(|width| (code, width / 1000.0)));
                }
            }
            Some(last) => {
                let last = number(last).unwrap_or(0.0) as u32;
                let width = entries.next().and_then(number).unwrap_or(default) / 1000.0;
                // Codes have two bytes at most, whatever a range claims.
                widths.extend((first..=last.min(0xFFFF)).map(|code| (code, width)));
            }
            None => break,
        }
    }
    (widths, default)
}

fn number(object: &Object) -> Option<f32> {
    object.as_float().ok()
}

/// Widths of Helvetica from space to tilde, in thousandths: the standard fonts need not say theirs.
#[rustfmt::skip]
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
    556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
