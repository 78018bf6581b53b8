//! What a match is told as: the attributes of its level, the keys, and what was asked to be included (PS3.18 10.6.3.3).

use std::cell::OnceCell;

use dicom_core::header::Header;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::query::{Include, Level, Path, Query};

use super::search::{Hit, is_counted, number};
use super::{Index, Series, Study, level};

/// Patient attributes of every row that has a patient's.
const PATIENT: &[Tag] = &[
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
];

/// PS3.18 table 10.6.3-3, without Retrieve URL, which is the edge's.
const STUDY: &[Tag] = &[
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::MODALITIES_IN_STUDY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_ID,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
];

/// PS3.18 table 10.6.3-4, likewise.
const SERIES: &[Tag] = &[
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tags::PERFORMED_PROCEDURE_STEP_START_DATE,
    tags::PERFORMED_PROCEDURE_STEP_START_TIME,
    tags::REQUEST_ATTRIBUTES_SEQUENCE,
];

/// PS3.18 table 10.6.3-5, likewise.
const INSTANCE: &[Tag] = &[
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::INSTANCE_NUMBER,
];

/// Of the same table, those that are there only where they are known, and Timezone Offset From UTC of all tables.
const WHERE_KNOWN: &[Tag] = &[
    tags::TIMEZONE_OFFSET_FROM_UTC,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::NUMBER_OF_FRAMES,
];

impl Index {
    /// The row of a match.
    ///
    /// The UIDs of the levels above are always in it. Attributes of a level below the query's are not, whoever asks for them.
    pub fn row(&self, query: &Query, hit: &Hit) -> InMemDicomObject {
        let mut row = InMemDicomObject::new_empty();
        let Some(study) = self.studies.get(&hit.study) else {
            return row;
        };
        let found = Found {
            study,
            series: hit.series.and_then(|series| study.series.get(&series)),
            hit,
            counts: OnceCell::new(),
            patient_counts: OnceCell::new(),
            index: self,
        };
        for tag in self.usual(query) {
            row.put(found.element(tag).unwrap_or_else(|| empty(tag)));
        }
        for &tag in WHERE_KNOWN
            .iter()
            .filter(|tag| level::of(**tag) <= query.level)
        {
            if let Some(element) = found.element(tag) {
                row.put(element);
            }
        }
        if query.level > Level::Patient {
            let online = PrimitiveValue::from("ONLINE");
            row.put(DataElement::new(
                tags::INSTANCE_AVAILABILITY,
                VR::CS,
                online,
            ));
        }
        let keys = query.keys.iter().map(|key| &key.path);
        let fields: &[Path] = match &query.include {
            Include::Fields(fields) => fields,
            Include::All => {
                found.add_all(query.level, &mut row);
                &[]
            }
        };
        for path in keys.chain(fields) {
            let tag = path.tags()[0];
            if level::of(tag) <= query.level && row.get(tag).is_none() {
                row.put(found.element(tag).unwrap_or_else(|| empty(tag)));
            }
        }
        // Texts are decoded: whatever character set they came in, UTF-8 can write them.
        row.remove_element(tags::SPECIFIC_CHARACTER_SET);
        if !is_ascii(&row) {
            let utf8 = PrimitiveValue::from("ISO_IR 192");
            row.put(DataElement::new(tags::SPECIFIC_CHARACTER_SET, VR::CS, utf8));
        }
        row
    }

    /// The attributes that a row has without being asked. Those of levels above the query's are in it where the URL does not name what they belong to.
    fn usual(&self, query: &Query) -> Vec<Tag> {
        let mut usual = Vec::new();
        let study_named = query.study.is_some() && query.level > Level::Study;
        let series_named = query.series.is_some() && query.level > Level::Series;
        if !study_named {
            usual.extend(PATIENT);
        }
        if query.level == Level::Patient {
            usual.extend(level::OF_PATIENT);
            return usual;
        }
        usual.extend(if study_named {
            &[tags::STUDY_INSTANCE_UID]
        } else {
            STUDY
        });
        if query.level >= Level::Series {
            usual.extend(if series_named {
                &[tags::SERIES_INSTANCE_UID]
            } else {
                SERIES
            });
        }
        if query.level == Level::Instance {
            usual.extend(INSTANCE);
        }
        usual
    }
}

/// What a row is made from.
struct Found<'a> {
    study: &'a Study,
    series: Option<&'a Series>,
    hit: &'a Hit,
    index: &'a Index,
    /// Made when an attribute of them is asked for.
    counts: OnceCell<InMemDicomObject>,
    patient_counts: OnceCell<InMemDicomObject>,
}

impl Found<'_> {
    /// An attribute, from the level that it belongs to; `None` where it is not there.
    fn element(&self, tag: Tag) -> Option<InMemElement> {
        if tag == tags::NUMBER_OF_SERIES_RELATED_INSTANCES {
            return self
                .series
                .map(|series| number(tag, series.instances.len()));
        }
        if is_counted(tag) {
            let counts = if level::OF_PATIENT.contains(&tag) {
                let of_patient = || self.index.patient_counts(&self.study.patient_id);
                self.patient_counts.get_or_init(of_patient)
            } else {
                self.counts.get_or_init(|| self.index.counts(self.study))
            };
            return counts.get(tag).cloned();
        }
        let of = match level::of(tag) {
            Level::Patient | Level::Study => &self.study.first,
            Level::Series => &self.series?.first,
            Level::Instance => self.hit.instance.as_ref()?,
        };
        of.element(tag)
    }

    /// All attributes of a level and the levels above, bulk ones left out.
    fn add_all(&self, wanted: Level, row: &mut InMemDicomObject) {
        let last = match (&self.hit.instance, self.series) {
            (Some(instance), _) => instance,
            (None, Some(series)) => &series.first,
            (None, None) => &self.study.first,
        };
        let bulk: Vec<Tag> = last
            .layout()
            .bulk
            .iter()
            .filter(|e| e.path.is_empty())
            .map(|e| e.tag)
            .collect();
        for element in last.header().iter() {
            let tag = element.tag();
            if level::of(tag) <= wanted && !bulk.contains(&tag) {
                row.put(self.element(tag).unwrap_or_else(|| element.clone()));
            }
        }
        for tag in level::OF_STUDY
            .into_iter()
            .filter(|_| wanted >= Level::Study)
        {
            row.put(self.element(tag).unwrap_or_else(|| empty(tag)));
        }
    }
}

/// An attribute without value, as an answer has it that does not know it (PS3.4 C.4.1.3.2).
fn empty(tag: Tag) -> InMemElement {
    match Path::from(tag).vr() {
        VR::SQ => DataElement::new(tag, VR::SQ, DataSetSequence::empty()),
        vr => DataElement::new(tag, vr, PrimitiveValue::Empty),
    }
}

/// Whether no text needs a character set. Recursion is bounded by the depth that a scan allows.
fn is_ascii(object: &InMemDicomObject) -> bool {
    object.iter().all(
        |element| match (element.items(), element.value().primitive()) {
            (Some(items), _) => items.iter().all(is_ascii),
            (None, Some(PrimitiveValue::Str(text))) => text.is_ascii(),
            (None, Some(PrimitiveValue::Strs(texts))) => texts.iter().all(|text| text.is_ascii()),
            _ => true,
        },
    )
}
