//! Another file than the stored one, as a rule says.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_wire::part10::{self, Amendment, Bulk, Encoding, Patch, Piece};
use dicom_wire::uid::Uid;

use crate::moment::{FileStyle, Fragments, Misencoded, OffsetTable};
use crate::sink::Sink;
use crate::store::Stored;
use crate::transcode::{self, Begun};

/// Bytes before the file meta information: preamble and prefix (PS3.10 7.1).
const PREAMBLE: usize = 132;
/// Bytes after the last element, where there are some.
const TAIL: usize = 512;
const EXPLICIT_LITTLE: &str = dicom_dictionary_std::uids::EXPLICIT_VR_LITTLE_ENDIAN;
const IMPLICIT_LITTLE: &str = dicom_dictionary_std::uids::IMPLICIT_VR_LITTLE_ENDIAN;

/// Writes an instance in this style, decoded if that was begun.
pub(crate) fn write(
    stored: &Stored,
    style: &FileStyle,
    begun: Option<Begun>,
    sink: &mut Sink,
) -> io::Result<()> {
    let mut meta = stored.layout().meta.clone();
    if let Some(uid) = style.new_uid.as_ref().filter(|_| begun.is_none()) {
        meta.sop_instance = Some(uid.clone());
    }
    let syntax = style
        .claimed
        .as_deref()
        .or(begun.as_ref().map(|_| EXPLICIT_LITTLE));
    if let Some(syntax) = syntax {
        meta.transfer_syntax = Uid::parse(syntax).map_err(io::Error::other)?;
    }
    let head = meta.to_bytes();
    let start = if style.no_preamble { PREAMBLE } else { 0 };
    sink.write_all(head.get(start..).unwrap_or_default())?;
    if style.big_endian_pixels {
        return with_big_endian_pixels(stored, sink);
    }
    if let (Some(unknown), Some(_)) = (&style.unknown, &begun) {
        return under_unknown(stored, unknown, sink);
    }
    if let Some(begun) = begun {
        return transcode::write_data_set(
            stored,
            begun.off_by(style.off_by),
            Encoding::ExplicitLittle,
            sink,
        );
    }
    data_set(stored, style, sink)
}

/// Writes the data set of an instance in this style, in the transfer syntax in which it is stored.
pub(crate) fn data_set(stored: &Stored, style: &FileStyle, sink: &mut Sink) -> io::Result<()> {
    if let Some(how) = style.misencoded {
        return misencoded(stored, how, sink);
    }
    if style.lost_bits > 0 {
        return blurred(stored, style, sink);
    }
    if style.without_private {
        return amended(stored, &BTreeMap::new(), true, sink, &mut |_| Ok(()));
    }
    if let Some(fragments) = style.fragments {
        return around(stored, tags::PIXEL_DATA, sink, &mut |sink| {
            refragmented(stored, fragments, sink)
        });
    }
    match style.without {
        Some(tag) => around(stored, tag, sink, &mut |_| Ok(())),
        None => copy(stored, stored.layout().data_set.clone(), sink),
    }
}

/// An uncompressed data set in Implicit VR Little Endian, but for words of pixels, which are in big endian.
fn with_big_endian_pixels(stored: &Stored, sink: &mut Sink) -> io::Result<()> {
    let (layout, to) = (stored.layout(), Encoding::ImplicitLittle);
    let allocated = stored.element(tags::BITS_ALLOCATED);
    let allocated = allocated.and_then(|element| element.to_int::<u16>().ok());
    let pieces = part10::recode(stored.reader()?, layout, to, &BTreeMap::new());
    for piece in pieces.map_err(io::Error::other)? {
        match piece {
            Piece::Bytes(bytes) => sink.write_all(&bytes)?,
            Piece::Value(element) => transcode::write_bulk(stored, &element, sink)?,
            Piece::Pixels(element) => {
                let Bulk::Whole(range) = &element.value else {
                    return Err(io::Error::other("the pixels are compressed"));
                };
                let length = u32::try_from(range.end - range.start).map_err(io::Error::other)?;
                let head = part10::element_head(to, element.tag, VR::OW, length);
                sink.write_all(&head)?;
                match allocated {
                    Some(16) => turned(stored, range.clone(), sink)?,
                    _ => copy(stored, range.clone(), sink)?,
                }
            }
        }
    }
    Ok(())
}

/// Words in the other byte order.
fn turned(stored: &Stored, range: Range<u64>, sink: &mut Sink) -> io::Result<()> {
    let mut first = None;
    for chunk in stored.chunks(range)? {
        let chunk = chunk?;
        let mut words = Vec::with_capacity(chunk.len() + 1);
        words.extend(first.take());
        words.extend_from_slice(&chunk);
        if words.len() % 2 == 1 {
            first = words.pop();
        }
        part10::turn(&mut words, VR::OW);
        sink.write_all(&words)?;
    }
    sink.write_all(first.as_slice())
}

