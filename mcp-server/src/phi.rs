//! What is shown of patients, decided by tag and VR before anything is written into an answer.
//!
//! What is kept is what is listed: codes, numbers, UIDs and what machines say of themselves. All else is taken out, so
//! that a text that nobody thought of is not shown.

use std::collections::BTreeMap;
use std::sync::Mutex;

use dicom_core::header::Header as _;
use dicom_core::value::{DataSetSequence, Value as DicomValue};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

use crate::attribute::Attribute;
use crate::config::Phi;
use crate::row::Row;

/// What stands in place of a value.
pub const MASKED: &str = "(masked)";

/// Texts that say something about a machine or a code, never about a person.
const TECHNICAL: [Tag; 22] = [
    tags::MANUFACTURER,
    tags::MANUFACTURER_MODEL_NAME,
    tags::SOFTWARE_VERSIONS,
    tags::CODE_VALUE,
    tags::CODING_SCHEME_DESIGNATOR,
    tags::CODING_SCHEME_VERSION,
    tags::CODE_MEANING,
    tags::CONVOLUTION_KERNEL,
    tags::SPECIFIC_CHARACTER_SET,
    tags::SEQUENCE_NAME,
    tags::WINDOW_CENTER_WIDTH_EXPLANATION,
    tags::MODALITY_LUT_TYPE,
    tags::RESCALE_TYPE,
    tags::RECEIVE_COIL_NAME,
    tags::TRANSMIT_COIL_NAME,
    tags::FILTER_TYPE,
    tags::POSITION_REFERENCE_INDICATOR,
    tags::LOSSY_IMAGE_COMPRESSION_METHOD,
    tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT,
    tags::CONTEXT_IDENTIFIER,
    tags::MAPPING_RESOURCE,
    tags::IMPLEMENTATION_VERSION_NAME,
];

/// What is shown of patients, and the names that were invented for them.
#[derive(Debug)]
pub struct Mask {
    mode: Phi,
    /// Other names in each run, so that nothing can be looked up in a list made elsewhere.
    salt: [u8; 16],
    /// Invented Patient ID to real one, to be able to go on with what was shown.
    known: Mutex<BTreeMap<String, String>>,
}

impl Mask {
    /// A mask of this mode, with names of its own.
    pub fn new(mode: Phi) -> Self {
        Self {
            mode,
            salt: rand::rng().random(),
            known: Mutex::default(),
        }
    }

    /// Whether everything is shown.
    pub fn shows_all(&self) -> bool {
        self.mode == Phi::Show
    }

    /// The mode as a word.
    pub fn mode(&self) -> &'static str {
        match self.mode {
            Phi::Show => "show",
            Phi::Mask => "mask",
            Phi::Pseudonym => "pseudonym",
        }
    }

    /// Rows as they may be shown.
    pub fn rows(&self, rows: &mut [Row]) {
        if self.shows_all() {
            return;
        }
        for row in rows {
            let patient = row
                .text(tags::PATIENT_ID)
                .or_else(|| row.text(tags::PATIENT_NAME));
            row.mask(&|tag, text| self.value(tag, Attribute::of(tag).vr, text, patient.as_deref()));
        }
    }

    /// A data set as it may be shown.
    pub fn object(&self, object: &InMemDicomObject) -> InMemDicomObject {
        if self.shows_all() {
            return object.clone();
        }
        let text = |tag| {
            let text = object.get(tag)?.to_str().ok()?;
            let text = text.trim_matches(['\0', ' ']).to_owned();
            (!text.is_empty()).then_some(text)
        };
        let patient = text(tags::PATIENT_ID).or_else(|| text(tags::PATIENT_NAME));
        self.masked(object, patient.as_deref())
    }

    /// Depth is that of an object that was scanned before, which bounds it.
    fn masked(&self, object: &InMemDicomObject, patient: Option<&str>) -> InMemDicomObject {
        let elements = object.iter().map(|element| self.element(element, patient));
        InMemDicomObject::from_element_iter(elements)
    }

    fn element(&self, element: &InMemElement, patient: Option<&str>) -> InMemElement {
        let (tag, vr) = (element.tag(), element.vr());
        match element.value() {
            DicomValue::Sequence(sequence) => {
                let items: Vec<_> = sequence
                    .items()
                    .iter()
                    .map(|item| self.masked(item, patient))
                    .collect();
                DataElement::new(tag, vr, DataSetSequence::from(items))
            }
            DicomValue::Primitive(value) if value.calculate_byte_len() > 0 => {
                let text = match tag {
                    tags::PATIENT_NAME | tags::PATIENT_ID => value.to_str().into_owned(),
                    _ => String::new(),
                };
                match self.value(tag, vr, &text, patient) {
                    None => element.clone(),
                    Some(shown) => {
                        // A VR that holds words, so that the placeholder can stand where a date was.
                        let vr = if vr == VR::PN { VR::PN } else { VR::LO };
                        DataElement::new(tag, vr, PrimitiveValue::from(shown))
                    }
                }
            }
            _ => element.clone(),
        }
    }

    /// What is shown in place of a value; `None` where it is shown as it is.
    fn value(&self, tag: Tag, vr: VR, text: &str, patient: Option<&str>) -> Option<String> {
        if self.shows_all() || is_kept(tag, vr) {
            return None;
        }
        Some(match (self.mode, tag) {
            (Phi::Pseudonym, tags::PATIENT_ID) => {
                let invented = format!("P-{}", self.name(patient.unwrap_or(text)));
                self.known
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .insert(invented.clone(), text.trim_matches(['\0', ' ']).to_owned());
                invented
            }
            (Phi::Pseudonym, tags::PATIENT_NAME) => {
                format!("Patient^{}", self.name(patient.unwrap_or(text)))
            }
            _ => MASKED.to_owned(),
        })
    }

    /// Letters that stand for a patient in this run.
    fn name(&self, of: &str) -> String {
        let digest = Sha256::new()
            .chain_update(self.salt)
            .chain_update(of)
            .finalize();
        digest[..5]
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect()
    }

    /// The Patient ID that is meant by an invented one.
    pub fn meant(&self, patient: &str) -> Option<String> {
        self.known
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(patient)
            .cloned()
    }

    /// Free text as it may be shown.
    pub fn free_text(&self, text: String) -> String {
        if self.shows_all() {
            text
        } else {
            MASKED.to_owned()
        }
    }
}

