//! Attributes as people write them: a keyword in any case, `00100010`, `0010,0010` or `(0010,0010)`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use crate::text;

/// An attribute of the standard dictionary, or a tag that it does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its tag.
    pub tag: Tag,
    /// Its keyword; eight hexadecimal digits where there is none.
    pub keyword: String,
    /// Its value representation, the first one where the dictionary allows several; UN where unknown.
    pub vr: VR,
}

/// A text that names no attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no attribute keyword and no tag")]
pub struct UnknownAttribute {
    /// The text.
    pub text: String,
    /// The keyword that was probably meant.
    pub nearest: Option<&'static str>,
}

/// What a search is usually about; the first place to look for what a misspelt word meant.
const USUAL: &[Tag] = &[
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::PATIENT_AGE,
    tags::OTHER_PATIENT_I_DS_SEQUENCE,
    tags::ISSUER_OF_PATIENT_ID,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::STUDY_ID,
    tags::STUDY_DESCRIPTION,
    tags::ACCESSION_NUMBER,
    tags::MODALITIES_IN_STUDY,
    tags::SOP_CLASSES_IN_STUDY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::INSTITUTION_NAME,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::SERIES_DESCRIPTION,
    tags::SERIES_DATE,
    tags::SERIES_TIME,
    tags::MODALITY,
    tags::BODY_PART_EXAMINED,
    tags::LATERALITY,
    tags::MANUFACTURER,
    tags::STATION_NAME,
    tags::PROTOCOL_NAME,
    tags::PERFORMED_PROCEDURE_STEP_START_DATE,
    tags::REQUEST_ATTRIBUTES_SEQUENCE,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tags::SOP_INSTANCE_UID,
    tags::SOP_CLASS_UID,
    tags::INSTANCE_NUMBER,
    tags::CONTENT_DATE,
    tags::CONTENT_TIME,
    tags::ACQUISITION_DATE,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::IMAGE_TYPE,
];

/// The groups of the dictionary, each with the last element that it has in PS3.6 (2024e): the dictionary can be asked, but not listed.
#[rustfmt::skip]
const GROUPS: &[(u16, u16)] = &[
    (0x0008, 0x9460), (0x0010, 0x9431), (0x0012, 0x0087), (0x0014, 0x511F), (0x0016, 0x1005), (0x0018, 0xA003), (0x0020, 0x9536),
    (0x0022, 0x1658), (0x0024, 0x0344), (0x0028, 0x9537), (0x0032, 0x4000), (0x0034, 0x000D), (0x0038, 0x4000), (0x003A, 0x032E),
    (0x0040, 0xE031), (0x0042, 0x0015), (0x0044, 0x010A), (0x0046, 0x0253), (0x0048, 0x0303), (0x0050, 0x0021), (0x0052, 0x003A),
    (0x0054, 0x1401), (0x0060, 0x3020), (0x0062, 0x0021), (0x0064, 0x0010), (0x0066, 0x0134), (0x0068, 0x7005), (0x006A, 0x0011),
    (0x0070, 0x1B14), (0x0072, 0x0718), (0x0074, 0x140E), (0x0076, 0x00C0), (0x0078, 0x00B8), (0x0080, 0x0013), (0x0082, 0x0038),
    (0x0088, 0x0912), (0x0100, 0x0426), (0x0400, 0x0600), (0x2000, 0x0510), (0x2010, 0x0520), (0x2020, 0x0140), (0x2050, 0x0500),
    (0x3002, 0x0135), (0x3004, 0x0074), (0x3006, 0x00CB), (0x3008, 0x0251), (0x300A, 0x07A1), (0x300C, 0x0129), (0x3010, 0x00A0),
    (0x4008, 0x4000), (0x4010, 0x107E), (0x7FE0, 0x0040),
];

/// Lower-case keyword to tag of everything in these groups; built when a word is met that is not spelt as the dictionary
/// spells it.
static KEYWORDS: LazyLock<BTreeMap<String, (Tag, &'static str)>> = LazyLock::new(|| {
    let mut keywords = BTreeMap::new();
    for (group, last) in GROUPS {
        for element in 0..=*last {
            let tag = Tag(*group, element);
            if let Some(entry) = StandardDataDictionary.by_tag(tag)
                && entry.tag_range().inner() == tag
            {
                keywords.insert(entry.alias().to_lowercase(), (tag, entry.alias()));
            }
        }
    }
    keywords
});

