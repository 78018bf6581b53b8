//! The numbers of a report as rows.

use std::fmt::Write;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::value::whole;
use super::{Code, MAX_DEPTH, children, escape, is_container};
use crate::groups;
use crate::image::text;
use crate::person::PersonName;
use crate::text::cut;

/// One number of a report with what it needs to be understood alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// What is measured.
    pub name: Code,
    /// Numeric Value (0040,A30A) as written; `None` where the report says why there is none.
    pub value: Option<String>,
    /// The unit, usually of UCUM.
    pub unit: Option<Code>,
    /// Why there is no number, or what is special about it.
    pub qualifier: Option<Code>,
    /// The containers around it, from the outside, without the document itself.
    pub within: Vec<String>,
    /// What the items beside and below it say: finding, site, method, tracking identifier. Name and value.
    pub context: Vec<(String, String)>,
}

/// All numbers of the report in order; empty for what is no report.
pub fn measurements(attributes: &InMemDicomObject) -> Vec<Measurement> {
    let mut found = Vec::new();
    gather(attributes, &mut Vec::new(), &[], 0, &mut found);
    found
}

fn gather(
    item: &InMemDicomObject,
    within: &mut Vec<String>,
    beside: &[(String, String)],
    depth: usize,
    found: &mut Vec<Measurement>,
) {
    if text(item, tags::VALUE_TYPE).as_deref() == Some("NUM") {
        let measured = groups::item(item, tags::MEASURED_VALUE_SEQUENCE, 0);
        let mut context = said(item);
        context.extend(beside.iter().cloned());
        found.push(Measurement {
            name: Code::of(item, tags::CONCEPT_NAME_CODE_SEQUENCE).unwrap_or_default(),
            value: measured.and_then(|measured| whole(measured, tags::NUMERIC_VALUE)),
            unit: measured
                .and_then(|measured| Code::of(measured, tags::MEASUREMENT_UNITS_CODE_SEQUENCE)),
            qualifier: Code::of(item, tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE),
            within: within.clone(),
            context,
        });
    }
    if depth >= MAX_DEPTH {
        return;
    }
    // What the document as a whole says (language, observer) is no context of one number.
    let beside = if depth > 0 && is_container(item) {
        said(item)
    } else {
        Vec::new()
    };
    for child in children(item) {
        let name = is_container(child).then(|| Code::of(child, tags::CONCEPT_NAME_CODE_SEQUENCE));
        let pushed = name
            .map(|name| within.push(name.map_or("section".to_owned(), |code| code.meaning)))
            .is_some();
        gather(child, within, &beside, depth + 1, found);
        if pushed {
            within.pop();
        }
    }
}

/// Every number of a container repeats what the container says: it must stay short.
const STATEMENTS: usize = 12;
const STATEMENT_LENGTH: usize = 120;

/// The short statements among the children of an item: codes, texts, names.
fn said(item: &InMemDicomObject) -> Vec<(String, String)> {
    let statement = |child: &InMemDicomObject| {
        let name = Code::of(child, tags::CONCEPT_NAME_CODE_SEQUENCE)?.meaning;
        let value = match text(child, tags::VALUE_TYPE)?.as_str() {
            "CODE" => Code::of(child, tags::CONCEPT_CODE_SEQUENCE)?.meaning,
            "TEXT" => whole(child, tags::TEXT_VALUE)?,
            "PNAME" => PersonName::parse(&whole(child, tags::PERSON_NAME)?).to_string(),
            "DATE" => whole(child, tags::DATE)?,
            "DATETIME" => whole(child, tags::DATE_TIME)?,
            _ => return None,
        };
        Some((name, value))
    };
    let short = |(name, value): (String, String)| (name, cut(value, STATEMENT_LENGTH));
    children(item)
        .iter()
        .filter_map(statement)
        .take(STATEMENTS)
        .map(short)
        .collect()
}

/// The measurements as a Markdown table; nothing where there are none.
pub(super) fn table(measurements: &[Measurement], out: &mut String) {
    if measurements.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\n## All measurements\n\n| measurement | value | unit | within | context |\n|---|---|---|---|---|\n"
    );
    for row in measurements {
        let qualifier = row.qualifier.as_ref().map(|code| code.meaning.clone());
        let value: Vec<String> = row.value.clone().into_iter().chain(qualifier).collect();
        let context: Vec<String> = row
            .context
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let cells = [
            row.name.meaning.clone(),
            value.join(", "),
            row.unit
                .as_ref()
                .map(|unit| unit.value.clone())
                .unwrap_or_default(),
            row.within.join(" > "),
            context.join("; "),
        ];
        let _ = writeln!(
            out,
            "| {} |",
            cells.map(|cell| escape::inline(&cell)).join(" | ")
        );
    }
}
