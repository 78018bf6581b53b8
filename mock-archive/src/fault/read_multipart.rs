use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::multipart::{
    Boundaries, Broken, Characters, Delimiters, LineFeeds, Multipart, Padding, PartEnd, PartType, Preamble,
};
use crate::moment::{Admit, Moment};
use crate::request::{Protocol, Service};
use crate::rule::Scene;

/// The archive reads multipart bodies otherwise than RFC 2046 and PS3.18 8.6.1.2 say, each field being one way to do so.
///
/// On the wire: an upload that is right and a little unusual is refused, cut, or stored with less than was sent; or one that is wrong is taken for whole. dcm4che wanted quotes
/// around the boundary, Orthanc breaks on them, loses parts without a final delimiter and takes any part type. A good client sends the plainest form: a short boundary of letters and
/// digits, a Content-Type in every part, no preamble, and compares the answer with what it sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ReadMultipart {
    /// In which form the boundary parameter is understood.
    pub boundary: Boundaries,
    /// Which characters a boundary may have.
    pub characters: Characters,
    /// The longest boundary that is understood, in characters; none given = as long as is read at all.
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
    /// What bare line feeds after a delimiter do, where CRLF is due.
    pub line_feeds: LineFeeds,
}

impl Fault for ReadMultipart {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.request.service == Service::Store)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.multipart = Multipart {
            boundary: self.boundary,
            characters: self.characters,
            longest: self.longest,
            preamble: self.preamble,
            padding: self.padding,
            delimiters: self.delimiters,
            broken: self.broken,
            part_type: self.part_type,
            part_end: self.part_end,
            line_feeds: self.line_feeds,
        };
    }
}
