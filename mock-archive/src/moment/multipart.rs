//! How a multipart body is read, where that is not as RFC 2046 5.1.1 and PS3.18 8.6.1.2 say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way to read multipart bodies; the default is the standard's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Multipart {
    /// In which form the boundary parameter is understood.
    pub boundary: Boundaries,
    /// Which characters a boundary may have.
    pub characters: Characters,
    /// The longest boundary that is understood.
    pub longest: Option<usize>,
    /// What text before the first delimiter is.
    pub preamble: Preamble,
    /// What white space after a boundary does.
    pub padding: Padding,
    /// How delimiters are looked for.
    pub delimiters: Delimiters,
    /// What becomes of a body that ends or goes wrong within a part.
    pub broken: Broken,
    /// What the Content-Type of a part does.
    pub part_type: PartType,
    /// What becomes of line ends at the end of a part.
    pub part_end: PartEnd,
    /// What bare line feeds after a delimiter do.
    pub line_feeds: LineFeeds,
}

/// In which form a boundary parameter is understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Boundaries {
    /// With and without quotes.
    #[default]
    Any,
    /// Only in quotes; 400 otherwise.
    Quoted,
    /// Only without quotes; 400 otherwise.
    Unquoted,
}

/// Which characters a boundary may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Characters {
    /// All that RFC 2046 allows.
    #[default]
    All,
    /// Letters, digits, hyphens, underscores and dots; 415 otherwise.
    Token,
    /// All, but what follows a blank is not seen.
    UpToBlank,
}

/// What text before the first delimiter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preamble {
    /// Nothing.
    #[default]
    Ignored,
    /// A part, that cannot be read.
    Part,
}

/// What white space between a boundary and the end of its line does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Nothing.
    #[default]
    Ignored,
    /// It makes the body one that cannot be read.
    Refused,
}

/// How delimiters are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiters {
    /// However they arrive.
    #[default]
    Anywhere,
    /// Within what the network gives at once: one that is split is not seen.
    InOnePiece,
}

/// What becomes of a body that ends or goes wrong within a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// It is an error, or a failure beside what was stored.
    #[default]
    Reported,
    /// It is taken for whole: 200, with what was there.
    Forgiven,
    /// Nothing: the archive waits for more, and never answers; so it does for line feeds in place of CRLF.
    WaitedFor,
}

/// What the Content-Type of a part does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartType {
    /// Another one than application/dicom refuses the part; none is as good as that.
    #[default]
    Checked,
    /// Nothing: every part is taken for an instance.
    Ignored,
    /// A part of another one, and one without, is passed over without a word.
    Skipped,
    /// It is seen only if it is spelled `Content-Type`, and a part without is refused.
    Spelled,
}

/// What bare line feeds after a delimiter do, where CRLF is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineFeeds {
    /// They make the body one that cannot be read.
    #[default]
    Refused,
    /// They are waited out: the archive never answers.
    WaitedFor,
}

/// What becomes of line ends at the end of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartEnd {
    /// They are content.
    #[default]
    Kept,
    /// They are cut off.
    Trimmed,
}
