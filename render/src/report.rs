//! Structured reports and key object selections as Markdown or HTML (PS3.3 C.17).

mod code;
mod escape;
mod header;
mod measurement;
mod page;
mod tree;
mod value;

use std::collections::HashSet;
use std::fmt::Write;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::image::text;
use crate::text::uid_name;

pub use code::Code;
pub use measurement::{Measurement, measurements};
pub use page::html;
pub use tree::{Item, Value, tree};

/// Why a data set cannot be read as a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The data set has no content tree.
    #[error("the data set is no structured report: it has neither Value Type nor Content Sequence")]
    NotAReport,
}

/// Content items are never deeper than the parser lets data sets be; ones built in memory might be.
const MAX_DEPTH: usize = 128;

/// Markdown has six levels of headings, the first is the title's.
const DEEPEST_HEADING: usize = 6;

/// The whole content of a structured report as Markdown: title, patient, completion and verification, observation context
/// and every content item at its place, with codes, units and references; numbers once more as a table.
///
/// A container becomes a section where no item of its parent follows it, otherwise an entry of the list, so that nothing
/// seems to belong to what it does not. Text of the report is escaped: it can form neither headings nor items of its own.
pub fn markdown(attributes: &InMemDicomObject) -> Result<String, ReportError> {
    if !is_report(attributes) {
        return Err(ReportError::NotAReport);
    }
    let mut writer = Writer {
        out: String::new(),
        referenced: HashSet::new(),
    };
    writer.collect_references(attributes, 0);
    writer.root(attributes);
    Ok(writer.out)
}

fn is_report(attributes: &InMemDicomObject) -> bool {
    attributes.get(tags::CONTENT_SEQUENCE).is_some() || attributes.get(tags::VALUE_TYPE).is_some()
}

/// The content items below an item.
fn children(item: &InMemDicomObject) -> &[InMemDicomObject] {
    items(item, tags::CONTENT_SEQUENCE)
}

fn items(item: &InMemDicomObject, sequence: Tag) -> &[InMemDicomObject] {
    item.get(sequence)
        .and_then(|element| element.items())
        .unwrap_or_default()
}

fn is_container(item: &InMemDicomObject) -> bool {
    text(item, tags::VALUE_TYPE).as_deref() == Some("CONTAINER")
}

/// The position that a by-reference relationship points at, as 1.2.3 (PS3.3 C.17.3.2.5).
fn reference(item: &InMemDicomObject) -> Option<String> {
    let path = item
        .get(tags::REFERENCED_CONTENT_ITEM_IDENTIFIER)?
        .to_multi_int::<u32>()
        .ok()?;
    Some(
        path.iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join("."),
    )
}

struct Writer {
    out: String,
    /// Positions that other items refer to: these are written with their item.
    referenced: HashSet<String>,
}

impl Writer {
    fn collect_references(&mut self, item: &InMemDicomObject, depth: usize) {
        self.referenced.extend(reference(item));
        if depth < MAX_DEPTH {
            children(item)
                .iter()
                .for_each(|child| self.collect_references(child, depth + 1));
        }
    }

    fn root(&mut self, attributes: &InMemDicomObject) {
        let title =
            Code::of(attributes, tags::CONCEPT_NAME_CODE_SEQUENCE).map(|code| code.markdown());
        let class = || text(attributes, tags::SOP_CLASS_UID).and_then(|uid| uid_name(&uid));
        let title = title.unwrap_or_else(|| class().unwrap_or("Structured report").to_owned());
        self.line(0, &format!("# {title}"));
        self.line(0, "");
        for line in header::lines(attributes) {
            self.line(0, &format!("- {line}"));
        }
        self.line(0, "");
        if !is_container(attributes) && attributes.get(tags::VALUE_TYPE).is_some() {
            self.entry(attributes, "1", 0, 0);
        } else {
            self.content(attributes, "1", 1, 0);
        }
        measurement::table(&measurements(attributes), &mut self.out);
        for (heading, sequence) in header::EVIDENCE {
            let lines = header::references(attributes, sequence);
            if !lines.is_empty() {
                self.section(2, heading);
                lines
                    .iter()
                    .for_each(|line| self.line(0, &format!("- {line}")));
            }
        }
    }

