//! A-ASSOCIATE-AC (PS3.8 9.3.3) as it came.

use bytes::{BufMut, Bytes, BytesMut};

use super::proposal::{FIXED, IMPLEMENTATION, Proposal};
use super::{item, item_of, items, text};
use crate::outcome::{Finding, Verdict};

/// An association that was accepted, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Protocol version.
    pub version: u16,
    /// The 64 bytes that a request fills with AE titles and reserved bytes, and that are to be returned as sent.
    pub echoed: Bytes,
    /// Application context name.
    pub application_context: Option<String>,
    /// Presentation contexts, in order.
    pub contexts: Vec<ContextResult>,
    /// Sub-items of the user information, in order.
    pub user: Vec<(u8, Bytes)>,
}

/// What became of a proposed context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextResult {
    /// Its ID.
    pub id: u8,
    /// Result or reason (PS3.8 table 9-18).
    pub result: u8,
    /// The transfer syntaxes, of which there should be one.
    pub transfer_syntaxes: Vec<String>,
}

impl Acceptance {
    /// Reads what follows the length of the PDU.
    ///
    /// # Errors
    /// A failure if it is cut short.
    pub fn read(body: &Bytes) -> Verdict<Self> {
        if body.len() < FIXED {
            return Err(Finding::fail(format!(
                "an A-ASSOCIATE-AC of {} bytes",
                body.len()
            )));
        }
        let mut read = Self {
            version: u16::from_be_bytes([body[0], body[1]]),
            echoed: body.slice(4..FIXED),
            application_context: None,
            contexts: Vec::new(),
            user: Vec::new(),
        };
        for (kind, content) in items(body.slice(FIXED..))? {
            match kind {
                item::APPLICATION_CONTEXT => read.application_context = Some(text(&content)),
                item::CONTEXT_RESULT if content.len() >= 4 => {
                    let syntaxes = items(content.slice(4..))?;
                    let syntaxes = syntaxes
                        .iter()
                        .filter(|(kind, _)| *kind == item::TRANSFER_SYNTAX);
                    read.contexts.push(ContextResult {
                        id: content[0],
                        result: content[2],
                        transfer_syntaxes: syntaxes.map(|(_, name)| text(name)).collect(),
                    });
                }
                item::USER_INFORMATION => read.user.extend(items(content)?),
                _ => {}
            }
        }
        Ok(read)
    }

    /// The result for a context; `None` if it is not answered.
    pub fn result(&self, id: u8) -> Option<u8> {
        self.context(id).map(|context| context.result)
    }

    /// What became of a context.
    pub fn context(&self, id: u8) -> Option<&ContextResult> {
        self.contexts.iter().find(|context| context.id == id)
    }

    /// The contents of all sub-items of a type.
    pub fn user(&self, kind: u8) -> Vec<&Bytes> {
        let of_kind = self.user.iter().filter(|(found, _)| *found == kind);
        of_kind.map(|(_, content)| content).collect()
    }

    /// The longest P-DATA-TF that the peer takes, 0 = any.
    pub fn max_length(&self) -> u32 {
        let bytes = self.user(item::MAXIMUM_LENGTH);
        bytes
            .first()
            .and_then(|bytes| bytes.first_chunk())
            .map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    /// The acceptance that we give as acceptor, of a proposal whose PDU had this body: every role that is proposed is granted.
    pub(in crate::probe) fn to_bytes(
        proposal: &Bytes,
        contexts: &[ContextResult],
        max_length: u32,
    ) -> Bytes {
        let mut out = BytesMut::from(&[0, 1, 0, 0][..]);
        out.put_slice(&proposal[4..FIXED]);
        let asked = Proposal::read(proposal);
        let (name, proposed) = asked.map_or_else(
            |_| (String::new(), Vec::new()),
            |asked| (asked.application_context, asked.user),
        );
        out.put_slice(&item_of(item::APPLICATION_CONTEXT, 0, name.as_bytes()));
        for context in contexts {
            let mut content = BytesMut::from(&[context.id, 0, context.result, 0][..]);
            for syntax in &context.transfer_syntaxes {
                content.put_slice(&item_of(item::TRANSFER_SYNTAX, 0, syntax.as_bytes()));
            }
            out.put_slice(&item_of(item::CONTEXT_RESULT, 0, &content));
        }
        let mut user = BytesMut::new();
        user.put_slice(&item_of(item::MAXIMUM_LENGTH, 0, &max_length.to_be_bytes()));
        let class = IMPLEMENTATION.as_bytes();
        user.put_slice(&item_of(item::IMPLEMENTATION_CLASS, 0, class));
        for (_, role) in proposed
            .iter()
            .filter(|(kind, _)| *kind == item::ROLE_SELECTION)
        {
            user.put_slice(&item_of(item::ROLE_SELECTION, 0, role));
        }
        out.put_slice(&item_of(item::USER_INFORMATION, 0, &user));
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::DimseTarget;

    #[test]
    fn our_own_acceptance_can_be_read_back() {
        let target = DimseTarget {
            address: String::new(),
            called: "A".into(),
            calling: "B".into(),
        };
        let proposal = Proposal::to(&target).implicit("1.2").to_bytes();
        let contexts = [ContextResult {
            id: 1,
            result: 0,
            transfer_syntaxes: vec!["1.2.840.10008.1.2".into()],
        }];
        let read = Acceptance::read(&Acceptance::to_bytes(&proposal, &contexts, 77)).unwrap();
        assert_eq!(read.contexts, contexts);
        assert_eq!((read.result(1), read.result(3)), (Some(0), None));
        assert_eq!((read.version, read.max_length()), (1, 77));
        assert_eq!(read.echoed, proposal.slice(4..FIXED));
        assert!(Acceptance::read(&proposal.slice(..40)).is_err());
    }
}
