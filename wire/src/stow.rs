//! The answer to a STOW-RS request. (Names only: the owner of this file replaces it.)

/// Why an instance was refused (PS3.18 I.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FailureReason(pub u16);

impl FailureReason {
    /// Out of resources.
    pub const OUT_OF_RESOURCES: Self = Self(0xA700);
    /// Data set does not match SOP class.
    pub const DATA_SET_MISMATCH: Self = Self(0xA900);
    /// Cannot understand.
    pub const CANNOT_UNDERSTAND: Self = Self(0xC000);
    /// Processing failure.
    pub const PROCESSING_FAILURE: Self = Self(0x0110);
    /// SOP class not supported.
    pub const SOP_CLASS_NOT_SUPPORTED: Self = Self(0x0122);
    /// Transfer syntax not supported.
    pub const TRANSFER_SYNTAX_NOT_SUPPORTED: Self = Self(0xC122);
}

/// What is odd about a stored instance (PS3.18 I.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WarningReason(pub u16);

impl WarningReason {
    /// Coercion of data elements.
    pub const COERCION: Self = Self(0xB000);
}

/// The store response.
#[derive(Clone, Debug, Default)]
pub struct StoreResponse {}
