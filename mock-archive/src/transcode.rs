//! Stored instances in Explicit VR Little Endian, made while they go out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_dictionary_std::uids::EXPLICIT_VR_LITTLE_ENDIAN;
use dicom_render::frame::{self, NativeFrame};
use dicom_wire::part10::{self, Bulk, Element, Encoding, Piece};
use dicom_wire::uid::Uid;

use crate::sink::Sink;
use crate::store::Stored;

/// Whether an instance can be turned into Explicit VR Little Endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Yes, and nothing is lost.
    Lossless,
    /// Yes; what it was compressed with had lost something before.
    OfLossy,
    /// No codec here.
    Impossible,
}

impl Conversion {
    pub(crate) fn is_possible(self) -> bool {
        self != Conversion::Impossible
    }

    pub(crate) fn is_lossless(self) -> bool {
        self == Conversion::Lossless
    }
}

/// What [`write_explicit_little`] would do.
pub(crate) fn to_explicit_little(stored: &Stored) -> Conversion {
    let is_image = stored.layout().pixel_data().is_some();
    let syntax = stored.identity().transfer_syntax.as_str();
    let is_encapsulated = matches!(
        stored.layout().pixel_data(),
        Some(Element {
            value: Bulk::Fragments { .. },
            ..
        })
    );
    match syntax.strip_prefix("1.2.840.10008.1.2").unwrap_or("?") {
        _ if !is_image || !is_encapsulated => Conversion::Lossless,
        _ if !frame::decodes(syntax) => Conversion::Impossible,
        ".1.98" | ".4.57" | ".4.70" | ".4.80" | ".4.90" | ".4.201" | ".4.202" | ".5" | ".8.1" => {
            Conversion::Lossless
        }
        _ => Conversion::OfLossy,
    }
}

/// Implicit VR and big endian are not used over DICOMweb (PS3.18 8.7.3).
pub(crate) fn is_for_dimse_only(transfer_syntax: &str) -> bool {
    matches!(transfer_syntax, "1.2.840.10008.1.2" | "1.2.840.10008.1.2.2")
}

/// A conversion that was begun: what can fail has been tried on the first frame.
#[derive(Debug)]
pub(crate) struct Begun {
    first: Option<NativeFrame>,
    off_by: u8,
}

impl Begun {
    /// Adds so much to the first byte of each frame that is decoded: for rules that want pixels to be wrong.
    pub(crate) fn off_by(mut self, off_by: u8) -> Self {
        self.off_by = off_by;
        self
    }
}

/// Decodes the first frame, where frames have to be decoded.
///
/// # Errors
/// If that cannot be done, although there is a codec for its transfer syntax.
pub(crate) fn begin(stored: &Stored) -> io::Result<Begun> {
    let decodes = match stored.layout().pixel_data() {
        Some(Element {
            value: Bulk::Fragments { .. },
            ..
        }) => true,
        Some(_) => stored.layout().encoding == Encoding::ExplicitBig,
        None => false,
    };
    let first = if decodes {
        Some(native(stored, 1)?)
    } else {
        None
    };
    Ok(Begun { first, off_by: 0 })
}

/// Writes the instance as a file in Explicit VR Little Endian; one frame is held at a time.
pub(crate) fn write_explicit_little(
    stored: &Stored,
    begun: Begun,
    sink: &mut Sink,
) -> io::Result<()> {
    let mut meta = stored.layout().meta.clone();
    meta.transfer_syntax = Uid::parse(EXPLICIT_VR_LITTLE_ENDIAN).expect("a constant UID");
    sink.write_all(&meta.to_bytes())?;
    write_data_set(stored, begun, sink)
}

/// Writes what follows the file meta information.
pub(crate) fn write_data_set(stored: &Stored, begun: Begun, sink: &mut Sink) -> io::Result<()> {
    let mut first = begun.first;
    let replaced = first.as_ref().map(described).unwrap_or_default();
    let pieces =
        part10::explicit(stored.reader()?, stored.layout(), &replaced).map_err(io::Error::other)?;
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => sink.write_all(&bytes)?,
            Piece::Value(element) => write_bulk(stored, &element, sink)?,
            Piece::Pixels(element) => match (first.take(), &element.value) {
                (Some(first), _) => write_frames(stored, first, begun.off_by, sink)?,
                (None, Bulk::Whole(range)) => {
                    let vr = if element.vr == dicom_core::VR::OB {
                        b"OB"
                    } else {
                        b"OW"
                    };
                    let length = range.end - range.start;
                    write_head(element.tag, vr, length + length % 2, sink)?;
                    write_bulk(stored, &element, sink)?;
                    sink.write_all(&[0][..(length % 2) as usize])?;
                }
                (None, Bulk::Fragments { .. }) => unreachable!("fragments are decoded"),
            },
        }
    }
    Ok(())
}

