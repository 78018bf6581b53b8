//! Files in a ZIP archive, stored without compression and made while it goes out (APPNOTE.TXT 4.3).

use std::io::{self, Write};
use std::sync::Arc;

use axum::response::Response;
use dicom_wire::media::MediaType;
use flate2::Crc;

use crate::moment::Syntax;
use crate::sink::Sink;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::problem::Problem;
use crate::web::produce;
use crate::web::wado::set_type;

/// Media type of a ZIP archive.
pub(crate) const ZIP: &str = "application/zip";

/// 1980-01-01, the first day that the format has: the archive keeps no dates of files.
const DATE: u16 = 0x0021;

/// What 32 bits cannot say is said in a ZIP64 field.
const FULL: u32 = u32::MAX;

/// Answers with the files as they are stored, `STUDY/SERIES/INSTANCE.dcm`.
pub(crate) fn zipped(asked: &Asked, selected: Vec<Arc<Stored>>) -> Result<Response, Problem> {
    for stored in &selected {
        if asked.exchange.syntax(stored, Syntax::AsStored) != Syntax::AsStored {
            return Err(Problem::not_acceptable(format!(
                "instance {} cannot be given as it is stored, and {ZIP} has no other form",
                stored.identity().instance
            )));
        }
    }
    let mut response = Response::new(produce::body(move |sink| {
        let mut writer = Writer {
            sink,
            entries: Vec::with_capacity(selected.len()),
            offset: 0,
        };
        for stored in &selected {
            writer.add(stored)?;
        }
        writer.finish()
    }));
    set_type(&mut response, &MediaType::of(ZIP));
    Ok(response)
}

/// A file that was written.
struct Entry {
    name: String,
    crc: u32,
    length: u64,
    offset: u64,
}

struct Writer<'a> {
    sink: &'a mut Sink,
    entries: Vec<Entry>,
    offset: u64,
}

impl Writer<'_> {
    /// Reads the file twice: its checksum stands before it, so that readers need not seek.
    fn add(&mut self, stored: &Stored) -> io::Result<()> {
        let identity = stored.identity();
        let mut crc = Crc::new();
        for chunk in stored.chunks(0..stored.len())? {
            crc.update(&chunk?);
        }
        let entry = Entry {
            name: format!(
                "{}/{}/{}.dcm",
                identity.study, identity.series, identity.instance
            ),
            crc: crc.sum(),
            length: stored.len(),
            offset: self.offset,
        };
        let head = entry.local_head();
        self.put(&head)?;
        for chunk in stored.chunks(0..stored.len())? {
            let chunk = chunk?;
            self.offset += chunk.len() as u64;
            self.sink.hand(chunk)?;
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the directory of all files.
    fn finish(mut self) -> io::Result<()> {
        let start = self.offset;
        let entries = std::mem::take(&mut self.entries);
        for entry in &entries {
            self.put(&entry.directory_head())?;
        }
        let end = ending(entries.len() as u64, start, self.offset - start);
        self.put(&end)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.offset += bytes.len() as u64;
        self.sink.write_all(bytes)
    }
}

impl Entry {
    /// Local file header (4.3.7). Its ZIP64 field has both sizes or is not there.
    fn local_head(&self) -> Vec<u8> {
        let is_long = self.length >= u64::from(FULL);
        let extra = match is_long {
            true => zip64(&[self.length, self.length]),
            false => Vec::new(),
        };
        let mut head = b"PK\x03\x04".to_vec();
        self.common(!extra.is_empty(), extra.len(), &mut head);
        head.extend_from_slice(self.name.as_bytes());
        head.extend(extra);
        head
    }

    /// Central directory file header (4.3.12).
    fn directory_head(&self) -> Vec<u8> {
        let mut long = Vec::new();
        if self.length >= u64::from(FULL) {
            long.extend([self.length, self.length]);
        }
        if self.offset >= u64::from(FULL) {
            long.push(self.offset);
        }
        let extra = match long.is_empty() {
            true => Vec::new(),
            false => zip64(&long),
        };
        let mut head = b"PK\x01\x02".to_vec();
        head.extend(version(!extra.is_empty()).to_le_bytes());
        self.common(!extra.is_empty(), extra.len(), &mut head);
        // No comment, on the first disk, without attributes.
        head.extend([0; 10]);
        head.extend(short(self.offset).to_le_bytes());
        head.extend_from_slice(self.name.as_bytes());
        head.extend(extra);
        head
    }

    /// What both headers have alike, from the version needed to the length of the extra field.
    fn common(&self, is_zip64: bool, extra: usize, head: &mut Vec<u8>) {
        head.extend(version(is_zip64).to_le_bytes());
        // No flags, method 0 (stored), midnight.
        head.extend([0; 6]);
        head.extend(DATE.to_le_bytes());
        head.extend(self.crc.to_le_bytes());
        head.extend(short(self.length).to_le_bytes());
        head.extend(short(self.length).to_le_bytes());
        head.extend((self.name.len() as u16).to_le_bytes());
        head.extend((extra as u16).to_le_bytes());
    }
}

/// Version of the format that a reader needs (4.4.3).
fn version(is_zip64: bool) -> u16 {
    if is_zip64 { 45 } else { 20 }
}

fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(FULL)
}

/// ZIP64 extended information (4.5.3).
fn zip64(numbers: &[u64]) -> Vec<u8> {
    let mut field = 1_u16.to_le_bytes().to_vec();
    field.extend((numbers.len() as u16 * 8).to_le_bytes());
    numbers
        .iter()
        .for_each(|number| field.extend(number.to_le_bytes()));
    field
}

/// End of central directory record, behind its ZIP64 form where its own fields are too small (4.3.14 to 4.3.16).
fn ending(entries: u64, start: u64, length: u64) -> Vec<u8> {
    let mut end = Vec::new();
    if entries >= u64::from(u16::MAX) || start.max(length) >= u64::from(FULL) {
        end.extend(b"PK\x06\x06");
        end.extend(44_u64.to_le_bytes());
        end.extend([version(true).to_le_bytes(), version(true).to_le_bytes()].concat());
        end.extend([0; 8]);
        for number in [entries, entries, length, start] {
            end.extend(number.to_le_bytes());
        }
        end.extend(b"PK\x06\x07");
        end.extend([0; 4]);
        end.extend((start + length).to_le_bytes());
        end.extend(1_u32.to_le_bytes());
    }
    let count = u16::try_from(entries).unwrap_or(u16::MAX).to_le_bytes();
    end.extend(b"PK\x05\x06");
    end.extend([0; 4]);
    end.extend([count, count].concat());
    end.extend(short(length).to_le_bytes());
    end.extend(short(start).to_le_bytes());
    end.extend([0; 2]);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_for_32_bits_is_said_in_64() {
        let entry = Entry {
            name: "a".to_owned(),
            crc: 1,
            length: 5 << 30,
            offset: 6 << 30,
        };
        let local = entry.local_head();
        assert_eq!(local.len(), 30 + 1 + 20);
        assert!(local.ends_with(&(5_u64 << 30).to_le_bytes()));
        let directory = entry.directory_head();
        assert_eq!(directory.len(), 46 + 1 + 28);
        assert!(directory.ends_with(&(6_u64 << 30).to_le_bytes()));
        assert_eq!(ending(1, 11 << 30, 75).len(), 56 + 20 + 22);
        assert_eq!(ending(1, 100, 47).len(), 22);
    }
}
