use dicom_core::header::Header;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_object::InMemDicomObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::json_padding::Padding;
use crate::moment::{Form, Head, Moment, Send, Shape};
use crate::rule::Scene;

/// UIDs in DIMSE responses have more padding than PS3.5 9.1 asks for, or blanks.
///
/// On the wire: two null bytes, or blanks up to an even length and at least one, behind each UID of what C-FIND answers, and behind the Affected SOP Class and Instance UIDs in the command set of every response that has them, C-STORE's and C-ECHO's too.
/// Archives do it that keep UIDs in database columns of fixed width, or take every value for a text. A good client trims UIDs before it compares them or asks with them, and takes a C-STORE for stored by its
/// Message ID and status, not by the UID in the response. What an acceptance of associations does to UIDs is `misshape-acceptance`, and QIDO-RS `json-padding`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PadUids {
    /// What is padded with.
    pub with: Padding,
}

/// Affected SOP Class UID and Affected SOP Instance UID (PS3.7 E.1).
const AFFECTED: [u16; 2] = [0x0002, 0x1000];

impl PadUids {
    fn padded(&self, uid: &str) -> String {
        let uid = uid.trim_end_matches(['\0', ' ']);
        match self.with {
            Padding::Nul if uid.len().is_multiple_of(2) => format!("{uid}\0\0"),
            Padding::Nul => format!("{uid}\0\0\0"),
            Padding::Blank if uid.len().is_multiple_of(2) => format!("{uid}  "),
            Padding::Blank => format!("{uid} "),
        }
    }

    fn pad(&self, identifier: &mut InMemDicomObject) {
        let uids = identifier.iter().filter(|element| element.vr() == VR::UI);
        let padded = uids.filter_map(|element| {
            let texts = element.value().primitive()?.to_multi_str();
            let texts: Vec<String> = texts
                .iter()
                .filter(|uid| !uid.is_empty())
                .map(|uid| self.padded(uid))
                .collect();
            (!texts.is_empty()).then(|| {
                DataElement::new(
                    element.tag(),
                    VR::UI,
                    PrimitiveValue::from(texts.join("\\")),
                )
            })
        });
        for element in padded.collect::<Vec<_>>() {
            identifier.put(element);
        }
    }
}

impl Fault for PadUids {
    fn moment(&self) -> Moment {
        Moment::Match
    }

    fn also(&self) -> Option<Moment> {
        Some(Moment::Send)
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        match scene {
            Scene::Send(send) => match &send.head {
                Head::Dimse { set, .. } => {
                    AFFECTED.iter().any(|number| set.text(*number).is_some())
                }
                Head::Web { .. } => false,
            },
            _ => true,
        }
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Match { identifier, .. } = &mut shape.form {
            self.pad(identifier);
        }
    }

    fn send(&self, send: &mut Send<'_>) {
        let Head::Dimse { set, .. } = &mut send.head else {
            return;
        };
        for number in AFFECTED {
            if let Some(uid) = set.text(number) {
                set.put(number, self.padded(&uid));
            }
        }
    }
}
