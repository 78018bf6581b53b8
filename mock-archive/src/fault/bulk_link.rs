use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Link, Moment, Shape};

/// Metadata refers to its bulk data in a way that does not lead there.
///
/// On the wire: BulkDataURIs that are relative, of another server, expired, or not there at all, with or without their attributes; or the value itself inline,
/// megabytes of it. Google, static archives and archives behind a proxy do it. A good client resolves a reference by RFC 3986, gives its credentials to no other
/// server, and retrieves the instance where the reference fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BulkLink {
    /// What a reference looks like.
    pub link: Reference,
    /// The other server.
    pub host: String,
}

/// What a reference to bulk data looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// Without scheme and host.
    Relative,
    /// To another server.
    OtherHost,
    /// There is none; the attribute has its VR alone.
    Omitted,
    /// There is none, and no attribute either.
    Dropped,
    /// It leads to 404.
    Expired,
    /// The value in its place, as InlineBinary.
    Inline,
}

impl Default for BulkLink {
    fn default() -> Self {
        Self { link: Reference::Relative, host: "http://archive.invalid".to_owned() }
    }
}

impl Fault for BulkLink {
    fn moment(&self) -> Moment {
        Moment::Model
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Model { style, .. } = &mut shape.form {
            style.link = match self.link {
                Reference::Relative => Link::Relative,
                Reference::OtherHost => Link::OtherHost(self.host.clone()),
                Reference::Omitted => Link::Omitted,
                Reference::Dropped => Link::Dropped,
                Reference::Expired => Link::Expired,
                Reference::Inline => Link::Inline,
            };
        }
    }
}
