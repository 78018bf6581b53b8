//! What an archive says about a store: the Store Instances Response (PS3.18 10.5.3 and annex I).

mod reason;

use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{Length, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::json::{self, JsonError};
use crate::uid::Uid;
use crate::xml::{self, XmlError};

pub use reason::{FailureReason, WarningReason};

/// An account of every instance of one store request.
///
/// ```
/// use dicom_wire::stow::{Failed, FailureReason, StoreResponse};
///
/// let mut response = StoreResponse::default();
/// response.failed.push(Failed {
///     sop_class: Some("1.2.840.10008.5.1.4.1.1.2".parse()?),
///     sop_instance: Some("1.2.3".parse()?),
///     reason: Some(FailureReason::OUT_OF_RESOURCES),
/// });
/// assert_eq!(response.http_status(), 409);
/// assert_eq!(StoreResponse::from_json(&response.to_json())?, response);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreResponse {
    /// Retrieve URL (0008,1190) of the study, where all instances are of one.
    pub retrieve_url: Option<String>,
    /// Referenced SOP Sequence (0008,1199): what was stored.
    pub referenced: Vec<Referenced>,
    /// Failed SOP Sequence (0008,1198): what was refused.
    pub failed: Vec<Failed>,
    /// Other Failures Sequence (0008,119A): parts that could not be told apart by a UID; `None`
    /// where even the reason is missing.
    pub other_failures: Vec<Option<FailureReason>>,
    /// What in a response that was read departs from the standard, in words. Not written.
    pub departures: Vec<String>,
}

/// An instance that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referenced {
    /// Referenced SOP Class UID (0008,1150), Type 1.
    pub sop_class: Option<Uid>,
    /// Referenced SOP Instance UID (0008,1155), Type 1.
    pub sop_instance: Option<Uid>,
    /// Retrieve URL (0008,1190) of the instance.
    pub retrieve_url: Option<String>,
    /// Warning Reason (0008,1196): stored, but not as sent.
    pub warning: Option<WarningReason>,
}

/// An instance that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Referenced SOP Class UID (0008,1150), Type 1.
    pub sop_class: Option<Uid>,
    /// Referenced SOP Instance UID (0008,1155), Type 1.
    pub sop_instance: Option<Uid>,
    /// Failure Reason (0008,1197), Type 1.
    pub reason: Option<FailureReason>,
}

/// Why a body is no store response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreResponseError {
    /// Not DICOM JSON.
    #[error("the store response cannot be read: {0}")]
    Json(#[from] JsonError),
    /// Not a Native DICOM Model.
    #[error("the store response cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// An array that does not hold one data set.
    #[error("the store response holds {0} data sets where one is required")]
    NotOne(usize),
}

impl StoreResponse {
    /// The status that the counts call for (PS3.18 Table 10.5.3-1): 200 when all is stored as it
    /// was sent, 202 when something is stored and something failed or was changed, 409 when
    /// nothing is stored.
    pub fn http_status(&self) -> u16 {
        let failures = self.failed.len() + self.other_failures.len();
        let warned = self.referenced.iter().any(|item| item.warning.is_some());
        match self.referenced.len() {
            0 => 409,
            _ if failures == 0 && !warned => 200,
            _ => 202,
        }
    }

    /// The response as a data set; sequences without items are absent (Type 1C).
    pub fn to_object(&self) -> InMemDicomObject {
        let mut object = InMemDicomObject::new_empty();
        if let Some(url) = &self.retrieve_url {
            object.put(text(tags::RETRIEVE_URL, VR::UR, url));
        }
        let items = self.referenced.iter().map(Referenced::to_item);
        put_sequence(&mut object, tags::REFERENCED_SOP_SEQUENCE, items.collect());
        let items = self.failed.iter().map(Failed::to_item);
        put_sequence(&mut object, tags::FAILED_SOP_SEQUENCE, items.collect());
        let items = self.other_failures.iter().map(|reason| {
            let mut item = InMemDicomObject::new_empty();
            put_number(
                &mut item,
                tags::FAILURE_REASON,
                reason.map(|reason| reason.0),
            );
            item
        });
        put_sequence(&mut object, tags::OTHER_FAILURES_SEQUENCE, items.collect());
        object
    }

