//! Another file than the stored one, as a rule says.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_wire::part10::{self, Amendment, Bulk, Encoding, Patch};
use dicom_wire::uid::Uid;

use crate::moment::{FileStyle, Fragments, OffsetTable};
use crate::sink::Sink;
use crate::store::Stored;
use crate::transcode::{self, Begun};
use crate::web::wado::EXPLICIT_LITTLE;

/// Bytes before the file meta information: preamble and prefix (PS3.10 7.1).
const PREAMBLE: usize = 132;

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
            Patch::Copy(range) => copy(stored, range, sink)?,
            // All that is not copied is the element.
            Patch::Bytes(_) => instead(sink)?,
        }
    }
    Ok(())
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
