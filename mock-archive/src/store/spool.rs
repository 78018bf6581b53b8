//! Takes an instance while it arrives.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use tempfile::NamedTempFile;

use super::ahead;
use super::content::{Content, Pieces, Reader};
use super::{Retain, Storage, Sync, THRESHOLD};

/// Chunks smaller than this are copied together, so that a client that sends byte by byte costs no more than others.
const SMALL: usize = 4 * 1024;

/// Of an instance that comes alone, so many bytes are written together.
const EAGER: u64 = 64 * 1024;

/// So many bytes of an instance are looked at for its header in memory.
const MOST_KEPT: usize = 4 * 1024 * 1024;

/// Takes the chunks of an instance. Dropped before its end, it leaves nothing behind.
#[derive(Debug)]
pub struct Spool {
    storage: Storage,
    /// What is in memory: everything, or what is not in the file yet.
    pieces: Pieces,
    /// Small chunks, not in `pieces` yet.
    pending: BytesMut,
    file: Option<NamedTempFile>,
    /// More bytes in memory than these go to the file.
    most: u64,
    written: u64,
    /// Bytes before this offset are passed over; only where headers are all that is retained.
    passed_over: u64,
    /// Bytes in memory since the last look ahead.
    unseen: usize,
    /// Bytes in memory.
    kept: usize,
    digest: Option<Box<blake3::Hasher>>,
}

/// All bytes of an instance that is not in the archive yet. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Spooled {
    pub(super) storage: Storage,
    pub(super) content: Content,
    pub(super) digest: Option<[u8; 32]>,
}

impl Spool {
    pub(super) fn new(storage: Storage) -> Self {
        let digest = (storage.retain == Retain::Headers).then(Box::default);
        Self {
            storage,
            pieces: Pieces::default(),
            pending: BytesMut::new(),
            file: None,
            most: THRESHOLD as u64,
            written: 0,
            passed_over: 0,
            unseen: 0,
            kept: 0,
            digest,
        }
    }

    /// Writes while more comes, where a file is written at all. For an instance that nothing else is received beside: its sender waits for the answer, so that the
    /// less is left to do at its end, the better.
    #[must_use]
    pub fn eager(mut self) -> Self {
        self.most = EAGER;
        self
    }

    /// Adds a chunk. It is not copied where it stays in memory, unless it is small.
    ///
    /// # Errors
    /// If the file cannot be made or written, such as on a full disk.
    pub fn write(&mut self, chunk: Bytes) -> io::Result<()> {
        if let Some(digest) = &mut self.digest {
            digest.update(&chunk);
        }
        if chunk.len() < SMALL {
            self.pending.extend_from_slice(&chunk);
            if self.pending.len() < SMALL * 4 {
                return Ok(());
            }
            let together = self.pending.split().freeze();
            return self.add(together);
        }
        self.settle()?;
        self.add(chunk)
    }

    /// Bytes that came so far.
    pub fn len(&self) -> u64 {
        self.written + self.pieces.len() + self.pending.len() as u64
    }

    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No more chunks.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> io::Result<Spooled> {
        self.settle()?;
        if self.file.is_some() {
            self.flush()?;
        }
        let content = match self.file.take() {
            Some(file) => Content::Temporary {
                path: file.into_temp_path(),
                len: self.written,
            },
            None => Content::Memory(Arc::new(std::mem::take(&mut self.pieces))),
        };
        Ok(Spooled {
            storage: self.storage,
            content,
            digest: self.digest.map(|digest| digest.finalize().into()),
        })
    }

    fn settle(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let together = self.pending.split().freeze();
        self.add(together)
    }

    fn add(&mut self, chunk: Bytes) -> io::Result<()> {
        if self.storage.retain == Retain::Headers && self.file.is_none() {
            return self.add_header(chunk);
        }
        self.pieces.push(chunk);
        let stays = self.storage.directory.is_none() && self.storage.retain == Retain::All;
        if !stays && self.pieces.len() > self.most {
            self.flush()?;
        }
        Ok(())
    }

    /// Keeps what a scan will want. Where that is nearly everything, it goes to a file after all.
    fn add_header(&mut self, mut chunk: Bytes) -> io::Result<()> {
        let over = self.passed_over.saturating_sub(self.pieces.len());
        let over = usize::try_from(over).unwrap_or(usize::MAX).min(chunk.len());
        chunk.advance(over);
        self.pieces.skip(over as u64);
        self.unseen += chunk.len();
        self.kept += chunk.len();
        self.pieces.push(chunk);
        if self.unseen <= THRESHOLD {
            return Ok(());
        }
        if self.kept > MOST_KEPT {
            return self.flush();
        }
        self.unseen = 0;
        if let Some(wanted) = ahead::wanted(&self.pieces) {
            self.passed_over = wanted;
        }
        Ok(())
    }

    /// Moves what is in memory to the file.
    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.storage.temporary()?),
        };
        let mut at = 0;
        for (start, piece) in self.pieces.placed() {
            if start != at {
                file.seek(SeekFrom::Start(self.written + start))?;
            }
            file.write_all(piece)?;
            at = start + piece.len() as u64;
        }
        self.written += self.pieces.len();
        if at != self.pieces.len() {
            file.as_file().set_len(self.written)?;
            file.seek(SeekFrom::Start(self.written))?;
        }
        self.pieces = Pieces::default();
        Ok(())
    }
}

impl Spooled {
    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.content.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they are in the directory, which nobody waits for the disk to have.
    pub(crate) fn only_wants_a_name(&self) -> bool {
        let is_there = matches!(self.content, Content::Temporary { .. });
        is_there && self.storage.directory.is_some() && self.storage.sync == Sync::Never
    }

    /// Reads them from anywhere.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn reader(&self) -> io::Result<Reader> {
        self.content.reader()
    }
}