/// The data set with something else in place of an element.
fn around(
    stored: &Stored,
    tag: Tag,
    sink: &mut Sink,
    instead: &mut dyn FnMut(&mut Sink) -> io::Result<()>,
) -> io::Result<()> {
    let values = BTreeMap::from([(tag, (VR::UN, Vec::new()))]);
    amended(stored, &values, false, sink, instead)
}

/// The data set with something else in place of elements, and with or without the private ones.
fn amended(
    stored: &Stored,
    values: &BTreeMap<Tag, (VR, Vec<u8>)>,
    without_private: bool,
    sink: &mut Sink,
    instead: &mut dyn FnMut(&mut Sink) -> io::Result<()>,
) -> io::Result<()> {
    let amendment = Amendment {
        values,
        at: "",
        system: "",
        source: "",
        history: false,
        without_private,
    };
    let patches = part10::amend(stored.reader()?, stored.layout(), &amendment);
    for patch in patches.map_err(io::Error::other)? {
        match patch {
            Patch::Copy(range) => copy(stored, range, sink)?,
            // All that is not copied is the element.
            Patch::Bytes(_) => instead(sink)?,
        }
    }
    Ok(())
}

/// The data set with an element that PS3.5 does not have.
fn misencoded(stored: &Stored, how: Misencoded, sink: &mut Sink) -> io::Result<()> {
    let text = |tag: Tag| {
        let element = stored.element(tag);
        let text = element.and_then(|element| Some(element.to_str().ok()?.into_owned()));
        text.unwrap_or_default()
            .trim_end_matches(['\0', ' '])
            .to_owned()
    };
    let uid = || text(tags::SOP_INSTANCE_UID);
    let (tag, vr, mut value) = match how {
        Misencoded::OddLength => (
            tags::STUDY_DESCRIPTION,
            b"LO",
            text(tags::STUDY_DESCRIPTION),
        ),
        Misencoded::UidBlank => (tags::SOP_INSTANCE_UID, b"UI", uid() + " "),
        Misencoded::UidZero => {
            let uid = uid();
            let (root, last) = uid.rsplit_once('.').unwrap_or(("", &uid));
            (tags::SOP_INSTANCE_UID, b"UI", format!("{root}.0{last}"))
        }
        Misencoded::WrongVr => (tags::INSTANCE_NUMBER, b"FD", text(tags::INSTANCE_NUMBER)),
        Misencoded::Tail => {
            copy(stored, stored.layout().data_set.clone(), sink)?;
            return sink.write_all(&[0; TAIL]);
        }
        Misencoded::UndefinedLength | Misencoded::DelimiterLength => {
            let bytes = oddly_delimited(stored, how);
            let tag = tags::REFERENCED_PATIENT_SEQUENCE;
            return around(stored, tag, sink, &mut |sink| sink.write_all(&bytes));
        }
    };
    let is_odd = value.len() % 2 == 1;
    match how {
        Misencoded::OddLength if !is_odd => value.push('X'),
        Misencoded::OddLength => {}
        Misencoded::UidZero if is_odd => value.push('\0'),
        _ if is_odd => value.push(' '),
        _ => {}
    }
    let length = value.len() as u16;
    around(stored, tag, sink, &mut |sink| {
        sink.write_all(&tag.0.to_le_bytes())?;
        sink.write_all(&tag.1.to_le_bytes())?;
        match stored.identity().transfer_syntax.as_str() {
            IMPLICIT_LITTLE => sink.write_all(&u32::from(length).to_le_bytes())?,
            _ => {
                sink.write_all(vr)?;
                sink.write_all(&length.to_le_bytes())?;
            }
        }
        sink.write_all(value.as_bytes())
    })
}

/// An instance that came in Implicit VR Little Endian, in explicit VR with UN for what nothing says the VR of: what is under it stays in implicit VR (PS3.5 6.2.2).
pub(crate) fn under_unknown(stored: &Stored, only: &[Tag], sink: &mut Sink) -> io::Result<()> {
    let whole = stored.layout().data_set.clone();
    let mut reader = BufReader::new(stored.reader()?);
    let mut at = whole.start;
    while at + 8 <= whole.end {
        let (tag, length, end) = element_at(&mut reader, at, whole.end)?;
        let known = StandardDataDictionary.by_tag(tag);
        let known = known.map_or(VR::UN, |entry| entry.vr().relaxed());
        let is_kept = matches!(known, VR::UI) || tag == tags::SPECIFIC_CHARACTER_SET;
        let vr = match (only.is_empty() || only.contains(&tag), tag) {
            (_, tags::PIXEL_DATA) => VR::OW,
            (true, _) if !is_kept || only.contains(&tag) => VR::UN,
            // What is in a sequence would have to be written anew.
            _ if known == VR::SQ => VR::UN,
            _ => known,
        };
        sink.write_all(&part10::element_head(
            Encoding::ExplicitLittle,
            tag,
            vr,
            length,
        ))?;
        copy(stored, at + 8..end, sink)?;
        at = end;
    }
    Ok(())
}

