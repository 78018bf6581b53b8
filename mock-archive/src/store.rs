//! Where the bytes of instances are. (Signatures only: the owner of this file replaces it.)

use dicom_wire::part10::ScanError;

use crate::archive::Identity;

/// Where bytes are kept.
#[derive(Clone, Debug, Default)]
pub struct Storage {}

impl Storage {
    /// Something to put an arriving instance into.
    pub fn spool(&self) -> Spool {
        Spool::default()
    }
}

/// Takes the chunks of an instance.
#[derive(Debug, Default)]
pub struct Spool {}

/// A whole instance's bytes.
#[derive(Debug)]
pub struct Spooled {}

/// One instance in the archive.
#[derive(Debug)]
pub struct Stored {
    identity: Identity,
    len: u64,
}

impl Stored {
    /// Reads the header.
    pub fn read(_bytes: Spooled) -> Result<Self, ScanError> {
        Err(ScanError::Empty)
    }

    /// What it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Length of the Part 10 file in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }
}
