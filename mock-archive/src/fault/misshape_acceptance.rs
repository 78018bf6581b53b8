use bytes::BufMut;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Choice, Moment, Negotiate};
use crate::rule::Scene;

/// An A-ASSOCIATE-AC has a fault in its fixed fields or in its user information (PS3.8 9.3.3, PS3.7 D.3.3).
///
/// On the wire: the PDU with AE titles swapped, without a sub-item that has to be there, with one that nobody asked for, with more than was asked for, or with UIDs padded as in a data set: see the
/// flaws. Stacks do it that build the acceptance from a template. A good client takes what it needs (contexts, maximum length) with a default where it is
/// missing, never uses a role or window that it did not propose, and does not compare AE titles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MisshapeAcceptance {
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// Flaws of an acceptance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// The calling AE title stands where the called one should, and the other way round.
    SwappedTitles,
    /// No maximum length (51H).
    #[default]
    NoMaximumLength,
    /// No implementation class UID (52H).
    NoImplementationClass,
    /// An implementation version name (55H) of 17 characters.
    LongVersionName,
    /// An asynchronous operations window (53H) of 5 and 5, asked for or not.
    Window,
    /// Every role selection (54H) grants both roles.
    AllRoles,
    /// No role selection (54H) is answered, whatever was proposed.
    NoRoles,
    /// Every UID of an odd length has a null byte behind it, which PS3.8 9.3.1 does not have in PDUs.
    PaddedUids,
    /// Every extended negotiation (56H) is answered with zeros.
    NoExtensions,
    /// No extended negotiation (56H) is answered at all, as PS3.7 D.3.3.5 allows to who does not know it.
    SilentExtensions,
}

/// Where the called and the calling AE title are in the PDU.
const CALLED: usize = 10;
const CALLING: usize = 26;
/// Where the items begin.
const ITEMS: usize = 74;
const APPLICATION_CONTEXT: u8 = 0x10;
const CONTEXT_RESULT: u8 = 0x21;
const USER_INFORMATION: u8 = 0x50;

impl Flaw {
    /// The sub-item as it goes out; nothing if it does not.
    fn of(self, kind: u8, content: &[u8]) -> Option<Vec<u8>> {
        let mut content = content.to_vec();
        match (self, kind) {
            (Self::NoMaximumLength, 0x51)
            | (Self::NoImplementationClass, 0x52)
            | (Self::NoRoles, 0x54)
            | (Self::Window, 0x53) => return None,
            (Self::LongVersionName, 0x55) => content = b"SEVENTEEN_LETTERS".to_vec(),
            (Self::AllRoles, 0x54) => {
                let roles = content.len().saturating_sub(2);
                content[roles..].fill(1);
            }
            (Self::PaddedUids, 0x52) => pad(&mut content),
            (Self::SilentExtensions, 0x56) => return None,
            (Self::NoExtensions, 0x56) => {
                let class = content.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes));
                let information = content.len().min(2 + usize::from(class));
                content[information..].fill(0);
            }
            _ => {}
        }
        Some(content)
    }

    /// An item besides the user information as it goes out.
    fn of_item(self, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut content = content.to_vec();
        match (self, kind) {
            (Self::PaddedUids, APPLICATION_CONTEXT) => pad(&mut content),
            // ID, reserved, result, reserved, and the transfer syntax as an item.
            (Self::PaddedUids, CONTEXT_RESULT) if content.len() > 4 => {
                let mut result = content[..4].to_vec();
                for (kind, uid) in items(&content[4..]) {
                    let mut uid = uid.to_vec();
                    pad(&mut uid);
                    put(&mut result, kind, &uid);
                }
                content = result;
            }
            _ => {}
        }
        content
    }

    fn apply(self, pdu: &mut Vec<u8>) {
        if self == Self::SwappedTitles {
            let called = pdu[CALLED..CALLING].to_vec();
            pdu.copy_within(CALLING..CALLING + 16, CALLED);
            pdu[CALLING..CALLING + 16].copy_from_slice(&called);
        }
        let mut out = pdu[..ITEMS].to_vec();
        for (kind, content) in items(&pdu[ITEMS..]) {
            if kind != USER_INFORMATION {
                put(&mut out, kind, &self.of_item(kind, content));
                continue;
            }
            let mut user = Vec::new();
            for (kind, content) in items(content) {
                if let Some(content) = self.of(kind, content) {
                    put(&mut user, kind, &content);
                }
            }
            if self == Self::Window {
                put(&mut user, 0x53, &[0, 5, 0, 5]);
            }
            put(&mut out, kind, &user);
        }
        let length = (out.len() - 6) as u32;
        out[2..6].copy_from_slice(&length.to_be_bytes());
        *pdu = out;
    }
}

/// The items of a piece; what is cut short is left out.
fn items(mut rest: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let head = rest.first_chunk::<4>()?;
        let end = 4 + usize::from(u16::from_be_bytes([head[2], head[3]]));
        let item = rest.get(..end)?;
        rest = &rest[end..];
        Some((item[0], &item[4..]))
    })
}

/// Makes a UID as long as a data element would have it (PS3.5 9.1).
fn pad(uid: &mut Vec<u8>) {
    if uid.len() % 2 == 1 {
        uid.push(0);
    }
}

fn put(out: &mut Vec<u8>, kind: u8, content: &[u8]) {
    out.put_slice(&[kind, 0]);
    out.put_u16(content.len() as u16);
    out.put_slice(content);
}

impl Fault for MisshapeAcceptance {
    fn moment(&self) -> Moment {
        Moment::Negotiate
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Negotiate(negotiate) if matches!(&negotiate.choice, Choice::Acceptance(pdu) if pdu.len() >= ITEMS))
    }

    fn negotiate(&self, negotiate: &mut Negotiate<'_>) {
        if let Choice::Acceptance(pdu) = &mut negotiate.choice {
            self.flaw.apply(pdu);
        }
    }
}
