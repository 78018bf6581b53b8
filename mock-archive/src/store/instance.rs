//! One instance, with its header read and its bytes within reach.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::part10::{self, Bulk, Element, Encoding, FrameError, Layout, Limits, ScanError};
use dicom_wire::uid::{Uid, UidError};

use super::Storage;
use super::content::{Chunks, Reader};
use super::filed::Kept;
use super::header::Header;
use super::spool::Spooled;
use crate::archive::Identity;

/// What has to be known to find a native frame.
const OF_FRAMES: [Tag; 8] = [
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::PIXEL_REPRESENTATION,
];

/// One instance of the archive.
#[derive(Debug)]
pub struct Stored {
    identity: Identity,
    layout: Layout,
    header: Header,
    pub(super) storage: Storage,
    pub(super) kept: Kept,
    digest: OnceLock<[u8; 32]>,
    revision: u64,
    /// Whether the file goes with this.
    pub(super) doomed: AtomicBool,
}

/// Why bytes are no instance. The message names what is wrong and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// They are no DICOM file.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// An attribute that every instance has is not there, or has no value.
    #[error("{attribute} is missing")]
    Missing {
        /// Its keyword.
        attribute: &'static str,
    },
    /// A UID is none.
    #[error("{attribute}: {source}")]
    BadUid {
        /// The attribute's keyword.
        attribute: &'static str,
        /// What is wrong with it.
        source: UidError,
    },
    /// A file of the storage directory is not where an archive would have put it.
    #[error("it would have to be {}", expected.display())]
    Misplaced {
        /// Where it would be.
        expected: PathBuf,
    },
    /// The bytes could not be read.
    #[error("the spooled bytes cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Stored {
    /// Reads the header. Pixels and other bulk values are located, not read.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn read(spooled: Spooled) -> Result<Self, Unreadable> {
        let Spooled {
            storage,
            content,
            digest,
        } = spooled;
        let layout = part10::scan(content.reader()?, &Limits::default())?;
        let header = part10::header(content.reader()?, &layout)?;
        Self::new(&storage, layout, header, Kept::Here(content), digest)
    }

    pub(super) fn new(
        storage: &Storage,
        mut layout: Layout,
        header: InMemDicomObject,
        kept: Kept,
        digest: Option<[u8; 32]>,
    ) -> Result<Self, Unreadable> {
        let mut identity = identity(&header, &layout)?;
        share_uids(storage, &mut identity, &mut layout);
        layout.bulk.shrink_to_fit();
        Ok(Self {
            identity,
            layout,
            header: Header::new(header),
            revision: storage.revision(),
            storage: storage.clone(),
            kept,
            digest: digest.map(OnceLock::from).unwrap_or_default(),
            doomed: AtomicBool::new(false),
        })
    }

    /// What it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// A number of this content: another one under the same UIDs has another.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Length of the Part 10 file in bytes, as it came.
    pub fn len(&self) -> u64 {
        match &self.kept {
            Kept::Here(content) => content.len(),
            Kept::InFile { len, .. } => *len,
        }
    }

    /// Whether the file has no bytes; never true of what could be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where everything lies in the file.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The data set; the elements of [`Layout::bulk`] are in it without value.
    ///
    /// It is made from its packed form each time: ask for single attributes with [`element`](Self::element) or [`only`](Self::only) where they do.
    pub fn header(&self) -> Cow<'_, InMemDicomObject> {
        self.header.object()
    }

    /// One attribute of the data set, as it stands in [`header`](Self::header).
    pub fn element(&self, tag: Tag) -> Option<InMemElement> {
        self.header.element(tag)
    }

    /// Some attributes of the data set.
    pub fn only(&self, tags: impl IntoIterator<Item = Tag>) -> InMemDicomObject {
        let elements = tags.into_iter().filter_map(|tag| self.element(tag));
        InMemDicomObject::from_element_iter(elements)
    }

    /// Instance Number (0020,0013), where it has one.
    pub fn number(&self) -> Option<i64> {
        self.element(tags::INSTANCE_NUMBER)?.to_int().ok()
    }

    /// Reads the Part 10 file from anywhere. It is there as long as this is, even if the archive has forgotten it.
    ///
    /// # Errors
    /// If the file cannot be opened, or only headers are kept.
    pub fn reader(&self) -> io::Result<Reader> {
        match &self.kept {
            Kept::Here(content) => content.reader(),
            Kept::InFile { name, .. } => name.open().map(Reader::of_file),
        }
    }

    /// Bytes of the Part 10 file, chunk by chunk. A range that goes beyond the end is cut there.
    ///
    /// # Errors
    /// As [`reader`](Self::reader); reading itself may fail later.
    pub fn chunks(&self, range: Range<u64>) -> io::Result<Chunks> {
        self.reader()?
            .chunks(range.start..range.end.min(self.len()))
    }

    /// Number of Frames; 1 where it is not said.
    pub fn frame_count(&self) -> u32 {
        part10::frame_count(&self.only([tags::NUMBER_OF_FRAMES]))
    }

    /// One frame, counted from 1: its native bytes, or its whole codestream.
    ///
    /// # Errors
    /// If there is no such frame, or it cannot be read.
    pub fn frame_bytes(&self, frame: u32) -> Result<Bytes, FrameError> {
        let reader = self
            .reader()
            .map_err(|source| ScanError::Io { offset: 0, source })?;
        part10::frame_bytes(reader, &self.layout, &self.only(OF_FRAMES), frame).map(Bytes::from)
    }

    /// The value of a bulk element, chunk by chunk; inflated where the data set is deflated, fragments one after the other without their headers.
    ///
    /// # Errors
    /// As [`reader`](Self::reader); reading itself may fail later.
    pub fn bulk_bytes(&self, element: &Element) -> io::Result<Chunks> {
        let part = |range: &Range<u64>| match self.layout.encoding {
            Encoding::Deflated => {
                let value = part10::value(self.reader()?, &self.layout, range.clone());
                Ok(Chunks::reading(
                    value.map_err(io::Error::other)?,
                    range.end - range.start,
                ))
            }
            _ => self.chunks(range.clone()),
        };
        match &element.value {
            Bulk::Whole(range) => part(range),
            Bulk::Fragments { fragments, .. } => {
                let parts: io::Result<Vec<Chunks>> = fragments.iter().map(part).collect();
                parts.map(Chunks::joined)
            }
        }
    }

    /// BLAKE3 digest of the Part 10 file.
    ///
    /// # Errors
    /// If it has to be read and cannot.
    pub fn digest(&self) -> io::Result<[u8; 32]> {
        if let Some(digest) = self.digest.get() {
            return Ok(*digest);
        }
        let mut hasher = blake3::Hasher::new();
        for chunk in self.chunks(0..self.len())? {
            hasher.update(&chunk?);
        }
        let digest = hasher.finalize().into();
        Ok(*self.digest.get_or_init(|| digest))
    }

    /// Where the file is, when it is in one that stays.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.kept {
            Kept::InFile { name, .. } => Some(name.path()),
            Kept::Here(_) => None,
        }
    }

    /// Keeps only what is different from another instance of the series.
    pub(crate) fn share(&mut self, first: &Self) {
        self.header.share(&first.header);
    }
}

