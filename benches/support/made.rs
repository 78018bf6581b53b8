//! Instances that cost next to nothing to make: a header of some thirty attributes before pixels that repeat.

use bytes::Bytes;
use dicom_wire::media::DICOM;
use dicom_wire::multipart::{Boundary, Headers, Writer};

/// Secondary Capture Image Storage.
pub const SOP_CLASS: &str = "1.2.840.10008.5.1.4.1.1.7";
/// Explicit VR Little Endian.
pub const TRANSFER_SYNTAX: &str = "1.2.840.10008.1.2.1";
/// Series in a study, and instances in a series.
pub const SERIES: usize = 2;
/// See [`SERIES`].
pub const INSTANCES: usize = 10;

/// One instance of an archive that has as many as wanted: numbered through, ten to a series and twenty to a study.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    number: usize,
    size: u16,
    frames: u32,
}

impl Made {
    /// The instance of this number, with pixels of 8 by 8.
    pub fn small(number: usize) -> Self {
        Self {
            number,
            size: 8,
            frames: 1,
        }
    }

    /// The instance of this number, with so many frames of 512 KiB.
    pub fn large(number: usize, frames: u32) -> Self {
        Self {
            number,
            size: 512,
            frames,
        }
    }

    /// Number of the study.
    pub fn study(&self) -> usize {
        self.number / (SERIES * INSTANCES)
    }

    /// Study Instance UID.
    pub fn study_uid(&self) -> String {
        format!("1.2.826.0.1.3680043.{}", 1_000_000 + self.study())
    }

    /// Series Instance UID.
    pub fn series_uid(&self) -> String {
        format!(
            "{}.{}",
            self.study_uid(),
            self.number / INSTANCES % SERIES + 1
        )
    }

    /// SOP Instance UID.
    pub fn uid(&self) -> String {
        format!("{}.{}", self.series_uid(), self.number + 1)
    }

    /// Patient ID: each study has its own patient.
    pub fn patient_id(&self) -> String {
        format!("ID{:07}", self.study())
    }

    /// Patient's Name: one patient of a hundred is called DOE.
    pub fn patient_name(&self) -> String {
        let family = if self.study().is_multiple_of(100) {
            "DOE"
        } else {
            "ROE"
        };
        format!("{family}^P{:07}", self.study())
    }

    /// Study Date, in one of sixty months.
    pub fn date(&self) -> String {
        let (day, month) = (self.study() % 28, self.study() / 28 % 60);
        format!("{}{:02}{:02}", 2020 + month / 12, month % 12 + 1, day + 1)
    }

    /// Bytes of pixels.
    pub fn pixels(&self) -> u64 {
        u64::from(self.size) * u64::from(self.size) * 2 * u64::from(self.frames)
    }

    /// The data set up to its pixels.
    pub fn data_set(&self) -> Vec<u8> {
        let mut set = Vec::with_capacity(1024);
        let short = |n: u16| n.to_le_bytes();
        let mut text =
            |group, element, vr, value: &str| put(&mut set, group, element, vr, value.as_bytes());
        text(0x0008, 0x0016, b"UI", SOP_CLASS);
        text(0x0008, 0x0018, b"UI", &self.uid());
        text(0x0008, 0x0020, b"DA", &self.date());
        text(0x0008, 0x0030, b"TM", "101500");
        text(0x0008, 0x0050, b"SH", &format!("A{:07}", self.study()));
        text(0x0008, 0x0060, b"CS", "OT");
        text(0x0008, 0x0064, b"CS", "WSD");
        text(0x0008, 0x0070, b"LO", "Fixtures");
        text(0x0008, 0x0080, b"LO", "Sample General Hospital");
        text(0x0008, 0x0090, b"PN", "MILES^MARIA");
        text(0x0008, 0x1030, b"LO", "One of very many");
        text(0x0008, 0x103E, b"LO", "Small pictures");
        text(0x0010, 0x0010, b"PN", &self.patient_name());
        text(0x0010, 0x0020, b"LO", &self.patient_id());
        text(0x0010, 0x0030, b"DA", "19700101");
        text(0x0010, 0x0040, b"CS", "O");
        text(0x0020, 0x000D, b"UI", &self.study_uid());
        text(0x0020, 0x000E, b"UI", &self.series_uid());
        text(0x0020, 0x0010, b"SH", "S1");
        text(0x0020, 0x0011, b"IS", "1");
        text(
            0x0020,
            0x0013,
            b"IS",
            &format!("{}", self.number % INSTANCES + 1),
        );
        put(&mut set, 0x0028, 0x0002, b"US", &short(1));
        put(&mut set, 0x0028, 0x0004, b"CS", b"MONOCHROME2");
        put(
            &mut set,
            0x0028,
            0x0008,
            b"IS",
            self.frames.to_string().as_bytes(),
        );
        put(&mut set, 0x0028, 0x0010, b"US", &short(self.size));
        put(&mut set, 0x0028, 0x0011, b"US", &short(self.size));
        put(&mut set, 0x0028, 0x0100, b"US", &short(16));
        put(&mut set, 0x0028, 0x0101, b"US", &short(16));
        put(&mut set, 0x0028, 0x0102, b"US", &short(15));
        put(&mut set, 0x0028, 0x0103, b"US", &short(0));
        set.extend_from_slice(&[0xE0, 0x7F, 0x10, 0x00, b'O', b'W', 0, 0]);
        let length =
            u32::try_from(self.pixels()).expect("pixels of an instance are less than 4 GiB");
        set.extend_from_slice(&length.to_le_bytes());
        set
    }

