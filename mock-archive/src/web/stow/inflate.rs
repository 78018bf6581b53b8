//! Request bodies that come compressed (RFC 9110 8.4): inflated in steps, so that a small body cannot become a big one at once.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::web::problem::Problem;

/// How much of a compressed body is inflated at once. Deflate makes at most about a thousand bytes of one.
const STEP: usize = 4096;

/// A gzip body on its way.
pub(super) struct Inflate {
    decoder: MultiGzDecoder<Vec<u8>>,
    compressed: Bytes,
}

impl Inflate {
    /// As the Content-Encoding asks; nothing where the body is plain.
    ///
    /// # Errors
    /// 415 for a coding that is not known.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Inflate>, Problem> {
        let codings = headers.get_all(CONTENT_ENCODING).iter();
        let codings: Vec<_> = codings.filter_map(|value| value.to_str().ok()).collect();
        let codings = codings.join(",").to_ascii_lowercase();
        let codings = codings.split(',').map(str::trim);
        let codings: Vec<_> = codings
            .filter(|coding| !matches!(*coding, "" | "identity"))
            .collect();
        match codings[..] {
            [] => Ok(None),
            ["gzip" | "x-gzip"] => Ok(Some(Inflate {
                decoder: MultiGzDecoder::new(Vec::new()),
                compressed: Bytes::new(),
            })),
            _ => Err(Problem::unsupported_coding(&codings.join(", "))),
        }
    }

    /// Takes bytes from the wire.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.compressed = bytes;
    }

    /// The next inflated bytes; nothing before more are pushed.
    ///
    /// # Errors
    /// What was pushed is no gzip.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.compressed.is_empty() {
            let step = self.compressed.len().min(STEP);
            self.decoder.write_all(&self.compressed.split_to(step))?;
            if !self.decoder.get_ref().is_empty() {
                return Ok(Some(std::mem::take(self.decoder.get_mut()).into()));
            }
        }
        Ok(None)
    }

    /// The last bytes, when the body has ended.
    ///
    /// # Errors
    /// It ended within the coding.
    pub(super) fn finish(&mut self) -> io::Result<Bytes> {
        self.decoder.try_finish()?;
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn inflated(pieces: impl Iterator<Item = Bytes>) -> io::Result<(Vec<u8>, usize)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static("GZIP"));
        let mut inflate = Inflate::of(&headers).unwrap().unwrap();
        let (mut all, mut biggest) = (Vec::new(), 0);
        for piece in pieces {
            inflate.push(piece);
            while let Some(bytes) = inflate.next()? {
                biggest = biggest.max(bytes.len());
                all.extend(bytes);
            }
        }
        all.extend(inflate.finish()?);
        Ok((all, biggest))
    }

    fn packed(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn a_body_is_inflated_however_it_arrives() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let packed = packed(&plain);
        for size in [1, 7, 5000, packed.len()] {
            let pieces = (0..packed.len()).step_by(size);
            let pieces = pieces.map(|at| packed.slice(at..packed.len().min(at + size)));
            assert!(inflated(pieces).unwrap().0 == plain, "{size}");
        }
    }

    #[test]
    fn a_bomb_is_inflated_in_small_steps() {
        let bomb = packed(&vec![0; 64 * 1024 * 1024]);
        let (all, biggest) = inflated([bomb].into_iter()).unwrap();
        assert_eq!(all.len(), 64 * 1024 * 1024);
        assert!(biggest < 8 * 1024 * 1024, "{biggest}");
    }

    #[test]
    fn what_is_cut_or_no_gzip_is_an_error() {
        let packed = packed(b"something");
        let cut = packed.slice(..packed.len() - 3);
        assert!(inflated([cut].into_iter()).is_err());
        assert!(inflated([Bytes::from_static(b"plain text")].into_iter()).is_err());
    }

    #[test]
    fn a_plain_body_needs_nothing_and_an_unknown_coding_is_refused() {
        let of = |text| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static(text));
            Inflate::of(&headers).map(|inflate| inflate.is_some())
        };
        assert_eq!(of("identity"), Ok(false));
        assert_eq!(of("x-gzip"), Ok(true));
        assert!(of("br").is_err() && of("gzip, gzip").is_err());
    }
}
