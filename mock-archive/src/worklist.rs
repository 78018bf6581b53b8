//! What is scheduled: items of the modality worklist (PS3.4 K.6), made for the patients that are stored or read from files.

use std::collections::BTreeSet;
use std::io::Cursor;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::part10::{self, Limits};

/// One imaging procedure for each patient of these instances that has pictures of CT, MR or US: in 2025 on the day of the first such study, every
/// quarter of an hour from eight o'clock, on the stations `CT1`, `MR1` and `US1`. The same for the same instances.
pub(crate) fn follow_ups(
    instances: impl Iterator<Item = InMemDicomObject>,
) -> Vec<InMemDicomObject> {
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for instance in instances {
        if matches!(text(&instance, tags::MODALITY).as_str(), "CT" | "MR" | "US")
            && seen.insert(text(&instance, tags::PATIENT_ID))
        {
            items.push(procedure(&instance, items.len() + 1));
        }
    }
    items
}

/// Reads an item from a Part 10 file.
///
/// # Errors
/// If it cannot be read, or has no Scheduled Procedure Step Sequence (0040,0100).
pub fn read(file: &[u8]) -> Result<InMemDicomObject, String> {
    let mut file = Cursor::new(file);
    let layout = part10::scan(&mut file, &Limits::default()).map_err(|error| error.to_string())?;
    let item = part10::header(&mut file, &layout).map_err(|error| error.to_string())?;
    if steps(&item).is_empty() {
        return Err("no worklist item: Scheduled Procedure Step Sequence is missing".to_owned());
    }
    Ok(item)
}

/// An item for each of its scheduled steps: what a worklist answers has one (PS3.4 K.6.1.2.2).
///
/// Texts are decoded by now: whatever character set they came in, the item says UTF-8, which can write them all.
pub(crate) fn by_step(item: &InMemDicomObject) -> Vec<InMemDicomObject> {
    let steps = steps(item).iter();
    let one = |step: &InMemDicomObject| {
        let mut item = item.clone();
        if item.remove_element(tags::SPECIFIC_CHARACTER_SET) {
            let utf8 = PrimitiveValue::from("ISO_IR 192");
            item.put(DataElement::new(tags::SPECIFIC_CHARACTER_SET, VR::CS, utf8));
        }
        item.put(sequence(step.clone()));
        item
    };
    steps.map(one).collect()
}

fn steps(item: &InMemDicomObject) -> &[InMemDicomObject] {
    item.get(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE)
        .and_then(|element| element.items())
        .unwrap_or_default()
}

fn procedure(of: &InMemDicomObject, number: usize) -> InMemDicomObject {
    const COPIED: [Tag; 5] = [
        tags::SPECIFIC_CHARACTER_SET,
        tags::PATIENT_NAME,
        tags::PATIENT_ID,
        tags::PATIENT_BIRTH_DATE,
        tags::PATIENT_SEX,
    ];
    let modality = text(of, tags::MODALITY);
    let day = text(of, tags::STUDY_DATE);
    let day = day.get(4..).unwrap_or("0101");
    let minutes = (8 * 60 + (number - 1) * 15) % (24 * 60);
    let step = [
        (tags::MODALITY, VR::CS, modality.clone()),
        (
            tags::SCHEDULED_STATION_AE_TITLE,
            VR::AE,
            format!("{modality}1"),
        ),
        (
            tags::SCHEDULED_PROCEDURE_STEP_START_DATE,
            VR::DA,
            format!("2025{day}"),
        ),
        (
            tags::SCHEDULED_PROCEDURE_STEP_START_TIME,
            VR::TM,
            format!("{:02}{:02}00", minutes / 60, minutes % 60),
        ),
        (
            tags::SCHEDULED_PERFORMING_PHYSICIAN_NAME,
            VR::PN,
            "ROE^RICHARD".to_owned(),
        ),
        (
            tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION,
            VR::LO,
            format!("{modality} follow-up"),
        ),
        (
            tags::SCHEDULED_STATION_NAME,
            VR::SH,
            format!("{modality} ROOM"),
        ),
        (
            tags::SCHEDULED_PROCEDURE_STEP_LOCATION,
            VR::SH,
            "RADIOLOGY".to_owned(),
        ),
        (
            tags::SCHEDULED_PROCEDURE_STEP_ID,
            VR::SH,
            format!("SPS{number:04}"),
        ),
    ];
    let whole = [
        (tags::ACCESSION_NUMBER, VR::SH, format!("A2025-{number:04}")),
        (
            tags::REFERRING_PHYSICIAN_NAME,
            VR::PN,
            "MILES^MARIA".to_owned(),
        ),
        // A UID made of a number (PS3.5 B.2); the study's own would claim that it is done already.
        (
            tags::STUDY_INSTANCE_UID,
            VR::UI,
            format!("2.25.{}", 20_250_000 + number),
        ),
        (tags::REQUESTING_PHYSICIAN, VR::PN, "MILES^MARIA".to_owned()),
        (
            tags::REQUESTED_PROCEDURE_DESCRIPTION,
            VR::LO,
            format!("{modality} follow-up"),
        ),
        (
            tags::REQUESTED_PROCEDURE_ID,
            VR::SH,
            format!("RP{number:04}"),
        ),
        (
            tags::REQUESTED_PROCEDURE_PRIORITY,
            VR::SH,
            "MEDIUM".to_owned(),
        ),
    ];
    let mut item = filled(whole);
    for tag in COPIED {
        if let Some(element) = of.get(tag) {
            item.put(element.clone());
        }
    }
    item.put(sequence(filled(step)));
    item
}

fn filled(attributes: impl IntoIterator<Item = (Tag, VR, String)>) -> InMemDicomObject {
    let elements = attributes.into_iter();
    InMemDicomObject::from_element_iter(
        elements.map(|(tag, vr, text)| DataElement::new(tag, vr, PrimitiveValue::from(text))),
    )
}

fn sequence(step: InMemDicomObject) -> dicom_object::mem::InMemElement {
    let items = DataSetSequence::new(vec![step], Length::UNDEFINED);
    DataElement::new(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, VR::SQ, items)
}

fn text(object: &InMemDicomObject, tag: Tag) -> String {
    let value = object.get(tag).and_then(|element| element.to_str().ok());
    value.map(|text| text.trim().to_owned()).unwrap_or_default()
}
