//! Bytes of a data set, plain or inflated, with a position.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use flate2::bufread::DeflateDecoder;

use super::ScanError;

/// Where a walk reads from.
pub(super) enum Source<R: Read + Seek> {
    /// A file, or the part of it up to `end`.
    Plain {
        reader: BufReader<R>,
        position: u64,
        end: u64,
    },
    /// A deflated data set; `limit` is the most that it may inflate to.
    Inflated {
        decoder: DeflateDecoder<Take<BufReader<R>>>,
        position: u64,
        limit: u64,
    },
}

impl<R: Read + Seek> Source<R> {
    /// Starts at an offset of the file, and ends before another.
    pub(super) fn plain(mut reader: R, start: u64, end: u64) -> Result<Source<R>, ScanError> {
        let io = |source| ScanError::Io {
            offset: start,
            source,
        };
        reader.seek(SeekFrom::Start(start)).map_err(io)?;
        Ok(Source::Plain {
            reader: BufReader::new(reader),
            position: start,
            end,
        })
    }

    /// Inflates from an offset of the file; positions count from the start of the inflated bytes.
    pub(super) fn inflated(
        mut reader: R,
        start: u64,
        end: u64,
        limit: u64,
    ) -> Result<Source<R>, ScanError> {
        let io = |source| ScanError::Io {
            offset: start,
            source,
        };
        reader.seek(SeekFrom::Start(start)).map_err(io)?;
        let compressed = BufReader::new(reader).take(end - start);
        Ok(Source::Inflated {
            decoder: DeflateDecoder::new(compressed),
            position: 0,
            limit,
        })
    }

    /// How many bytes were read and skipped.
    pub(super) fn position(&self) -> u64 {
        match self {
            Source::Plain { position, .. } | Source::Inflated { position, .. } => *position,
        }
    }

    /// The offset behind the last byte, where it is known in advance.
    pub(super) fn end(&self) -> Option<u64> {
        match self {
            Source::Plain { end, .. } => Some(*end),
            Source::Inflated { .. } => None,
        }
    }

    /// Fills the buffer as far as there are bytes, and tells how far.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ScanError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let read = match self {
                Source::Plain {
                    reader,
                    position,
                    end,
                } => {
                    let left = usize::try_from(*end - *position).unwrap_or(usize::MAX);
                    let most = (buffer.len() - filled).min(left);
                    reader.read(&mut buffer[filled..filled + most])
                }
                Source::Inflated { decoder, .. } => decoder.read(&mut buffer[filled..]),
            };
            match read {
                Ok(0) => break,
                Ok(n) => {
                    filled += n;
                    self.advance(n as u64)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(filled)
    }

    /// Reads a whole value: at once where the file is known to be long enough, else in steps, so that a claimed length allocates nothing by itself.
    pub(super) fn read_value(&mut self, length: u64) -> Result<Vec<u8>, ScanError> {
        const STEP: u64 = 64 * 1024;
        let sure = self.end().map_or(0, |end| end - self.position());
        let mut value = Vec::new();
        while (value.len() as u64) < length {
            let at = value.len();
            let step = (length - at as u64).min(STEP.max(sure)) as usize;
            value.resize(at + step, 0);
            let read = self.read(&mut value[at..])?;
            if read < step {
                value.truncate(at + read);
                break;
            }
        }
        Ok(value)
    }

    /// Passes over bytes and tells how many there were.
    pub(super) fn skip(&mut self, length: u64) -> Result<u64, ScanError> {
        match self {
            Source::Plain {
                reader,
                position,
                end,
            } => {
                let step = length.min(*end - *position);
                let relative = i64::try_from(step).unwrap_or(i64::MAX);
                let sought = reader.seek_relative(relative);
                sought.map_err(|source| ScanError::Io {
                    offset: *position,
                    source,
                })?;
                *position += step;
                Ok(step)
            }
            Source::Inflated { .. } => {
                let mut left = length;
                let mut sink = [0; 8192];
                while left > 0 {
                    let step = left.min(sink.len() as u64) as usize;
                    let read = self.read(&mut sink[..step])?;
                    left -= read as u64;
                    if read < step {
                        break;
                    }
                }
                Ok(length - left)
            }
        }
    }

    fn advance(&mut self, by: u64) -> Result<(), ScanError> {
        match self {
            Source::Plain { position, .. } => *position += by,
            Source::Inflated {
                position, limit, ..
            } => {
                *position += by;
                if *position > *limit {
                    return Err(ScanError::InflatesTooMuch { limit: *limit });
                }
            }
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> ScanError {
        let offset = self.position();
        match (self, source.kind()) {
            (Source::Inflated { .. }, io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                ScanError::BadDeflate { offset }
            }
            (Source::Inflated { .. }, io::ErrorKind::UnexpectedEof) => {
                ScanError::TruncatedDeflate { offset }
            }
            _ => ScanError::Io { offset, source },
        }
    }

    /// Looks at the coming bytes of a plain source without moving on.
    pub(super) fn peek(&mut self, buffer: &mut [u8]) -> Result<usize, ScanError> {
        let read = self.read(buffer)?;
        if let Source::Plain {
            reader, position, ..
        } = self
        {
            let back = reader.seek_relative(-(read as i64));
            back.map_err(|source| ScanError::Io {
                offset: *position,
                source,
            })?;
            *position -= read as u64;
        }
        Ok(read)
    }
}
