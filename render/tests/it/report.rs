use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::report::{markdown, measurements};

fn sequence(tag: Tag, items: Vec<InMemDicomObject>) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, VR::SQ, DataSetSequence::from(items))
}

fn item(value_type: &str, name: &str) -> InMemDicomObject {
    let mut code = InMemDicomObject::new_empty();
    code.put(DataElement::new(tags::CODE_VALUE, VR::SH, "1"));
    code.put(DataElement::new(
        tags::CODING_SCHEME_DESIGNATOR,
        VR::SH,
        "99T",
    ));
    code.put(DataElement::new(tags::CODE_MEANING, VR::LO, name));
    let mut item = InMemDicomObject::new_empty();
    item.put(DataElement::new(tags::VALUE_TYPE, VR::CS, value_type));
    item.put(DataElement::new(
        tags::RELATIONSHIP_TYPE,
        VR::CS,
        "CONTAINS",
    ));
    item.put(sequence(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code]));
    item
}

fn text(name: &str, value: &str) -> InMemDicomObject {
    let mut item = item("TEXT", name);
    item.put(DataElement::new(tags::TEXT_VALUE, VR::UT, value));
    item
}

fn container(name: &str, children: Vec<InMemDicomObject>) -> InMemDicomObject {
    let mut item = item("CONTAINER", name);
    item.put(sequence(tags::CONTENT_SEQUENCE, children));
    item
}

#[test]
fn a_report_of_measurements_is_read_whole() {
    let study = dicom_fixtures::report_measurements();
    insta::assert_snapshot!(markdown(&study.instances()[0].object()).unwrap());
}

#[test]
fn every_value_type_and_relationship_is_kept() {
    // By OFFIS, with items below items, references by position, coordinates and waveforms.
    let object =
        dicom_object::from_reader(dicom_fixtures::real::named("test-SR").unwrap().bytes).unwrap();
    insta::assert_snapshot!(markdown(&object).unwrap());
}

#[test]
fn items_after_a_section_do_not_seem_to_belong_to_it() {
    let report = container(
        "Report",
        vec![
            container("Inner", vec![text("Finding", "inside")]),
            text("Conclusion", "outside"),
            container("Last", vec![text("Finding", "in the last")]),
        ],
    );
    let shown = markdown(&report).unwrap();
    let content = shown.split_once("\n\n- **Inner").unwrap().1;
    assert_eq!(
        content,
        " (1, 99T)**\n  - **Finding (1, 99T)**: inside\n- **Conclusion (1, 99T)**: outside\n\n## Last (1, 99T)\n\n- **Finding (1, 99T)**: in the last\n"
    );
}

#[test]
fn text_cannot_forge_headings_or_items() {
    let report = container(
        "Report",
        vec![text(
            "Note",
            "fine\n# Impression\n- **Finding (1, DCM)**: forged\n\n| a | b |",
        )],
    );
    let shown = markdown(&report).unwrap();
    assert!(shown.ends_with(
        "- **Note (1, 99T)**: fine\n  \\# Impression\n  \\- \\*\\*Finding (1, DCM)\\*\\*: forged\n\n  \\| a \\| b \\|\n"
    ), "{shown}");
}

#[test]
fn deep_nesting_is_shown_to_its_end_or_said_to_be_cut() {
    let deep = |levels: usize| {
        (0..levels).fold(text("Leaf", "the end"), |inner, _| {
            container("Level", vec![inner])
        })
    };
    assert!(markdown(&deep(64)).unwrap().contains("the end"));
    let cut = markdown(&deep(200)).unwrap();
    assert!(!cut.contains("the end"));
    assert!(cut.contains("(nested deeper than 128 levels, not shown)"));
}

#[test]
fn measurements_are_rows_with_their_context() {
    let study = dicom_fixtures::report_measurements();
    let rows = measurements(&study.instances()[0].object());
    let long_axis = rows
        .iter()
        .find(|row| row.name.meaning == "Long Axis")
        .unwrap();
    assert_eq!(long_axis.unit.as_ref().unwrap().value, "mm");
    assert_eq!(
        long_axis.within,
        ["Imaging Measurements", "Measurement Group"]
    );
    assert!(
        long_axis
            .context
            .contains(&("Finding".to_owned(), "Nodule".to_owned()))
    );
}

#[test]
fn a_missing_number_says_why() {
    let mut number = item("NUM", "Volume");
    let mut why = InMemDicomObject::new_empty();
    why.put(DataElement::new(tags::CODE_VALUE, VR::SH, "114006"));
    why.put(DataElement::new(
        tags::CODING_SCHEME_DESIGNATOR,
        VR::SH,
        "DCM",
    ));
    why.put(DataElement::new(
        tags::CODE_MEANING,
        VR::LO,
        "Measurement failure",
    ));
    number.put(DataElement::new(
        tags::MEASURED_VALUE_SEQUENCE,
        VR::SQ,
        DataSetSequence::empty(),
    ));
    number.put(sequence(
        tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE,
        vec![why],
    ));
    let shown = markdown(&container("Report", vec![number])).unwrap();
    assert!(
        shown.contains("- **Volume (1, 99T)**: (no number), Measurement failure (114006, DCM)\n"),
        "{shown}"
    );
}

#[test]
fn an_unknown_value_type_keeps_its_attributes() {
    let mut table = item("TABLE", "Table");
    table.put(DataElement::new(
        tags::NUMBER_OF_TABLE_ROWS,
        VR::UL,
        PrimitiveValue::from(3u32),
    ));
    let shown = markdown(&container("Report", vec![table])).unwrap();
    assert!(
        shown.contains("- **Table (1, 99T)**: value of type TABLE\n"),
        "{shown}"
    );
    assert!(shown.contains("NumberOfTableRows"), "{shown}");
}

#[test]
fn an_image_is_no_report() {
    let study = dicom_fixtures::ct("chest").size(16).slices(1);
    let error = markdown(&study.instances()[0].object())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the data set is no structured report: it has neither Value Type nor Content Sequence"
    );
}
