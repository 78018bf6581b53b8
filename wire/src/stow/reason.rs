//! Why an instance was refused, or not stored as sent.

use std::fmt;

/// Failure Reason (0008,1197), PS3.18 I.2.2 and PS3.3 C.14.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FailureReason(pub u16);

/// Warning Reason (0008,1196), PS3.18 I.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WarningReason(pub u16);

impl FailureReason {
    /// 0110H: processing failure.
    pub const PROCESSING_FAILURE: FailureReason = FailureReason(0x0110);
    /// 0111H: there is already an instance of that UID (PS3.7 C.5.8).
    pub const DUPLICATE_INSTANCE: FailureReason = FailureReason(0x0111);
    /// 0122H: SOP class not supported.
    pub const SOP_CLASS_NOT_SUPPORTED: FailureReason = FailureReason(0x0122);
    /// 0124H: who asks may not do it (PS3.7 C.5).
    pub const NOT_AUTHORIZED: FailureReason = FailureReason(0x0124);
    /// A700H: refused, out of resources.
    pub const OUT_OF_RESOURCES: FailureReason = FailureReason(0xA700);
    /// A900H: the data set does not match its SOP class.
    pub const DATA_SET_MISMATCH: FailureReason = FailureReason(0xA900);
    /// A901H: the instance belongs to another study than the one in the request's path.
    pub const STUDY_MISMATCH: FailureReason = FailureReason(0xA901);
    /// A778H: the study is known with another Patient ID; a code that dcm4chee made known.
    pub const PATIENT_CONFLICT: FailureReason = FailureReason(0xA778);
    /// C000H: cannot understand.
    pub const CANNOT_UNDERSTAND: FailureReason = FailureReason(0xC000);
    /// C122H: transfer syntax not supported.
    pub const TRANSFER_SYNTAX_NOT_SUPPORTED: FailureReason = FailureReason(0xC122);

    /// Whether sending the same bytes later may succeed: lack of resources, or a failure that
    /// says nothing about the instance.
    pub fn is_transient(self) -> bool {
        matches!(self.0, 0xA700..=0xA776 | 0xA77C..=0xA7FF | 0x0110 | 0x0213)
    }

    fn words(self) -> &'static str {
        match self.0 {
            0x0105 => "no such attribute (PS3.7 C.5)",
            0x0106 => "an attribute's value is invalid (PS3.7 C.5)",
            0x0110 => "processing failure (PS3.18 I.2.2)",
            0x0111 => "an instance of this UID is already there (PS3.7 C.5.8)",
            0x0112 => "no such instance (PS3.3 C.14.1.1)",
            0x0117 => "the SOP Instance UID is invalid (PS3.7 C.5)",
            0x0119 => "SOP class and instance conflict (PS3.3 C.14.1.1)",
            0x0122 => "SOP class not supported (PS3.18 I.2.2)",
            0x0124 => "not authorized (PS3.7 C.5)",
            0x0213 => "resource limitation (PS3.3 C.14.1.1)",
            0xA777 => "Patient ID is missing (a code of dcm4chee's)",
            0xA778 => "the study is known with another Patient ID (a code of dcm4chee's)",
            0xA779 => "the study is known with other patient attributes (a code of dcm4chee's)",
            0xA77A | 0xA77B => "the study is known with other relations (a code of dcm4chee's)",
            0xA700..=0xA7FF => "refused: out of resources (PS3.18 I.2.2)",
            0xA901 => {
                "the instance is of another study than the request names (PS3.18 I.2.2, A9xx)"
            }
            0xA900..=0xA9FF => "the data set does not match its SOP class (PS3.18 I.2.2)",
            0xC122 => "transfer syntax not supported (PS3.18 I.2.2)",
            0xC000..=0xCFFF => "cannot understand the data set (PS3.18 I.2.2)",
            _ => "a code that the standard does not list",
        }
    }
}

impl WarningReason {
    /// B000H: some values were changed.
    pub const COERCION: WarningReason = WarningReason(0xB000);
    /// B006H: some elements were thrown away.
    pub const ELEMENTS_DISCARDED: WarningReason = WarningReason(0xB006);
    /// B007H: the data set does not match its SOP class, and was stored all the same.
    pub const DATA_SET_MISMATCH: WarningReason = WarningReason(0xB007);

    fn words(self) -> &'static str {
        match self.0 {
            0xB000 => "some values were changed (PS3.18 I.2.1)",
            0xB006 => "some elements were thrown away (PS3.18 I.2.1)",
            0xB007 => "the data set does not match its SOP class (PS3.18 I.2.1)",
            _ => "a code that the standard does not list",
        }
    }
}

/// The code and its meaning: `A700H, refused: out of resources (PS3.18 I.2.2)`.
impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}H, {}", self.0, self.words())
    }
}

/// The code and its meaning.
impl fmt::Display for WarningReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}H, {}", self.0, self.words())
    }
}
