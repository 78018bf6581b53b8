//! A reader that takes a boundary for a delimiter wherever it stands, as some archives do.

use bytes::{Bytes, BytesMut};
use dicom_wire::multipart::Boundary;
use memchr::memmem;

/// Puts line breaks around every `--boundary` that stands within a line, so that a right decoder sees what a wrong one would.
#[derive(Debug)]
pub(super) struct Anywhere {
    token: Vec<u8>,
    /// The last bytes seen, which may be the beginning of a token, with the two before it.
    held: BytesMut,
    start: Start,
}

#[derive(Debug, PartialEq, Eq)]
enum Start {
    OfBody,
    Within,
}

impl Anywhere {
    pub(super) fn new(boundary: &Boundary) -> Self {
        Self {
            token: format!("--{boundary}").into_bytes(),
            held: BytesMut::new(),
            start: Start::OfBody,
        }
    }

    /// The bytes that are decided by now.
    pub(super) fn rewrite(&mut self, bytes: &[u8]) -> Bytes {
        self.held.extend_from_slice(bytes);
        let mut out = BytesMut::with_capacity(self.held.len() + 64);
        while let Some(at) = memmem::find(&self.held, &self.token) {
            let before = &self.held[..at];
            let first = at == 0 && self.start == Start::OfBody;
            let end = at + self.token.len();
            if first || before.ends_with(b"\r\n") {
                out.extend_from_slice(&self.held[..end]);
            } else {
                out.extend_from_slice(before);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(&self.held[at..end]);
                out.extend_from_slice(b"\r\n");
            }
            let _ = self.held.split_to(end);
            self.start = Start::Within;
        }
        // Two bytes more than a token's beginning: they tell whether the token stands at a line's start.
        let decided = self.held.len().saturating_sub(self.token.len() + 1);
        if decided > 0 {
            self.start = Start::Within;
        }
        out.extend_from_slice(&self.held.split_to(decided));
        out.freeze()
    }

    /// The last bytes of the body.
    pub(super) fn rest(self) -> Bytes {
        self.held.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(body: &[u8], piece: usize) -> Vec<u8> {
        let mut anywhere = Anywhere::new(&Boundary::parse("b").unwrap());
        let mut out: Vec<u8> = Vec::new();
        for bytes in body.chunks(piece) {
            out.extend_from_slice(&anywhere.rewrite(bytes));
        }
        out.extend_from_slice(&anywhere.rest());
        out
    }

    #[test]
    fn a_boundary_within_a_line_becomes_a_delimiter_and_others_stay() {
        let body = b"--b\r\n\r\nxx--byy\r\n--b--\r\n";
        for piece in 1..body.len() {
            assert_eq!(
                rewritten(body, piece),
                b"--b\r\n\r\nxx\r\n--b\r\nyy\r\n--b--\r\n"
            );
        }
    }
}
