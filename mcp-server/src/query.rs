//! The query language of the find tools: space-separated `key=value`, refused with the nearest right form where it
//! cannot be right, so that a typo never opens the whole archive.

mod print;
mod value;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_wire::query::{Level, Matching};
use dicom_wire::uid::Uid;

use crate::attribute::Attribute;
use crate::date::Date;
use crate::error::Failure;
use crate::text;

pub use value::show;

/// Rows of a page where the query does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// The most rows of a page.
pub const MAX_LIMIT: usize = 1000;

/// A search as it is asked of an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What a row is.
    pub level: Level,
    /// Only inside this study.
    pub study: Option<Uid>,
    /// Only inside this series.
    pub series: Option<Uid>,
    /// What rows have to match.
    pub terms: Terms,
}

/// What the text of a query says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// What rows have to match, all of it.
    pub filters: Vec<Filter>,
    /// Attributes wanted in each row beyond those of the level.
    pub include: Include,
    /// The attributes of a row instead of those of the level.
    pub columns: Option<&'static [Tag]>,
    /// Attributes that are not shown.
    pub exclude: Vec<Tag>,
    /// Rows a page; [`DEFAULT_LIMIT`] where `None`.
    pub limit: Option<usize>,
    /// Rows to skip.
    pub offset: usize,
    /// Names that sound alike match too, if the archive can.
    pub fuzzy: bool,
}

/// Which further attributes are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Include {
    /// These.
    Attributes(Vec<Attribute>),
    /// All that the archive has.
    All,
}

impl Default for Include {
    fn default() -> Self {
        Self::Attributes(Vec::new())
    }
}

/// One key with what it has to match.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The attribute; where it lies in sequences, these before it.
    pub path: Vec<Attribute>,
    /// What its value has to be.
    pub matching: Matching,
}

impl Filter {
    /// A filter for one attribute.
    pub fn exact(tag: Tag, value: impl Into<String>) -> Self {
        Self {
            path: vec![Attribute::of(tag)],
            matching: Matching::Value(value.into()),
        }
    }

    /// The key as people write it: keywords, dots between.
    pub fn key(&self) -> String {
        self.path
            .iter()
            .map(|attribute| attribute.keyword.as_str())
            .collect::<Vec<_>>()
            .join(".")
    }
}

const SPECIAL: [&str; 4] = ["limit", "offset", "fuzzymatching", "includefield"];

/// Reads a query. `today` is what "last 30 days" counts from.
pub fn parse(level: Level, text: &str, today: Date) -> Result<Terms, Failure> {
    let mut terms = Terms::default();
    let mut seen: Vec<String> = Vec::new();
    let mut last: Option<String> = None;
    for token in tokens(text)? {
        let Some((key, value)) = split(&token) else {
            let advice = last.map(|key| {
                format!(
                    "quote a value that has spaces, as {key}=\"… {token}\", or give {token:?} a key"
                )
            });
            return Err(refused(
                format!("{token:?} has no key"),
                advice.or(Some("write key=value, as PatientName=DOE*".into())),
            ));
        };
        last = Some(key.clone());
        let name = term(level, &key, &value, today, &mut terms)?;
        if name != "includefield" && seen.contains(&name) {
            return Err(refused(format!("{name} is given twice"), None));
        }
        seen.push(name);
    }
    Ok(terms)
}

/// Takes one `key=value` into `terms`; the key's proper name.
fn term(
    level: Level,
    key: &str,
    value: &str,
    today: Date,
    terms: &mut Terms,
) -> Result<String, Failure> {
    let name = key.to_ascii_lowercase();
    match name.as_str() {
        "limit" => {
            terms.limit = Some(number(key, value, 1, MAX_LIMIT)?);
        }
        "offset" => terms.offset = number(key, value, 0, i32::MAX as usize)?,
        "fuzzymatching" => {
            terms.fuzzy = match value.to_ascii_lowercase().as_str() {
                "true" => true,
                "false" => false,
                _ => {
                    return Err(refused(
                        format!("fuzzymatching={value} is neither true nor false"),
                        None,
                    ));
                }
            };
        }
        "includefield" => include(value, &mut terms.include)?,
        _ => {
            let filter = filter(level, key, value, today)?;
            let name = filter.key();
            terms.filters.push(filter);
            return Ok(name);
        }
    }
    Ok(name)
}

