//! Where one element lies.

use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};

use super::walk::{Visit, walk};
use super::{Element, Layout, ScanError, source_of};

/// Where an element of the data set itself lies, header and value; where it is not, the empty range
/// at the place where it would be.
pub fn place(reader: impl Read + Seek, layout: &Layout, tag: Tag) -> Result<Range<u64>, ScanError> {
    let mut source = source_of(reader, layout)?;
    let mut place = Place {
        tag,
        start: None,
        end: None,
    };
    walk(
        &mut source,
        layout.encoding.syntax(),
        &layout.limits,
        &mut place,
    )?;
    let start = place.start.unwrap_or_else(|| source.position());
    Ok(start..place.end.unwrap_or_else(|| source.position()))
}

/// Looks for where an element starts and ends.
struct Place {
    tag: Tag,
    start: Option<u64>,
    end: Option<u64>,
}

impl Visit for Place {
    fn element(&mut self, tag: Tag, nested: bool, offset: u64) {
        if nested {
            return;
        }
        if tag >= self.tag && self.start.is_none() {
            self.start = Some(offset);
        }
        if tag > self.tag && self.end.is_none() {
            self.end = Some(offset);
        }
    }

    fn wants(&self, _tag: Tag, _nested: bool) -> bool {
        false
    }

    fn value(&mut self, _tag: Tag, _vr: VR, _bytes: Vec<u8>) {}
    fn bulk(&mut self, _element: Element) {}
    fn open_sequence(&mut self, _tag: Tag) {}
    fn open_item(&mut self) {}
    fn close_item(&mut self) {}
    fn close_sequence(&mut self) {}
}