/// Lets the instances of a study, and the parts of one instance, share the texts of their UIDs.
fn share_uids(storage: &Storage, identity: &mut Identity, layout: &mut Layout) {
    let meta = &mut layout.meta;
    for uid in [
        &mut identity.study,
        &mut identity.series,
        &mut identity.sop_class,
        &mut identity.transfer_syntax,
        &mut meta.transfer_syntax,
    ] {
        storage.uids.share(uid);
    }
    let told = [&mut meta.sop_class, &mut meta.implementation_class];
    for uid in told.into_iter().flatten() {
        storage.uids.share(uid);
    }
    if meta.sop_instance.as_ref() == Some(&identity.instance) {
        meta.sop_instance = Some(identity.instance.clone());
    }
}

/// The UIDs and the Patient ID that an instance is filed under.
fn identity(header: &InMemDicomObject, layout: &Layout) -> Result<Identity, Unreadable> {
    let uid = |tag: Tag, attribute: &'static str| {
        let text = header.get(tag).and_then(|e| e.to_str().ok());
        let text = text.filter(|text| !text.trim_matches(['\0', ' ']).is_empty());
        let text = text.ok_or(Unreadable::Missing { attribute })?;
        Uid::from_padded(&text).map_err(|source| Unreadable::BadUid { attribute, source })
    };
    let patient_id = header.get(tags::PATIENT_ID).and_then(|e| e.to_str().ok());
    Ok(Identity {
        study: uid(tags::STUDY_INSTANCE_UID, "StudyInstanceUID")?,
        series: uid(tags::SERIES_INSTANCE_UID, "SeriesInstanceUID")?,
        sop_class: uid(tags::SOP_CLASS_UID, "SOPClassUID")?,
        instance: uid(tags::SOP_INSTANCE_UID, "SOPInstanceUID")?,
        transfer_syntax: layout.meta.transfer_syntax.clone(),
        patient_id: patient_id
            .map(|id| id.trim_matches(['\0', ' ']).to_owned())
            .unwrap_or_default(),
    })
}