fn filter(level: Level, key: &str, value: &str, today: Date) -> Result<Filter, Failure> {
    let path = key
        .split('.')
        .map(Attribute::parse)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|unknown| {
            let nearest = text::nearest(&unknown.text, SPECIAL).or(unknown.nearest);
            refused(
                format!("unknown key {:?}", unknown.text),
                nearest.map(|nearest| format!("{nearest}={value}")),
            )
        })?;
    let (attribute, parents) = path
        .split_last()
        .ok_or_else(|| refused("a key is empty".into(), None))?;
    if let Some(parent) = parents.iter().find(|parent| parent.vr != VR::SQ) {
        return Err(refused(
            format!("{} is no sequence, nothing lies in it", parent.keyword),
            None,
        ));
    }
    if attribute.vr == VR::SQ {
        return Err(refused(
            format!("{} is a sequence", attribute.keyword),
            Some(format!(
                "name the attribute in it, as {}.ScheduledProcedureStepID=…",
                attribute.keyword
            )),
        ));
    }
    if let Some(advice) = misplaced(level, attribute, value) {
        return Err(refused(
            format!("{} is no key of this search", attribute.keyword),
            Some(advice),
        ));
    }
    let matching = value::parse(attribute, value, today).map_err(|error| {
        refused(
            format!("{}={value}: {}", attribute.keyword, error.problem),
            error.advice,
        )
    })?;
    Ok(Filter { path, matching })
}

/// Keys that belong to another level: most archives ignore them there, which would return everything.
fn misplaced(level: Level, attribute: &Attribute, value: &str) -> Option<String> {
    let at = |tool: &str| Some(format!("use it with {tool}"));
    match (level, attribute.tag) {
        (
            Level::Patient,
            tags::PATIENT_NAME
            | tags::PATIENT_ID
            | tags::ISSUER_OF_PATIENT_ID
            | tags::PATIENT_BIRTH_DATE
            | tags::PATIENT_SEX,
        ) => None,
        (Level::Patient, _) => at("find-studies, which shows the patient in each row"),
        (Level::Study, tags::MODALITY) => Some(format!("ModalitiesInStudy={value}")),
        (Level::Study, tags::SOP_CLASS_UID) => Some(format!("SOPClassesInStudy={value}")),
        (
            Level::Study,
            tags::SERIES_INSTANCE_UID
            | tags::SERIES_NUMBER
            | tags::SERIES_DESCRIPTION
            | tags::BODY_PART_EXAMINED,
        ) => at("find-series"),
        (Level::Series, tags::MODALITIES_IN_STUDY) => Some(format!("Modality={value}")),
        (Level::Study | Level::Series, tags::SOP_INSTANCE_UID | tags::INSTANCE_NUMBER)
        | (Level::Series, tags::SOP_CLASS_UID) => at("find-instances"),
        (Level::Series | Level::Instance, tags::STUDY_INSTANCE_UID) => {
            Some("give it as the argument studyInstanceUid".into())
        }
        (Level::Instance, tags::SERIES_INSTANCE_UID) => {
            Some("give it as the argument seriesInstanceUid".into())
        }
        _ => None,
    }
}

fn include(value: &str, include: &mut Include) -> Result<(), Failure> {
    if value.eq_ignore_ascii_case("all") {
        *include = Include::All;
        return Ok(());
    }
    for part in value.split(',') {
        let attribute = Attribute::parse(part).map_err(|unknown| {
            refused(
                format!("unknown attribute {:?} in includefield", unknown.text),
                unknown
                    .nearest
                    .map(|nearest| format!("includefield={nearest}")),
            )
        })?;
        if let Include::Attributes(all) = include
            && !all.contains(&attribute)
        {
            all.push(attribute);
        }
    }
    Ok(())
}

