//! Structure sets, plans and doses (PS3.3 A.18 to A.20).

use std::collections::HashMap;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{joined, listed, word};
use crate::grey::decimals;
use crate::image::{frames, number};
use crate::presentation::items;

/// The lines of a structure set, plan or dose.
pub(super) fn lines(attributes: &InMemDicomObject) -> Option<Vec<String>> {
    let has = |tag| attributes.get(tag).is_some();
    if has(tags::STRUCTURE_SET_ROI_SEQUENCE) {
        return Some(structures(attributes));
    }
    if has(tags::RT_PLAN_LABEL) {
        return Some(plan(attributes));
    }
    has(tags::DOSE_GRID_SCALING).then(|| dose(attributes))
}

fn structures(attributes: &InMemDicomObject) -> Vec<String> {
    let regions = items(attributes, tags::STRUCTURE_SET_ROI_SEQUENCE);
    let mut lines = vec![format!(
        "Structure set {:?}: {} region(s)",
        word(attributes, tags::STRUCTURE_SET_LABEL),
        regions.len()
    )];
    // Contours and what they mean stand apart from the names, under the same number.
    let mut contours: HashMap<u32, (usize, u64)> = HashMap::new();
    for region in items(attributes, tags::ROI_CONTOUR_SEQUENCE) {
        if let Some(of) = number(region, tags::REFERENCED_ROI_NUMBER) {
            let own = items(region, tags::CONTOUR_SEQUENCE);
            let points = own
                .iter()
                .filter_map(|it| number(it, tags::NUMBER_OF_CONTOUR_POINTS));
            contours.insert(of, (own.len(), points.map(u64::from).sum()));
        }
    }
    let mut kinds: HashMap<u32, String> = HashMap::new();
    for observation in items(attributes, tags::RTROI_OBSERVATIONS_SEQUENCE) {
        if let Some(of) = number(observation, tags::REFERENCED_ROI_NUMBER) {
            kinds.insert(of, word(observation, tags::RTROI_INTERPRETED_TYPE));
        }
    }
    let region = |region: &InMemDicomObject| {
        let own = number(region, tags::ROI_NUMBER).unwrap_or(0);
        let (count, points) = contours.get(&own).copied().unwrap_or_default();
        let rest = joined([
            kinds.get(&own).cloned().unwrap_or_default(),
            word(region, tags::ROI_GENERATION_ALGORITHM).to_lowercase(),
            format!("{count} contour(s), {points} points"),
        ]);
        format!("Region {own}: {:?}, {rest}", word(region, tags::ROI_NAME))
    };
    listed(&mut lines, regions.iter().map(region), "regions");
    lines
}

fn plan(attributes: &InMemDicomObject) -> Vec<String> {
    let beams = items(attributes, tags::BEAM_SEQUENCE);
    let named = joined([
        word(attributes, tags::RT_PLAN_NAME),
        word(attributes, tags::PLAN_INTENT).to_lowercase(),
        word(attributes, tags::RT_PLAN_DATE),
        word(attributes, tags::APPROVAL_STATUS).to_lowercase(),
    ]);
    let mut lines = vec![format!(
        "Plan {:?}: {named}",
        word(attributes, tags::RT_PLAN_LABEL)
    )];
    let prescription = |reference: &InMemDicomObject| {
        let dose = word(reference, tags::TARGET_PRESCRIPTION_DOSE);
        let dose = if dose.is_empty() {
            dose
        } else {
            format!("{dose} Gy prescribed")
        };
        let rest = joined([
            word(reference, tags::DOSE_REFERENCE_TYPE).to_lowercase(),
            word(reference, tags::DOSE_REFERENCE_DESCRIPTION),
            dose,
        ]);
        format!("Dose reference: {rest}")
    };
    let references = items(attributes, tags::DOSE_REFERENCE_SEQUENCE);
    listed(
        &mut lines,
        references.iter().map(prescription),
        "dose references",
    );
    let group = |group: &InMemDicomObject| {
        format!(
            "Fraction group {}: {} fraction(s), {} beam(s)",
            word(group, tags::FRACTION_GROUP_NUMBER),
            word(group, tags::NUMBER_OF_FRACTIONS_PLANNED),
            word(group, tags::NUMBER_OF_BEAMS)
        )
    };
    let groups = items(attributes, tags::FRACTION_GROUP_SEQUENCE);
    listed(&mut lines, groups.iter().map(group), "fraction groups");
    let beam = |beam: &InMemDicomObject| {
        let first = items(beam, tags::CONTROL_POINT_SEQUENCE).first();
        let of = |tag| first.map_or_else(String::new, |point| word(point, tag));
        let with = |value: String, before: &str, after: &str| match value.as_str() {
            "" => value,
            _ => format!("{before}{value}{after}"),
        };
        let rest = joined([
            word(beam, tags::BEAM_TYPE).to_lowercase(),
            word(beam, tags::RADIATION_TYPE).to_lowercase(),
            with(of(tags::NOMINAL_BEAM_ENERGY), "", " MV"),
            with(of(tags::GANTRY_ANGLE), "gantry ", " degrees"),
            with(
                word(beam, tags::NUMBER_OF_CONTROL_POINTS),
                "",
                " control points",
            ),
            word(beam, tags::TREATMENT_MACHINE_NAME),
        ]);
        format!(
            "Beam {}: {:?}, {rest}",
            word(beam, tags::BEAM_NUMBER),
            word(beam, tags::BEAM_NAME)
        )
    };
    listed(&mut lines, beams.iter().map(beam), "beams");
    lines
}

fn dose(attributes: &InMemDicomObject) -> Vec<String> {
    let size = |tag| number(attributes, tag).unwrap_or(0);
    let spacing: Vec<String> = decimals(attributes, tags::PIXEL_SPACING)
        .into_iter()
        .flatten()
        .map(|spacing| spacing.to_string())
        .collect();
    vec![
        format!(
            "Dose ({}): {} of {}",
            word(attributes, tags::DOSE_UNITS),
            word(attributes, tags::DOSE_TYPE).to_lowercase(),
            word(attributes, tags::DOSE_SUMMATION_TYPE).to_lowercase(),
        ),
        format!(
            "Grid: {} x {} x {} points, {} mm, scaling {}",
            size(tags::COLUMNS),
            size(tags::ROWS),
            frames(attributes),
            spacing.join(" x "),
            word(attributes, tags::DOSE_GRID_SCALING),
        ),
    ]
}
