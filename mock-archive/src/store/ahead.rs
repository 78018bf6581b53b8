//! How far a scan would go on what has arrived of an instance: what it passes over need not be kept where only headers are.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use dicom_wire::part10::{self, Limits};

use super::content::Pieces;

/// The offset of the first byte that a scan wants and that has not arrived; `None` if it ends before.
pub(super) fn wanted(pieces: &Pieces) -> Option<u64> {
    let wanted = Cell::new(None);
    let arrived = Arrived {
        pieces,
        position: 0,
        wanted: &wanted,
    };
    // It fails at that byte, or at something that will be wrong with the whole as well.
    let _ = part10::scan(arrived, &Limits::default());
    wanted.get()
}

/// The beginning of a file whose length nobody knows yet.
struct Arrived<'a> {
    pieces: &'a Pieces,
    position: u64,
    wanted: &'a Cell<Option<u64>>,
}

impl Read for Arrived<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.pieces.from(self.position);
        if piece.is_empty() {
            self.wanted.set(Some(self.position));
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let most = piece.len().min(buffer.len());
        buffer[..most].copy_from_slice(&piece[..most]);
        self.position += most as u64;
        Ok(most)
    }
}

impl Seek for Arrived<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let sought = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => (u64::MAX >> 1).checked_add_signed(by),
        };
        self.position = sought.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
