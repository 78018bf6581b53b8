//! The status of a response (PS3.7 Annex C, PS3.4 B.2.3, C.4.1.1.4, C.4.2.1.5, C.4.3.1.4).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Value of (0000,0900).
///
/// ```
/// use dicom_wire::dimse::{Status, StatusClass};
///
/// assert_eq!(Status(0xA701).class(), StatusClass::Failure);
/// assert_eq!(Status::SUB_OPERATIONS_WARNING.to_string(), "B000H data elements coerced, or some sub-operations failed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(pub u16);

/// What a status means for the operation (PS3.7 Annex C).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// Done.
    Success,
    /// Done, but look at it.
    Warning,
    /// Not done.
    Failure,
    /// Ended because the requester asked for it.
    Cancel,
    /// More responses follow.
    Pending,
}

impl Status {
    /// Done.
    pub const SUCCESS: Self = Self(0x0000);
    /// Attribute list error (PS3.7 C.4.2), a warning.
    pub const ATTRIBUTE_LIST_ERROR: Self = Self(0x0107);
    /// Processing failure (PS3.7 C.5.15).
    pub const PROCESSING_FAILURE: Self = Self(0x0110);
    /// Duplicate SOP instance (PS3.7 C.5.3).
    pub const DUPLICATE_INSTANCE: Self = Self(0x0111);
    /// No such SOP instance (PS3.7 C.5.12).
    pub const NO_SUCH_INSTANCE: Self = Self(0x0112);
    /// Invalid argument value (PS3.7 C.5.7).
    pub const INVALID_ARGUMENT: Self = Self(0x0115);
    /// Attribute value out of range (PS3.7 C.4.3), a warning.
    pub const VALUE_OUT_OF_RANGE: Self = Self(0x0116);
    /// Invalid SOP instance UID (PS3.7 C.5.9).
    pub const INVALID_INSTANCE: Self = Self(0x0117);
    /// No such SOP class (PS3.7 C.5.13).
    pub const NO_SUCH_CLASS: Self = Self(0x0118);
    /// Class-instance conflict (PS3.7 C.5.4).
    pub const CLASS_INSTANCE_CONFLICT: Self = Self(0x0119);
    /// SOP class not supported (PS3.7 C.5.17).
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x0122);
    /// No such action type (PS3.7 C.5.6).
    pub const NO_SUCH_ACTION: Self = Self(0x0123);
    /// Not authorized (PS3.7 C.5.14).
    pub const NOT_AUTHORIZED: Self = Self(0x0124);
    /// Duplicate invocation (PS3.7 C.5.2): the message ID is in use.
    pub const DUPLICATE_INVOCATION: Self = Self(0x0210);
    /// Unrecognized operation (PS3.7 C.5.18).
    pub const UNRECOGNIZED_OPERATION: Self = Self(0x0211);
    /// Mistyped argument (PS3.7 C.5.10).
    pub const MISTYPED_ARGUMENT: Self = Self(0x0212);
    /// Refused: out of resources (PS3.4 B.2.3, C.4.1.1.4).
    pub const OUT_OF_RESOURCES: Self = Self(0xA700);
    /// Refused: out of resources, unable to calculate number of matches (PS3.4 C.4.2.1.5).
    pub const CANNOT_COUNT_MATCHES: Self = Self(0xA701);
    /// Refused: out of resources, unable to perform sub-operations (PS3.4 C.4.2.1.5).
    pub const CANNOT_PERFORM_SUB_OPERATIONS: Self = Self(0xA702);
    /// Refused: move destination unknown (PS3.4 C.4.2.1.5).
    pub const UNKNOWN_DESTINATION: Self = Self(0xA801);
    /// Error: data set (C-STORE) or identifier (C-FIND, C-MOVE, C-GET) does not match SOP class.
    pub const DOES_NOT_MATCH_CLASS: Self = Self(0xA900);
    /// Warning: coercion of data elements (PS3.4 B.2.3).
    pub const COERCION: Self = Self(0xB000);
    /// Warning: sub-operations complete, one or more failures or warnings (PS3.4 C.4.2.1.5). The number of [`Status::COERCION`].
    pub const SUB_OPERATIONS_WARNING: Self = Self(0xB000);
    /// Warning: elements discarded (PS3.4 B.2.3).
    pub const ELEMENTS_DISCARDED: Self = Self(0xB006);
    /// Warning: data set does not match SOP class (PS3.4 B.2.3).
    pub const STORED_WITH_MISMATCH: Self = Self(0xB007);
    /// Error: cannot understand (C-STORE), unable to process (C-FIND, C-MOVE, C-GET).
    pub const CANNOT_UNDERSTAND: Self = Self(0xC000);
    /// The operation was ended by a C-CANCEL.
    pub const CANCEL: Self = Self(0xFE00);
    /// A match or progress; more responses follow.
    pub const PENDING: Self = Self(0xFF00);
    /// A match, but one or more optional keys were not supported (PS3.4 C.4.1.1.4).
    pub const PENDING_UNSUPPORTED_KEYS: Self = Self(0xFF01);

    /// Which of the five kinds it is. A number that PS3.7 Annex C does not list is a failure; [`Status::is_listed`] tells it apart.
    pub fn class(self) -> StatusClass {
        match self.0 {
            0x0000 => StatusClass::Success,
            0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => StatusClass::Warning,
            0xFE00 => StatusClass::Cancel,
            0xFF00 | 0xFF01 => StatusClass::Pending,
            _ => StatusClass::Failure,
        }
    }

    /// Whether the number lies in the ranges of PS3.7 Annex C.
    pub fn is_listed(self) -> bool {
        self.class() != StatusClass::Failure
            || matches!(self.0, 0xA000..=0xAFFF | 0xC000..=0xCFFF | 0x0100..=0x02FF)
    }

    fn words(self) -> &'static str {
        match self.0 {
            0x0000 => "success",
            0x0105 => "no such attribute",
            0x0106 => "invalid attribute value",
            0x0107 => "attribute list error",
            0x0110 => "processing failure",
            0x0111 => "duplicate SOP instance",
            0x0112 => "no such SOP instance",
            0x0113 => "no such event type",
            0x0114 => "no such argument",
            0x0115 => "invalid argument value",
            0x0116 => "attribute value out of range",
            0x0117 => "invalid SOP instance",
            0x0118 => "no such SOP class",
            0x0119 => "class-instance conflict",
            0x0120 => "missing attribute",
            0x0121 => "missing attribute value",
            0x0122 => "SOP class not supported",
            0x0123 => "no such action",
            0x0124 => "not authorized",
            0x0210 => "duplicate invocation",
            0x0211 => "unrecognized operation",
            0x0212 => "mistyped argument",
            0x0213 => "resource limitation",
            0xA701 => "out of resources, unable to calculate number of matches",
            0xA702 => "out of resources, unable to perform sub-operations",
            0xA700..=0xA7FF => "out of resources",
            0xA801 => "move destination unknown",
            0xA900..=0xA9FF => "does not match SOP class",
            0xB000 => "data elements coerced, or some sub-operations failed",
            0xB006 => "elements discarded",
            0xB007 => "data set does not match SOP class",
            0xC000..=0xCFFF => "cannot understand or process",
            0xFE00 => "cancelled",
            0xFF00 => "pending",
            0xFF01 => "pending, optional keys not supported",
            _ => match self.class() {
                StatusClass::Warning => "warning",
                _ if self.is_listed() => "failure",
                _ => "status that PS3.7 does not list",
            },
        }
    }
}

/// The number in hexadecimal and what it means.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}H {}", self.0, self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_the_class_of_annex_c() {
        let classes = [
            (0x0000, StatusClass::Success),
            (0x0001, StatusClass::Warning),
            (0x0116, StatusClass::Warning),
            (0xB007, StatusClass::Warning),
            (0xA900, StatusClass::Failure),
            (0x0122, StatusClass::Failure),
            (0xFE00, StatusClass::Cancel),
            (0xFF01, StatusClass::Pending),
        ];
        for (number, class) in classes {
            assert_eq!(Status(number).class(), class, "{number:04X}");
        }
    }

    #[test]
    fn an_invented_status_is_a_failure_that_is_not_listed() {
        assert_eq!(Status(0x1234).class(), StatusClass::Failure);
        assert!(!Status(0x1234).is_listed());
        assert!(Status(0x0211).is_listed());
        assert_eq!(
            Status(0x1234).to_string(),
            "1234H status that PS3.7 does not list"
        );
    }
}