/// Whether a value says nothing about a person.
fn is_kept(tag: Tag, vr: VR) -> bool {
    if tag.group() == 0x0010 {
        return tag == tags::PATIENT_SEX;
    }
    if !tag.group().is_multiple_of(2) {
        return false;
    }
    match vr {
        VR::UI
        | VR::CS
        | VR::IS
        | VR::DS
        | VR::US
        | VR::SS
        | VR::UL
        | VR::SL
        | VR::UV
        | VR::SV
        | VR::FL
        | VR::FD
        | VR::AT
        | VR::SQ => true,
        VR::LO | VR::SH | VR::UC | VR::ST | VR::LT | VR::UT => TECHNICAL.contains(&tag),
        // Pixels and other bulk data are not written into texts; documents are asked for as free text.
        VR::OW | VR::OB | VR::OF | VR::OD | VR::OL | VR::OV => tag != tags::ENCAPSULATED_DOCUMENT,
        _ => false,
    }
}

/// One that shows everything.
impl Default for Mask {
    fn default() -> Self {
        Self::new(Phi::Show)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row() -> Row {
        Row::from_json(&json!({
            "00080020": {"vr": "DA", "Value": ["20240103"]},
            "00080061": {"vr": "CS", "Value": ["CT"]},
            "00081030": {"vr": "LO", "Value": ["CHEST of CANARY"]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "CANARY^JOHN"}]},
            "00100020": {"vr": "LO", "Value": ["CANARY-1"]},
            "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
        }))
        .expect("a row")
    }

    #[test]
    fn what_is_not_known_to_be_harmless_is_masked() {
        let mut rows = [row()];
        Mask::new(Phi::Mask).rows(&mut rows);
        let shown = format!("{rows:?}");
        assert!(
            !shown.contains("CANARY") && !shown.contains("20240103"),
            "{shown}"
        );
        assert_eq!(
            rows[0].text(tags::STUDY_INSTANCE_UID).as_deref(),
            Some("1.2.3")
        );
        assert_eq!(
            rows[0].text(tags::MODALITIES_IN_STUDY).as_deref(),
            Some("CT")
        );
    }

    #[test]
    fn a_patient_has_one_pseudonym_in_a_run_and_another_in_the_next() {
        let mask = Mask::new(Phi::Pseudonym);
        let mut rows = [row(), row()];
        mask.rows(&mut rows);
        let id = |row: &Row| row.text(tags::PATIENT_ID).expect("an ID");
        assert_eq!(id(&rows[0]), id(&rows[1]));
        assert_eq!(mask.meant(&id(&rows[0])).as_deref(), Some("CANARY-1"));
        let mut other = [row()];
        Mask::new(Phi::Pseudonym).rows(&mut other);
        assert_ne!(id(&rows[0]), id(&other[0]));
        assert!(!format!("{rows:?}").contains("CANARY"));
    }
}
