//! Encapsulated values (PS3.5 A.4).

use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};

use super::super::{Bulk, Element};
use super::{ITEM, SEQUENCE_END, ScanError, UNDEFINED, Visit, Walk, long};

impl<R: Read + Seek, V: Visit> Walk<'_, R, V> {
    /// Reads the offset table and passes over the fragments (PS3.5 A.4).
    pub(super) fn fragments(
        &mut self,
        offset: u64,
        tag: Tag,
        vr: VR,
        bound: u64,
    ) -> Result<(), ScanError> {
        let mut offsets = None;
        let mut fragments: Vec<Range<u64>> = Vec::new();
        loop {
            let at = self.source.position();
            let Some((found, length)) = self.head(at)? else {
                return Err(ScanError::NoDelimiter {
                    offset,
                    tag,
                    end: at,
                });
            };
            let start = self.source.position();
            match found {
                SEQUENCE_END => break,
                ITEM if length != UNDEFINED => {
                    self.count(at)?;
                    let length = u64::from(length);
                    self.check_room(start, tag, length, bound)?;
                    if offsets.is_some() {
                        self.pass(start, tag, length)?;
                        fragments.push(start..start + length);
                    } else {
                        offsets = Some(self.offset_table(start, tag, length)?);
                    }
                }
                _ => {
                    return Err(ScanError::Unexpected {
                        offset: at,
                        tag: found,
                        wanted: "a fragment",
                    });
                }
            }
        }
        let value = Bulk::Fragments {
            offsets: offsets.unwrap_or_default(),
            fragments,
        };
        self.visitor.bulk(Element {
            path: self.path(),
            tag,
            vr,
            value,
        });
        Ok(())
    }

    fn offset_table(&mut self, start: u64, tag: Tag, length: u64) -> Result<Vec<u32>, ScanError> {
        self.inline += length;
        if self.inline > self.limits.header {
            return Err(ScanError::HeaderTooBig {
                offset: start,
                tag,
                limit: self.limits.header,
            });
        }
        let bytes = self.source.read_value(length)?;
        if (bytes.len() as u64) < length {
            return Err(ScanError::Truncated {
                offset: start,
                tag,
                length,
                left: bytes.len() as u64,
            });
        }
        Ok(bytes
            .chunks_exact(4)
            .map(|four| long(four, self.syntax.big))
            .collect())
    }
}
