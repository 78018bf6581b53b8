//! The harness's own data: small, seeded, and known to the last bit, so that an answer can be compared with what was stored.

pub mod encode;

use bytes::Bytes;
use dicom_core::value::{DataSetSequence, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

use crate::identity::{Identity, hash};

/// Rows and columns of every image.
pub const EDGE: u16 = 16;

/// Creator of the private elements of every instance.
const CREATOR: &str = "CONFORMANCE 1.0";

/// Makes the data of one check: patients, studies and UIDs that no other check and no other run has.
#[derive(Clone, Debug)]
pub struct Data {
    identity: Identity,
    check: u64,
}

impl Data {
    /// The data of a check of a run.
    pub fn new(identity: &Identity, check: &str) -> Self {
        Self {
            identity: identity.clone(),
            check: hash(check) % 100_000,
        }
    }

    /// What the patient IDs of all studies of this check begin with.
    pub fn patient_prefix(&self) -> String {
        format!("{}{}-", self.identity.patient_prefix(), self.check)
    }

    /// The plan of the check's study number `n`, from 1: one CT series with one instance, unless told otherwise.
    pub fn study(&self, n: u32) -> Plan {
        Plan {
            uid: format!("{}.{}.{n}", self.identity.uid_root(), self.check),
            patient_id: format!("{}{n}", self.patient_prefix()),
            patient_name: format!("Conformance^Check {}^{n}", self.check),
            series: vec![1],
            transfer_syntax: uids::EXPLICIT_VR_LITTLE_ENDIAN,
            pixels: None,
            number: n,
            seed: self.identity.dice(&format!("{}/{n}", self.check)).roll(),
        }
    }
}

/// A study to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    uid: String,
    patient_id: String,
    patient_name: String,
    series: Vec<u32>,
    transfer_syntax: &'static str,
    pixels: Option<Vec<u8>>,
    number: u32,
    seed: u64,
}

impl Plan {
    /// As many series, each with so many instances.
    pub fn series(mut self, instances: &[u32]) -> Self {
        self.series = instances.to_vec();
        self
    }

    /// One series with so many instances.
    pub fn instances(self, count: u32) -> Self {
        self.series(&[count])
    }

    /// A patient's name in DICOM form, up to three component groups.
    pub fn patient_name(mut self, name: &str) -> Self {
        self.patient_name = name.into();
        self
    }

    /// Another transfer syntax: explicit or deflated little endian, RLE or JPEG lossless.
    pub fn transfer_syntax(mut self, uid: &'static str) -> Self {
        self.transfer_syntax = uid;
        self
    }

    /// These pixels, little endian, in place of seeded ones; padded to a whole image.
    pub fn pixels(mut self, pixels: &[u8]) -> Self {
        let mut pixels = pixels.to_vec();
        pixels.resize(usize::from(EDGE) * usize::from(EDGE) * 2, 0);
        self.pixels = Some(pixels);
        self
    }

    /// The study.
    pub fn build(self) -> Study {
        let mut instances = Vec::new();
        for (series, &count) in (1..).zip(&self.series) {
            instances.extend((1..=count).map(|n| self.instance(series, n)));
        }
        Study {
            uid: self.uid,
            patient_id: self.patient_id,
            instances,
        }
    }

    fn instance(&self, series: u32, n: u32) -> Instance {
        let pixels = self
            .pixels
            .clone()
            .unwrap_or_else(|| picture(self.seed, series, n));
        let uid = format!("{}.{series}.{n}", self.uid);
        let series_uid = format!("{}.{series}", self.uid);
        let mut data_set = self.attributes(series, &series_uid, n, &uid);
        let native = PrimitiveValue::from(pixels.clone());
        let pixel_data = match self.transfer_syntax {
            uids::RLE_LOSSLESS => encapsulated(encode::rle(&pixels, EDGE, EDGE)),
            uids::JPEG_LOSSLESS_SV1 => encapsulated(encode::jpeg_lossless(&pixels, EDGE, EDGE)),
            _ => DataElement::new(tags::PIXEL_DATA, VR::OW, native),
        };
        data_set.put(pixel_data);

        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(self.transfer_syntax)
            .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
            .media_storage_sop_instance_uid(&uid);
        let mut file = Vec::new();
        data_set
            .clone()
            .with_meta(meta)
            .expect("class, instance and transfer syntax are given")
            .write_all(&mut file)
            .expect("memory takes everything, and the transfer syntaxes are known");
        Instance {
            study: self.uid.clone(),
            series: series_uid,
            sop_class: uids::CT_IMAGE_STORAGE,
            uid,
            transfer_syntax: self.transfer_syntax,
            pixels: pixels.into(),
            file: file.into(),
            data_set,
        }
    }

