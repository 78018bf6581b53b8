//! Streams unpacked within a budget.

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{Dictionary, Document, Object, Stream};

use super::{PdfError, resolve};

/// Filters on filters on filters: nobody needs more, and each multiplies.
const MAX_LAYERS: usize = 3;

/// How the bytes of an image are still coded, once filters for any bytes are taken off.
pub(super) enum Coded {
    /// Not at all.
    Not,
    Jpeg,
    Jpeg2000,
    /// CCITT group 3 or 4, with its parameters.
    Fax(Option<Dictionary>),
    /// By a filter that is not read.
    Unknown(String),
}

/// How many bytes may still be unpacked.
pub(super) struct Budget {
    left: u64,
    limit: u64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// The bytes of a stream; empty where its filter is not for text, as that of a picture.
    pub(super) fn unpack(&mut self, stream: &Stream) -> Result<Vec<u8>, PdfError> {
        let mut bytes = stream.content.clone();
        for filter in stream.filters().unwrap_or_default() {
            let unpacked = match filter {
                b"FlateDecode" | b"Fl" => self.inflate(&bytes)?,
                b"LZWDecode" | b"LZW" => lopdf_filter(bytes, "LZWDecode"),
                b"ASCII85Decode" | b"A85" => lopdf_filter(bytes, "ASCII85Decode"),
                b"ASCIIHexDecode" | b"AHx" => hex(&bytes),
                _ => return Ok(Vec::new()),
            };
            bytes = unpacked;
            self.spend(bytes.len() as u64)?;
        }
        Ok(bytes)
    }

    /// The bytes of an image, up to the filter that makes pixels of them.
    pub(super) fn unpack_image(
        &mut self,
        document: &Document,
        stream: &Stream,
    ) -> Result<(Vec<u8>, Coded), PdfError> {
        let mut bytes = stream.content.clone();
        for (index, filter) in stream.filters().unwrap_or_default().into_iter().enumerate() {
            let parameters = parameters(document, &stream.dict, index);
            bytes = match filter {
                b"FlateDecode" | b"Fl" => {
                    let inflated = self.inflate(&bytes)?;
                    predicted(document, inflated, parameters)
                }
                b"LZWDecode" | b"LZW" => {
                    let unpacked = lopdf_filter(bytes, "LZWDecode");
                    predicted(document, unpacked, parameters)
                }
                b"ASCII85Decode" | b"A85" => lopdf_filter(bytes, "ASCII85Decode"),
                b"ASCIIHexDecode" | b"AHx" => hex(&bytes),
                b"RunLengthDecode" | b"RL" => run_lengths(&bytes),
                b"DCTDecode" | b"DCT" => return Ok((bytes, Coded::Jpeg)),
                b"JPXDecode" => return Ok((bytes, Coded::Jpeg2000)),
                b"CCITTFaxDecode" | b"CCF" => return Ok((bytes, Coded::Fax(parameters.cloned()))),
                other => {
                    let name = String::from_utf8_lossy(&other[..other.len().min(40)]).into_owned();
                    return Ok((Vec::new(), Coded::Unknown(name)));
                }
            };
            self.spend(bytes.len() as u64)?;
        }
        Ok((bytes, Coded::Not))
    }

    /// As much as can be inflated: a damaged end must not cost the beginning.
    fn inflate(&self, bytes: &[u8]) -> Result<Vec<u8>, PdfError> {
        let mut unpacked = Vec::new();
        let _ = ZlibDecoder::new(bytes)
            .take(self.left + 1)
            .read_to_end(&mut unpacked);
        Ok(unpacked)
    }

    fn spend(&mut self, bytes: u64) -> Result<(), PdfError> {
        let limit = self.limit;
        self.left = self.left.checked_sub(bytes).ok_or(PdfError::TooLarge {
            what: "bytes once unpacked",
            limit,
        })?;
        Ok(())
    }
}

/// A filter whose output is at most some hundred times its input.
fn lopdf_filter(bytes: Vec<u8>, filter: &str) -> Vec<u8> {
    let mut dictionary = Dictionary::new();
    dictionary.set("Filter", Object::Name(filter.as_bytes().to_vec()));
    Stream::new(dictionary, bytes)
        .decompressed_content()
        .unwrap_or_default()
}

/// DecodeParms of a filter: one dictionary, or one for each.
fn parameters<'d>(
    document: &'d Document,
    dictionary: &'d Dictionary,
    index: usize,
) -> Option<&'d Dictionary> {
    let found = dictionary
        .get(b"DecodeParms")
        .or_else(|_| dictionary.get(b"DP"));
    match resolve(document, found.ok()?)? {
        Object::Array(each) => resolve(document, each.get(index)?)?.as_dict().ok(),
        one => one.as_dict().ok().filter(|_| index == 0),
    }
}

