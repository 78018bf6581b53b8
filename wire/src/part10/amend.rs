//! The same data set with some attributes changed, and what they were before kept (PS3.3 C.12.1.1.9).

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::recode::{has_long_form, padding};
use super::walk::{Syntax, Visit, walk};
use super::{Element, Layout, ScanError, bytes, source_of};

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// New values of attributes of the data set itself, and who says so.
#[derive(Debug, Clone)]
pub struct Amendment<'a> {
    /// The values, as they are encoded, without padding. Texts only: numbers are not turned around.
    pub values: &'a BTreeMap<Tag, (VR, Vec<u8>)>,
    /// Attribute Modification DateTime (0400,0562).
    pub at: &'a str,
    /// Modifying System (0400,0563).
    pub system: &'a str,
    /// Source of Previous Values (0400,0564); may be empty.
    pub source: &'a str,
    /// Whether the previous values are kept in Original Attributes Sequence.
    pub history: bool,
    /// Whether the private elements of the data set itself are left out.
    pub without_private: bool,
}

/// A piece of an amended data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patch {
    /// These bytes of the original, in [`Layout`]'s offsets.
    Copy(Range<u64>),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Changes attributes of a data set in its own encoding, in pieces that cover all of it.
///
/// Where values change, Original Attributes Sequence (0400,0561) gets one more item, with the previous values byte for byte, those that were not there being empty. What is not touched stays as it
/// was, down to its byte; only group lengths of groups that change are left out.
///
/// # Errors
/// As [`scan`](super::scan); also where there is an Original Attributes Sequence already that is written as something else than a sequence.
pub fn amend(
    mut reader: impl Read + Seek,
    layout: &Layout,
    amendment: &Amendment<'_>,
) -> Result<Vec<Patch>, ScanError> {
    let syntax = layout.encoding.syntax();
    let mut elements = Elements::default();
    let end = {
        let mut source = source_of(&mut reader, layout)?;
        walk(&mut source, syntax, &layout.limits, &mut elements)?;
        source.position()
    };
    let elements = elements.until(end);
    let there: HashMap<Tag, Range<u64>> = elements.iter().rev().cloned().collect();

    let earlier = match there.get(&tags::ORIGINAL_ATTRIBUTES_SEQUENCE) {
        Some(range) => {
            let head = range.start..range.end.min(range.start + 12);
            let head = bytes(&mut reader, layout, head)?;
            items(syntax, &head, range).ok_or_else(|| ScanError::BadVr {
                offset: range.start,
                tag: tags::ORIGINAL_ATTRIBUTES_SEQUENCE,
                vr: head
                    .get(4..6)
                    .unwrap_or_default()
                    .escape_ascii()
                    .to_string(),
            })?
        }
        None => 0..0,
    };
    let mut changed: BTreeMap<Tag, Vec<Patch>> = BTreeMap::new();
    for (tag, (vr, value)) in amendment.values {
        changed.insert(*tag, vec![Patch::Bytes(element(syntax, *tag, *vr, value))]);
    }
    if amendment.history && !amendment.values.is_empty() {
        let history = history(syntax, amendment, &there, earlier);
        changed.insert(tags::ORIGINAL_ATTRIBUTES_SEQUENCE, history);
    }

    let mut patches = Patches::default();
    let mut left = changed.clone();
    for (tag, range) in elements {
        if tag.1 == 0 && changed.keys().any(|other| other.0 == tag.0) {
            continue;
        }
        if amendment.without_private && tag.0 % 2 == 1 && !changed.contains_key(&tag) {
            continue;
        }
        while let Some(first) = left.first_entry()
            && *first.key() < tag
            && !there.contains_key(first.key())
        {
            patches.all.extend(first.remove());
        }
        match (left.remove(&tag), changed.contains_key(&tag)) {
            (Some(new), _) => patches.all.extend(new),
            (None, true) => {}
            (None, false) => patches.copy(range),
        }
    }
    patches.all.extend(left.into_values().flatten());
    Ok(patches.all)
}

/// The whole of Original Attributes Sequence: the items that were there, and one more.
fn history(
    syntax: Syntax,
    amendment: &Amendment<'_>,
    there: &HashMap<Tag, Range<u64>>,
    earlier: Range<u64>,
) -> Vec<Patch> {
    let text = |tag, vr, text: &str| element(syntax, tag, vr, text.as_bytes());
    let mut bytes = open(syntax, tags::ORIGINAL_ATTRIBUTES_SEQUENCE);
    let mut patches = Vec::new();
    if !earlier.is_empty() {
        patches.push(Patch::Bytes(std::mem::take(&mut bytes)));
        patches.push(Patch::Copy(earlier));
    }
    bytes.extend(delimiter(syntax, ITEM, u32::MAX));
    bytes.extend(open(syntax, tags::MODIFIED_ATTRIBUTES_SEQUENCE));
    bytes.extend(delimiter(syntax, ITEM, u32::MAX));
    for (tag, (vr, _)) in amendment.values {
        match there.get(tag) {
            Some(before) => {
                patches.push(Patch::Bytes(std::mem::take(&mut bytes)));
                patches.push(Patch::Copy(before.clone()));
            }
            None => bytes.extend(element(syntax, *tag, *vr, b"")),
        }
    }
    bytes.extend(delimiter(syntax, ITEM_END, 0));
    bytes.extend(delimiter(syntax, SEQUENCE_END, 0));
    bytes.extend(text(
        tags::ATTRIBUTE_MODIFICATION_DATE_TIME,
        VR::DT,
        amendment.at,
    ));
    bytes.extend(text(tags::MODIFYING_SYSTEM, VR::LO, amendment.system));
    bytes.extend(text(
        tags::SOURCE_OF_PREVIOUS_VALUES,
        VR::LO,
        amendment.source,
    ));
    bytes.extend(text(
        tags::REASON_FOR_THE_ATTRIBUTE_MODIFICATION,
        VR::CS,
        "COERCE",
    ));
    bytes.extend(delimiter(syntax, ITEM_END, 0));
    bytes.extend(delimiter(syntax, SEQUENCE_END, 0));
    patches.push(Patch::Bytes(bytes));
    patches
}

