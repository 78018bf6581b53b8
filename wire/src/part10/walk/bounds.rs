//! What a walk may read and remember: the ends of what is around, and the limits.

use std::io::{Read, Seek};

use dicom_core::Tag;

use super::{Kind, ScanError, Step, UNDEFINED, Visit, Walk};

impl<R: Read + Seek, V: Visit> Walk<'_, R, V> {
    pub(super) fn surroundings(&self) -> (u64, bool) {
        let bound = self.source.end().unwrap_or(u64::MAX);
        self.stack
            .last()
            .map_or((bound, self.syntax.implicit), |top| {
                (top.bound, top.implicit)
            })
    }

    pub(super) fn container_end(
        &mut self,
        tag: Tag,
        length: u32,
        bound: u64,
    ) -> Result<Option<u64>, ScanError> {
        if length == UNDEFINED {
            return Ok(None);
        }
        let start = self.source.position();
        self.check_room(start, tag, u64::from(length), bound)?;
        Ok(Some(start + u64::from(length)))
    }

    /// Whether a value fits into what is around it.
    pub(super) fn check_room(
        &self,
        start: u64,
        tag: Tag,
        length: u64,
        bound: u64,
    ) -> Result<(), ScanError> {
        let left = bound.saturating_sub(start);
        if length <= left {
            return Ok(());
        }
        if self.stack.iter().any(|container| container.end.is_some()) {
            return Err(ScanError::Overrun {
                offset: start,
                tag,
                length,
                left,
            });
        }
        Err(ScanError::Truncated {
            offset: start,
            tag,
            length,
            left,
        })
    }

    pub(super) fn pass(&mut self, start: u64, tag: Tag, length: u64) -> Result<(), ScanError> {
        let left = self.source.skip(length)?;
        if left < length {
            return Err(ScanError::Truncated {
                offset: start,
                tag,
                length,
                left,
            });
        }
        Ok(())
    }

    pub(super) fn count(&mut self, offset: u64) -> Result<(), ScanError> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(ScanError::TooManyElements {
                offset,
                limit: self.limits.elements,
            });
        }
        Ok(())
    }

    pub(super) fn path(&self) -> Vec<Step> {
        let sequences = self
            .stack
            .iter()
            .filter_map(|container| match container.kind {
                Kind::Sequence { tag, items } => Some(Step {
                    sequence: tag,
                    item: items.saturating_sub(1),
                }),
                Kind::Item => None,
            });
        sequences.collect()
    }
}
