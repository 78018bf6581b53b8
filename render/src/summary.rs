//! What an object holds, in a dozen lines, so that nobody has to read all of its attributes: segmentations, radiotherapy objects,
//! presentation states, waveforms, slides and documents.

mod radiotherapy;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::encapsulated;
use crate::grey::decimals;
use crate::groups::{holder, item};
use crate::image::{frames, number, text};
use crate::presentation::{Presentation, items};
use crate::segmentation::Segmentation;
use crate::slide::Level;
use crate::text::{cut, one_line};
use crate::waveform;

/// More lines of one kind are counted, not written.
const LISTED: usize = 12;
/// The longest text of one value.
const LONGEST: usize = 80;

/// The lines for a data set; `None` for what is better seen as a picture or read as a report.
///
/// Values come from the attributes alone: `attributes` need not hold pixels.
pub fn lines(attributes: &InMemDicomObject) -> Option<Vec<String>> {
    let has = |tag| attributes.get(tag).is_some();
    if has(tags::SEGMENT_SEQUENCE) {
        return segmentation(attributes);
    }
    if let Some(lines) = radiotherapy::lines(attributes) {
        return Some(lines);
    }
    if has(tags::WAVEFORM_SEQUENCE) {
        return Some(waveforms(attributes));
    }
    if has(tags::TOTAL_PIXEL_MATRIX_COLUMNS) {
        return slide(attributes);
    }
    if has(tags::ENCAPSULATED_DOCUMENT) || has(tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT) {
        return Some(encapsulated::lines(attributes));
    }
    let state = Presentation::read(attributes).ok()?;
    let is_state =
        has(tags::PRESENTATION_CREATION_DATE) || has(tags::DISPLAYED_AREA_SELECTION_SEQUENCE);
    is_state.then(|| presentation(attributes, &state))
}

/// A value as text on one line, capped; empty where there is none.
fn word(attributes: &InMemDicomObject, tag: Tag) -> String {
    cut(
        one_line(&text(attributes, tag).unwrap_or_default()),
        LONGEST,
    )
}

/// The meaning of the first code of a sequence.
fn meaning(attributes: &InMemDicomObject, sequence: Tag) -> String {
    item(attributes, sequence, 0).map_or_else(String::new, |code| word(code, tags::CODE_MEANING))
}

/// `a, b` of those that are not empty.
fn joined<const N: usize>(parts: [String; N]) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// Some lines, and how many more there are.
fn listed(lines: &mut Vec<String>, all: impl ExactSizeIterator<Item = String>, what: &str) {
    let count = all.len();
    lines.extend(all.take(LISTED));
    if count > LISTED {
        lines.push(format!("and {} more {what}", count - LISTED));
    }
}

fn segmentation(attributes: &InMemDicomObject) -> Option<Vec<String>> {
    let read = Segmentation::read(attributes).ok()?;
    let kind = word(attributes, tags::SEGMENTATION_TYPE).to_lowercase();
    let size = |tag| number(attributes, tag).unwrap_or(0);
    let mut lines = vec![format!(
        "Segmentation ({kind}): {} segment(s) in {} frame(s) of {} x {} pixels",
        read.segments.len(),
        frames(attributes),
        size(tags::COLUMNS),
        size(tags::ROWS),
    )];
    let label = joined([
        word(attributes, tags::CONTENT_LABEL),
        word(attributes, tags::CONTENT_DESCRIPTION),
        word(attributes, tags::CONTENT_CREATOR_NAME),
    ]);
    lines.extend((!label.is_empty()).then(|| format!("Content: {label}")));
    let is_map = kind == "labelmap";
    let segment = |segment: &crate::segmentation::Segment| {
        let frames = match is_map {
            true => String::new(),
            false => format!("{} frame(s)", read.frames_of(segment.number)),
        };
        let rest = joined([
            segment.what.clone(),
            segment.algorithm.to_lowercase(),
            frames,
        ]);
        format!(
            "Segment {}: {:?}, {rest}",
            segment.number,
            cut(one_line(&segment.label), LONGEST)
        )
    };
    listed(&mut lines, read.segments.iter().map(segment), "segments");
    Some(lines)
}

fn waveforms(attributes: &InMemDicomObject) -> Vec<String> {
    let groups = match waveform::read(attributes) {
        Ok(groups) => groups,
        Err(why) => return vec![format!("Waveform that cannot be read: {why}")],
    };
    let mut lines = vec![format!("Waveform: {} group(s)", groups.len())];
    let group = |(index, group): (usize, &waveform::Group)| {
        let channels: Vec<String> = group
            .channels
            .iter()
            .take(LISTED)
            .map(|channel| format!("{} ({})", channel.name, channel.unit))
            .collect();
        format!(
            "Group {} {:?}: {} channel(s), {} Hz, {:.1} s: {}",
            index + 1,
            group.label,
            group.channels.len(),
            group.frequency,
            group.seconds(),
            channels.join(", ")
        )
    };
    listed(&mut lines, groups.iter().enumerate().map(group), "groups");
    let notes = items(attributes, tags::WAVEFORM_ANNOTATION_SEQUENCE);
    let note = |item: &InMemDicomObject| {
        let name = meaning(item, tags::CONCEPT_NAME_CODE_SEQUENCE);
        let value = decimals(item, tags::NUMERIC_VALUE)
            .first()
            .copied()
            .flatten();
        let unit = item
            .get(tags::MEASUREMENT_UNITS_CODE_SEQUENCE)
            .map_or_else(String::new, |_| {
                crate::groups::item(item, tags::MEASUREMENT_UNITS_CODE_SEQUENCE, 0)
                    .map_or_else(String::new, |code| word(code, tags::CODE_VALUE))
            });
        let value = value.map(|value| format!("{value} {unit}"));
        let words = word(item, tags::UNFORMATTED_TEXT_VALUE);
        format!(
            "Annotation: {}",
            joined([name, value.unwrap_or_default(), words])
        )
    };
    listed(&mut lines, notes.iter().map(note), "annotations");
    lines
}

