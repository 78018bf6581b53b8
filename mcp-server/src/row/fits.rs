//! Whether a row is what was asked for.

use dicom_core::VR;
use dicom_wire::query::Matching;

use super::{Row, Value};
use crate::attribute::Attribute;
use crate::query::{Filter, show};

/// Whether a row has what a filter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// The row does not say.
    Unknown,
}

impl Row {
    /// Whether the row is what `filter` asks for, as far as it says. More is let through than a strict archive would
    /// return (case, accents, parts of names): only what cannot be meant is a `No`.
    pub fn fits(&self, filter: &Filter, fuzzy: bool) -> Fit {
        let Some((attribute, parents)) = filter.path.split_last() else {
            return Fit::Unknown;
        };
        let mut row = self;
        for parent in parents {
            match row.item(parent.tag) {
                Some(item) => row = item,
                None => return Fit::Unknown,
            }
        }
        let Some(values) = row.fields.get(&attribute.tag) else {
            return Fit::Unknown;
        };
        match &filter.matching {
            Matching::Universal => Fit::Yes,
            // A second item of a sequence may hold the match.
            _ if !parents.is_empty() => Fit::Unknown,
            matching => fits(attribute, values, matching, fuzzy),
        }
    }
}

fn fits(attribute: &Attribute, values: &[Value], matching: &Matching, fuzzy: bool) -> Fit {
    let is_name = attribute.vr == VR::PN;
    if is_name && fuzzy {
        return Fit::Unknown;
    }
    if values.is_empty() {
        return match matching {
            Matching::Empty => Fit::Yes,
            Matching::Wildcard(pattern) if pattern.chars().all(|c| c == '*') => Fit::Yes,
            _ => Fit::No,
        };
    }
    let mut unknown = false;
    for value in values {
        let text = value.text();
        // Archives fold accents or do not; beyond ASCII only they know.
        if is_name && !(text.is_ascii() && show(matching).is_ascii()) {
            unknown = true;
            continue;
        }
        let fit = match matching {
            Matching::Universal => true,
            Matching::Empty => false,
            Matching::Value(wanted) if is_name => name_is(&text, wanted),
            Matching::Value(wanted) => same(&text, wanted),
            Matching::List(wanted) => wanted.iter().any(|wanted| wildcard(wanted, &text)),
            Matching::Wildcard(pattern) if is_name => {
                text.split('=')
                    .any(|group| wildcard(pattern, group.trim_end_matches('^')))
                    || wildcard(pattern, &text)
            }
            Matching::Wildcard(pattern) => wildcard(pattern, &text),
            Matching::Range { .. } if attribute.vr == VR::DT => {
                unknown = true;
                continue;
            }
            Matching::Range { from, to } => {
                let text = text.replace(['-', ':', '.'], "");
                let from = from
                    .as_ref()
                    .is_none_or(|from| padded(&text, '9') >= padded(from, '0'));
                from && to
                    .as_ref()
                    .is_none_or(|to| padded(&text, '0') <= padded(to, '9'))
            }
        };
        if fit {
            return Fit::Yes;
        }
    }
    if unknown { Fit::Unknown } else { Fit::No }
}

/// Equal without regard to case and outer blanks, or equal as numbers, or a time or date of less precision.
fn same(text: &str, wanted: &str) -> bool {
    if text.trim().eq_ignore_ascii_case(wanted.trim()) {
        return true;
    }
    if let (Ok(text), Ok(wanted)) = (text.trim().parse::<f64>(), wanted.trim().parse::<f64>())
        && text == wanted
    {
        return true;
    }
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let plain = text.replace(':', "");
    digits(&plain)
        && digits(wanted)
        && matches!(wanted.len(), 2 | 4 | 6)
        && plain.starts_with(wanted)
}

/// `DOE` is meant to find `DOE^JOHN`, and any group of the name may be it.
fn name_is(text: &str, wanted: &str) -> bool {
    let wanted = wanted
        .trim_end_matches(['^', ' ', '='])
        .to_ascii_lowercase();
    let text = text.to_ascii_lowercase();
    text.split('=').chain([text.as_str()]).any(|group| {
        group.starts_with(&wanted) || group.split('^').any(|component| component.trim() == wanted)
    })
}

/// `*` and `?` without regard to case, in time that grows with the product of the lengths only.
fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            (p, t) = (p + 1, t + 1);
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            (p, t) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Dates and times of any precision, made comparable.
fn padded(text: &str, with: char) -> String {
    let text = text.replace('.', "");
    format!("{text:<14}").replace(' ', &with.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::row;
    use super::*;
    use dicom_core::Tag;
    use dicom_dictionary_std::tags;

    fn fit(tag: Tag, matching: Matching) -> Fit {
        row().fits(
            &Filter {
                path: vec![Attribute::of(tag)],
                matching,
            },
            false,
        )
    }

    fn range(from: &str, to: &str) -> Matching {
        let end = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Matching::Range {
            from: end(from),
            to: end(to),
        }
    }

    #[test]
    fn only_what_cannot_be_meant_does_not_fit() {
        assert_eq!(
            fit(tags::STUDY_DATE, range("20240101", "20240131")),
            Fit::Yes
        );
        assert_eq!(fit(tags::STUDY_DATE, range("20240104", "")), Fit::No);
        assert_eq!(fit(tags::STUDY_TIME, range("1030", "1030")), Fit::Yes);
        assert_eq!(
            fit(tags::STUDY_TIME, Matching::Value("10".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::MODALITIES_IN_STUDY, Matching::Value("SR".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::MODALITIES_IN_STUDY, Matching::Value("MR".into())),
            Fit::No
        );
        assert_eq!(
            fit(tags::PATIENT_ID, Matching::Value("id-7".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::PATIENT_ID, Matching::Wildcard("I?-*".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::PATIENT_ID, Matching::Wildcard("*8".into())),
            Fit::No
        );
        assert_eq!(
            fit(tags::ACCESSION_NUMBER, Matching::Value("1".into())),
            Fit::No
        );
        assert_eq!(
            fit(tags::STUDY_DESCRIPTION, Matching::Value("CHEST".into())),
            Fit::Unknown
        );
        assert_eq!(
            fit(tags::PATIENT_NAME, Matching::Value("DOE".into())),
            Fit::Unknown
        );
    }

    #[test]
    fn names_fit_by_family_name_and_by_group() {
        assert!(name_is("DOE^JOHN", "doe"));
        assert!(name_is("Hong^Gildong=x", "Gildong"));
        assert!(!name_is("DOE^JOHN", "ROE"));
    }

    #[test]
    fn wildcards_take_bounded_time() {
        let text = "a".repeat(5_000);
        assert!(!wildcard(&format!("{}b", "a*".repeat(200)), &text));
    }
}
