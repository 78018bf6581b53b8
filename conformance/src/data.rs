//! The harness's own data: small, seeded, and known to the last bit, so that an answer can be compared with what was stored.

mod altered;
pub mod codestream;
pub mod colours;
mod described;
mod encode;
pub mod large;
pub mod numbered;
pub mod picture;
mod plan;
pub mod ramp;

use bytes::Bytes;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, uids};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::identity::{Identity, hash};

pub use plan::Plan;

/// Rows and columns of every image.
pub const EDGE: u16 = 16;

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
            check: hash(check) % 10_000_000,
        }
    }

    /// What the patient IDs of all studies of this check begin with.
    pub fn patient_prefix(&self) -> String {
        format!("{}{}-", self.identity.patient_prefix(), self.check)
    }

    /// A word of letters and digits, at most 12, that no other check and no other run uses.
    pub fn word(&self) -> String {
        let word = self.identity.dice(&format!("{}/word", self.check)).roll();
        format!("W{:011X}", word & 0xFFF_FFFF_FFFF)
    }

    /// The plan of the check's study number `n`, from 1: one CT series with one instance, unless told otherwise.
    pub fn study(&self, n: u32) -> Plan {
        Plan {
            uid: format!("{}.{}.{n}", self.identity.uid_root(), self.check),
            patient_id: format!("{}{n}", self.patient_prefix()),
            patient_name: format!("Conformance^Check {}^{n}", self.check),
            series: vec![1],
            first_series: 1,
            sop_class: uids::CT_IMAGE_STORAGE,
            transfer_syntax: uids::EXPLICIT_VR_LITTLE_ENDIAN,
            pixels: None,
            picture: None,
            number: n,
            seed: self.identity.dice(&format!("{}/{n}", self.check)).roll(),
            classes: Vec::new(),
            changes: Vec::new(),
        }
    }
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

/// An attribute of the data dictionary with this text, backslashes between values; empty has no value.
pub fn text(tag: Tag, value: &str) -> InMemElement {
    let entry = StandardDataDictionary.by_tag(tag);
    let vr = entry.map_or(VR::UN, |entry| entry.vr().relaxed());
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

/// A sequence with these items, each made of its elements.
pub fn sequence(tag: Tag, items: &[&[InMemElement]]) -> InMemElement {
    let items: Vec<_> = items
        .iter()
        .map(|item| InMemDicomObject::from_element_iter(item.iter().cloned()))
        .collect();
    DataElement::new(tag, VR::SQ, DataSetSequence::from(items))
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
    /// An attribute of the data set as text without padding; empty if it is absent or has no value.
    pub fn value(&self, tag: Tag) -> String {
        let element = self.data_set.element_opt(tag).ok().flatten();
        let text = element.and_then(|element| element.to_str().ok());
        text.map_or_else(String::new, |text| {
            text.trim_matches([' ', '\0']).to_owned()
        })
    }

    /// Its path below the service: `/studies/../series/../instances/..`.
    pub fn path(&self) -> String {
        format!(
            "/studies/{}/series/{}/instances/{}",
            self.study, self.series, self.uid
        )
    }
}

/// An image class that our instances can be given, by its UID.
pub fn image_class(uid: &str) -> Option<&'static str> {
    let classes = [
        uids::CT_IMAGE_STORAGE,
        uids::MR_IMAGE_STORAGE,
        uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
        uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
        uids::ULTRASOUND_IMAGE_STORAGE,
        uids::NUCLEAR_MEDICINE_IMAGE_STORAGE,
        uids::POSITRON_EMISSION_TOMOGRAPHY_IMAGE_STORAGE,
        uids::X_RAY_ANGIOGRAPHIC_IMAGE_STORAGE,
    ];
    classes.into_iter().find(|class| *class == uid)
}

#[cfg(test)]
mod tests {
    use dicom_dictionary_std::tags;

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