/// Where the items of a sequence lie, without its head and delimiter; `None` if it is written as something else.
fn items(syntax: Syntax, head: &[u8], whole: &Range<u64>) -> Option<Range<u64>> {
    let at = if syntax.implicit { 4 } else { 8 };
    if !syntax.implicit && head.get(4..6)? != b"SQ" {
        return None;
    }
    let length: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
    let end = match length {
        [0xFF, 0xFF, 0xFF, 0xFF] => whole.end.checked_sub(8)?,
        _ => whole.end,
    };
    let start = whole.start + at as u64 + 4;
    (start <= end).then_some(start..end)
}

/// The elements of the data set itself and where each starts.
#[derive(Default)]
struct Elements(Vec<(Tag, u64)>);

impl Elements {
    fn until(self, end: u64) -> Vec<(Tag, Range<u64>)> {
        let ends = self.0.iter().skip(1).map(|(_, start)| *start).chain([end]);
        let ends: Vec<_> = ends.collect();
        let whole = |((tag, start), end)| (tag, start..end);
        self.0.into_iter().zip(ends).map(whole).collect()
    }
}

impl Visit for Elements {
    fn element(&mut self, tag: Tag, nested: bool, offset: u64) {
        if !nested {
            self.0.push((tag, offset));
        }
    }

    fn wants(&self, _tag: Tag, _nested: bool) -> bool {
        false
    }

    fn value(&mut self, _tag: Tag, _vr: VR, _bytes: Vec<u8>) {}
    fn bulk(&mut self, _element: Element) {}
    fn open_sequence(&mut self, _tag: Tag) {}
    fn open_item(&mut self) {}
    fn close_item(&mut self) {}
    fn close_sequence(&mut self) {}
}

/// Patches with neighbours joined.
#[derive(Default)]
struct Patches {
    all: Vec<Patch>,
}

impl Patches {
    fn copy(&mut self, range: Range<u64>) {
        match self.all.last_mut() {
            Some(Patch::Copy(last)) if last.end == range.start => last.end = range.end,
            _ => self.all.push(Patch::Copy(range)),
        }
    }
}

fn short(syntax: Syntax, n: u16) -> [u8; 2] {
    if syntax.big {
        n.to_be_bytes()
    } else {
        n.to_le_bytes()
    }
}

fn long(syntax: Syntax, n: u32) -> [u8; 4] {
    if syntax.big {
        n.to_be_bytes()
    } else {
        n.to_le_bytes()
    }
}

/// An item, or a delimiter.
fn delimiter(syntax: Syntax, tag: Tag, length: u32) -> Vec<u8> {
    let mut bytes = [short(syntax, tag.0), short(syntax, tag.1)].concat();
    bytes.extend(long(syntax, length));
    bytes
}

/// The head of a sequence of undefined length.
fn open(syntax: Syntax, tag: Tag) -> Vec<u8> {
    head(syntax, tag, VR::SQ, u32::MAX)
}

fn head(syntax: Syntax, tag: Tag, vr: VR, length: u32) -> Vec<u8> {
    let mut bytes = [short(syntax, tag.0), short(syntax, tag.1)].concat();
    if syntax.implicit {
        bytes.extend(long(syntax, length));
        return bytes;
    }
    // A value that is too long for the short form goes out as UN (PS3.5 6.2.2).
    let vr = if has_long_form(vr) || length <= 0xFFFE {
        vr
    } else {
        VR::UN
    };
    bytes.extend(vr.to_string().as_bytes());
    if has_long_form(vr) {
        bytes.extend([0, 0]);
        bytes.extend(long(syntax, length));
    } else {
        bytes.extend(short(syntax, length as u16));
    }
    bytes
}

fn element(syntax: Syntax, tag: Tag, vr: VR, value: &[u8]) -> Vec<u8> {
    let odd = value.len() % 2;
    let mut bytes = head(syntax, tag, vr, (value.len() + odd) as u32);
    bytes.extend(value);
    bytes.extend(vec![padding(vr); odd]);
    bytes
}
