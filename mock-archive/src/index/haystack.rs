//! Many short texts in one, so that those with something in their middle are found at the speed of memory.

use memchr::memmem::Finder;

use crate::matching::terms::{Term, Wanted};

/// Texts one behind the other.
#[derive(Debug, Default)]
pub(super) struct Haystack {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Haystack {
    /// Of the texts among these terms.
    pub(super) fn of<'a>(terms: impl Iterator<Item = &'a Term>) -> Self {
        let mut haystack = Self::default();
        for term in terms {
            if let Term::Text(text) = term {
                haystack.text.push_str(text);
                haystack.ends.push(haystack.text.len());
            }
        }
        haystack
    }

    /// The texts that a pattern fits.
    pub(super) fn fitting(&self, pattern: &str) -> Vec<&str> {
        let needle = pattern.split(['*', '?']).max_by_key(|run| run.len());
        let needle = needle.unwrap_or_default();
        let finder = Finder::new(needle);
        let mut fitting = Vec::new();
        let mut at = 0;
        let mut number = 0;
        while number < self.ends.len() {
            if !needle.is_empty() {
                // One that begins in a text and ends in the next is in neither.
                let Some(found) = finder.find(&self.text.as_bytes()[at..]) else {
                    break;
                };
                number += self.ends[number..].partition_point(|end| *end <= at + found);
            }
            let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
            at = self.ends[number];
            let text = &self.text[start..at];
            if Wanted::fits(pattern, text) {
                fitting.push(text);
            }
            number += 1;
        }
        fitting
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_fits_is_found_wherever_it_stands(
            texts in prop::collection::vec("[abé]{0,6}", 0..20),
            pattern in "[*?]?[abé*?]{0,5}",
        ) {
            let terms: Vec<Term> = texts.iter().cloned().map(Term::Text).collect();
            let haystack = Haystack::of(terms.iter());
            let expected: Vec<&str> = texts.iter().map(String::as_str).filter(|text| Wanted::fits(&pattern, text)).collect();
            prop_assert_eq!(haystack.fitting(&pattern), expected);
        }
    }
}
