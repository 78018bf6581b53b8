//! How far a retrieve got (PS3.7 9.1.3.1, 9.1.4.1).

use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Status, StatusClass, SubOperations};
use dicom_wire::uid::Uid;

use super::super::identifier;

/// The longest value of a UI element in explicit VR (PS3.5 7.1.2), which bounds a list of failed instances.
const MAX_VALUE: usize = 65_534;

/// The four counts and the instances that failed.
#[derive(Debug)]
pub(in crate::dimse) struct Progress {
    remaining: usize,
    completed: usize,
    warning: usize,
    failed: Vec<Uid>,
}

impl Progress {
    /// Nothing tried yet.
    pub(in crate::dimse) fn of(total: usize) -> Self {
        Self {
            remaining: total,
            completed: 0,
            warning: 0,
            failed: Vec::new(),
        }
    }

    /// Counts one sub-operation by its status.
    pub(in crate::dimse) fn count(&mut self, instance: &Uid, status: Status) {
        self.remaining = self.remaining.saturating_sub(1);
        match status.class() {
            StatusClass::Success => self.completed += 1,
            StatusClass::Warning => self.warning += 1,
            _ => self.failed.push(instance.clone()),
        }
    }

    /// The counts of a response that is pending or a cancel.
    pub(in crate::dimse) fn with_remaining(&self) -> SubOperations {
        SubOperations {
            remaining: Some(clamp(self.remaining)),
            ..self.without_remaining()
        }
    }

    /// The counts of any other final response (PS3.7 9.1.4.1.8).
    pub(in crate::dimse) fn without_remaining(&self) -> SubOperations {
        SubOperations {
            remaining: None,
            completed: Some(clamp(self.completed)),
            failed: Some(clamp(self.failed.len())),
            warning: Some(clamp(self.warning)),
        }
    }

    /// The status of an operation that tried everything (PS3.4 C.4.2.1.5).
    pub(in crate::dimse) fn status(&self) -> Status {
        match (self.completed, self.warning, self.failed.len()) {
            (_, 0, 0) => Status::SUCCESS,
            (0, 0, _) => Status::CANNOT_PERFORM_SUB_OPERATIONS,
            _ => Status::SUB_OPERATIONS_WARNING,
        }
    }

    /// The identifier of a final response with failures: Failed SOP Instance UID List (0008,0058), cut to what one element can hold.
    pub(in crate::dimse) fn failed_list(&self, transfer_syntax: &Uid) -> Option<Bytes> {
        if self.failed.is_empty() {
            return None;
        }
        let mut length = 0;
        let fits = |uid: &&Uid| {
            length += uid.as_str().len() + 1;
            length <= MAX_VALUE
        };
        let list: Vec<_> = self
            .failed
            .iter()
            .take_while(fits)
            .map(Uid::to_string)
            .collect();
        let mut identifier = InMemDicomObject::new_empty();
        let value = PrimitiveValue::Strs(list.into());
        identifier.put(DataElement::new(
            tags::FAILED_SOP_INSTANCE_UID_LIST,
            VR::UI,
            value,
        ));
        identifier::write(&identifier, transfer_syntax).ok()
    }
}

fn clamp(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