    fn attributes(&self, series: u32, series_uid: &str, n: u32, uid: &str) -> InMemDicomObject {
        let day = 1 + self.number % 28;
        let text =
            |tag: Tag, vr: VR, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
        let number =
            |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
        let code = |value: &str, scheme: &str, meaning: &str| {
            InMemDicomObject::from_element_iter([
                text(tags::CODE_VALUE, VR::SH, value),
                text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme),
                text(tags::CODE_MEANING, VR::LO, meaning),
            ])
        };
        let mut requested = InMemDicomObject::from_element_iter([
            text(
                tags::REQUESTED_PROCEDURE_ID,
                VR::SH,
                &format!("RP{}", self.number),
            ),
            text(
                tags::SCHEDULED_PROCEDURE_STEP_ID,
                VR::SH,
                &format!("SPS{series}"),
            ),
        ]);
        requested.put(sequence(
            tags::SCHEDULED_PROTOCOL_CODE_SEQUENCE,
            code("24725-4", "LN", "CT Head"),
        ));
        let private = InMemDicomObject::from_element_iter([
            text(Tag(0x0011, 0x0010), VR::LO, CREATOR),
            text(Tag(0x0011, 0x1001), VR::LO, "nested and private"),
        ]);

        InMemDicomObject::from_element_iter([
            text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
            text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL"),
            text(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE),
            text(tags::SOP_INSTANCE_UID, VR::UI, uid),
            text(tags::STUDY_DATE, VR::DA, &format!("202601{day:02}")),
            text(tags::SERIES_DATE, VR::DA, &format!("202601{day:02}")),
            text(
                tags::STUDY_TIME,
                VR::TM,
                &format!("10{:02}00", self.number % 60),
            ),
            text(
                tags::ACCESSION_NUMBER,
                VR::SH,
                &format!("A{:x}", self.seed % 0xFFFF_FFFF),
            ),
            text(tags::MODALITY, VR::CS, "CT"),
            text(tags::MANUFACTURER, VR::LO, "Conformance"),
            text(
                tags::REFERRING_PHYSICIAN_NAME,
                VR::PN,
                "Überweiser^Änne^^Dr.",
            ),
            text(
                tags::STUDY_DESCRIPTION,
                VR::LO,
                &format!("Conformance study {}", self.number),
            ),
            text(
                tags::SERIES_DESCRIPTION,
                VR::LO,
                &format!("Series {series}"),
            ),
            sequence(
                tags::PROCEDURE_CODE_SEQUENCE,
                code("RPID16", "RADLEX", "CT CHEST WO IVCON"),
            ),
            text(Tag(0x0009, 0x0010), VR::LO, CREATOR),
            text(Tag(0x0009, 0x1001), VR::LO, "private text"),
            DataElement::new(Tag(0x0009, 0x1002), VR::FD, PrimitiveValue::from(0.1_f64)),
            sequence(Tag(0x0009, 0x1003), private),
            text(tags::PATIENT_NAME, VR::PN, &self.patient_name),
            text(tags::PATIENT_ID, VR::LO, &self.patient_id),
            text(
                tags::PATIENT_BIRTH_DATE,
                VR::DA,
                &format!("196{}0203", self.number % 10),
            ),
            text(
                tags::PATIENT_SEX,
                VR::CS,
                ["M", "F", "O"][self.number as usize % 3],
            ),
            text(tags::SLICE_THICKNESS, VR::DS, "1.25"),
            text(tags::KVP, VR::DS, "120"),
            text(tags::STUDY_INSTANCE_UID, VR::UI, &self.uid),
            text(tags::SERIES_INSTANCE_UID, VR::UI, series_uid),
            text(tags::STUDY_ID, VR::SH, &format!("S{}", self.number)),
            text(tags::SERIES_NUMBER, VR::IS, &series.to_string()),
            text(tags::INSTANCE_NUMBER, VR::IS, &n.to_string()),
            text(
                tags::IMAGE_POSITION_PATIENT,
                VR::DS,
                &format!("-125\\-125\\{}", f64::from(n) * 1.25),
            ),
            text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0"),
            text(
                tags::FRAME_OF_REFERENCE_UID,
                VR::UI,
                &format!("{}.9999", self.uid),
            ),
            text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, ""),
            number(tags::SAMPLES_PER_PIXEL, 1),
            text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
            number(tags::ROWS, EDGE),
            number(tags::COLUMNS, EDGE),
            text(tags::PIXEL_SPACING, VR::DS, "0.5\\0.5"),
            number(tags::BITS_ALLOCATED, 16),
            number(tags::BITS_STORED, 16),
            number(tags::HIGH_BIT, 15),
            number(tags::PIXEL_REPRESENTATION, 0),
            text(tags::RESCALE_INTERCEPT, VR::DS, "-1024"),
            text(tags::RESCALE_SLOPE, VR::DS, "1"),
            sequence(tags::REQUEST_ATTRIBUTES_SEQUENCE, requested),
        ])
    }
}

