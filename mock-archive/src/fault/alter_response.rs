use std::collections::BTreeMap;

use bytes::Bytes;
use dicom_wire::dimse::{CommandSet, Status, StatusClass, element};
use dicom_wire::uid::Uid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Reason};
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// A DIMSE response says something else than what happened.
///
/// On the wire: the response with another status, without elements of its command set, with a number or a UID that is wrong, without its data set or with one that is not
/// due, as an abort, as the last one though the operation goes on, or not at all. Orthanc 1.10 answers C000 for whatever fails in a C-MOVE, with its counts at zero; others leave out the counts or the list of failed instances.
/// A good client works from what came, gives every wait an end, and counts for itself what it stored or got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct AlterResponse {
    /// Only responses of this kind; none given = of any.
    pub of: Option<Kind>,
    /// Only responses with this status, such as `A801`.
    pub instead_of: Option<Reason>,
    /// Only the response that has so many before it in its operation: 2 for the third.
    pub after: Option<u64>,
    /// Only responses in which these elements of the command set have these values: `1020 = 0` where none remains.
    pub having: BTreeMap<Reason, u16>,
    /// The status that goes out.
    pub status: Option<Reason>,
    /// Elements of the command set that are left out, by element number in hex: `1000`.
    pub without: Vec<Reason>,
    /// Elements of the command set that are 0, there before or not, by element number in hex.
    pub zero: Vec<Reason>,
    /// Elements of the command set that have another text, by element number in hex: `1000 = "1.2.3"` for another instance.
    pub texts: BTreeMap<Reason, String>,
    /// The element of the command set that `by` is added to: `1021` for completed sub-operations.
    pub number: Option<Reason>,
    /// What is added to it.
    pub by: i16,
    /// What is added to the group length.
    pub group_length_by: i32,
    /// What becomes of the data set.
    pub data_set: DataSetFate,
    /// Whether it goes out.
    pub delivery: Fate,
    /// What is said in the Error Comment.
    pub comment: Comment,
}

/// Kinds of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// FF00 or FF01.
    Pending,
    /// Not pending.
    Final,
    /// Final, and no pending one before it.
    Only,
    /// Neither success nor a warning, pending or a cancel.
    Failure,
    /// Success.
    Success,
}

/// What becomes of the data set of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataSetFate {
    /// It is as it was.
    #[default]
    Kept,
    /// It is left out.
    Dropped,
    /// There is one where none is due: an identifier without a key.
    Invented,
}

/// Whether a response goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It does.
    #[default]
    Sent,
    /// It does not, and nothing else does.
    Withheld,
    /// A-ABORT goes out in its place.
    Aborted,
    /// It does, and no other response of its operation after it; what the operation does besides goes on.
    Last,
}

/// What an Error Comment says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comment {
    /// What it said.
    #[default]
    AsIs,
    /// The Patient ID of the request.
    PatientId,
    /// Nothing.
    None,
}

/// The number behind a word in hex.
fn hex(word: &Reason) -> u16 {
    word.0.0
}

impl AlterResponse {
    fn is_meant(&self, set: &CommandSet, pending: u64) -> bool {
        let status = set.number(element::STATUS).ok().flatten();
        let Some(status) = status.map(Status) else {
            return false;
        };
        let class = status.class();
        let is_kind = match self.of {
            None => true,
            Some(Kind::Pending) => class == StatusClass::Pending,
            Some(Kind::Final) => class != StatusClass::Pending,
            Some(Kind::Only) => class != StatusClass::Pending && pending == 0,
            Some(Kind::Failure) => class == StatusClass::Failure,
            Some(Kind::Success) => class == StatusClass::Success,
        };
        let has = |(number, value): (&Reason, &u16)| set.number(hex(number)).ok().flatten() == Some(*value);
        is_kind
            && self.after.is_none_or(|after| after == pending)
            && self.having.iter().all(has)
            && self
                .instead_of
                .as_ref()
                .is_none_or(|wanted| hex(wanted) == status.0)
    }

    fn change(&self, set: &mut CommandSet) {
        if let Some(status) = &self.status {
            set.put_number(element::STATUS, hex(status));
        }
        for number in &self.without {
            set.remove(hex(number));
        }
        for number in &self.zero {
            set.put_number(hex(number), 0);
        }
        for (number, text) in &self.texts {
            match Uid::parse(text) {
                Ok(uid) => set.put_uid(hex(number), &uid),
                Err(_) => set.put_text(hex(number), text),
            };
        }
        if let Some(number) = self.number.as_ref().map(hex) {
            let value = set.number(number).ok().flatten().unwrap_or_default();
            set.put_number(number, value.wrapping_add_signed(self.by));
        }
    }
}

impl Fault for AlterResponse {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Send(send) = scene else {
            return false;
        };
        match &send.head {
            Head::Dimse { set, pending, .. } => self.is_meant(set, *pending),
            Head::Web { .. } => false,
        }
    }

    fn send(&self, send: &mut Send<'_>) {
        let patient = send.request.patient_id.clone();
        let Head::Dimse { set, data_set, .. } = &mut send.head else {
            return;
        };
        self.change(set);
        match (self.comment, patient) {
            (Comment::PatientId, Some(patient)) => {
                set.put_text(element::ERROR_COMMENT, &format!("failed for patient {patient}"));
            }
            (Comment::None, _) => {
                set.remove(element::ERROR_COMMENT);
            }
            _ => {}
        }
        match self.data_set {
            DataSetFate::Kept => {}
            DataSetFate::Dropped => **data_set = None,
            // (0008,0052) without a value, the same in implicit and in explicit VR but for two letters.
            DataSetFate::Invented => **data_set = Some(Bytes::from_static(&[8, 0, 0x52, 0, b'C', b'S', 0, 0])),
        }
        send.delivery.group_length_off_by = self.group_length_by;
        match self.delivery {
            Fate::Sent => {}
            Fate::Withheld => send.delivery.withheld = true,
            Fate::Last => send.delivery.last = true,
            Fate::Aborted => send.delivery.abort = Some((2, 0)),
        }
    }
}
