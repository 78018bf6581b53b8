//! An image of a PDF as pixels (ISO 32000-1 8.9): the kinds that scanners write.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use lopdf::{Dictionary, Document, Object, Stream};

use super::resolve;
use super::stream::{Budget, Coded};
use crate::encode::Pixels;
use crate::frame::{self, Graphics, Options};
use crate::window::{Function, Window};

/// The most pixels of an image: a page of A3 at 600 dots an inch.
const MAX_PIXELS: u64 = 72_000_000;

/// Colour spaces within colour spaces.
const MAX_SPACES: usize = 4;

/// Pixels, row by row from the top left.
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Red, green, blue.
    pub(super) rgb: Vec<u8>,
    /// How much each pixel covers what is below; `None` where all do.
    pub(super) cover: Option<Vec<u8>>,
}

/// How the numbers of an image become colours.
enum Space {
    Grey,
    /// One ink: much is dark.
    Ink,
    Rgb,
    Cmyk,
    Indexed(Box<Space>, Vec<u8>),
}

/// The pixels of an image, or why they are not drawn.
pub(super) fn read(
    document: &Document,
    image: &Stream,
    budget: &mut Budget,
) -> Result<Raster, String> {
    let mut raster = pixels(document, image, budget)?;
    let mask = entry(document, &image.dict, b"SMask");
    if let Some(Object::Stream(mask)) = mask
        && let Ok(mask) = pixels(document, mask, budget)
    {
        raster.cover = Some(fitted(&mask, raster.width, raster.height));
    }
    Ok(raster)
}

fn pixels(document: &Document, image: &Stream, budget: &mut Budget) -> Result<Raster, String> {
    let dictionary = &image.dict;
    let size = |key| integer(document, dictionary, key).and_then(|size| u32::try_from(size).ok());
    let (width, height) = size(b"Width").zip(size(b"Height")).unwrap_or((0, 0));
    check(width, height)?;
    let (bytes, coded) = budget
        .unpack_image(document, image)
        .map_err(|error| error.to_string())?;
    let is_mask = matches!(
        entry(document, dictionary, b"ImageMask"),
        Some(Object::Boolean(true))
    );
    let inverted = is_inverted(document, dictionary);
    let (width, height) = (width as usize, height as usize);
    match coded {
        Coded::Jpeg => jpeg(&bytes, inverted),
        Coded::Jpeg2000 => jpeg2000(&bytes),
        Coded::Fax(parameters) => {
            let bits = fax(document, parameters.as_ref(), &bytes, width, height)?;
            if is_mask {
                return Ok(stencil(&bits, width, height, inverted));
            }
            let space = space(
                document,
                entry(document, dictionary, b"ColorSpace"),
                budget,
                0,
            )?;
            Ok(coloured(&bits, 1, &space, width, height, inverted))
        }
        Coded::Not if is_mask => Ok(stencil(&bytes, width, height, inverted)),
        Coded::Not => {
            let depth = integer(document, dictionary, b"BitsPerComponent").unwrap_or(8);
            if !matches!(depth, 1 | 2 | 4 | 8 | 16) {
                return Err(format!("an image of {depth} bits"));
            }
            let space = space(
                document,
                entry(document, dictionary, b"ColorSpace"),
                budget,
                0,
            )?;
            Ok(coloured(
                &bytes,
                depth as usize,
                &space,
                width,
                height,
                inverted,
            ))
        }
        Coded::Unknown(filter) => Err(format!("an image in {filter}")),
    }
}

fn check(width: u32, height: u32) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err("an image without size".to_owned());
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!("an image of {width} x {height} pixels"));
    }
    Ok(())
}

fn entry<'d>(document: &'d Document, dictionary: &'d Dictionary, key: &[u8]) -> Option<&'d Object> {
    resolve(document, dictionary.get(key).ok()?)
}

fn integer(document: &Document, dictionary: &Dictionary, key: &[u8]) -> Option<i64> {
    entry(document, dictionary, key)?.as_i64().ok()
}

/// Whether Decode turns the first component around.
fn is_inverted(document: &Document, dictionary: &Dictionary) -> bool {
    let decode = entry(document, dictionary, b"Decode").and_then(|object| object.as_array().ok());
    let Some([first, second, ..]) = decode.map(Vec::as_slice) else {
        return false;
    };
    matches!((first.as_float(), second.as_float()), (Ok(first), Ok(second)) if first > second)
}

