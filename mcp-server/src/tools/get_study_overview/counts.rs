//! What an archive counts against what it lists.

use std::collections::BTreeSet;

use dicom_dictionary_std::tags;

use crate::listing::{Listing, More};
use crate::row::Row;

/// What the archive counts and what it lists, where these differ: one of the two is wrong.
pub(super) fn miscounted(study: &Row, series: &Listing, instances: &Listing) -> Vec<String> {
    let mut warnings = Vec::new();
    let modalities = |text: String| -> BTreeSet<String> {
        text.split('\\')
            .map(|term| term.trim().to_owned())
            .collect()
    };
    if let (More::No, Some(told)) = (&series.more, study.text(tags::MODALITIES_IN_STUDY)) {
        let listed: BTreeSet<String> = series
            .rows
            .iter()
            .filter_map(|row| row.text(tags::MODALITY))
            .collect();
        let told = modalities(told);
        let missing: Vec<&str> = listed.difference(&told).map(String::as_str).collect();
        if !missing.is_empty() {
            warnings.push(format!(
                "the archive does not tell {} among the modalities of the study, and lists such series",
                missing.join(", ")
            ));
        }
    }
    let mut compare = |what: String, counted: Option<i64>, listed: usize| {
        if let Some(counted) = counted
            && usize::try_from(counted).ok() != Some(listed)
        {
            warnings.push(format!(
                "the archive counts {counted} {what} and lists {listed}"
            ));
        }
    };
    if series.more == More::No {
        let counted = study.number(tags::NUMBER_OF_STUDY_RELATED_SERIES);
        compare("series in the study".into(), counted, series.rows.len());
    }
    if instances.more == More::No {
        let counted = study.number(tags::NUMBER_OF_STUDY_RELATED_INSTANCES);
        compare(
            "instances in the study".into(),
            counted,
            instances.rows.len(),
        );
        for row in &series.rows {
            let uid = row.text(tags::SERIES_INSTANCE_UID);
            let listed = instances
                .rows
                .iter()
                .filter(|instance| instance.text(tags::SERIES_INSTANCE_UID) == uid)
                .count();
            let counted = row.number(tags::NUMBER_OF_SERIES_RELATED_INSTANCES);
            compare(
                format!("instances in series {}", uid.unwrap_or_default()),
                counted,
                listed,
            );
        }
    }
    warnings
}
