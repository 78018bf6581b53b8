//! An instance with some attributes changed, in its bytes as well as in its header.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::ops::Range;

use bytes::Bytes;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_wire::charset::Charset;
use dicom_wire::part10::{self, Amendment, Encoding, Patch};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::Spool;
use super::instance::{Stored, Unreadable};
use crate::moment::Originals;

/// How much of an inflated data set is taken at once.
const STEP: usize = 64 * 1024;

/// Who changes an instance, and when, for Original Attributes Sequence (0400,0561).
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The archive.
    pub(crate) system: String,
    /// Where the instance came from.
    pub(crate) source: String,
    /// As a DT.
    pub(crate) at: String,
}

/// What is changed of an instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// New values.
    pub(crate) values: BTreeMap<Tag, (VR, String)>,
    /// Whether the values that were there before are told.
    pub(crate) originals: Originals,
    /// Whether private elements go.
    pub(crate) without_private: bool,
}

impl Changes {
    /// Whether it stays as it is.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && !self.without_private
    }
}

/// Why an instance cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unchangeable {
    #[error("{value} has no place in the character set of the instance")]
    Charset { value: Tag },
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl From<io::Error> for Unchangeable {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

impl From<part10::ScanError> for Unchangeable {
    fn from(error: part10::ScanError) -> Self {
        Self::Unreadable(error.into())
    }
}

impl Stored {
    /// The instance with other values, whatever it is encoded in, and its previous values in Original Attributes Sequence.
    pub(crate) fn coerced(&self, changes: &Changes, origin: &Origin) -> Result<Self, Unchangeable> {
        let terms = self.element(tags::SPECIFIC_CHARACTER_SET);
        let terms = terms
            .as_ref()
            .and_then(|element| element.to_multi_str().ok());
        let charset = match &terms {
            Some(terms) => Charset::from_terms(terms),
            None => Charset::DEFAULT,
        };
        let mut encoded = BTreeMap::new();
        for (&tag, (vr, text)) in &changes.values {
            let bytes = charset.encode(text);
            let bytes = bytes.ok_or(Unchangeable::Charset { value: tag })?;
            encoded.insert(tag, (*vr, bytes));
        }
        let source: String = origin.source.chars().take(64).collect();
        let amendment = Amendment {
            values: &encoded,
            at: &origin.at,
            system: &origin.system,
            source: &source,
            history: changes.originals == Originals::Told,
            without_private: changes.without_private,
        };
        let patches = part10::amend(self.reader()?, self.layout(), &amendment)?;
        let mut spool = self.storage.spool();
        let data_set = self.layout().data_set.clone();
        for chunk in self.chunks(0..data_set.start)? {
            spool.write(chunk?)?;
        }
        if self.layout().encoding == Encoding::Deflated {
            self.deflate(&patches, &mut spool)?;
        } else {
            for patch in patches {
                match patch {
                    Patch::Bytes(bytes) => spool.write(bytes.into())?,
                    Patch::Copy(range) => {
                        for chunk in self.chunks(range)? {
                            spool.write(chunk?)?;
                        }
                    }
                }
            }
        }
        Ok(Self::read(spool.finish()?)?)
    }

    /// Writes the inflated patches deflated again (PS3.5 A.5).
    fn deflate(&self, patches: &[Patch], spool: &mut Spool) -> Result<(), Unchangeable> {
        let mut deflater = DeflateEncoder::new(Vec::new(), Compression::default());
        let mut buffer = vec![0; STEP];
        for patch in patches {
            match patch {
                Patch::Bytes(bytes) => deflater.write_all(bytes)?,
                Patch::Copy(Range { start, end }) => {
                    let range = *start..*end;
                    let mut value = part10::value(self.reader()?, self.layout(), range)?;
                    loop {
                        let read = value.read(&mut buffer)?;
                        if read == 0 {
                            break;
                        }
                        deflater.write_all(&buffer[..read])?;
                        let ready = std::mem::take(deflater.get_mut());
                        spool.write(ready.into())?;
                    }
                }
            }
        }
        spool.write(deflater.finish()?.into())?;
        if spool.len() % 2 == 1 {
            spool.write(Bytes::from_static(&[0]))?;
        }
        Ok(())
    }
}
