//! Names as people write them, and as archives keep them (PS3.5 6.2.1.2).

use dicom_core::VR;
use dicom_wire::query::Matching;

use crate::query::{Search, show};

/// What to say where nothing was found: which of the names that were searched for stand the other way round in archives.
pub(super) fn turned_round(search: &Search) -> Vec<String> {
    if search.terms.fuzzy {
        return Vec::new();
    }
    let names = search
        .terms
        .filters
        .iter()
        .filter(|filter| filter.path.last().is_some_and(|part| part.vr == VR::PN));
    let hints = names.filter_map(|filter| {
        let (Matching::Value(text) | Matching::Wildcard(text)) = &filter.matching else {
            return None;
        };
        let name = family_first(text)?;
        let family = name.split('^').next().unwrap_or_default();
        let key = filter.key();
        Some(format!(
            "{key}={} was searched for as it stands, and archives keep names as FAMILY^GIVEN: {key}={} or {key}={} may find it",
            show(&filter.matching),
            show(&Matching::Value(name.clone())),
            show(&Matching::Wildcard(format!("{family}*"))),
        ))
    });
    hints.collect()
}

/// "John Doe" and "Doe, John" as `Doe^John`; nothing where it is written so already, or is one word.
fn family_first(text: &str) -> Option<String> {
    let text = text.trim_matches(['*', '?', ' ']);
    if text.contains(['^', '=', '*', '?']) {
        return None;
    }
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("^");
    let (family, given) = match text.split_once(',') {
        Some((family, given)) => (family.trim(), words(given)),
        None => {
            let (given, family) = text.rsplit_once(' ')?;
            (family, words(given))
        }
    };
    (!family.is_empty() && !given.is_empty()).then(|| format!("{family}^{given}"))
}

#[cfg(test)]
mod tests {
    use super::family_first;

    #[test]
    fn names_in_the_order_of_speech_are_turned_round() {
        for (spoken, kept) in [
            ("John Doe", Some("Doe^John")),
            ("*John  Doe*", Some("Doe^John")),
            ("Doe, John", Some("Doe^John")),
            ("John Quincy Adams", Some("Adams^John^Quincy")),
            ("Doe", None),
            ("DOE^JOHN", None),
            ("DOE^JOHN PAUL", None),
            ("Jo*n Doe", None),
            (",", None),
            ("", None),
        ] {
            assert_eq!(family_first(spoken).as_deref(), kept, "{spoken}");
        }
    }
}