/// Tag and length of an element in Implicit VR Little Endian, and where the next one begins.
fn element_at(
    reader: &mut (impl Read + Seek),
    start: u64,
    limit: u64,
) -> io::Result<(Tag, u32, u64)> {
    const UNDEFINED: u32 = u32::MAX;
    let mut head = |at: u64| {
        let mut bytes = [0; 8];
        reader.seek(SeekFrom::Start(at))?;
        reader.read_exact(&mut bytes)?;
        let [a, b, c, d, length @ ..] = bytes;
        let tag = Tag(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        io::Result::Ok((tag, u32::from_le_bytes(length)))
    };
    let (tag, length) = head(start)?;
    let mut at = start + 8;
    if length != UNDEFINED {
        return Ok((tag, length, limit.min(at + u64::from(length))));
    }
    let mut open = 1_u64;
    while open > 0 && at + 8 <= limit {
        let (tag, length) = head(at)?;
        at += 8;
        match (tag, length) {
            (Tag(0xFFFE, 0xE00D | 0xE0DD), _) => open -= 1,
            (_, UNDEFINED) => open += 1,
            _ => at += u64::from(length),
        }
    }
    Ok((tag, UNDEFINED, at.min(limit)))
}

/// A sequence that PS3.5 7.5 has in another form: an item of undefined length in a sequence of undefined length.
fn oddly_delimited(stored: &Stored, how: Misencoded) -> Vec<u8> {
    const ITEM: &[u8] = b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF";
    const ITEM_END: &[u8] = b"\xFE\xFF\x0D\xE0\0\0\0\0";
    const SEQUENCE_END: &[u8] = b"\xFE\xFF\xDD\xE0";
    const CLASS: &[u8; 24] = b"1.2.840.10008.3.1.2.1.1\0";
    let is_implicit = stored.identity().transfer_syntax.as_str() == IMPLICIT_LITTLE;
    let (vr, delimiter): (&[u8], u32) = match how {
        Misencoded::DelimiterLength => (b"SQ\0\0", 4),
        _ => (b"UN\0\0", 0),
    };
    let Tag(group, element) = tags::REFERENCED_PATIENT_SEQUENCE;
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend(if is_implicit { &[] } else { vr });
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend(ITEM);
    // (0008,1150); what is under UN is in implicit VR, whatever is around it (PS3.5 6.2.2).
    bytes.extend([0x08, 0, 0x50, 0x11]);
    if is_implicit || how == Misencoded::UndefinedLength {
        bytes.extend((CLASS.len() as u32).to_le_bytes());
    } else {
        bytes.extend(b"UI");
        bytes.extend((CLASS.len() as u16).to_le_bytes());
    }
    bytes.extend(CLASS);
    bytes.extend(ITEM_END);
    bytes.extend(SEQUENCE_END);
    bytes.extend(delimiter.to_le_bytes());
    bytes
}

/// The data set with the lowest bits of its native pixels lost.
fn blurred(stored: &Stored, style: &FileStyle, sink: &mut Sink) -> io::Result<()> {
    let pixels = stored.layout().pixel_data();
    let Some(Bulk::Whole(pixels)) = pixels.map(|element| &element.value) else {
        return copy(stored, stored.layout().data_set.clone(), sink);
    };
    let allocated = stored.element(tags::BITS_ALLOCATED);
    let allocated = allocated.and_then(|element| element.to_int::<u64>().ok());
    let blur = Blur {
        pixels,
        width: allocated.unwrap_or(16).div_ceil(8).max(1),
        mask: u8::MAX.checked_shl(u32::from(style.lost_bits)).unwrap_or(0),
    };
    let values = confession(stored, style);
    if values.is_empty() {
        return blur.copy(stored, stored.layout().data_set.clone(), sink);
    }
    let amendment = Amendment {
        values: &values,
        at: "",
        system: "",
        source: "",
        history: false,
        without_private: false,
    };
    let patches = part10::amend(stored.reader()?, stored.layout(), &amendment);
    for patch in patches.map_err(io::Error::other)? {
        match patch {
            Patch::Copy(range) => blur.copy(stored, range, sink)?,
            Patch::Bytes(bytes) => sink.write_all(&bytes)?,
        }
    }
    Ok(())
}

/// What an instance says of its lossy compression (PS3.3 C.7.6.1.1.5), as far as it does.
fn confession(stored: &Stored, style: &FileStyle) -> BTreeMap<Tag, (VR, Vec<u8>)> {
    let mut values = BTreeMap::new();
    let mut put = |tag, vr, text: &str| values.insert(tag, (vr, text.as_bytes().to_vec()));
    if let Some(uid) = &style.new_uid {
        put(tags::SOP_INSTANCE_UID, VR::UI, uid.as_str());
    }
    if style.declared {
        let before = stored.element(tags::IMAGE_TYPE);
        let before = before.and_then(|element| Some(element.to_str().ok()?.into_owned()));
        let rest = before.as_deref().and_then(|text| text.split_once('\\'));
        let kind = format!("DERIVED\\{}", rest.map_or("SECONDARY", |(_, rest)| rest));
        put(tags::IMAGE_TYPE, VR::CS, kind.trim_end());
        put(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
        put(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, "10");
        put(tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, "ISO_10918_1");
    }
    values
}

/// Native pixels, and what is left of each.
struct Blur<'a> {
    pixels: &'a Range<u64>,
    /// Bytes of each.
    width: u64,
    /// Of the lowest of them.
    mask: u8,
}

impl Blur<'_> {
    fn copy(&self, stored: &Stored, range: Range<u64>, sink: &mut Sink) -> io::Result<()> {
        let mut at = range.start;
        for chunk in stored.chunks(range)? {
            let chunk = chunk?;
            let until = at + chunk.len() as u64;
            if until <= self.pixels.start || at >= self.pixels.end {
                sink.hand(chunk)?;
            } else {
                let mut bytes = chunk.to_vec();
                // Little endian: the low byte comes first.
                for (place, byte) in (at..).zip(&mut bytes) {
                    let is_low = (place.wrapping_sub(self.pixels.start)).is_multiple_of(self.width);
                    if self.pixels.contains(&place) && is_low {
                        *byte &= self.mask;
                    }
                }
                sink.write_all(&bytes)?;
            }
            at = until;
        }
        Ok(())
    }
}

