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
    set.put(DataElement::new(tags::STUDY_DATE, VR::DA, "20240115"));
    set.put(DataElement::new(tags::STUDY_TIME, VR::TM, "101112.5"));
    set.put(DataElement::new(
        tags::ACQUISITION_DATE_TIME,
        VR::DT,
        "20240115101112+0100",
    ));
    set.put(DataElement::new(
        tags::PATIENT_BIRTH_DATE,
        VR::DA,
        "1970.01.01",
    ));
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

#[test]
fn a_data_set_is_a_tree_of_typed_values() {
    let mut set = data_set();
    set.put(DataElement::new(
        tags::ROWS,
        VR::US,
        PrimitiveValue::from(512u16),
    ));
    set.put(DataElement::new(tags::SERIES_NUMBER, VR::IS, " 7 "));
    set.put(DataElement::new(tags::INSTANCE_NUMBER, VR::IS, "seven"));
    set.put(DataElement::new(
        tags::DISTANCE_SOURCE_TO_DETECTOR,
        VR::DS,
        "",
    ));
    let numbers = [0.1f32, f32::NAN, -3.0];
    set.put(DataElement::new(
        tags::SELECTOR_FL_VALUE,
        VR::FL,
        PrimitiveValue::F32(numbers.as_slice().into()),
    ));
    let frames = PrimitiveValue::U32((0..300).collect());
    set.put(DataElement::new(tags::SELECTOR_UL_VALUE, VR::UL, frames));
    set.put(DataElement::new(
        tags::FRAME_INCREMENT_POINTER,
        VR::AT,
        PrimitiveValue::Tags([tags::FRAME_TIME].as_slice().into()),
    ));
    let select = Select {
        private: Private::Shown,
        value_length: 60,
        items: 1,
        ..Select::default()
    };
    let mut tree = attributes::tree(&set, &select);
    for attribute in &mut tree {
        if let attributes::Content::Values { values, .. } = &mut attribute.content {
            values.truncate(4);
        }
    }
    let lines: Vec<String> = tree
        .iter()
        .map(|attribute| serde_json::to_string(attribute).unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_tree_has_only_what_is_selected_and_no_private_attribute_unasked() {
    let tags_of = |select: &Select| -> Vec<String> {
        attributes::tree(&data_set(), select)
            .into_iter()
            .map(|attribute| attribute.tag)
            .collect()
    };
    let only = vec![Tag(0x0009, 0x1001), tags::PATIENT_NAME];
    assert_eq!(
        tags_of(&Select {
            only,
            ..Select::default()
        }),
        ["00091001", "00100010"]
    );
    assert!(
        tags_of(&Select::default())
            .iter()
            .all(|tag| !tag.starts_with("0009"))
    );
}

#[test]
fn a_tree_ends_where_nesting_is_too_deep() {
    let mut set = InMemDicomObject::new_empty();
    for _ in 0..200 {
        let mut outer = InMemDicomObject::new_empty();
        outer.put(DataElement::new(
            tags::CONTENT_SEQUENCE,
            VR::SQ,
            DataSetSequence::from(vec![set]),
        ));
        set = outer;
    }
    let json = serde_json::to_string(&attributes::tree(&set, &Select::default())).unwrap();
    assert_eq!(json.matches("0040A730").count(), 128);
    assert!(json.contains(r#""items":[],"itemCount":1"#));
}
