//! The moment of a choice between what a client offers and what the archive can do.

use dicom_wire::uid::Uid;

use crate::request::Request;
use crate::store::Stored;

/// A choice between what a client offers and what the archive can do.
#[derive(Debug)]
pub struct Negotiate<'a> {
    /// What is asked; over DIMSE the association.
    pub request: &'a Request,
    /// What is being chosen.
    pub choice: Choice<'a>,
}

/// What is being chosen.
#[derive(Debug)]
pub enum Choice<'a> {
    /// The presentation contexts of an association, with the archive's answers filled in.
    Contexts(&'a mut Vec<Context>),
    /// A-ASSOCIATE-AC as it is about to go out, header included (PS3.8 9.3.3).
    Acceptance(&'a mut Vec<u8>),
    /// The destination of a C-MOVE is about to be asked for an association. What is put in is why it refuses; nothing is asked of it then.
    Destination(&'a mut Option<String>),
    /// In which transfer syntax one stored instance goes out.
    Syntax {
        /// The instance.
        stored: &'a Stored,
        /// The archive's choice.
        syntax: &'a mut Syntax,
    },
}

/// One proposed presentation context (PS3.8 9.3.2.2) and the archive's answer.
#[derive(Clone, Debug)]
pub struct Context {
    /// Presentation context ID, odd.
    pub id: u8,
    /// Abstract syntax.
    pub abstract_syntax: Uid,
    /// Transfer syntaxes offered, in the client's order.
    pub offered: Vec<Uid>,
    /// The transfer syntax accepted, or the result code of the refusal.
    pub answer: ContextAnswer,
}

/// Result of a presentation context (PS3.8 9.3.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextAnswer {
    /// 0, with this transfer syntax.
    Accepted(Uid),
    /// 1 user rejection, 2 no reason, 3 abstract syntax not supported, 4 transfer syntaxes not supported.
    Refused(u8),
}

/// In which transfer syntax an instance goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// The bytes as they were stored.
    AsStored,
    /// Converted to this one.
    To(Uid),
    /// None that the client accepts: 406, or a failed sub-operation.
    Unacceptable,
}