fn space(
    document: &Document,
    object: Option<&Object>,
    budget: &mut Budget,
    depth: usize,
) -> Result<Space, String> {
    let name = |object: &Object| object.as_name().map(<[u8]>::to_vec).unwrap_or_default();
    let at = |array: &[Object], index: usize| {
        array
            .get(index)
            .and_then(|object| resolve(document, object))
            .cloned()
    };
    let (kind, array) = match object {
        Some(Object::Array(array)) if depth < MAX_SPACES => (
            at(array, 0).map(|first| name(&first)).unwrap_or_default(),
            array.as_slice(),
        ),
        Some(object) => (name(object), &[][..]),
        None => (b"DeviceGray".to_vec(), &[][..]),
    };
    match kind.as_slice() {
        b"DeviceGray" | b"CalGray" | b"G" => Ok(Space::Grey),
        b"DeviceRGB" | b"CalRGB" | b"RGB" => Ok(Space::Rgb),
        b"DeviceCMYK" | b"CMYK" => Ok(Space::Cmyk),
        b"Separation" => Ok(Space::Ink),
        b"ICCBased" => match at(array, 1) {
            Some(Object::Stream(profile)) => match integer(document, &profile.dict, b"N") {
                Some(1) => Ok(Space::Grey),
                Some(3) => Ok(Space::Rgb),
                Some(4) => Ok(Space::Cmyk),
                _ => Err("an image with a profile of unknown colours".to_owned()),
            },
            _ => Err("an image with a profile that is not there".to_owned()),
        },
        b"Indexed" | b"I" => {
            let base = space(document, at(array, 1).as_ref(), budget, depth + 1)?;
            let table = match at(array, 3) {
                Some(Object::String(bytes, _)) => bytes,
                Some(Object::Stream(stream)) => {
                    budget.unpack(&stream).map_err(|error| error.to_string())?
                }
                _ => return Err("an image whose palette is not there".to_owned()),
            };
            Ok(Space::Indexed(Box::new(base), table))
        }
        other => Err(format!(
            "an image in the colour space {:?}",
            String::from_utf8_lossy(other)
        )),
    }
}

impl Space {
    fn components(&self) -> usize {
        match self {
            Space::Grey | Space::Ink | Space::Indexed(..) => 1,
            Space::Rgb => 3,
            Space::Cmyk => 4,
        }
    }

    /// The colour of components of eight bits; an index is as it is.
    fn colour(&self, values: &[u8]) -> [u8; 3] {
        match (self, values) {
            (Space::Grey, [grey, ..]) => [*grey; 3],
            (Space::Ink, [ink, ..]) => [255 - *ink; 3],
            (Space::Rgb, [red, green, blue, ..]) => [*red, *green, *blue],
            (Space::Cmyk, [cyan, magenta, yellow, black, ..]) => [cyan, magenta, yellow]
                .map(|ink| (u16::from(255 - ink) * u16::from(255 - black) / 255) as u8),
            (Space::Indexed(base, table), [index, ..]) => {
                let size = base.components();
                let start = usize::from(*index) * size;
                table
                    .get(start..start + size)
                    .map_or([0; 3], |entry| base.colour(entry))
            }
            _ => [255; 3],
        }
    }
}

/// Pixels without compression, white where they are missing.
fn coloured(
    bytes: &[u8],
    depth: usize,
    space: &Space,
    width: usize,
    height: usize,
    inverted: bool,
) -> Raster {
    let components = space.components();
    let stride = (width * components * depth).div_ceil(8);
    let is_index = matches!(space, Space::Indexed(..));
    let highest = (1u32 << depth.min(8)) - 1;
    let mut rgb = vec![255; width * height * 3];
    let rows = bytes
        .chunks_exact(stride)
        .zip(rgb.chunks_exact_mut(width * 3));
    let mut values = [0u8; 4];
    for (row, out) in rows {
        for (column, pixel) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            for (component, value) in values.iter_mut().enumerate().take(components) {
                let bit = (column * components + component) * depth;
                let byte = row[bit / 8];
                let raw = match depth {
                    // Of sixteen bits, the upper eight.
                    8 | 16 => u32::from(byte),
                    _ => u32::from(byte) >> (8 - depth - bit % 8) & highest,
                };
                let scaled = if is_index { raw } else { raw * 255 / highest };
                *value = if inverted && !is_index {
                    255 - scaled as u8
                } else {
                    scaled as u8
                };
            }
            *pixel = space.colour(&values);
        }
    }
    Raster {
        width,
        height,
        rgb,
        cover: None,
    }
}

