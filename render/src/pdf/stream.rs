//! Streams unpacked within a budget.

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{Dictionary, Object, Stream};

use super::PdfError;

/// Filters on filters on filters: nobody needs more, and each multiplies.
const MAX_LAYERS: usize = 3;

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
