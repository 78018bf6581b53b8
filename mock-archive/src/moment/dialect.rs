//! How an edge reads what a client sends, where that is not as the standard says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Habits, Operation, multipart};
use crate::policy::Delete;

/// How an edge reads what this client sends. A correct client passes under the default and, where the dialect allows, under others too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Where a multipart delimiter is seen.
    pub delimiter: Delimiter,
    /// How many PDVs of a message are read.
    pub pdvs: Pdvs,
    /// How multipart bodies are read.
    pub multipart: multipart::Multipart,
    /// Whether instances can be deleted, where that is not as policy says.
    pub delete: Option<Delete>,
    /// How the parameters of a search are read.
    pub parameters: Parameters,
    /// In which form attributes are given.
    pub attributes: AttributesAs,
    /// DIMSE: how operations are understood and carried out; on the association's exchange.
    pub operations: Habits<Operation>,
}

/// How the query string of a search is read (PS3.18 8.3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Parameters {
    /// Percent-decoded once, names as keywords or tags.
    #[default]
    Standard,
    /// As HTML forms are read: `+` is a blank.
    PlusIsBlank,
    /// Not percent-decoded at all.
    NotDecoded,
    /// Keys are named by keyword only; a tag is an unknown parameter.
    KeywordsOnly,
    /// Keywords are known in any case.
    AnyCase,
    /// `*` and `?` are wildcards in UIDs too.
    WildcardsInUids,
}

/// In which form the attributes of matches are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributesAs {
    /// In the one that the client prefers.
    #[default]
    Asked,
    /// As JSON, whatever the client accepts.
    Json,
}

/// Where a server sees the boundary of a multipart body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// At the start of a line only (RFC 2046 5.1.1).
    #[default]
    LineStart,
    /// Anywhere, inside a part's bytes too.
    Anywhere,
}

/// How many fragments of a command or data set are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pdvs {
    /// All of them, as PS3.8 E.1 allows any number.
    #[default]
    Any,
    /// The first is taken for the whole message; a message that goes on after it is aborted (A-ABORT, unexpected PDU parameter).
    One,
}
