//! Other patients for those of an archive: the same one each time, from a key that is not in the file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use sha2::{Digest, Sha256};

/// Replaces what names a patient, a person or a place.
///
/// Covered are person names of every kind, the patient's IDs, accession numbers, birth dates (the year stays), addresses and telephone
/// numbers, institutions, UIDs of instances and of what holds them, and free comments on the patient, wherever they stand: in data
/// sets, in JSON and XML, in URLs and query keys, in texts. Private attributes are removed. **Not covered** is what is burned into
/// pixels, and what a report or a description says in words.
///
/// Equal values become equal values, so that joins still hold; two masks with one key agree. Without the key, nobody can tell whether a
/// guessed value stands behind a replacement.
#[derive(Debug)]
pub struct Mask {
    key: Vec<u8>,
    known: Mutex<BTreeMap<String, String>>,
}

/// What a value is replaced by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person's name.
    Name,
    /// An identifier, at most 16 characters.
    Identifier,
    /// A date, of which the year stays.
    Date,
    /// A UID.
    Uid,
    /// Nothing takes its place.
    Removed,
}

/// Shorter values are not looked for in texts: they would be found by chance.
const SHORTEST_KNOWN: usize = 4;

impl Mask {
    /// With a key of one's own, so that a later recording or replay agrees with this one.
    pub fn with_key(key: &str) -> Self {
        Self {
            key: key.as_bytes().to_vec(),
            known: Mutex::default(),
        }
    }

    /// With a key that nobody knows.
    pub fn random() -> Self {
        Self {
            key: rand::random::<[u8; 32]>().to_vec(),
            known: Mutex::default(),
        }
    }

    /// What stands for this value of an attribute; `None` if it stays.
    pub(super) fn value(&self, tag: Tag, vr: VR, value: &str) -> Option<String> {
        let kind = kind(tag, vr)?;
        let value = value.trim_matches([' ', '\0']);
        if value.is_empty() {
            return None;
        }
        Some(self.replaced(kind, value))
    }

    /// The same text with every UID and every value replaced that was replaced elsewhere.
    pub(super) fn text(&self, text: &str) -> String {
        let mut out = replace_uids(text, |uid| self.replaced(Kind::Uid, uid));
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Longer ones first: one may be the beginning of another.
        let mut values: Vec<_> = known.iter().collect();
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        for (value, instead) in values {
            if out.contains(value.as_str()) {
                out = replace_words(&out, value, instead);
            }
        }
        out
    }

    /// The same URL, or other text of a machine, with the UIDs of instances replaced.
    pub(super) fn url(&self, url: &str) -> String {
        replace_uids(url, |uid| self.replaced(Kind::Uid, uid))
    }

    fn replaced(&self, kind: Kind, value: &str) -> String {
        let instead = match kind {
            Kind::Uid if is_registered(value) => return value.to_owned(),
            Kind::Uid => {
                let digest = self.digest(kind, value);
                let (number, _) = digest.split_at(16);
                let number = number
                    .iter()
                    .fold(0u128, |sum, byte| (sum << 8) | u128::from(*byte));
                return format!("2.25.{number}");
            }
            Kind::Date => {
                let year = value
                    .get(..4)
                    .filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
                return format!("{}0101", year.unwrap_or("1900"));
            }
            Kind::Removed => return String::new(),
            // A wildcard stays one, or the search would ask for something else.
            Kind::Name if value.chars().all(|it| matches!(it, '*' | '?')) => {
                return value.to_owned();
            }
            Kind::Identifier if value.chars().all(|it| matches!(it, '*' | '?')) => {
                return value.to_owned();
            }
            Kind::Name => format!("Patient^{}", self.hex(kind, &name_key(value), 4)),
            Kind::Identifier => format!("ID{}", self.hex(kind, value, 6)),
        };
        if value.len() >= SHORTEST_KNOWN {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(value.to_owned(), instead.clone());
        }
        instead
    }

    fn hex(&self, kind: Kind, value: &str, bytes: usize) -> String {
        let digest = self.digest(kind, value);
        digest
            .iter()
            .take(bytes)
            .fold(String::new(), |mut out, byte| {
                let _ = write!(out, "{byte:02X}");
                out
            })
    }

    fn digest(&self, kind: Kind, value: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(
            u64::try_from(self.key.len())
                .unwrap_or(u64::MAX)
                .to_be_bytes(),
        );
        digest.update(&self.key);
        digest.update([kind as u8]);
        digest.update(value.as_bytes());
        digest.finalize().into()
    }
}

/// A name is the same one with and without empty components at its end, and in capitals.
fn name_key(value: &str) -> String {
    value.trim_end_matches(['^', '=', ' ']).to_uppercase()
}

