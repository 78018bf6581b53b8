//! The file meta information (PS3.10 7.1).

use crate::uid::Uid;

/// What a file says about itself in group 0002.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeta {
    /// Media Storage SOP Class UID (0002,0002).
    pub sop_class: Option<Uid>,
    /// Media Storage SOP Instance UID (0002,0003).
    pub sop_instance: Option<Uid>,
    /// Transfer Syntax UID (0002,0010); where the file has none, the one that its bytes show.
    pub transfer_syntax: Uid,
    /// Implementation Class UID (0002,0012).
    pub implementation_class: Option<Uid>,
    /// Implementation Version Name (0002,0013).
    pub implementation_version: Option<String>,
    /// Source Application Entity Title (0002,0016).
    pub source_ae: Option<String>,
}

/// Implementation Class UID of everything that this workspace writes.
pub const IMPLEMENTATION_CLASS_UID: &str = "2.25.236485371928430276541806912745039117203";
/// Implementation Version Name of everything that this workspace writes.
pub const IMPLEMENTATION_VERSION_NAME: &str = "DICOM_WIRE";

impl FileMeta {
    /// Meta information for a data set that comes without, as over C-STORE.
    pub fn new(sop_class: Uid, sop_instance: Uid, transfer_syntax: Uid) -> FileMeta {
        FileMeta {
            sop_class: Some(sop_class),
            sop_instance: Some(sop_instance),
            transfer_syntax,
            implementation_class: Uid::parse(IMPLEMENTATION_CLASS_UID).ok(),
            implementation_version: Some(IMPLEMENTATION_VERSION_NAME.to_owned()),
            source_ae: None,
        }
    }

    /// Preamble, prefix and meta group, ready to stand before a data set of the transfer syntax.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut group = Vec::new();
        put(&mut group, 0x0001, b"OB", vec![0, 1]);
        let text = |value: &str, pad: u8| {
            let mut value = value.as_bytes().to_vec();
            if value.len() % 2 == 1 {
                value.push(pad);
            }
            value
        };
        let uid = |uid: &Uid| text(uid.as_str(), 0);
        if let Some(class) = &self.sop_class {
            put(&mut group, 0x0002, b"UI", uid(class));
        }
        if let Some(instance) = &self.sop_instance {
            put(&mut group, 0x0003, b"UI", uid(instance));
        }
        put(&mut group, 0x0010, b"UI", uid(&self.transfer_syntax));
        if let Some(class) = &self.implementation_class {
            put(&mut group, 0x0012, b"UI", uid(class));
        }
        if let Some(version) = &self.implementation_version {
            put(&mut group, 0x0013, b"SH", text(version, b' '));
        }
        if let Some(title) = &self.source_ae {
            put(&mut group, 0x0016, b"AE", text(title, b' '));
        }
        let mut bytes = vec![0; 128];
        bytes.extend_from_slice(b"DICM");
        put(
            &mut bytes,
            0x0000,
            b"UL",
            (group.len() as u32).to_le_bytes().to_vec(),
        );
        bytes.extend_from_slice(&group);
        bytes
    }
}

/// Writes one element of group 0002 in explicit VR little endian; values here are short.
fn put(into: &mut Vec<u8>, element: u16, vr: &[u8; 2], value: Vec<u8>) {
    into.extend_from_slice(&0x0002_u16.to_le_bytes());
    into.extend_from_slice(&element.to_le_bytes());
    into.extend_from_slice(vr);
    if vr == b"OB" {
        into.extend_from_slice(&[0, 0]);
        into.extend_from_slice(&(value.len() as u32).to_le_bytes());
    } else {
        into.extend_from_slice(&(value.len() as u16).to_le_bytes());
    }
    into.extend_from_slice(&value);
}
