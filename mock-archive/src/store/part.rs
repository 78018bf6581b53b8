//! What there is of an instance that broke off.

use std::io::{self, Read};

use bytes::Bytes;
use dicom_wire::part10::{self, Limits, ScanError};

use super::Spooled;

/// An element that is cut is left out, then what it was in, and so on.
const TRIES: usize = 64;
/// How much is copied at once.
const STEP: u64 = 64 * 1024;
/// Of an element before its value, at least.
const HEADER: u64 = 8;

impl Spooled {
    /// The same bytes up to the end of the last element that is there whole.
    ///
    /// # Errors
    /// Where something else is wrong with them, or nothing is left.
    pub(crate) fn whole_elements(self) -> io::Result<Self> {
        let mut part = self;
        for _ in 0..TRIES {
            let end = match part10::scan(part.reader()?, &Limits::default()) {
                Ok(_) => return Ok(part),
                Err(ScanError::TruncatedHeader { offset, .. }) => offset,
                // Where the header is longer, the next try finds its beginning.
                Err(ScanError::Truncated { offset, .. }) => offset.saturating_sub(HEADER),
                Err(other) => return Err(io::Error::other(other)),
            };
            part = part.up_to(end.min(part.len().saturating_sub(1)))?;
        }
        Err(io::Error::other("no element is there whole"))
    }

    fn up_to(&self, end: u64) -> io::Result<Self> {
        let mut spool = self.storage.spool();
        let mut reader = self.reader()?.take(end);
        loop {
            let mut chunk = Vec::new();
            if reader.by_ref().take(STEP).read_to_end(&mut chunk)? == 0 {
                return spool.finish();
            }
            spool.write(Bytes::from(chunk))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Storage, Stored};

    #[test]
    fn an_instance_that_breaks_off_is_kept_up_to_its_last_whole_element() {
        let study = dicom_fixtures::ct("chest").size(32).slices(1);
        let bytes = study.instances()[0].bytes.clone();
        for end in [bytes.len() - 1, bytes.len() - 700, bytes.len() - 2050] {
            let mut spool = Storage::memory().spool();
            spool.write(bytes.slice(..end)).unwrap();

            let part = spool.finish().unwrap().whole_elements().unwrap();

            assert!(part.len() < end as u64);
            let stored = Stored::read(part).unwrap();
            assert_eq!(stored.identity().study.as_str(), study.study_uid());
        }
        let mut spool = Storage::memory().spool();
        spool.write(Bytes::from_static(b"noise")).unwrap();
        assert!(spool.finish().unwrap().whole_elements().is_err());
    }
}