fn sequence(tag: Tag, item: InMemDicomObject) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, VR::SQ, DataSetSequence::from(vec![item]))
}

fn encapsulated(codestream: Vec<u8>) -> DataElement<InMemDicomObject> {
    let fragments = PixelFragmentSequence::new_fragments(vec![codestream]);
    DataElement::new(tags::PIXEL_DATA, VR::OB, fragments)
}

/// A ramp with some seeded noise, different for every instance.
fn picture(seed: u64, series: u32, n: u32) -> Vec<u8> {
    let mut dice = Identity::new(seed).dice(&format!("{series}/{n}"));
    let sample = |at: u32| (at * 97 + n * 31 + series * 7 + (dice.roll() % 64) as u32) as u16;
    (0..u32::from(EDGE) * u32::from(EDGE))
        .map(sample)
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// A study as it is sent.
#[derive(Clone, Debug)]
pub struct Study {
    /// Study Instance UID.
    pub uid: String,
    /// Patient ID.
    pub patient_id: String,
    /// In order of series and number.
    pub instances: Vec<Instance>,
}

impl Study {
    /// The SOP Instance UIDs, sorted.
    pub fn uids(&self) -> Vec<String> {
        sorted(self.instances.iter().map(|instance| instance.uid.clone()))
    }

    /// The Series Instance UIDs, sorted.
    pub fn series(&self) -> Vec<String> {
        let mut series = sorted(
            self.instances
                .iter()
                .map(|instance| instance.series.clone()),
        );
        series.dedup();
        series
    }
}

/// The texts in order.
pub fn sorted(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort();
    texts
}

/// An instance as it is sent, and what is known about it.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    /// SOP Class UID.
    pub sop_class: &'static str,
    /// SOP Instance UID.
    pub uid: String,
    /// Transfer syntax of `file`.
    pub transfer_syntax: &'static str,
    /// The pixels before any compression, 16 bits, little endian.
    pub pixels: Bytes,
    /// The whole as a DICOM file (PS3.10).
    pub file: Bytes,
    /// The data set.
    pub data_set: InMemDicomObject,
}

impl Instance {
    /// Its path below the service: `/studies/../series/../instances/..`.
    pub fn path(&self) -> String {
        format!(
            "/studies/{}/series/{}/instances/{}",
            self.study, self.series, self.uid
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
        let file = |seed| {
            Data::new(&Identity::new(seed), "a.b")
                .study(1)
                .build()
                .instances[0]
                .file
                .clone()
        };
        assert_eq!(file(1), file(1));
        assert_ne!(file(1), file(2));
    }

    #[test]
    fn uids_are_valid_whatever_the_seed() {
        for seed in [0, 1, 41, u64::MAX, 0xDEAD_BEEF] {
            let study = Data::new(&Identity::new(seed), "a.b")
                .study(9999)
                .series(&[1, 12])
                .build();
            for uid in study.uids().iter().chain(&study.series()) {
                assert!(uid.len() <= 64, "{uid}");
                assert!(
                    uid.split('.')
                        .all(|part| part == "0" || !part.starts_with('0')),
                    "{uid}"
                );
            }
            assert!(study.patient_id.len() <= 64);
        }
    }

    #[test]
    fn every_transfer_syntax_can_be_read_back() {
        for syntax in [
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
            uids::RLE_LOSSLESS,
            uids::JPEG_LOSSLESS_SV1,
        ] {
            let study = Data::new(&Identity::new(1), "a.b")
                .study(1)
                .transfer_syntax(syntax)
                .build();
            let read = dicom_object::from_reader(&study.instances[0].file[..]).unwrap();
            assert_eq!(read.meta().transfer_syntax(), syntax);
            assert_eq!(
                read.element(tags::PATIENT_ID).unwrap().to_str().unwrap(),
                study.patient_id
            );
        }
    }
}
