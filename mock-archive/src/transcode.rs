//! Stored instances in another transfer syntax without compression, made while they go out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_dictionary_std::uids::EXPLICIT_VR_LITTLE_ENDIAN;
use dicom_render::frame::{self, NativeFrame};
use dicom_wire::part10::{self, Bulk, Element, Encoding, Piece};
use dicom_wire::uid::Uid;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::sink::{Output, Sink};
use crate::store::Stored;

/// So many bytes are turned around at once.
const TURNED: usize = 64 * 1024;

/// Whether an instance can be written without compression.
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

/// What [`write_data_set`] would do.
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
    let first = is_compressed(stored)
        .then(|| native(stored, 1))
        .transpose()?;
    Ok(Begun { first, off_by: 0 })
}

/// Decodes each frame once, where frames have to be decoded, for those who cannot tell of an error when they are in the middle of the answer.
///
/// # Errors
/// If one cannot be decoded, or is longer or shorter than the first.
pub(crate) fn begin_sure(stored: &Stored) -> io::Result<Begun> {
    let begun = begin(stored)?;
    if let Some(first) = &begun.first {
        let frames = stored.frame_count();
        whole_length(first, frames)?;
        for number in 2..=frames {
            alike(&native(stored, number)?, number, first.data.len())?;
        }
    }
    Ok(begun)
}

fn is_compressed(stored: &Stored) -> bool {
    let pixels = stored.layout().pixel_data();
    pixels.is_some_and(|pixels| matches!(pixels.value, Bulk::Fragments { .. }))
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
    write_data_set(stored, begun, Encoding::ExplicitLittle, sink)
}

/// Writes what follows the file meta information; one frame is held at a time.
pub(crate) fn write_data_set(
    stored: &Stored,
    begun: Begun,
    to: Encoding,
    sink: &mut Sink,
) -> io::Result<()> {
    if to != Encoding::Deflated {
        return Rewriting { stored, to }.run(begun, sink);
    }
    let mut deflating = DeflateEncoder::new(sink, Compression::fast());
    Rewriting { stored, to }.run(begun, &mut deflating)?;
    deflating.try_finish()?;
    // A null byte where the stream would be odd (PS3.5 A.5).
    let is_odd = deflating.total_out() % 2 == 1;
    deflating.finish()?.write_all(&[0][..usize::from(is_odd)])
}

impl Output for DeflateEncoder<&mut Sink> {}

/// An instance on its way into another encoding.
struct Rewriting<'a> {
    stored: &'a Stored,
    to: Encoding,
}

impl Rewriting<'_> {
    fn run(&self, begun: Begun, out: &mut dyn Output) -> io::Result<()> {
        let (stored, mut first) = (self.stored, begun.first);
        let replaced = first.as_ref().map(described).unwrap_or_default();
        let pieces = part10::recode(stored.reader()?, stored.layout(), self.to, &replaced)
            .map_err(io::Error::other)?;
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => out.write_all(&bytes)?,
                Piece::Value(element) => self.value(&element, out)?,
                Piece::Pixels(element) => match (first.take(), &element.value) {
                    (Some(first), _) => self.frames(first, begun.off_by, out)?,
                    (None, Bulk::Whole(range)) => {
                        let length = range.end - range.start;
                        self.head(element.tag, element.vr, length, out)?;
                        self.value(&element, out)?;
                        out.write_all(&[0][..(length % 2) as usize])?;
                    }
                    (None, Bulk::Fragments { .. }) => {
                        return Err(io::Error::other("fragments that are no pixel data"));
                    }
                },
            }
        }
        Ok(())
    }

    /// The head of pixel data of so many bytes, before padding.
    fn head(&self, tag: Tag, vr: VR, length: u64, out: &mut dyn Output) -> io::Result<()> {
        let length = u32::try_from(length + length % 2).map_err(io::Error::other)?;
        out.write_all(&part10::element_head(self.to, tag, vr, length))
    }

    fn value(&self, element: &Element, out: &mut dyn Output) -> io::Result<()> {
        let is_big = self.to == Encoding::ExplicitBig;
        write_value(self.stored, element, is_big, out)
    }

    fn frames(&self, first: NativeFrame, off_by: u8, out: &mut dyn Output) -> io::Result<()> {
        let vr = if first.bits_allocated > 8 {
            VR::OW
        } else {
            VR::OB
        };
        let put = |mut data: Vec<u8>, out: &mut dyn Output| {
            if let Some(byte) = data.first_mut() {
                *byte = byte.wrapping_add(off_by);
            }
            if self.to == Encoding::ExplicitBig {
                part10::turn(&mut data, vr);
            }
            out.hand(data.into())
        };
        let (frames, size) = (self.stored.frame_count(), first.data.len());
        let length = whole_length(&first, frames)?;
        self.head(tags::PIXEL_DATA, vr, length, out)?;
        put(first.data, out)?;
        for number in 2..=frames {
            let frame = native(self.stored, number)?;
            alike(&frame, number, size)?;
            put(frame.data, out)?;
        }
        out.write_all(&[0][..(length % 2) as usize])
    }
}