    /// Reads a data set. What an archive got wrong is told in [`StoreResponse::departures`].
    pub fn from_object(object: &InMemDicomObject) -> StoreResponse {
        let mut departures = Vec::new();
        let referenced: Vec<_> = items(object, tags::REFERENCED_SOP_SEQUENCE)
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let at = format!("item {} of Referenced SOP Sequence (0008,1199)", index + 1);
                Referenced {
                    sop_class: uid(item, tags::REFERENCED_SOP_CLASS_UID, &at, &mut departures),
                    sop_instance: uid(
                        item,
                        tags::REFERENCED_SOP_INSTANCE_UID,
                        &at,
                        &mut departures,
                    ),
                    retrieve_url: string(item, tags::RETRIEVE_URL),
                    warning: number(item, tags::WARNING_REASON).map(WarningReason),
                }
            })
            .collect();
        let failed: Vec<_> = items(object, tags::FAILED_SOP_SEQUENCE)
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let at = format!("item {} of Failed SOP Sequence (0008,1198)", index + 1);
                Failed {
                    sop_class: uid(item, tags::REFERENCED_SOP_CLASS_UID, &at, &mut departures),
                    sop_instance: uid(
                        item,
                        tags::REFERENCED_SOP_INSTANCE_UID,
                        &at,
                        &mut departures,
                    ),
                    reason: reason(item, &at, &mut departures),
                }
            })
            .collect();
        let other_failures = items(object, tags::OTHER_FAILURES_SEQUENCE)
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let at = format!("item {} of Other Failures Sequence (0008,119A)", index + 1);
                reason(item, &at, &mut departures)
            })
            .collect();
        for (tag, name) in [
            (
                tags::REFERENCED_SOP_SEQUENCE,
                "Referenced SOP Sequence (0008,1199)",
            ),
            (tags::FAILED_SOP_SEQUENCE, "Failed SOP Sequence (0008,1198)"),
            (
                tags::OTHER_FAILURES_SEQUENCE,
                "Other Failures Sequence (0008,119A)",
            ),
        ] {
            if object
                .get(tag)
                .is_some_and(|element| element.items().is_none_or(<[_]>::is_empty))
            {
                departures.push(format!("{name} is present without items"));
            }
        }
        let retrieve_url = string(object, tags::RETRIEVE_URL);
        StoreResponse {
            retrieve_url,
            referenced,
            failed,
            other_failures,
            departures,
        }
    }

    /// The response in the DICOM JSON Model: one object.
    pub fn to_json(&self) -> Vec<u8> {
        json::to_vec(&self.to_object(), &json::inline)
    }

    /// Reads the DICOM JSON Model: an object, or an array of one.
    pub fn from_json(body: &[u8]) -> Result<StoreResponse, StoreResponseError> {
        let mut parsed = json::parse(body)?;
        let (1, Some(one)) = (parsed.len(), parsed.pop()) else {
            return Err(StoreResponseError::NotOne(parsed.len()));
        };
        let mut response = StoreResponse::from_object(&one.object);
        response
            .departures
            .extend(one.faults.iter().map(ToString::to_string));
        Ok(response)
    }

    /// The response in the Native DICOM Model.
    pub fn to_xml(&self) -> Vec<u8> {
        xml::to_vec(&self.to_object(), &xml::inline)
    }

    /// Reads the Native DICOM Model.
    pub fn from_xml(body: &[u8]) -> Result<StoreResponse, StoreResponseError> {
        Ok(StoreResponse::from_object(&xml::parse(body)?.object))
    }
}

impl Referenced {
    fn to_item(&self) -> InMemDicomObject {
        let mut item = reference(self.sop_class.as_ref(), self.sop_instance.as_ref());
        if let Some(url) = &self.retrieve_url {
            item.put(text(tags::RETRIEVE_URL, VR::UR, url));
        }
        put_number(
            &mut item,
            tags::WARNING_REASON,
            self.warning.map(|reason| reason.0),
        );
        item
    }
}

impl Failed {
    fn to_item(&self) -> InMemDicomObject {
        let mut item = reference(self.sop_class.as_ref(), self.sop_instance.as_ref());
        put_number(
            &mut item,
            tags::FAILURE_REASON,
            self.reason.map(|reason| reason.0),
        );
        item
    }
}

fn reference(class: Option<&Uid>, instance: Option<&Uid>) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    if let Some(class) = class {
        item.put(text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, class.as_str()));
    }
    if let Some(instance) = instance {
        item.put(text(
            tags::REFERENCED_SOP_INSTANCE_UID,
            VR::UI,
            instance.as_str(),
        ));
    }
    item
}

fn text(tag: Tag, vr: VR, value: &str) -> InMemElement {
    InMemElement::new(tag, vr, PrimitiveValue::from(value))
}

fn put_number(object: &mut InMemDicomObject, tag: Tag, number: Option<u16>) {
    if let Some(number) = number {
        object.put(InMemElement::new(tag, VR::US, PrimitiveValue::from(number)));
    }
}

fn put_sequence(object: &mut InMemDicomObject, tag: Tag, items: Vec<InMemDicomObject>) {
    if !items.is_empty() {
        object.put(InMemElement::new(
            tag,
            VR::SQ,
            DataSetSequence::new(items, Length::UNDEFINED),
        ));
    }
}

fn items(object: &InMemDicomObject, tag: Tag) -> &[InMemDicomObject] {
    object
        .get(tag)
        .and_then(|element| element.items())
        .unwrap_or_default()
}

fn string(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let text = object.get(tag)?.to_str().ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn number(object: &InMemDicomObject, tag: Tag) -> Option<u16> {
    object.get(tag)?.to_int().ok()
}

fn reason(
    item: &InMemDicomObject,
    at: &str,
    departures: &mut Vec<String>,
) -> Option<FailureReason> {
    let reason = number(item, tags::FAILURE_REASON).map(FailureReason);
    if reason.is_none() {
        departures.push(format!("{at} has no Failure Reason (0008,1197)"));
    }
    reason
}

fn uid(item: &InMemDicomObject, tag: Tag, at: &str, departures: &mut Vec<String>) -> Option<Uid> {
    let name = match tag {
        tags::REFERENCED_SOP_CLASS_UID => "Referenced SOP Class UID (0008,1150)",
        _ => "Referenced SOP Instance UID (0008,1155)",
    };
    match string(item, tag).map(|text| Uid::from_padded(&text)) {
        Some(Ok(uid)) => return Some(uid),
        Some(Err(error)) => departures.push(format!("{at}: {name}: {error}")),
        None => departures.push(format!("{at} has no {name}")),
    }
    None
}