fn copy(stored: &Stored, range: Range<u64>, sink: &mut Sink) -> io::Result<()> {
    let mut chunks = stored.chunks(range)?;
    chunks.try_for_each(|chunk| sink.hand(chunk?))
}

/// Encapsulated pixel data in explicit VR (PS3.5 A.4).
fn refragmented(stored: &Stored, cut: Fragments, sink: &mut Sink) -> io::Result<()> {
    let pixels = stored.layout().pixel_data();
    let Some(Bulk::Fragments { offsets, fragments }) = pixels.map(|element| &element.value) else {
        return Ok(());
    };
    let pieces = |range: &Range<u64>| (range.end - range.start).div_ceil(cut.length as u64).max(1);
    let base = fragments.first().map_or(0, |first| first.start);
    let mut at = 0_u64;
    let mut moved = BTreeMap::new();
    for range in fragments {
        moved.insert(range.start - base, at);
        at += range.end - range.start + 8 * pieces(range);
    }
    let offset = |old: &u32| moved.get(&u64::from(*old)).copied().unwrap_or_default() as u32;
    let table: Vec<u32> = match cut.table {
        OffsetTable::True => offsets.iter().map(offset).collect(),
        OffsetTable::Wrong if offsets.is_empty() => vec![2],
        OffsetTable::Wrong => offsets.iter().map(|old| offset(old) + 2).collect(),
        OffsetTable::Empty => Vec::new(),
    };
    sink.write_all(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF")?;
    item(
        &table
            .iter()
            .flat_map(|offset| offset.to_le_bytes())
            .collect::<Vec<_>>(),
        sink,
    )?;
    for range in fragments {
        let mut start = range.start;
        for _ in 0..pieces(range) {
            let end = range.end.min(start + cut.length as u64);
            let mut bytes = Vec::new();
            for chunk in stored.chunks(start..end)? {
                bytes.extend_from_slice(&chunk?);
            }
            item(&bytes, sink)?;
            start = end;
        }
    }
    sink.write_all(b"\xFE\xFF\xDD\xE0\0\0\0\0")
}

fn item(bytes: &[u8], sink: &mut Sink) -> io::Result<()> {
    sink.write_all(b"\xFE\xFF\x00\xE0")?;
    sink.write_all(&(bytes.len() as u32).to_le_bytes())?;
    sink.write_all(bytes)
}
