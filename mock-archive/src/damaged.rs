//! Another file than the stored one, as a rule says.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_wire::part10::{self, Amendment, Bulk, Encoding, Patch};
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
        return blurred(stored, style.lost_bits, sink);
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

/// The data set with the lowest bits of its native pixels lost.
fn blurred(stored: &Stored, bits: u8, sink: &mut Sink) -> io::Result<()> {
    let whole = stored.layout().data_set.clone();
    let pixels = stored.layout().pixel_data();
    let Some(Bulk::Whole(range)) = pixels.map(|element| &element.value) else {
        return copy(stored, whole, sink);
    };
    let allocated = stored.element(tags::BITS_ALLOCATED);
    let allocated = allocated.and_then(|element| element.to_int::<u64>().ok());
    let width = allocated.unwrap_or(16).div_ceil(8).max(1);
    let mask = u8::MAX.checked_shl(u32::from(bits)).unwrap_or(0);
    copy(stored, whole.start..range.start, sink)?;
    let mut at = 0_u64;
    for chunk in stored.chunks(range.clone())? {
        let mut bytes = chunk?.to_vec();
        for byte in &mut bytes {
            // Little endian: the low byte comes first.
            if at.is_multiple_of(width) {
                *byte &= mask;
            }
            at += 1;
        }
        sink.write_all(&bytes)?;
    }
    copy(stored, range.end..whole.end, sink)
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