/// Undoes what a predictor did to the rows of an image (ISO 32000-1 7.4.4.4).
fn predicted(document: &Document, bytes: Vec<u8>, parameters: Option<&Dictionary>) -> Vec<u8> {
    let number = |key: &[u8], default: usize| {
        let found = parameters.and_then(|parameters| resolve(document, parameters.get(key).ok()?));
        found
            .and_then(|found| usize::try_from(found.as_i64().ok()?).ok())
            .unwrap_or(default)
    };
    let kind = number(b"Predictor", 1);
    let (colours, bits, columns) = (
        number(b"Colors", 1),
        number(b"BitsPerComponent", 8),
        number(b"Columns", 1),
    );
    if kind < 2 || colours > 32 || bits > 16 || columns > 1 << 20 || colours * bits * columns == 0 {
        return bytes;
    }
    let stride = (colours * bits * columns).div_ceil(8);
    let pixel = (colours * bits).div_ceil(8);
    if kind == 2 {
        return summed(bytes, stride, pixel, bits);
    }
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0u8; stride];
    for row in bytes.chunks(stride + 1).filter(|row| row.len() > 1) {
        let mut line = row[1..].to_vec();
        line.resize(stride, 0);
        for at in 0..stride {
            let left = at.checked_sub(pixel).map_or(0, |at| line[at]);
            let corner = at.checked_sub(pixel).map_or(0, |at| above[at]);
            let guess = match row[0] {
                1 => left,
                2 => above[at],
                3 => ((u16::from(left) + u16::from(above[at])) / 2) as u8,
                4 => paeth(left, above[at], corner),
                _ => 0,
            };
            line[at] = line[at].wrapping_add(guess);
        }
        out.extend_from_slice(&line);
        above = line;
    }
    out
}

/// The neighbour that is nearest to left plus above less corner (RFC 2083 6.6).
fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |value: u8| (guess - i16::from(value)).abs();
    let nearest = distance(left).min(distance(above)).min(distance(corner));
    [left, above, corner]
        .into_iter()
        .find(|value| distance(*value) == nearest)
        .unwrap_or(0)
}

/// TIFF's predictor: each byte is the difference to the pixel before.
fn summed(mut bytes: Vec<u8>, stride: usize, pixel: usize, bits: usize) -> Vec<u8> {
    if bits == 8 {
        for row in bytes.chunks_mut(stride) {
            for at in pixel..row.len() {
                row[at] = row[at].wrapping_add(row[at - pixel]);
            }
        }
    }
    bytes
}

/// ISO 32000-1 7.4.5: at most 128 bytes of two.
fn run_lengths(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((&length, rest)) = bytes.split_first() {
        bytes = match length {
            0..128 => {
                let (copied, rest) = rest.split_at((usize::from(length) + 1).min(rest.len()));
                out.extend_from_slice(copied);
                rest
            }
            128 => break,
            _ => match rest.split_first() {
                Some((&byte, rest)) => {
                    out.resize(out.len() + 257 - usize::from(length), byte);
                    rest
                }
                None => break,
            },
        };
    }
    out
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes
        .iter()
        .take_while(|&&byte| byte != b'>')
        .filter_map(|&byte| (byte as char).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        .collect()
}

/// How many bytes all deflated streams of a document hold, counted without keeping them, at most a little above `limit`.
pub(super) fn unpacked_length(pdf: &[u8], limit: u64) -> u64 {
    let mut total = 0;
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&pdf[at..], b"stream") {
        at += found + b"stream".len();
        let data = pdf[at..].trim_ascii_start();
        if !is_zlib(data) {
            continue;
        }
        total += layers(data, limit);
        if total > limit {
            break;
        }
    }
    total
}

/// The bytes in all layers of zlib in zlib.
fn layers(data: &[u8], limit: u64) -> u64 {
    let mut total = 0;
    for depth in 1..=MAX_LAYERS {
        let mut reader: Box<dyn Read + '_> = Box::new(data);
        for _ in 0..depth {
            reader = Box::new(ZlibDecoder::new(reader));
        }
        let mut head = [0; 2];
        if reader.read_exact(&mut head).is_err() {
            break;
        }
        total += std::io::copy(&mut reader.take(limit + 1), &mut std::io::sink()).unwrap_or(0) + 2;
        if !is_zlib(&head) || total > limit {
            break;
        }
    }
    total
}

/// RFC 1950 2.2: method 8, and both bytes a multiple of 31.
fn is_zlib(data: &[u8]) -> bool {
    matches!(data, [method, flags, ..] if method & 15 == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}