fn number(key: &str, value: &str, least: usize, most: usize) -> Result<usize, Failure> {
    match value.parse::<usize>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        Ok(number) if number > most => Err(refused(
            format!("{key}={value} is more than {most}"),
            Some(format!("{key}={most}, and offset for what comes after")),
        )),
        _ => Err(refused(
            format!("{key}={value} is not a number from {least} to {most}"),
            None,
        )),
    }
}

fn refused(problem: String, advice: Option<String>) -> Failure {
    Failure::Argument {
        name: "query".into(),
        problem,
        advice,
    }
}

/// Words between white space; double quotes keep white space, a backslash keeps a quote, a backslash or a space as it is.
fn tokens(text: &str) -> Result<Vec<String>, Failure> {
    let mut tokens = Vec::new();
    let mut token: Option<String> = None;
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('"' | '\\' | ' ')) => {
                token.get_or_insert_default().extend(chars.next());
            }
            '"' => {
                quoted = !quoted;
                token.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => tokens.extend(token.take()),
            c => token.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err(refused(
            "a quote is not closed".into(),
            Some("write a quote that is meant as \\\"".into()),
        ));
    }
    tokens.extend(token);
    Ok(tokens)
}

fn split(token: &str) -> Option<(String, String)> {
    let (key, value) = token.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    (!key.is_empty()).then(|| (key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Date {
        Date::parse("20240131").expect("a day")
    }

    fn terms(text: &str) -> Terms {
        parse(Level::Study, text, today()).unwrap_or_else(|failure| panic!("{text}: {failure}"))
    }

    fn refusal(level: Level, text: &str) -> String {
        parse(level, text, today()).expect_err(text).explain()
    }

    #[test]
    fn keys_values_and_special_keys_are_read_as_people_write_them() {
        let terms = terms(
            "patientname=\"O'BRIEN^Mary Ann\" (0008,0020)=2024-01-01..2024-01-31 ModalitiesInStudy=ct limit=10 OFFSET=20 \
             fuzzymatching=true includefield=InstitutionName,00081010",
        );
        let filters: Vec<_> = terms
            .filters
            .iter()
            .map(|filter| format!("{}={}", filter.key(), show(&filter.matching)))
            .collect();
        assert_eq!(
            filters,
            [
                "PatientName=O'BRIEN^Mary Ann",
                "StudyDate=20240101-20240131",
                "ModalitiesInStudy=CT"
            ]
        );
        assert_eq!(
            (terms.limit, terms.offset, terms.fuzzy),
            (Some(10), 20, true)
        );
        assert!(matches!(terms.include, Include::Attributes(all) if all.len() == 2));
    }

    #[test]
    fn an_empty_query_filters_nothing() {
        assert_eq!(terms(" \n "), Terms::default());
    }

    #[test]
    fn refusals_teach() {
        insta::assert_snapshot!(
            [
                "PaitentName=DOE*",
                "StudyDate=banana",
                "StudyDate=20240230",
                "StudyDate=20240131-20240101",
                "StudyInstanceUID=1..2",
                "PatientID=",
                "DOE",
                "PatientName=DOE JOHN",
                "Modality=CT",
                "SOPInstanceUID=1.2",
                "limit=0",
                "limit=5000",
                "limit=abc",
                "offset=-1",
                "fuzzymatching=maybe",
                "includefield=Bogus",
                "RequestAttributesSequence=1",
                "PatientName.PatientID=1",
                "PatientName=\"DOE",
                "PatientID=1 PatientID=2",
                "NumberOfStudyRelatedSeries=many",
                "StudyTime=25:00",
                "limt=3",
                "xyzzy=1",
            ]
            .map(|text| format!(
                "{text}\n    {}\n",
                refusal(Level::Study, text).replace('\n', "\n    ")
            ))
            .join("")
        );
    }
}
