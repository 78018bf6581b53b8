use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::report::{self, Value, markdown, measurements};

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
fn radiation_is_rows_with_their_events_and_totals() {
    let study = dicom_fixtures::report_dose();
    insta::assert_snapshot!(markdown(&study.instances()[0].object()).unwrap());
}

#[test]
fn echo_measurements_are_rows_with_site_mode_and_method() {
    for (name, study) in [
        ("echo", dicom_fixtures::report_echo()),
        ("echo_simplified", dicom_fixtures::report_echo_simplified()),
    ] {
        insta::assert_snapshot!(name, markdown(&study.instances()[0].object()).unwrap());
    }
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

/// One content item as dsrdump and the tree both can say it: position, relationship, value type, concept, value (`*` for those of several parts).
fn as_dsrdump(item: &report::Item) -> [String; 5] {
    let (kind, value) = match &item.value {
        Value::Container => ("CONTAINER", "*".to_owned()),
        Value::Text(text) => ("TEXT", text.clone()),
        Value::Code(code) => (
            "CODE",
            code.as_ref()
                .map_or_else(String::new, |code| code.value.clone()),
        ),
        Value::Number { value: None, .. } => ("NUM", "-".to_owned()),
        Value::Number {
            value: Some(value),
            unit,
            ..
        } => {
            let unit = unit.as_ref().map_or("", |unit| unit.value.as_str());
            ("NUM", format!("{value} {unit}"))
        }
        Value::Date(_) => ("DATE", "*".to_owned()),
        Value::Time(_) => ("TIME", "*".to_owned()),
        Value::DateTime(_) => ("DATETIME", "*".to_owned()),
        Value::Uid(uid) => ("UIDREF", uid.clone()),
        Value::PersonName(name) => ("PNAME", name.clone()),
        Value::Instance { kind, .. } => (kind.as_str(), "*".to_owned()),
        Value::Coordinates {
            frame_of_reference: None,
            ..
        } => ("SCOORD", "*".to_owned()),
        Value::Coordinates { .. } => ("SCOORD3D", "*".to_owned()),
        Value::Moments { .. } => ("TCOORD", "*".to_owned()),
        Value::See(_) => ("", "*".to_owned()),
        other => panic!("{other:?} is not in these reports"),
    };
    let name = item
        .name
        .as_ref()
        .map_or_else(String::new, |code| code.meaning.clone());
    [
        item.position.clone(),
        item.relationship.clone(),
        kind.to_owned(),
        name,
        value,
    ]
}

/// A report of the fixtures, or of the folder that `SECOND_OPINION` names.
fn named(name: &str) -> Option<dicom_object::DefaultDicomObject> {
    if let Some(file) = dicom_fixtures::real::named(name) {
        return Some(dicom_object::from_reader(file.bytes).unwrap());
    }
    let made = match name {
        "report-dose" => Some(dicom_fixtures::report_dose()),
        "report-echo" => Some(dicom_fixtures::report_echo()),
        "report-echo-simplified" => Some(dicom_fixtures::report_echo_simplified()),
        _ => None,
    };
    if let Some(study) = made {
        return Some(study.instances()[0].object());
    }
    let folder = std::env::var_os("SECOND_OPINION")?;
    let path = std::path::Path::new(&folder).join(format!("highdicom/{name}.dcm"));
    Some(dicom_object::open_file(path).unwrap())
}

#[test]
fn every_item_is_what_dsrdump_says_it_is() {
    let rows: Vec<Vec<&str>> = include_str!("../reports/items.tsv")
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let mut compared = 0;
    for rows in rows.chunk_by(|a, b| a[0] == b[0]) {
        let Some(object) = named(rows[0][0]) else {
            continue;
        };
        let tree = report::tree(&object).unwrap();
        // References to other items have no value of their own, and dsrdump writes them in another way.
        let found: Vec<[String; 5]> = tree
            .walk()
            .into_iter()
            .filter(|item| !matches!(item.value, Value::See(_)))
            .map(as_dsrdump)
            .collect();
        let markdown = report::markdown(&object).unwrap();
        assert_eq!(found.len(), rows.len(), "{}", rows[0][0]);
        for (found, row) in found.iter().zip(rows) {
            let value = if row[5] == "*" { "*" } else { &found[4] };
            let found = [&found[0], &found[1], &found[2], &found[3], value];
            assert_eq!(found, row[1..], "{}", row[0]);
            // Concepts that need no escape stand in the Markdown as they are.
            if row[4].chars().all(|it| it.is_alphanumeric() || it == ' ') {
                assert!(markdown.contains(row[4]), "{}: {}", row[0], row[4]);
            }
            compared += 1;
        }
    }
    assert!(compared >= 149, "{compared} items were compared");
}
