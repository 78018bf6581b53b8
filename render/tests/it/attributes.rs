use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::attributes::{self, Private, Select, tag, text};

fn data_set() -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    item.put(DataElement::new(tags::CODE_MEANING, VR::LO, "Chest"));
    let mut set = InMemDicomObject::new_empty();
    set.put(DataElement::new(
        tags::SOP_CLASS_UID,
        VR::UI,
        "1.2.840.10008.5.1.4.1.1.2",
    ));
    set.put(DataElement::new(
        tags::ANATOMIC_REGION_SEQUENCE,
        VR::SQ,
        DataSetSequence::from(vec![item.clone(), item]),
    ));
    set.put(DataElement::new(
        tags::PATIENT_NAME,
        VR::PN,
        "Yamada^Tarou=山田^太郎",
    ));
    set.put(DataElement::new(
        tags::PATIENT_COMMENTS,
        VR::LT,
        "one\r\n(0010,0020) PatientID  LO  forged\u{202E}",
    ));
    set.put(DataElement::new(
        tags::STUDY_DESCRIPTION,
        VR::LO,
        "x".repeat(200),
    ));
    set.put(DataElement::new(Tag(0x0009, 0x0010), VR::LO, "ACME 1"));
    set.put(DataElement::new(
        Tag(0x0009, 0x1001),
        VR::UN,
        PrimitiveValue::from(vec![1u8, 0xAB]),
    ));
    set.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OW,
        PrimitiveValue::from(vec![0u8; 512]),
    ));
    set.put(DataElement::new(tags::WINDOW_CENTER, VR::DS, "40\\-600"));
    set
}

#[test]
fn a_data_set_is_lines() {
    insta::assert_snapshot!(text(
        &data_set(),
        &Select {
            private: Private::Shown,
            value_length: 60,
            ..Select::default()
        }
    ));
}

#[test]
fn only_what_is_selected_is_written() {
    let only = vec![
        tag("PatientName").unwrap(),
        tag("(0008,2218)").unwrap(),
        tag("00091001").unwrap(),
    ];
    insta::assert_snapshot!(text(
        &data_set(),
        &Select {
            only,
            items: 1,
            ..Select::default()
        }
    ));
}

#[test]
fn private_attributes_are_counted() {
    assert!(
        text(&data_set(), &Select::default()).ends_with("(2 private attributes are not shown)\n")
    );
}

#[test]
fn names_of_attributes_are_checked() {
    assert_eq!(tag("0010,0010"), Ok(tags::PATIENT_NAME));
    let error = attributes::tag("PatientsName").unwrap_err().to_string();
    assert_eq!(
        error,
        "\"PatientsName\" is neither an attribute keyword nor a tag such as 00100010 or (0010,0010)"
    );
}
