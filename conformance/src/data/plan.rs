//! From a plan to a study: what the instances say, and how they are written.

use dicom_core::value::{DataSetSequence, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::mem::InMemElement;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

use crate::identity::Identity;

use super::picture::Picture;
use super::{EDGE, Instance, Study, encode};

/// Creator of the private elements of every instance.
const CREATOR: &str = "CONFORMANCE 1.0";

/// A study to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) uid: String,
    pub(super) patient_id: String,
    pub(super) patient_name: String,
    pub(super) series: Vec<u32>,
    pub(super) first_series: u32,
    pub(super) sop_class: &'static str,
    pub(super) transfer_syntax: &'static str,
    pub(super) pixels: Option<Vec<u8>>,
    pub(super) picture: Option<Picture>,
    pub(super) number: u32,
    pub(super) seed: u64,
    pub(super) classes: Vec<(u32, &'static str)>,
    pub(super) changes: Vec<Change>,
}

/// An element in place of the plan's own, in all instances or in those of one series, or in one.
#[derive(Clone, Debug)]
pub(super) struct Change {
    series: Option<u32>,
    instance: Option<u32>,
    element: InMemElement,
}

impl Change {
    fn concerns(&self, series: u32, n: u32) -> bool {
        self.series.is_none_or(|only| only == series) && self.instance.is_none_or(|only| only == n)
    }
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

    /// The number of the first series, so that two plans can make one study.
    pub fn first_series(mut self, number: u32) -> Self {
        self.first_series = number;
        self
    }

    /// Another SOP class: MR, a segmentation, or a text report without an image.
    pub fn sop_class(mut self, uid: &'static str) -> Self {
        self.sop_class = uid;
        self
    }

    /// The same for one series, counted from 1.
    pub fn series_class(mut self, series: u32, uid: &'static str) -> Self {
        self.classes.push((series, uid));
        self
    }

    /// A patient's name in DICOM form, up to three component groups.
    pub fn patient_name(mut self, name: &str) -> Self {
        self.patient_name = name.into();
        self
    }

    /// Another patient's ID: that of another study, or one of a form that matters.
    pub fn patient_id(mut self, id: &str) -> Self {
        self.patient_id = id.into();
        self
    }

    /// This element in every instance, in place of the plan's own.
    pub fn with(mut self, element: InMemElement) -> Self {
        self.changes.push(Change {
            series: None,
            instance: None,
            element,
        });
        self
    }

    /// The same in the instances of one series, counted from 1.
    pub fn with_in_series(mut self, series: u32, element: InMemElement) -> Self {
        self.changes.push(Change {
            series: Some(series),
            instance: None,
            element,
        });
        self
    }

    /// The same in one instance of one series, both counted from 1.
    pub fn with_in_instance(mut self, series: u32, instance: u32, element: InMemElement) -> Self {
        self.changes.push(Change {
            series: Some(series),
            instance: Some(instance),
            element,
        });
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

    /// Another image than the usual one, in every instance.
    pub fn picture(mut self, picture: Picture) -> Self {
        self.sop_class = picture.sop_class();
        self.picture = Some(picture);
        self
    }

    /// The study.
    pub fn build(self) -> Study {
        let mut instances = Vec::new();
        for (series, &count) in (self.first_series..).zip(&self.series) {
            instances.extend((1..=count).map(|n| self.instance(series, n)));
        }
        Study {
            uid: self.uid,
            patient_id: self.patient_id,
            instances,
        }
    }

    fn instance(&self, series: u32, n: u32) -> Instance {
        let pixels = match &self.picture {
            Some(picture) => picture.bytes(),
            None => (self.pixels.clone()).unwrap_or_else(|| noisy_ramp(self.seed, series, n)),
        };
        let uid = format!("{}.{series}.{n}", self.uid);
        let series_uid = format!("{}.{series}", self.uid);
        let mut data_set = self.attributes(series, &series_uid, n, &uid);
        let sop_class = self.class_of(series);
        if let Some(picture) = &self.picture {
            picture.draw(&mut data_set);
        } else if is_image(sop_class) {
            data_set.put(self.pixel_data(&pixels));
        } else {
            OF_IMAGES.iter().for_each(|&tag| {
                data_set.remove_element(tag);
            });
        }
        let changes = self
            .changes
            .iter()
            .filter(|change| change.concerns(series, n));
        changes.for_each(|change| {
            data_set.put(change.element.clone());
        });

        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(self.transfer_syntax)
            .media_storage_sop_class_uid(sop_class)
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
            sop_class,
            uid,
            transfer_syntax: self.transfer_syntax,
            pixels: pixels.into(),
            file: file.into(),
            data_set,
        }
    }

    fn class_of(&self, series: u32) -> &'static str {
        let other = self.classes.iter().find(|(number, _)| *number == series);
        other.map_or(self.sop_class, |(_, sop_class)| sop_class)
    }

    fn pixel_data(&self, pixels: &[u8]) -> DataElement<InMemDicomObject> {
        match self.transfer_syntax {
            uids::RLE_LOSSLESS => encapsulated(encode::rle(pixels, EDGE, EDGE)),
            uids::JPEG_LOSSLESS_SV1 => encapsulated(encode::jpeg_lossless(pixels, EDGE, EDGE)),
            _ => {
                let native = PrimitiveValue::from(pixels.to_vec());
                DataElement::new(tags::PIXEL_DATA, VR::OW, native)
            }
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
            text(tags::SOP_CLASS_UID, VR::UI, self.class_of(series)),
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
            text(tags::MODALITY, VR::CS, modality(self.class_of(series))),
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

/// What only images have (PS3.3 C.7.6.3).
const OF_IMAGES: [Tag; 13] = [
    tags::SLICE_THICKNESS,
    tags::KVP,
    tags::IMAGE_TYPE,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::ROWS,
    tags::COLUMNS,
    tags::PIXEL_SPACING,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::RESCALE_SLOPE,
];

fn is_image(sop_class: &str) -> bool {
    sop_class != uids::BASIC_TEXT_SR_STORAGE
}

fn modality(sop_class: &str) -> &'static str {
    match sop_class {
        uids::MR_IMAGE_STORAGE => "MR",
        uids::BASIC_TEXT_SR_STORAGE => "SR",
        uids::SEGMENTATION_STORAGE => "SEG",
        _ => "CT",
    }
}

pub(super) fn sequence(tag: Tag, item: InMemDicomObject) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, VR::SQ, DataSetSequence::from(vec![item]))
}

fn encapsulated(codestream: Vec<u8>) -> DataElement<InMemDicomObject> {
    let fragments = PixelFragmentSequence::new_fragments(vec![codestream]);
    DataElement::new(tags::PIXEL_DATA, VR::OB, fragments)
}

/// A ramp with some seeded noise, different for every instance.
fn noisy_ramp(seed: u64, series: u32, n: u32) -> Vec<u8> {
    let mut dice = Identity::new(seed).dice(&format!("{series}/{n}"));
    let sample = |at: u32| (at * 97 + n * 31 + series * 7 + (dice.roll() % 64) as u32) as u16;
    (0..u32::from(EDGE) * u32::from(EDGE))
        .map(sample)
        .flat_map(u16::to_le_bytes)
        .collect()
}
