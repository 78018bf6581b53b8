//! A query as text again: whatever is printed is read as the same query.

use std::fmt;

use super::{Include, Terms, show};

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self
            .filters
            .iter()
            .map(|filter| format!("{}={}", filter.key(), quoted(&show(&filter.matching))))
            .collect();
        match &self.include {
            Include::All => words.push("includefield=all".to_owned()),
            Include::Attributes(all) if !all.is_empty() => {
                let keywords: Vec<&str> = all
                    .iter()
                    .map(|attribute| attribute.keyword.as_str())
                    .collect();
                words.push(format!("includefield={}", keywords.join(",")));
            }
            Include::Attributes(_) => {}
        }
        words.extend(self.limit.map(|limit| format!("limit={limit}")));
        if self.offset > 0 {
            words.push(format!("offset={}", self.offset));
        }
        if self.fuzzy {
            words.push("fuzzymatching=true".to_owned());
        }
        f.write_str(&words.join(" "))
    }
}

/// A value as one word: in quotes where it has white space, quotes and backslashes kept apart.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    if value.contains(char::is_whitespace) {
        format!("\"{escaped}\"")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use dicom_wire::query::Level;
    use proptest::prelude::*;

    use super::super::parse;
    use crate::date::Date;

    fn today() -> Date {
        Date::parse("20240131").expect("a day")
    }

    /// Printed and read again, a query is the same; printed twice it is the same text.
    fn comes_back(level: Level, text: &str) -> Result<(), TestCaseError> {
        match parse(level, text, today()) {
            Ok(terms) => {
                let printed = terms.to_string();
                let again = parse(level, &printed, today());
                let again = again.map_err(|failure| {
                    TestCaseError::fail(format!("{text:?} -> {printed:?}: {failure}"))
                })?;
                prop_assert_eq!(&again, &terms, "{:?} -> {:?}", text, printed);
                prop_assert_eq!(again.to_string(), printed);
            }
            Err(refusal) => prop_assert!(refusal.explain().len() > 20, "{}", refusal.explain()),
        }
        Ok(())
    }

    fn level() -> impl Strategy<Value = Level> {
        prop::sample::select(vec![
            Level::Patient,
            Level::Study,
            Level::Series,
            Level::Instance,
        ])
    }

    fn term() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "PatientName",
            "patientid",
            "00080020",
            "(0008,0030)",
            "0008,0050",
            "ModalitiesInStudy",
            "Modality",
            "StudyInstanceUID",
            "SeriesNumber",
            "AcquisitionDateTime",
            "PatientWeight",
            "StudyDescription",
            "RequestAttributesSequence.ScheduledProcedureStepID",
            "includefield",
            "limit",
            "offset",
            "fuzzymatching",
            "Nonsense",
        ]);
        let value = prop_oneof![
            "[A-Za-z^*?' .,=\"\\\\é-]{0,16}",
            "20[0-2][0-9]-?(0[1-9]|1[0-2])-?(0[1-9]|1[0-9])",
            "(20240103)?(-|\\.\\.| to )(20240201|2024-02-02)?",
            "(0[0-9]|1[0-9]):?[0-5][0-9](-1[0-9]30)?",
            "2024(0[1-9])(1[0-9])(1[0-9]){0,3}([+-]0[0-9]00)?(-2025([+-]0100)?)?",
            "[1-9](\\.[1-9]){1,4}(,1\\.2)?",
            "(ct|MR|U S|a_b)(,(sr|C\\*))?",
            "-?[0-9]{1,4}(\\.[0-9])?",
            prop::sample::select(vec![
                "last 30 days",
                "today",
                "last year",
                "all",
                "true",
                "*",
                "PatientName,00081010"
            ])
            .prop_map(str::to_owned),
        ];
        (key, value, any::<bool>()).prop_map(|(key, value, plain)| {
            if plain {
                format!("{key}={value}")
            } else {
                format!(
                    "{key}=\"{}\"",
                    value.replace('\\', "\\\\").replace('"', "\\\"")
                )
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn what_is_printed_is_read_as_the_same_query(level in level(), terms in prop::collection::vec(term(), 0..4)) {
            comes_back(level, &terms.join(" "))?;
        }

        #[test]
        fn no_text_whatever_breaks_the_reader(level in level(), text in any::<String>()) {
            comes_back(level, &text)?;
        }
    }

    #[test]
    fn a_query_with_everything_is_printed_in_one_form() {
        let text = "includefield=StationName patientname=\"O'BRIEN \\\"JO\\\"^ANN*\" 00080020=\"last 30 days\" modalitiesinstudy=ct,mr \
                    OFFSET=50 limit=5 fuzzymatching=TRUE";
        let terms = parse(Level::Study, text, today()).expect("a query");
        assert_eq!(
            terms.to_string(),
            "PatientName=\"O'BRIEN \\\"JO\\\"^ANN*\" StudyDate=20240101-20240131 ModalitiesInStudy=CT,MR \
             includefield=StationName limit=5 offset=50 fuzzymatching=true"
        );
    }
}
