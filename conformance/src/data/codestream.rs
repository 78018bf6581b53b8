//! Pictures compressed by encoders that are neither ours nor the judged archive's. The recipe lies beside them in `encoded/`.

use dicom_dictionary_std::uids;

use super::picture::{Picture, Pixels};

/// A compressed picture, with its pixels where compression kept them.
#[derive(Clone, Copy, Debug)]
pub struct Codestream {
    /// Its transfer syntax in words.
    pub name: &'static str,
    /// Its transfer syntax.
    pub transfer_syntax: &'static str,
    /// The codestream, of even length.
    pub bytes: &'static [u8],
    /// The pixels before compression, if it was lossless.
    pub native: Option<&'static [u8]>,
    rows: u16,
    columns: u16,
    bits: u16,
}

const DEEP: Codestream = Codestream {
    name: "",
    transfer_syntax: "",
    bytes: &[],
    native: Some(include_bytes!("encoded/deep.raw")),
    rows: 32,
    columns: 32,
    bits: 16,
};

/// Lossless JPEG 2000.
pub const JPEG_2000: Codestream = Codestream {
    name: "JPEG 2000 Lossless",
    transfer_syntax: uids::JPEG2000_LOSSLESS,
    bytes: include_bytes!("encoded/deep.j2k"),
    ..DEEP
};

/// Lossless JPEG-LS.
pub const JPEG_LS: Codestream = Codestream {
    name: "JPEG-LS Lossless",
    transfer_syntax: uids::JPEGLS_LOSSLESS,
    bytes: include_bytes!("encoded/deep.jls"),
    ..DEEP
};

/// JPEG baseline, which is lossy.
pub const JPEG_BASELINE: Codestream = Codestream {
    name: "JPEG Baseline",
    transfer_syntax: uids::JPEG_BASELINE8_BIT,
    bytes: include_bytes!("encoded/shallow.jpg"),
    native: None,
    rows: 24,
    columns: 32,
    bits: 8,
};

impl Codestream {
    /// The picture in one fragment.
    pub fn picture(&self) -> Picture {
        self.fragmented(&[], vec![self.bytes.to_vec()])
    }

    /// The picture with these fragments and this Basic Offset Table.
    pub fn fragmented(&self, offsets: &[u32], fragments: Vec<Vec<u8>>) -> Picture {
        let pixels = Pixels::Fragments {
            offsets: offsets.to_vec(),
            fragments,
        };
        Picture::grey(self.columns, self.rows, self.bits, pixels)
    }

    /// Length of its native pixels, in bytes.
    pub fn native_length(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns) * usize::from(self.bits / 8)
    }
}

/// Whether these are the bytes of a codestream, with or without the padding to an even length.
pub fn is_codestream(got: &[u8], stored: &[u8]) -> bool {
    let trimmed = |bytes: &[u8]| bytes.len() - usize::from(bytes.ends_with(&[0]));
    got[..trimmed(got)] == stored[..trimmed(stored)]
}
