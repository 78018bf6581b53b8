//! A-ASSOCIATE-RQ (PS3.8 9.3.2), every field of it a choice.

use bytes::{BufMut, Bytes, BytesMut};

use super::{item, item_of, items, text};
use crate::outcome::{Finding, Verdict};
use crate::target::DimseTarget;

/// The DICOM application context (PS3.7 A.2.1).
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// Who we are.
pub(super) const IMPLEMENTATION: &str = "2.25.289154610527482319274916301527480263157";
const IMPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
/// What precedes the items: version, reserved bytes, AE titles.
pub(super) const FIXED: usize = 68;

/// A request for an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Protocol version.
    pub version: u16,
    /// Called AE title.
    pub called: String,
    /// Calling AE title.
    pub calling: String,
    /// What all reserved bytes are.
    pub reserved: u8,
    /// Application context name.
    pub application_context: String,
    /// Presentation contexts.
    pub contexts: Vec<ProposedContext>,
    /// Maximum length sub-item, 0 = no limit.
    pub max_length: u32,
    /// Sub-items of the user information besides maximum length and implementation class.
    pub user: Vec<(u8, Vec<u8>)>,
}

/// A presentation context of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedContext {
    /// Its ID.
    pub id: u8,
    /// Abstract syntax.
    pub abstract_syntax: String,
    /// Transfer syntaxes.
    pub transfer_syntaxes: Vec<String>,
}

impl Proposal {
    /// A request to this archive without a context.
    pub fn to(target: &DimseTarget) -> Self {
        Self {
            version: 1,
            called: target.called.clone(),
            calling: target.calling.clone(),
            reserved: 0,
            application_context: APPLICATION_CONTEXT.into(),
            contexts: Vec::new(),
            max_length: 16 * 1024,
            user: Vec::new(),
        }
    }

    /// One more context, under the next odd ID.
    pub fn context(self, abstract_syntax: &str, transfer_syntaxes: &[&str]) -> Self {
        let id = self
            .contexts
            .last()
            .map_or(1, |last| last.id.wrapping_add(2));
        self.context_with_id(id, abstract_syntax, transfer_syntaxes)
    }

    /// One more context with this ID.
    pub fn context_with_id(
        mut self,
        id: u8,
        abstract_syntax: &str,
        transfer_syntaxes: &[&str],
    ) -> Self {
        self.contexts.push(ProposedContext {
            id,
            abstract_syntax: abstract_syntax.into(),
            transfer_syntaxes: transfer_syntaxes.iter().map(ToString::to_string).collect(),
        });
        self
    }

    /// One more context in implicit little endian.
    pub fn implicit(self, abstract_syntax: &str) -> Self {
        self.context(abstract_syntax, &[IMPLICIT_LITTLE_ENDIAN])
    }

    /// One more sub-item of the user information.
    pub fn user(mut self, kind: u8, content: impl Into<Vec<u8>>) -> Self {
        self.user.push((kind, content.into()));
        self
    }

    /// A role selection for a SOP class: whether we want to be SCU, and SCP (PS3.7 D.3.3.4).
    pub fn role(self, sop_class: &str, scu: u8, scp: u8) -> Self {
        let mut content = (sop_class.len() as u16).to_be_bytes().to_vec();
        content.extend_from_slice(sop_class.as_bytes());
        content.extend([scu, scp]);
        self.user(item::ROLE_SELECTION, content)
    }

    /// An extended negotiation of a SOP class (PS3.7 D.3.3.5).
    pub fn extended(self, sop_class: &str, information: &[u8]) -> Self {
        let mut content = (sop_class.len() as u16).to_be_bytes().to_vec();
        content.extend_from_slice(sop_class.as_bytes());
        content.extend_from_slice(information);
        self.user(item::EXTENDED_NEGOTIATION, content)
    }

    /// Who we are: name and passcode (PS3.7 D.3.3.7, type 2), and whether an answer is asked for.
    pub fn identity(self, name: &str, secret: &str, asks_for_answer: u8) -> Self {
        let mut content = vec![2, asks_for_answer];
        for field in [name, secret] {
            content.extend((field.len() as u16).to_be_bytes());
            content.extend_from_slice(field.as_bytes());
        }
        self.user(item::USER_IDENTITY, content)
    }