/// A mask of one bit: black where it is 0, or 1 if inverted; nothing elsewhere.
fn stencil(bits: &[u8], width: usize, height: usize, inverted: bool) -> Raster {
    let painted = u8::from(inverted);
    let stride = width.div_ceil(8);
    let mut cover = vec![0; width * height];
    for (row, out) in bits.chunks_exact(stride).zip(cover.chunks_exact_mut(width)) {
        for (column, cover) in out.iter_mut().enumerate() {
            if row[column / 8] >> (7 - column % 8) & 1 == painted {
                *cover = 255;
            }
        }
    }
    Raster {
        width,
        height,
        rgb: vec![0; width * height * 3],
        cover: Some(cover),
    }
}

/// The grey values of a mask in another size.
fn fitted(mask: &Raster, width: usize, height: usize) -> Vec<u8> {
    let mut cover = Vec::with_capacity(width * height);
    for row in 0..height {
        let from = row * mask.height / height * mask.width;
        cover.extend((0..width).map(|column| mask.rgb[(from + column * mask.width / width) * 3]));
    }
    cover
}

/// Bits as they are without compression: 0 is black unless BlackIs1.
fn fax(
    document: &Document,
    parameters: Option<&Dictionary>,
    bytes: &[u8],
    width: usize,
    height: usize,
) -> Result<Vec<u8>, String> {
    let value = |key| parameters.and_then(|parameters| integer(document, parameters, key));
    let columns = value(b"Columns").unwrap_or(1728);
    let columns = usize::try_from(columns).unwrap_or(0);
    if columns == 0 || columns.abs_diff(width) > 7 {
        return Err(format!(
            "a fax image of {columns} columns in one of {width}"
        ));
    }
    let is = |key| {
        let found = parameters.and_then(|parameters| entry(document, parameters, key));
        matches!(found, Some(Object::Boolean(true)))
    };
    if is(b"EncodedByteAlign") {
        return Err("a fax image whose rows are aligned to bytes".to_owned());
    }
    let stride = width.div_ceil(8);
    let (white, mut bits) = if is(b"BlackIs1") {
        (0, vec![0u8; stride * height])
    } else {
        (1, vec![255u8; stride * height])
    };
    let mut row = 0;
    let line = |changes: &[u32]| {
        let Some(out) = bits.get_mut(row * stride..(row + 1) * stride) else {
            return;
        };
        row += 1;
        for run in changes.chunks(2) {
            let end = run.get(1).map_or(width, |end| *end as usize).min(width);
            for column in run[0] as usize..end {
                let bit = 0x80 >> (column % 8);
                if white == 1 {
                    out[column / 8] &= !bit;
                } else {
                    out[column / 8] |= bit;
                }
            }
        }
    };
    let rows = u32::try_from(height).unwrap_or(u32::MAX);
    // What was decoded before an error is shown.
    match value(b"K").unwrap_or(0) {
        ..0 => fax::decoder::decode_g4(bytes.iter().copied(), columns as u32, Some(rows), line),
        0 => fax::decoder::decode_g3(bytes.iter().copied(), line),
        _ => return Err("a fax image of group 3 in two dimensions".to_owned()),
    };
    if row == 0 {
        return Err("a fax image without a row".to_owned());
    }
    Ok(bits)
}

fn jpeg(bytes: &[u8], inverted: bool) -> Result<Raster, String> {
    let (width, height, components) =
        jpeg_size(bytes).ok_or("a JPEG image without a frame header")?;
    let photometric = match components {
        1 => "MONOCHROME2",
        3 => "YBR_FULL_422",
        other => return Err(format!("a JPEG image of {other} components")),
    };
    let mut raster = decoded(
        bytes,
        "1.2.840.10008.1.2.4.50",
        (width, height),
        8,
        photometric,
    )?;
    if inverted {
        raster
            .rgb
            .iter_mut()
            .for_each(|value| *value = 255 - *value);
    }
    Ok(raster)
}