fn slide(attributes: &InMemDicomObject) -> Option<Vec<String>> {
    let level = Level::read(attributes)?;
    let size = |tag| number(attributes, tag).unwrap_or(0);
    let mut lines = vec![format!(
        "Slide: {} x {} pixels in {} tile(s) of {} x {}",
        level.columns,
        level.rows,
        level.tiles.len(),
        size(tags::COLUMNS),
        size(tags::ROWS),
    )];
    let kind = attributes
        .get(tags::IMAGE_TYPE)
        .and_then(|element| element.to_str().ok())
        .map_or_else(String::new, |kind| one_line(&kind).replace('\\', ", "));
    let measures = holder(attributes, 1, tags::PIXEL_MEASURES_SEQUENCE);
    let spacing = decimals(measures, tags::PIXEL_SPACING);
    let spacing = match spacing.first() {
        Some(Some(rows)) => format!("{:.3} um a pixel", rows * 1000.0),
        _ => String::new(),
    };
    lines.push(joined([
        kind,
        spacing,
        word(attributes, tags::CONTAINER_IDENTIFIER),
    ]));
    let specimen = item(attributes, tags::SPECIMEN_DESCRIPTION_SEQUENCE, 0);
    let specimen = specimen.map(|it| {
        joined([
            word(it, tags::SPECIMEN_IDENTIFIER),
            word(it, tags::SPECIMEN_SHORT_DESCRIPTION),
            meaning(it, tags::PRIMARY_ANATOMIC_STRUCTURE_SEQUENCE),
        ])
    });
    lines.extend(
        specimen
            .filter(|it| !it.is_empty())
            .map(|it| format!("Specimen: {it}")),
    );
    let path = |path: &InMemDicomObject| {
        let lens = word(path, tags::OBJECTIVE_LENS_POWER);
        let lens = if lens.is_empty() {
            lens
        } else {
            format!("objective {lens}x")
        };
        format!(
            "Optical path {}",
            joined([
                word(path, tags::OPTICAL_PATH_IDENTIFIER),
                meaning(path, tags::ILLUMINATION_TYPE_CODE_SEQUENCE),
                lens,
            ])
        )
    };
    let paths = items(attributes, tags::OPTICAL_PATH_SEQUENCE);
    listed(&mut lines, paths.iter().map(path), "optical paths");
    Some(lines)
}

fn presentation(attributes: &InMemDicomObject, state: &Presentation) -> Vec<String> {
    let images = state.references();
    let mut lines = vec![format!(
        "Presentation state {:?} for {} image(s)",
        state.label(),
        images.len()
    )];
    let by = joined([
        word(attributes, tags::CONTENT_DESCRIPTION),
        word(attributes, tags::CONTENT_CREATOR_NAME),
        word(attributes, tags::PRESENTATION_CREATION_DATE),
    ]);
    lines.extend((!by.is_empty()).then(|| format!("Made: {by}")));
    let window = |item: &InMemDicomObject| match item.get(tags::VOILUT_SEQUENCE) {
        Some(_) => "Grey values: VOI LUT".to_owned(),
        None => format!(
            "Grey values: center {} width {}",
            word(item, tags::WINDOW_CENTER),
            word(item, tags::WINDOW_WIDTH)
        ),
    };
    let windows = items(attributes, tags::SOFTCOPY_VOILUT_SEQUENCE);
    listed(&mut lines, windows.iter().map(window), "windows");
    let shape = word(attributes, tags::PRESENTATION_LUT_SHAPE);
    lines.extend((shape == "INVERSE").then(|| "Low values bright".to_owned()));
    let shutter = word(attributes, tags::SHUTTER_SHAPE);
    lines.extend((!shutter.is_empty()).then(|| format!("Shutter: {}", shutter.to_lowercase())));
    let turned = number(attributes, tags::IMAGE_ROTATION).unwrap_or(0);
    let mirrored = word(attributes, tags::IMAGE_HORIZONTAL_FLIP) == "Y";
    if turned > 0 || mirrored {
        let mirrored = if mirrored { ", mirrored" } else { "" };
        lines.push(format!("Turned by {turned} degrees{mirrored}"));
    }
    let annotations = items(attributes, tags::GRAPHIC_ANNOTATION_SEQUENCE);
    let count = |sequence| -> usize {
        annotations
            .iter()
            .map(|annotation| items(annotation, sequence).len())
            .sum()
    };
    let (graphics, texts) = (
        count(tags::GRAPHIC_OBJECT_SEQUENCE),
        count(tags::TEXT_OBJECT_SEQUENCE),
    );
    if graphics + texts > 0 {
        lines.push(format!("Annotations: {graphics} drawn, {texts} written"));
    }
    let written: Vec<String> = annotations
        .iter()
        .flat_map(|annotation| items(annotation, tags::TEXT_OBJECT_SEQUENCE))
        .map(|object| format!("Text: {:?}", word(object, tags::UNFORMATTED_TEXT_VALUE)))
        .collect();
    listed(&mut lines, written.into_iter(), "texts");
    lines
}