    /// Everything after the length of the PDU.
    pub fn to_bytes(&self) -> Bytes {
        let fill = self.reserved;
        let mut out = BytesMut::new();
        out.put_u16(self.version);
        out.put_slice(&[fill; 2]);
        out.put_slice(format!("{:<16.16}{:<16.16}", self.called, self.calling).as_bytes());
        out.put_bytes(fill, 32);
        let name = self.application_context.as_bytes();
        out.put_slice(&item_of(item::APPLICATION_CONTEXT, fill, name));
        for context in &self.contexts {
            let mut content = BytesMut::from(&[context.id, fill, fill, fill][..]);
            let abstract_syntax = context.abstract_syntax.as_bytes();
            content.put_slice(&item_of(item::ABSTRACT_SYNTAX, fill, abstract_syntax));
            for syntax in &context.transfer_syntaxes {
                content.put_slice(&item_of(item::TRANSFER_SYNTAX, fill, syntax.as_bytes()));
            }
            out.put_slice(&item_of(item::PROPOSED_CONTEXT, fill, &content));
        }
        let mut user = BytesMut::new();
        let length = self.max_length.to_be_bytes();
        user.put_slice(&item_of(item::MAXIMUM_LENGTH, fill, &length));
        let class = IMPLEMENTATION.as_bytes();
        user.put_slice(&item_of(item::IMPLEMENTATION_CLASS, fill, class));
        for (kind, content) in &self.user {
            user.put_slice(&item_of(*kind, fill, content));
        }
        out.put_slice(&item_of(item::USER_INFORMATION, fill, &user));
        out.freeze()
    }

    /// Reads what follows the length of an A-ASSOCIATE-RQ.
    ///
    /// # Errors
    /// A failure if it is cut short.
    pub fn read(body: &Bytes) -> Verdict<Self> {
        if body.len() < FIXED {
            return Err(Finding::fail(format!(
                "an A-ASSOCIATE-RQ of {} bytes",
                body.len()
            )));
        }
        let mut read = Self {
            version: u16::from_be_bytes([body[0], body[1]]),
            called: text(&body[4..20]),
            calling: text(&body[20..36]),
            reserved: body[2],
            application_context: String::new(),
            contexts: Vec::new(),
            max_length: 0,
            user: Vec::new(),
        };
        for (kind, content) in items(body.slice(FIXED..))? {
            match kind {
                item::APPLICATION_CONTEXT => read.application_context = text(&content),
                item::PROPOSED_CONTEXT if content.len() >= 4 => {
                    read.contexts.push(ProposedContext::read(&content)?);
                }
                item::USER_INFORMATION => {
                    for (kind, content) in items(content)? {
                        match (kind, content.first_chunk()) {
                            (item::MAXIMUM_LENGTH, Some(length)) => {
                                read.max_length = u32::from_be_bytes(*length);
                            }
                            _ => read.user.push((kind, content.to_vec())),
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

impl ProposedContext {
    fn read(content: &Bytes) -> Verdict<Self> {
        let mut context = Self {
            id: content[0],
            abstract_syntax: String::new(),
            transfer_syntaxes: Vec::new(),
        };
        for (kind, name) in items(content.slice(4..))? {
            match kind {
                item::ABSTRACT_SYNTAX => context.abstract_syntax = text(&name),
                item::TRANSFER_SYNTAX => context.transfer_syntaxes.push(text(&name)),
                _ => {}
            }
        }
        Ok(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_can_be_read_back() {
        let target = DimseTarget {
            address: String::new(),
            called: "ARCHIVE".into(),
            calling: "CONFORMANCE".into(),
        };
        let proposal = Proposal::to(&target)
            .implicit("1.2.840.10008.1.1")
            .context("1.2.3", &["1.2.4", "1.2.5"])
            .role("1.2.3", 1, 0);
        let mut read = Proposal::read(&proposal.to_bytes()).unwrap();
        let class = read.user.remove(0);
        assert_eq!(class, (item::IMPLEMENTATION_CLASS, IMPLEMENTATION.into()));
        assert_eq!(read, proposal);
        assert_eq!(read.contexts[1].id, 3);
    }
}