/// Width, height and components of a JPEG's frame header (T.81 B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32, u8)> {
    let mut at = 2;
    loop {
        let marker = bytes.get(at..at + 4)?;
        if marker[0] != 0xFF {
            return None;
        }
        if marker[1] == 0xFF {
            at += 1;
            continue;
        }
        if matches!(marker[1], 0xC0..=0xCF) && !matches!(marker[1], 0xC4 | 0xC8 | 0xCC) {
            let header = bytes.get(at + 5..at + 10)?;
            let number = |at: usize| u32::from(header[at]) << 8 | u32::from(header[at + 1]);
            return Some((number(2), number(0), header[4]));
        }
        at += 2 + (usize::from(marker[2]) << 8 | usize::from(marker[3]));
    }
}

fn jpeg2000(bytes: &[u8]) -> Result<Raster, String> {
    let start = memchr::memmem::find(bytes, b"\xFF\x4F\xFF\x51");
    let codestream = &bytes[start.ok_or("a JPEG 2000 image without a codestream")?..];
    let header = codestream
        .get(2..44)
        .ok_or("a JPEG 2000 image that ends in its header")?;
    let number = |at: usize| {
        header[at..at + 4]
            .iter()
            .fold(0u32, |n, byte| n << 8 | u32::from(*byte))
    };
    // T.800 A.5.1: the reference grid, and where the image begins in it.
    let size = (
        number(6).saturating_sub(number(14)),
        number(10).saturating_sub(number(18)),
    );
    let components = u16::from(header[38]) << 8 | u16::from(header[39]);
    let bits = u16::from(header[40] & 0x7F) + 1;
    let photometric = match components {
        1 => "MONOCHROME2",
        3 => "RGB",
        other => return Err(format!("a JPEG 2000 image of {other} components")),
    };
    decoded(
        codestream,
        "1.2.840.10008.1.2.4.91",
        size,
        bits,
        photometric,
    )
}

/// What the decoders of frames make of it.
fn decoded(
    bytes: &[u8],
    syntax: &str,
    (width, height): (u32, u32),
    bits: u16,
    photometric: &str,
) -> Result<Raster, String> {
    check(width, height)?;
    let (Ok(columns), Ok(rows), 1..=16) = (u16::try_from(width), u16::try_from(height), bits)
    else {
        return Err(format!(
            "an image of {width} x {height} pixels and {bits} bits"
        ));
    };
    let samples: u16 = if photometric == "MONOCHROME2" { 1 } else { 3 };
    let mut image = InMemDicomObject::new_empty();
    let allocated: u16 = if bits > 8 { 16 } else { 8 };
    for (tag, value) in [
        (tags::ROWS, rows),
        (tags::COLUMNS, columns),
        (tags::BITS_ALLOCATED, allocated),
        (tags::BITS_STORED, bits),
        (tags::HIGH_BIT, bits - 1),
        (tags::PIXEL_REPRESENTATION, 0),
        (tags::SAMPLES_PER_PIXEL, samples),
        (tags::PLANAR_CONFIGURATION, 0),
    ] {
        image.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    image.put(DataElement::new(
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        photometric,
    ));
    let values = f64::from(1u32 << bits);
    let options = Options {
        window: (samples == 1).then_some(Window {
            center: values / 2.0,
            width: values,
            function: Function::Linear,
        }),
        graphics: Graphics::Hidden,
        max_pixels: MAX_PIXELS,
        ..Options::default()
    };
    let picture =
        frame::render(&image, syntax, bytes, 1, &options).map_err(|error| error.to_string())?;
    let (width, height) = (picture.width as usize, picture.height as usize);
    let rgb = match picture.pixels {
        Pixels::Rgb8(rgb) => rgb,
        Pixels::Grey8(grey) => grey.into_iter().flat_map(|value| [value; 3]).collect(),
        Pixels::Grey16(grey) => grey
            .into_iter()
            .flat_map(|value| [(value >> 8) as u8; 3])
            .collect(),
    };
    Ok(Raster {
        width,
        height,
        rgb,
        cover: None,
    })
}
