//! The numbers of a report as rows.

use std::collections::HashMap;
use std::fmt::Write;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::value::whole;
use super::{Code, MAX_DEPTH, children, escape, is_container};
use crate::calendar::{date, date_time};
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
    gather(
        attributes,
        &mut Vec::new(),
        &Around::default(),
        0,
        &mut found,
    );
    found
}

/// What is said of a number by the containers around it.
#[derive(Default)]
struct Around {
    /// What stands beside it.
    beside: Vec<(String, String)>,
    /// The modifiers of all containers, the nearest first.
    modifiers: Vec<(String, String)>,
}

fn gather(
    item: &InMemDicomObject,
    within: &mut Vec<String>,
    around: &Around,
    depth: usize,
    found: &mut Vec<Measurement>,
) {
    if text(item, tags::VALUE_TYPE).as_deref() == Some("NUM") {
        let measured = groups::item(item, tags::MEASURED_VALUE_SEQUENCE, 0);
        let mut context = said(item, |_| true);
        context.extend(around.beside.iter().cloned());
        let missing = around
            .modifiers
            .iter()
            .filter(|(name, _)| around.beside.iter().all(|(other, _)| other != name));
        context.extend(missing.cloned());
        context.truncate(STATEMENTS);
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
    let mut inner = Around {
        beside: Vec::new(),
        modifiers: around.modifiers.clone(),
    };
    if depth > 0 && is_container(item) {
        inner.beside = said(item, |_| true);
        let own = said(item, |child| {
            text(child, tags::RELATIONSHIP_TYPE).as_deref() == Some("HAS CONCEPT MOD")
        });
        // The nearest one counts.
        inner
            .modifiers
            .retain(|(name, _)| own.iter().all(|(other, _)| other != name));
        inner.modifiers.splice(0..0, own);
        inner.modifiers.truncate(STATEMENTS);
    }
    let headings = headings(item);
    for (child, heading) in children(item).iter().zip(headings) {
        let pushed = heading.map(|heading| within.push(heading)).is_some();
        gather(child, within, &inner, depth + 1, found);
        if pushed {
            within.pop();
        }
    }
}

/// The headings of the containers among the children of an item, numbered where several have the same.
fn headings(item: &InMemDicomObject) -> Vec<Option<String>> {
    let heading = |child: &InMemDicomObject| {
        let name = Code::of(child, tags::CONCEPT_NAME_CODE_SEQUENCE);
        is_container(child).then(|| name.map_or("section".to_owned(), |code| code.meaning))
    };
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    let headings: Vec<Option<String>> = children(item).iter().map(heading).collect();
    for heading in headings.iter().flatten() {
        counts.entry(heading.clone()).or_default().1 += 1;
    }
    let mut numbered = |heading: String| {
        let (number, of) = counts.entry(heading.clone()).or_default();
        *number += 1;
        if *of > 1 {
            format!("{heading} {number}")
        } else {
            heading
        }
    };
    headings
        .into_iter()
        .map(|heading| heading.map(&mut numbered))
        .collect()
}

/// Every number of a container repeats what the container says: it must stay short.
const STATEMENTS: usize = 12;
const STATEMENT_LENGTH: usize = 120;

/// The short statements among the children of an item: codes, texts, names.
fn said(
    item: &InMemDicomObject,
    wanted: impl Fn(&InMemDicomObject) -> bool,
) -> Vec<(String, String)> {
    let statement = |child: &InMemDicomObject| {
        let name = Code::of(child, tags::CONCEPT_NAME_CODE_SEQUENCE)?.meaning;
        let value = match text(child, tags::VALUE_TYPE)?.as_str() {
            "CODE" => Code::of(child, tags::CONCEPT_CODE_SEQUENCE)?.meaning,
            "TEXT" => whole(child, tags::TEXT_VALUE)?,
            "PNAME" => PersonName::parse(&whole(child, tags::PERSON_NAME)?).to_string(),
            "DATE" => date(&whole(child, tags::DATE)?),
            "DATETIME" => date_time(&whole(child, tags::DATE_TIME)?),
            _ => return None,
        };
        Some((name, value))
    };
    let short = |(name, value): (String, String)| (name, cut(value, STATEMENT_LENGTH));
    children(item)
        .iter()
        .filter(|child| wanted(child))
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
                .filter(|unit| unit != "1")
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