/// Writes a bulk value as it would be in little endian; fragments one behind the other.
pub(crate) fn write_bulk(stored: &Stored, element: &Element, sink: &mut Sink) -> io::Result<()> {
    let turned = match stored.layout().encoding {
        Encoding::ExplicitBig => part10::number_size(element.vr),
        _ => 1,
    };
    let mut rest = Vec::new();
    for chunk in stored.bulk_bytes(element)? {
        let chunk = chunk?;
        if turned == 1 {
            sink.hand(chunk)?;
            continue;
        }
        rest.extend_from_slice(&chunk);
        let whole = rest.len() - rest.len() % turned;
        rest[..whole]
            .chunks_exact_mut(turned)
            .for_each(<[u8]>::reverse);
        sink.write_all(&rest[..whole])?;
        rest.drain(..whole);
    }
    sink.write_all(&rest)
}

/// Writes the samples of all frames, one behind the other; one frame is held at a time.
pub(crate) fn write_native_frames(stored: &Stored, sink: &mut Sink) -> io::Result<()> {
    (1..=stored.frame_count()).try_for_each(|number| sink.write_all(&native(stored, number)?.data))
}

fn write_frames(
    stored: &Stored,
    first: NativeFrame,
    off_by: u8,
    sink: &mut Sink,
) -> io::Result<()> {
    let put = |mut data: Vec<u8>, sink: &mut Sink| {
        if let Some(byte) = data.first_mut() {
            *byte = byte.wrapping_add(off_by);
        }
        sink.write_all(&data)
    };
    let frames = stored.frame_count();
    let length = first.data.len() as u64 * u64::from(frames);
    if length > u64::from(u32::MAX - 1) {
        return Err(io::Error::other(format!(
            "{length} bytes of native pixels do not fit into one element"
        )));
    }
    let vr = if first.bits_allocated > 8 {
        b"OW"
    } else {
        b"OB"
    };
    write_head(tags::PIXEL_DATA, vr, length + length % 2, sink)?;
    let size = first.data.len();
    put(first.data, sink)?;
    for number in 2..=frames {
        let frame = native(stored, number)?;
        if frame.data.len() != size {
            return Err(io::Error::other(format!(
                "frame {number} has {} bytes where frame 1 has {size}",
                frame.data.len()
            )));
        }
        put(frame.data, sink)?;
    }
    sink.write_all(&[0][..(length % 2) as usize])
}

fn write_head(tag: Tag, vr: &[u8; 2], length: u64, sink: &mut Sink) -> io::Result<()> {
    sink.write_all(&tag.0.to_le_bytes())?;
    sink.write_all(&tag.1.to_le_bytes())?;
    sink.write_all(vr)?;
    sink.write_all(&[0, 0])?;
    sink.write_all(&(length as u32).to_le_bytes())
}

fn native(stored: &Stored, number: u32) -> io::Result<NativeFrame> {
    let bytes = stored.frame_bytes(number).map_err(io::Error::other)?;
    let syntax = stored.identity().transfer_syntax.as_str();
    frame::native(&stored.header(), syntax, &bytes, number).map_err(io::Error::other)
}

/// The attributes that decoding changes.
fn described(frame: &NativeFrame) -> BTreeMap<Tag, Vec<u8>> {
    let number = |number: u16| number.to_le_bytes().to_vec();
    BTreeMap::from([
        (
            tags::PHOTOMETRIC_INTERPRETATION,
            frame.photometric_interpretation.clone().into_bytes(),
        ),
        (
            tags::PLANAR_CONFIGURATION,
            number(frame.planar_configuration),
        ),
        (tags::BITS_ALLOCATED, number(frame.bits_allocated)),
        (tags::BITS_STORED, number(frame.bits_stored)),
        (tags::HIGH_BIT, number(frame.high_bit)),
    ])
}