    /// The children of a section of heading `level`.
    fn content(&mut self, parent: &InMemDicomObject, position: &str, level: usize, depth: usize) {
        let children = children(parent);
        // Containers after the last other item may have headings of their own.
        let sections = children
            .iter()
            .rposition(|child| !is_container(child))
            .map_or(0, |last| last + 1);
        for (index, child) in children.iter().enumerate() {
            let position = format!("{position}.{}", index + 1);
            if index >= sections && level < DEEPEST_HEADING && depth < MAX_DEPTH {
                self.container(child, &position, level + 1, depth + 1);
            } else {
                self.entry(child, &position, 0, depth + 1);
            }
        }
    }

    fn container(&mut self, item: &InMemDicomObject, position: &str, level: usize, depth: usize) {
        let heading = self
            .label(item, position)
            .unwrap_or_else(|| "Section".to_owned());
        self.section(level, &heading);
        let notes = value::notes(item);
        if !notes.is_empty() {
            self.line(0, &format!("*{}*", notes.join("; ")));
            self.line(0, "");
        }
        self.content(item, position, level, depth);
    }

    /// An item as an entry of a list, with all that is below it.
    fn entry(&mut self, item: &InMemDicomObject, position: &str, indent: usize, depth: usize) {
        let mut head = self
            .label(item, position)
            .map(|label| format!("**{label}**"))
            .unwrap_or_default();
        let (first, rest) = match reference(item) {
            Some(target) => (format!("see item {target}"), Vec::new()),
            None => value::lines(item),
        };
        match (head.is_empty(), first.is_empty()) {
            (false, false) => head.push_str(": "),
            (true, true) => head.push_str("(section without a name)"),
            _ => {}
        }
        let notes = value::notes(item);
        let notes = if notes.is_empty() {
            String::new()
        } else {
            format!(" *({})*", notes.join("; "))
        };
        self.line(indent, &format!("- {}{head}{first}{notes}", relation(item)));
        for line in rest {
            self.line(indent + 1, &line);
        }
        if depth >= MAX_DEPTH {
            self.line(
                indent + 1,
                &format!("- (nested deeper than {MAX_DEPTH} levels, not shown)"),
            );
            return;
        }
        for (index, child) in children(item).iter().enumerate() {
            self.entry(
                child,
                &format!("{position}.{}", index + 1),
                indent + 1,
                depth + 1,
            );
        }
    }

    /// The concept name, with the position where another item refers to it.
    fn label(&self, item: &InMemDicomObject, position: &str) -> Option<String> {
        let name = Code::of(item, tags::CONCEPT_NAME_CODE_SEQUENCE).map(|code| code.markdown());
        if self.referenced.contains(position) {
            return Some(
                format!("[{position}] {}", name.unwrap_or_default())
                    .trim_end()
                    .to_owned(),
            );
        }
        name
    }

    fn section(&mut self, level: usize, heading: &str) {
        if !self.out.ends_with("\n\n") {
            self.line(0, "");
        }
        self.line(0, &format!("{} {heading}", "#".repeat(level)));
        self.line(0, "");
    }

    fn line(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = match line {
            "" => writeln!(self.out),
            line => writeln!(self.out, "{}{line}", "  ".repeat(indent)),
        };
    }
}

/// The relationship to the parent, where it is not plain containment.
fn relation(item: &InMemDicomObject) -> String {
    match text(item, tags::RELATIONSHIP_TYPE) {
        Some(relation) if relation != "CONTAINS" => {
            format!("*{}* ", escape::inline(&relation.to_lowercase()))
        }
        _ => String::new(),
    }
}
