//! Bytes of one instance, in chunks of memory or in a file, read from anywhere.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempPath;

/// How many bytes of a file are read at once.
const STEP: u64 = 128 * 1024;

/// All bytes of an instance that is in no file of its own.
#[derive(Debug)]
pub(super) enum Content {
    /// In memory, as they came.
    Memory(Arc<Pieces>),
    /// In a file that goes when this goes.
    Temporary { path: TempPath, len: u64 },
    /// Not kept.
    Gone { len: u64 },
}

/// What stands for bytes that were passed over.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// Chunks with the offsets at which they start. Bytes between them were passed over because nobody will ask for them; they read as zeros.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: Vec<Bytes>,
    starts: Vec<u64>,
    len: u64,
}

impl Pieces {
    pub(super) fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        self.starts.push(self.len);
        self.len += piece.len() as u64;
        self.pieces.push(piece);
    }

    /// Passes over so many bytes.
    pub(super) fn skip(&mut self, count: u64) {
        self.len += count;
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The chunks and their offsets.
    pub(super) fn placed(&self) -> impl Iterator<Item = (u64, &Bytes)> {
        self.starts.iter().copied().zip(&self.pieces)
    }

    /// What is left of the piece that has this offset; empty behind the end.
    pub(super) fn from(&self, offset: u64) -> Bytes {
        let at = self.starts.partition_point(|start| *start <= offset);
        match at.checked_sub(1).map(|i| (self.starts[i], &self.pieces[i])) {
            Some((start, piece)) if offset < start + piece.len() as u64 => {
                piece.slice((offset - start) as usize..)
            }
            _ => {
                let next = self.starts.get(at).copied().unwrap_or(self.len);
                let gap = next.saturating_sub(offset).min(ZEROS.len() as u64);
                Bytes::from_static(&ZEROS[..gap as usize])
            }
        }
    }
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(pieces) => pieces.len(),
            Self::Temporary { len, .. } | Self::Gone { len } => *len,
        }
    }

    pub(super) fn reader(&self) -> io::Result<Reader> {
        let at = match self {
            Self::Memory(pieces) => At::Memory {
                pieces: pieces.clone(),
                position: 0,
            },
            Self::Temporary { path, .. } => return File::open(path).map(Reader::of_file),
            Self::Gone { .. } => {
                return Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    "the archive keeps only headers",
                ));
            }
        };
        Ok(Reader(at))
    }
}

/// Reads the bytes of an instance, from anywhere. It goes on reading what was there when it was opened.
#[derive(Debug)]
pub struct Reader(At);

impl Reader {
    pub(super) fn of_file(file: File) -> Self {
        Self(At::File(file))
    }

    /// Goes on with the chunks of a range, which must not go beyond the end.
    pub(super) fn chunks(mut self, range: Range<u64>) -> io::Result<Chunks> {
        let left = range.end.saturating_sub(range.start);
        self.seek(SeekFrom::Start(range.start))?;
        Ok(match self.0 {
            At::Memory { pieces, position } => Chunks(Source::Memory {
                pieces,
                position,
                left,
            }),
            At::File(file) => Chunks::reading(file, left),
        })
    }
}

#[derive(Debug)]
enum At {
    Memory { pieces: Arc<Pieces>, position: u64 },
    File(File),
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            At::File(file) => file.read(buffer),
            At::Memory { pieces, position } => {
                let piece = pieces.from(*position);
                let most = piece.len().min(buffer.len());
                buffer[..most].copy_from_slice(&piece[..most]);
                *position += most as u64;
                Ok(most)
            }
        }
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            At::File(file) => file.seek(to),
            At::Memory { pieces, position } => {
                let sought = match to {
                    SeekFrom::Start(offset) => Some(offset),
                    SeekFrom::End(by) => pieces.len().checked_add_signed(by),
                    SeekFrom::Current(by) => position.checked_add_signed(by),
                };
                *position = sought.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(*position)
            }
        }
    }
}

/// Bytes of an instance, one chunk after the other: the very chunks that came in where they are in memory, 128 KiB at a time where they are in a file.
pub struct Chunks(Source);

enum Source {
    Memory {
        pieces: Arc<Pieces>,
        position: u64,
        left: u64,
    },
    Reading {
        reader: Box<dyn Read + Send>,
        left: u64,
    },
    Joined(std::vec::IntoIter<Chunks>),
}

impl Chunks {
    /// What a reader gives, up to a number of bytes, which it must have.
    pub(super) fn reading(reader: impl Read + Send + 'static, left: u64) -> Self {
        Self(Source::Reading {
            reader: Box::new(reader),
            left,
        })
    }

    /// One after the other.
    pub(super) fn joined(parts: Vec<Self>) -> Self {
        Self(Source::Joined(parts.into_iter()))
    }
}

impl Iterator for Chunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Memory {
                pieces,
                position,
                left,
            } => {
                let mut piece = pieces.from(*position);
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *position += piece.len() as u64;
                *left -= piece.len() as u64;
                (!piece.is_empty()).then_some(Ok(piece))
            }
            Source::Reading { left: 0, .. } => None,
            Source::Reading { reader, left } => {
                let mut chunk = vec![0; (*left).min(STEP) as usize];
                match reader.read_exact(&mut chunk) {
                    Ok(()) => {
                        *left -= chunk.len() as u64;
                        Some(Ok(chunk.into()))
                    }
                    Err(error) => {
                        *left = 0;
                        Some(Err(error))
                    }
                }
            }
            Source::Joined(parts) => loop {
                let first = parts.as_mut_slice().first_mut()?;
                match first.next() {
                    Some(chunk) => return Some(chunk),
                    None => drop(parts.next()),
                }
            },
        }
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chunks")
    }
}