/// The length of all frames together, if one element can hold them.
fn whole_length(first: &NativeFrame, frames: u32) -> io::Result<u64> {
    let length = first.data.len() as u64 * u64::from(frames);
    if length > u64::from(u32::MAX - 1) {
        return Err(io::Error::other(format!(
            "{length} bytes of native pixels do not fit into one element"
        )));
    }
    Ok(length)
}

fn alike(frame: &NativeFrame, number: u32, size: usize) -> io::Result<()> {
    if frame.data.len() != size {
        return Err(io::Error::other(format!(
            "frame {number} has {} bytes where frame 1 has {size}",
            frame.data.len()
        )));
    }
    Ok(())
}

/// Writes a bulk value as it would be in little endian; fragments one behind the other.
pub(crate) fn write_bulk(stored: &Stored, element: &Element, sink: &mut Sink) -> io::Result<()> {
    write_value(stored, element, false, sink)
}

fn write_value(
    stored: &Stored,
    element: &Element,
    to_big: bool,
    out: &mut dyn Output,
) -> io::Result<()> {
    let is_turned = (stored.layout().encoding == Encoding::ExplicitBig) != to_big;
    let size = match is_turned {
        true => part10::number_size(element.vr),
        false => 1,
    };
    let mut rest = Vec::new();
    for chunk in stored.bulk_bytes(element)? {
        let chunk = chunk?;
        if size == 1 {
            out.hand(chunk)?;
            continue;
        }
        // A chunk in memory can be the whole value.
        for slice in chunk.chunks(TURNED) {
            rest.extend_from_slice(slice);
            let whole = rest.len() - rest.len() % size;
            part10::turn(&mut rest[..whole], element.vr);
            out.write_all(&rest[..whole])?;
            rest.drain(..whole);
        }
    }
    out.write_all(&rest)
}

/// Writes the samples of all frames, one behind the other; one frame is held at a time.
pub(crate) fn write_native_frames(stored: &Stored, sink: &mut Sink) -> io::Result<()> {
    (1..=stored.frame_count()).try_for_each(|number| sink.write_all(&native(stored, number)?.data))
}

fn native(stored: &Stored, number: u32) -> io::Result<NativeFrame> {
    let bytes = stored.frame_bytes(number).map_err(io::Error::other)?;
    let syntax = stored.identity().transfer_syntax.as_str();
    frame::native(&stored.header(), syntax, &bytes, number).map_err(io::Error::other)
}

/// The attributes that decoding changes; offset tables are of no use any more (PS3.3 C.7.6.3.1.8).
fn described(frame: &NativeFrame) -> BTreeMap<Tag, Option<Vec<u8>>> {
    let number = |number: u16| Some(number.to_le_bytes().to_vec());
    let photometric = frame.photometric_interpretation.clone();
    BTreeMap::from([
        (
            tags::PHOTOMETRIC_INTERPRETATION,
            Some(photometric.into_bytes()),
        ),
        (
            tags::PLANAR_CONFIGURATION,
            number(frame.planar_configuration),
        ),
        (tags::BITS_ALLOCATED, number(frame.bits_allocated)),
        (tags::BITS_STORED, number(frame.bits_stored)),
        (tags::HIGH_BIT, number(frame.high_bit)),
        (tags::EXTENDED_OFFSET_TABLE, None),
        (tags::EXTENDED_OFFSET_TABLE_LENGTHS, None),
    ])
}
