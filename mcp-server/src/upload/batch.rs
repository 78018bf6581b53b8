//! Files to instances: what can be sent, and what is held back before anything is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::part10;
use dicom_wire::uid::Uid;

use crate::backend::Part;
use crate::text;

/// An instance that can be sent.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The file, as it is told.
    pub file: String,
    /// Study Instance UID.
    pub study: Uid,
    /// SOP Instance UID.
    pub instance: Uid,
    /// Patient ID and name, to compare within a study.
    patient: Patient,
    /// What is sent.
    pub part: Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Patient {
    id: String,
    name: String,
}

/// A file that is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The file, as it is told.
    pub file: String,
    /// Its SOP Instance UID, where it has one.
    pub instance: Option<String>,
    /// What kind of reason.
    pub why: Why,
    /// The reason in words.
    pub reason: String,
}

/// Why a file is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is no DICOM file at all, as a text that lies in the folder: no loss.
    NotDicom,
    /// It is one that cannot be sent as it is.
    Faulty,
}

/// What becomes of studies with two patients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Conflicts {
    /// They are held back.
    #[default]
    Held,
    /// They are sent, because somebody said so.
    Sent,
}

/// What the files hold.
#[derive(Debug, Default)]
pub struct Batch {
    /// What can be sent.
    pub candidates: Vec<Candidate>,
    /// What cannot.
    pub held: Vec<Held>,
}

/// Reads the header of every file. Never more than that is in memory.
pub fn read(paths: &[PathBuf], conflicts: Conflicts) -> Batch {
    let mut batch = Batch::default();
    let mut seen: BTreeMap<Uid, String> = BTreeMap::new();
    for path in paths {
        match candidate(path) {
            Err(held) => batch.held.push(held),
            Ok(candidate) => match seen.get(&candidate.instance) {
                Some(first) => batch
                    .held
                    .push(candidate.held(format!("the same SOP Instance UID as {first}"))),
                None => {
                    seen.insert(candidate.instance.clone(), candidate.file.clone());
                    batch.candidates.push(candidate);
                }
            },
        }
    }
    if conflicts == Conflicts::Held {
        hold_conflicts(&mut batch);
    }
    batch
}

/// One study has one patient: where files disagree, none of the study is sent, because nobody here knows who is right.
fn hold_conflicts(batch: &mut Batch) {
    let mut conflicts: BTreeMap<Uid, String> = BTreeMap::new();
    let mut first: BTreeMap<&Uid, &Candidate> = BTreeMap::new();
    for candidate in &batch.candidates {
        let other = first.entry(&candidate.study).or_insert(candidate);
        let (a, b) = (&other.patient, &candidate.patient);
        let conflict = if a.id != b.id {
            Some(("Patient IDs", &a.id, &b.id))
        } else if a.name != b.name {
            Some(("patient names", &a.name, &b.name))
        } else {
            None
        };
        if let Some((what, a, b)) = conflict {
            let cell = |text: &str| text::cut(&text::escape(text), 64);
            conflicts.entry(candidate.study.clone()).or_insert_with(|| {
                format!(
                    "study {} has two {what} in these files, {:?} in {} and {:?} in {}: none of it is sent",
                    candidate.study,
                    cell(a),
                    other.file,
                    cell(b),
                    candidate.file
                )
            });
        }
    }
    let candidates = std::mem::take(&mut batch.candidates);
    for candidate in candidates {
        match conflicts.get(&candidate.study) {
            Some(reason) => batch.held.push(candidate.held(reason.clone())),
            None => batch.candidates.push(candidate),
        }
    }
}

impl Candidate {
    pub(super) fn held(&self, reason: String) -> Held {
        Held {
            file: self.file.clone(),
            instance: Some(self.instance.to_string()),
            why: Why::Faulty,
            reason,
        }
    }
}

fn candidate(path: &Path) -> Result<Candidate, Held> {
    let file = text::escape(&path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    ));
    let held = |why, reason: String| Held {
        file: file.clone(),
        instance: None,
        why,
        reason,
    };
    let unreadable = |error: std::io::Error| held(Why::Faulty, format!("cannot be read: {error}"));

    let opened = File::open(path).map_err(unreadable)?;
    let bytes = opened.metadata().map_err(unreadable)?.len();
    let mut reader = BufReader::new(opened);
    let mut start = Vec::new();
    reader
        .by_ref()
        .take(132)
        .read_to_end(&mut start)
        .map_err(unreadable)?;
    if start.get(128..132) != Some(b"DICM") {
        return Err(held(
            Why::NotDicom,
            "no DICOM file (Part 10): DICM is not at offset 128".into(),
        ));
    }
    reader.rewind().map_err(unreadable)?;
    let faulty = |error: part10::ScanError| held(Why::Faulty, format!("faulty: {error}"));
    let layout = part10::scan(&mut reader, &part10::Limits::default()).map_err(faulty)?;
    let header = part10::header(&mut reader, &layout).map_err(faulty)?;
    let uid = |tag: Tag, keyword: &str| {
        let value = value(&header, tag);
        if value.is_empty() {
            return Err(held(Why::Faulty, format!("has no {keyword}")));
        }
        Uid::from_padded(&value).map_err(|error| held(Why::Faulty, format!("{keyword}: {error}")))
    };
    let class = uid(tags::SOP_CLASS_UID, "SOPClassUID")?;
    uid(tags::SERIES_INSTANCE_UID, "SeriesInstanceUID")?;
    let instance = uid(tags::SOP_INSTANCE_UID, "SOPInstanceUID")?;
    Ok(Candidate {
        study: uid(tags::STUDY_INSTANCE_UID, "StudyInstanceUID")?,
        instance: instance.clone(),
        patient: Patient {
            id: value(&header, tags::PATIENT_ID),
            name: value(&header, tags::PATIENT_NAME)
                .trim_end_matches('^')
                .to_uppercase(),
        },
        part: Part {
            path: path.to_owned(),
            bytes,
            data_set: layout.data_set.start,
            class,
            instance,
            syntax: layout.meta.transfer_syntax.clone(),
        },
        file,
    })
}

fn value(header: &InMemDicomObject, tag: Tag) -> String {
    let text = header.get(tag).and_then(|element| element.to_str().ok());
    text.unwrap_or_default()
        .trim_matches(['\0', ' '])
        .to_owned()
}
