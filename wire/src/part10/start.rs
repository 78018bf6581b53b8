//! The start of a file: preamble, meta group, and what can be told where they are missing.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use dicom_core::VR;

use super::source::Source;
use super::walk::{long, short};
use super::{Encoding, FileMeta, ScanError};
use crate::uid::Uid;

const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";

/// The longest value that is read in the meta group; it may hold private information of any length.
const LONGEST: u32 = 1024;

/// What stands before the data set.
pub(super) struct Start {
    pub(super) meta: FileMeta,
    pub(super) encoding: Encoding,
    pub(super) data_set: Range<u64>,
}

/// Reads up to where the data set starts.
pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Start, ScanError> {
    let length = reader
        .seek(SeekFrom::End(0))
        .map_err(|source| ScanError::Io { offset: 0, source })?;
    if length == 0 {
        return Err(ScanError::Empty);
    }
    let mut source = Source::plain(&mut *reader, 0, length)?;
    let mut head = [0; 132];
    let read = source.peek(&mut head)?;
    let head = &head[..read];
    let preamble = if head.get(128..132) == Some(b"DICM") {
        132
    } else if head.starts_with(b"DICM") {
        4
    } else if starts_like_a_data_set(head) {
        0
    } else {
        return Err(ScanError::NotDicom);
    };
    source.skip(preamble)?;
    let (meta, declared) = group(&mut source)?;
    let mut first = [0; 6];
    let read = source.peek(&mut first)?;
    let found = sniff(&first[..read]);
    let transfer_syntax = match declared {
        Some(uid) => uid,
        None => known(found),
    };
    let encoding = Encoding::of(transfer_syntax.as_str());
    let meta = FileMeta {
        transfer_syntax,
        ..meta
    };
    Ok(Start {
        meta,
        encoding,
        data_set: source.position()..length,
    })
}

impl Encoding {
    /// How a transfer syntax encodes data sets. Unknown and private ones are explicit little endian,
    /// as all encapsulated ones are (PS3.5 A.4).
    pub fn of(transfer_syntax: &str) -> Self {
        match transfer_syntax {
            // The second is General Electric's, with pixels in big endian.
            IMPLICIT_LITTLE | "1.2.840.113619.5.2" => Encoding::ImplicitLittle,
            EXPLICIT_BIG => Encoding::ExplicitBig,
            // Deflated explicit, and JPIP referenced deflate for JPEG 2000 and HTJ2K.
            "1.2.840.10008.1.2.1.99" | "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.4.205" => {
                Encoding::Deflated
            }
            _ => Encoding::ExplicitLittle,
        }
    }
}

/// Reads group 0002, with or without its group length, which is not relied on.
fn group<R: Read + Seek>(source: &mut Source<R>) -> Result<(FileMeta, Option<Uid>), ScanError> {
    let mut meta = FileMeta {
        sop_class: None,
        sop_instance: None,
        transfer_syntax: known(EXPLICIT_LITTLE),
        implementation_class: None,
        implementation_version: None,
        source_ae: None,
    };
    let mut transfer_syntax = None;
    loop {
        let offset = source.position();
        let mut head = [0; 8];
        let read = source.peek(&mut head)?;
        if read < 2 || short(&head[..2], false) != 0x0002 {
            return Ok((meta, transfer_syntax));
        }
        if read < head.len() {
            return Err(ScanError::TruncatedHeader {
                offset,
                found: read,
            });
        }
        source.skip(8)?;
        let element = short(&head[2..4], false);
        let tag = dicom_core::Tag(0x0002, element);
        let length = match VR::from_binary([head[4], head[5]]) {
            Some(VR::OB | VR::OW | VR::SQ | VR::UN | VR::UT) => {
                let mut four = [0; 4];
                let read = source.read(&mut four)?;
                if read < four.len() {
                    return Err(ScanError::TruncatedHeader {
                        offset,
                        found: 8 + read,
                    });
                }
                long(&four, false)
            }
            Some(_) => u32::from(short(&head[6..8], false)),
            // Some writers use implicit VR here as well.
            None => long(&head[4..8], false),
        };
        let start = source.position();
        let truncated = |left| ScanError::Truncated {
            offset: start,
            tag,
            length: length.into(),
            left,
        };
        if length > LONGEST {
            let passed = source.skip(length.into())?;
            if passed < u64::from(length) {
                return Err(truncated(passed));
            }
            continue;
        }
        let value = source.read_value(length.into())?;
        if value.len() < length as usize {
            return Err(truncated(value.len() as u64));
        }
        let text = String::from_utf8_lossy(&value);
        let text = text.trim_matches([' ', '\0']);
        let uid = || Uid::parse(text).ok();
        let some = || Some(text.to_owned()).filter(|text| !text.is_empty());
        match element {
            0x0002 => meta.sop_class = uid(),
            0x0003 => meta.sop_instance = uid(),
            0x0010 if !text.is_empty() => {
                let bad = |source| ScanError::BadTransferSyntax {
                    offset: start,
                    source,
                };
                transfer_syntax = Some(Uid::parse(text).map_err(bad)?);
            }
            0x0012 => meta.implementation_class = uid(),
            0x0013 => meta.implementation_version = some(),
            0x0016 => meta.source_ae = some(),
            _ => {}
        }
    }
}

/// Whether the bytes may be the meta group or a data set without anything before it: a low group,
/// in either order of bytes, and a VR or a short length behind the tag.
fn starts_like_a_data_set(head: &[u8]) -> bool {
    let Some(head) = head.get(..8) else {
        return false;
    };
    let little = short(head, false);
    let big = short(head, true);
    let plausible = |group: u16| matches!(group, 0x0002 | 0x0004 | 0x0008 | 0x0010);
    let explicit = VR::from_binary([head[4], head[5]]).is_some();
    (plausible(little) && (explicit || long(&head[4..8], false) <= LONGEST))
        || (plausible(big) && explicit)
}

/// The transfer syntax that the first bytes of a data set show.
fn sniff(first: &[u8]) -> &'static str {
    match first {
        [a, b, _, _, v, r] if VR::from_binary([*v, *r]).is_some() => {
            // Groups of a data set are far below 0x0100 at its start.
            if *a == 0 && *b != 0 {
                EXPLICIT_BIG
            } else {
                EXPLICIT_LITTLE
            }
        }
        _ => IMPLICIT_LITTLE,
    }
}

/// A UID of this file's constants.
fn known(uid: &str) -> Uid {
    Uid::parse(uid).expect("a UID of the standard")
}