impl Attribute {
    /// The attribute with a tag.
    pub fn of(tag: Tag) -> Self {
        match StandardDataDictionary.by_tag(tag) {
            Some(entry) if tag.group().is_multiple_of(2) => Self {
                tag,
                keyword: entry.alias().to_owned(),
                vr: entry.vr().relaxed(),
            },
            _ => Self {
                tag,
                keyword: format!("{:04X}{:04X}", tag.group(), tag.element()),
                vr: VR::UN,
            },
        }
    }

    /// Reads a keyword in any case, or a tag in one of its usual forms.
    pub fn parse(text: &str) -> Result<Self, UnknownAttribute> {
        if let Some(tag) = tag(text) {
            return Ok(Self::of(tag));
        }
        if let Some(entry) = StandardDataDictionary.by_name(text) {
            return Ok(Self::of(entry.tag_range().inner()));
        }
        if let Some((tag, _)) = KEYWORDS.get(&text.to_lowercase()) {
            return Ok(Self::of(*tag));
        }
        let usual = USUAL.iter().filter_map(|tag| {
            StandardDataDictionary
                .by_tag(*tag)
                .map(DataDictionaryEntry::alias)
        });
        let nearest = text::nearest(text, usual)
            .or_else(|| text::nearest(text, KEYWORDS.values().map(|(_, alias)| *alias)));
        Err(UnknownAttribute {
            text: text.to_owned(),
            nearest,
        })
    }

    /// The tag as eight hexadecimal digits, as a DICOMweb query names it.
    pub fn hex(&self) -> String {
        format!("{:04X}{:04X}", self.tag.group(), self.tag.element())
    }
}

/// The attributes whose keyword or name contains the text, without regard to case and blanks, by tag.
pub fn containing(text: &str) -> Vec<Attribute> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-', '\''], "");
    let wanted = plain(text);
    let mut found: Vec<Attribute> = KEYWORDS
        .iter()
        .filter(|(keyword, _)| keyword.contains(&wanted))
        .map(|(_, (tag, _))| Attribute::of(*tag))
        .collect();
    found.sort_by_key(|attribute| attribute.tag);
    found
}

/// A keyword as words: `PatientBirthDate` is `Patient Birth Date`.
pub fn name(keyword: &str) -> String {
    let chars: Vec<char> = keyword.chars().collect();
    let mut words = String::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || after.is_some_and(|after| after.is_lowercase())
            });
        if starts {
            words.push(' ');
        }
        words.push(*c);
    }
    words
}

/// Every keyword, for completions.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    KEYWORDS.values().map(|(_, keyword)| *keyword)
}

fn tag(text: &str) -> Option<Tag> {
    let digits: String = text
        .trim_start_matches('(')
        .trim_end_matches(')')
        .chars()
        .filter(|c| *c != ',')
        .collect();
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(&digits, 16).ok()?;
    Some(Tag((number >> 16) as u16, (number & 0xFFFF) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_in_any_case_and_a_tag_in_any_form_are_the_same_attribute() {
        for text in [
            "PatientName",
            "patientname",
            "PATIENTNAME",
            "00100010",
            "0010,0010",
            "(0010,0010)",
        ] {
            assert_eq!(Attribute::parse(text).expect(text).tag, tags::PATIENT_NAME);
        }
        assert_eq!(Attribute::parse("kvp").expect("kvp").keyword, "KVP");
    }

    #[test]
    fn a_misspelt_keyword_is_refused_with_the_right_one() {
        let error = Attribute::parse("PaitentNaem").expect_err("misspelt");
        assert_eq!(error.nearest, Some("PatientName"));
        assert_eq!(
            Attribute::parse("Exposuretimes")
                .expect_err("misspelt")
                .nearest,
            Some("ExposureTime")
        );
        assert_eq!(
            Attribute::parse("xyzzy").expect_err("nothing").nearest,
            None
        );
    }
}