    /// The Part 10 file up to its pixels.
    pub fn head(&self) -> Vec<u8> {
        let mut meta = Vec::new();
        put(&mut meta, 2, 1, b"OB", &[0, 1]);
        put(&mut meta, 2, 2, b"UI", SOP_CLASS.as_bytes());
        put(&mut meta, 2, 3, b"UI", self.uid().as_bytes());
        put(&mut meta, 2, 0x10, b"UI", TRANSFER_SYNTAX.as_bytes());
        put(&mut meta, 2, 0x12, b"UI", b"1.2.826.0.1.1");
        let mut head = vec![0; 128];
        head.extend_from_slice(b"DICM");
        put(&mut head, 2, 0, b"UL", &(meta.len() as u32).to_le_bytes());
        head.extend_from_slice(&meta);
        head.extend_from_slice(&self.data_set());
        head
    }

    /// The Part 10 file, whole: for small ones.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.resize(bytes.len() + self.pixels() as usize, 0x55);
        bytes
    }

    /// The pixels in pieces, which share one memory.
    pub fn pixel_chunks(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        static PIXELS: [u8; 256 * 1024] = [0x55; 256 * 1024];
        let mut left = self.pixels();
        std::iter::from_fn(move || {
            let now = left.min(PIXELS.len() as u64);
            left -= now;
            (now > 0).then(|| Bytes::from_static(&PIXELS[..now as usize]))
        })
    }
}

/// The pieces of a multipart/related body with these instances.
pub fn pieces(
    instances: Vec<Made>,
    boundary: &Boundary,
) -> impl Iterator<Item = Bytes> + Send + use<> {
    let mut writer = Some(Writer::new(boundary.clone()));
    let mut instances = instances.into_iter();
    let mut chunks: Box<dyn Iterator<Item = Bytes> + Send> = Box::new(std::iter::empty());
    std::iter::from_fn(move || {
        if let Some(chunk) = chunks.next() {
            return Some(chunk);
        }
        match instances.next() {
            Some(instance) => {
                chunks = Box::new(instance.pixel_chunks());
                let headers = Headers::new().with("Content-Type", DICOM);
                let mut head = writer.as_mut()?.part_head(&headers).to_vec();
                head.extend(instance.head());
                Some(head.into())
            }
            None => writer.take().map(Writer::close),
        }
    })
}

/// An element in Explicit VR Little Endian.
fn put(set: &mut Vec<u8>, group: u16, element: u16, vr: &[u8; 2], value: &[u8]) {
    set.extend_from_slice(&group.to_le_bytes());
    set.extend_from_slice(&element.to_le_bytes());
    set.extend_from_slice(vr);
    let padded = value.len() + value.len() % 2;
    if vr == b"OB" {
        set.extend_from_slice(&[0, 0]);
        set.extend_from_slice(&(padded as u32).to_le_bytes());
    } else {
        set.extend_from_slice(&(padded as u16).to_le_bytes());
    }
    set.extend_from_slice(value);
    if value.len() % 2 == 1 {
        set.push(if vr == b"UI" { 0 } else { b' ' });
    }
}
