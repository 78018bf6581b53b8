//! What each archive holds before it is asked, and what is sent to it.

use bytes::Bytes;
use dicom_dictionary_std::tags;
use dicom_fixtures::{Charset, Instance, Patient, Study, TransferSyntax, conflict, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::personality::Seen;

/// An upload: its Content-Type and body.
pub(super) type Upload = (Option<String>, Vec<u8>);

const BOUNDARY: &str = "an-upload";

pub(super) struct Held {
    /// Three slices of DOE^JOHN.
    first: Study,
    /// The same study under another patient.
    disputed: Study,
    /// One slice of somebody else.
    other: Study,
    /// One slice, compressed.
    encoded: Study,
    /// One slice of a patient with accents.
    accents: Study,
    /// A file whose preamble is the start of a TIFF.
    preamble: (Study, Bytes),
    /// A study that nobody has yet.
    new: Study,
}

fn small(seed: u64, id: &str, name: &str) -> Study {
    let patient = Patient::new(id, name).born("19600101").sex("O");
    ct("chest")
        .size(16)
        .seed(seed)
        .slices(1)
        .with_patient(&patient)
}

impl Held {
    pub(super) fn new() -> Self {
        let (first, disputed) = conflict();
        let tiff = small(31, "TIFF", "Tiff^Dual");
        let mut bytes = tiff.instances()[0].bytes.to_vec();
        bytes[..4].copy_from_slice(b"II*\0");
        Self {
            first,
            disputed,
            other: small(32, "OTHER", "Other^Patient"),
            encoded: small(33, "ENCODED", "Encoded^Patient").encode(TransferSyntax::Rle),
            accents: small(34, "ACCENTS", "Müller^Zoë").with_charset(Charset::Latin1),
            preamble: (tiff, bytes.into()),
            new: small(35, "NEW", "New^Patient"),
        }
    }

    /// Loads it, and a crowd of studies where rows are counted.
    pub(super) fn load(&self, archive: &MockArchive, seen: Option<&Seen>) {
        for study in [&self.first, &self.other, &self.encoded, &self.accents] {
            archive.load(study).unwrap();
        }
        archive.archive().load(self.preamble.1.clone()).unwrap();
        let counts = |text: &String| text.strip_prefix("rows ")?.trim().parse().ok();
        let counted = seen.and_then(|seen| seen.has.iter().find_map(counts));
        for number in 0..counted.filter(|rows: &u64| *rows > 10).unwrap_or(0) {
            archive
                .load(&small(1000 + number, &format!("CROWD{number}"), "Crowd^Of"))
                .unwrap();
        }
    }

    /// A text of a fact with the names of what is held.
    pub(super) fn name(&self, text: &str) -> String {
        let path = |study: &Study| {
            let one = &study.instances()[0];
            let (study, series) = (study.study_uid(), &study.series_uids()[0]);
            format!(
                "/studies/{study}/series/{series}/instances/{}",
                one.sop_instance
            )
        };
        let patient = "MRN-1001";
        [
            ("{study}", self.first.study_uid().to_owned()),
            ("{series}", self.first.series_uids()[0].clone()),
            ("{instance}", self.first.uid(0).to_owned()),
            ("{instance_path}", path(&self.first)),
            ("{encoded_path}", path(&self.encoded)),
            ("{preamble_path}", path(&self.preamble.0)),
            ("{other_patient_path}", path(&self.disputed)),
            ("{other}", self.other.study_uid().to_owned()),
            ("{new_study}", self.new.study_uid().to_owned()),
            ("{patient_start}", patient[..6].to_owned()),
            ("{patient_other_case}", patient.to_lowercase()),
            ("{patient}", patient.to_owned()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    pub(super) fn upload(&self, name: &str) -> Upload {
        let multipart =
            format!("multipart/related; type=\"application/dicom\"; boundary={BOUNDARY}");
        let of = |parts: &[&[u8]]| (Some(multipart.clone()), body(parts));
        let one = |study: &Study| study.instances()[0].bytes.to_vec();
        let without = |tag| one(&self.new.clone().with(tag, ""));
        let good = &self.new.instances()[0];
        match name {
            "one" => of(&[&good.bytes]),
            "again" => of(&[&self.first.instances()[0].bytes]),
            "other-patient" => of(&[&self.disputed.instances()[0].bytes]),
            "garbage" => of(&[b"no DICOM at all"]),
            "good-and-garbage" => of(&[&good.bytes, b"no DICOM at all"]),
            "good-and-other-study" => of(&[&good.bytes, &self.disputed.instances()[0].bytes]),
            "no-patient-id" => of(&[&without(tags::PATIENT_ID)]),
            "without-modality" => of(&[&without(tags::MODALITY)]),
            "bare" => (Some("application/dicom".to_owned()), good.bytes.to_vec()),
            "empty" => (Some(multipart), Vec::new()),
            "promised" => (Some(multipart), Vec::new()),
            "no-parts" => of(&[]),
            "no-type" => {
                let bare = format!("multipart/related; boundary={BOUNDARY}");
                (Some(bare), body(&[&good.bytes]))
            }
            "no-part-type" => {
                let text = format!("--{BOUNDARY}\r\n\r\n").into_bytes();
                let end = format!("\r\n--{BOUNDARY}--\r\n").into_bytes();
                (Some(multipart), [text, good.bytes.to_vec(), end].concat())
            }
            "no-end" => {
                let mut cut = body(&[&good.bytes]);
                cut.truncate(cut.len() - BOUNDARY.len() - 8);
                (Some(multipart), cut)
            }
            "no-boundary" => {
                let bare = "multipart/related; type=\"application/dicom\"".to_owned();
                (Some(bare), body(&[&good.bytes]))
            }
            other => panic!("no upload is called {other:?}"),
        }
    }

    /// An instance of a study that nobody has yet, or of none.
    pub(super) fn stranger(&self, has_study: bool) -> Instance {
        let study = self.new.clone();
        let study = match has_study {
            true => study,
            false => study.with(tags::STUDY_INSTANCE_UID, ""),
        };
        study.instances()[0].clone()
    }
}

fn body(parts: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        let head = format!("--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}