/// How the attribute is replaced; `None` if it says nothing about whom.
#[allow(deprecated, reason = "retired attributes name patients like others")]
pub(super) fn kind(tag: Tag, vr: VR) -> Option<Kind> {
    Some(match tag {
        tags::PATIENT_ID
        | tags::ISSUER_OF_PATIENT_ID
        | tags::OTHER_PATIENT_I_DS
        | tags::MEDICAL_RECORD_LOCATOR
        | tags::ACCESSION_NUMBER
        | tags::ADMISSION_ID
        | tags::STUDY_ID
        | tags::MILITARY_RANK
        | tags::INSTITUTION_NAME
        | tags::INSTITUTIONAL_DEPARTMENT_NAME
        | tags::INSURANCE_PLAN_IDENTIFICATION
        | tags::FILLER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST
        | tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST => Kind::Identifier,
        tags::PATIENT_BIRTH_DATE => Kind::Date,
        tags::PATIENT_BIRTH_TIME
        | tags::PATIENT_ADDRESS
        | tags::PATIENT_TELEPHONE_NUMBERS
        | tags::PATIENT_TELECOM_INFORMATION
        | tags::PATIENT_COMMENTS
        | tags::ADDITIONAL_PATIENT_HISTORY
        | tags::INSTITUTION_ADDRESS
        | tags::PERSON_ADDRESS
        | tags::PERSON_TELEPHONE_NUMBERS
        | tags::REGION_OF_RESIDENCE
        | tags::COUNTRY_OF_RESIDENCE
        | tags::OCCUPATION => Kind::Removed,
        _ if vr == VR::PN => Kind::Name,
        // Codes of the standard are left alone by their root, private ones by their attribute.
        _ if vr == VR::UI && !is_code(tag) => Kind::Uid,
        _ => return None,
    })
}

/// Whether a UID of this attribute names a kind of thing, not a thing.
fn is_code(tag: Tag) -> bool {
    matches!(
        tag,
        tags::SOP_CLASS_UID
            | tags::REFERENCED_SOP_CLASS_UID
            | tags::MEDIA_STORAGE_SOP_CLASS_UID
            | tags::TRANSFER_SYNTAX_UID
            | tags::AVAILABLE_TRANSFER_SYNTAX_UID
            | tags::IMPLEMENTATION_CLASS_UID
            | tags::SOP_CLASSES_IN_STUDY
            | tags::CODING_SCHEME_UID
            | tags::CONTEXT_UID
            | tags::MAPPING_RESOURCE_UID
    )
}

fn is_registered(uid: &str) -> bool {
    uid.starts_with("1.2.840.10008.") || uid == uids::VERIFICATION
}

/// Replaces what looks like the UID of an instance: six or more components, as no version or address has.
fn replace_uids(text: &str, mut replace: impl FnMut(&str) -> String) -> String {
    let is_part = |it: char| it.is_ascii_digit() || it == '.';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.find(|it| !is_part(it)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        let uid = run.trim_end_matches('.');
        let stands_alone = !before.ends_with(|it: char| it.is_alphanumeric() || it == '_');
        if stands_alone
            && (uid.matches('.').count() >= 5 || uid.starts_with("2.25."))
            && uid.len() <= 64
        {
            out.push_str(&replace(uid));
            out.push_str(&run[uid.len()..]);
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Replaces a value where it is not a piece of a longer word or number.
fn replace_words(text: &str, value: &str, instead: &str) -> String {
    let joins = |it: char| it.is_alphanumeric() || it == '.';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(value) {
        let (before, from) = rest.split_at(start);
        let after = &from[value.len()..];
        out.push_str(before);
        let inside = before.ends_with(joins) || after.starts_with(char::is_alphanumeric);
        out.push_str(if inside { value } else { instead });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_replaced_alike_and_others_are_not() {
        let (mask, same, other) = (
            Mask::with_key("k"),
            Mask::with_key("k"),
            Mask::with_key("l"),
        );
        let name = |mask: &Mask, value| mask.value(tags::PATIENT_NAME, VR::PN, value).unwrap();

        assert_eq!(name(&mask, "DOE^JANE"), name(&same, "Doe^Jane^^^"));
        assert_ne!(name(&mask, "DOE^JANE"), name(&mask, "DOE^JOHN"));
        assert_ne!(name(&mask, "DOE^JANE"), name(&other, "DOE^JANE"));
    }

    #[test]
    fn what_names_nobody_stays() {
        let mask = Mask::with_key("k");

        assert_eq!(mask.value(tags::MODALITY, VR::CS, "CT"), None);
        assert_eq!(
            mask.value(tags::SOP_CLASS_UID, VR::UI, "1.2.3.4.5.6.7"),
            None
        );
        assert_eq!(mask.value(tags::PATIENT_ID, VR::LO, " "), None);
        let registered = uids::CT_IMAGE_STORAGE;
        assert_eq!(
            mask.value(tags::SOP_INSTANCE_UID, VR::UI, registered)
                .as_deref(),
            Some(registered)
        );
    }

    #[test]
    fn texts_lose_uids_and_values_that_were_replaced_elsewhere() {
        let mask = Mask::with_key("k");
        let id = mask.value(tags::PATIENT_ID, VR::LO, "4711-0815").unwrap();
        let study = mask
            .value(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3.4.5.6.7")
            .unwrap();

        let text =
            mask.text("patient 4711-0815: /studies/1.2.3.4.5.6.7. Server 1.12.3, from 10.0.0.1");

        assert_eq!(
            text,
            format!("patient {id}: /studies/{study}. Server 1.12.3, from 10.0.0.1")
        );
    }

    #[test]
    fn of_a_birth_date_the_year_stays() {
        let mask = Mask::with_key("k");

        assert_eq!(
            mask.value(tags::PATIENT_BIRTH_DATE, VR::DA, "19610815")
                .as_deref(),
            Some("19610101")
        );
    }
}
