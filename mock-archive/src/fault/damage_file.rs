use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::AttributeTag;
use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// The DICOM file in a retrieve is not the one that was stored.
///
/// On the wire: a file without preamble and prefix, without one of its elements, whose file meta information names another transfer syntax than its data set is in, or
/// whose decoded pixels are not those that were compressed. Converters and anonymisers do it. A good client reads the file strictly, and compares what has to be
/// equal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct DamageFile {
    /// Preamble and prefix are left out.
    pub no_preamble: bool,
    /// The 128 bytes before the prefix are zero, whatever they were.
    pub blank_preamble: bool,
    /// The transfer syntax that the file meta information names.
    pub claims: Option<String>,
    /// An attribute at the top level that is left out of what goes out as it is stored, by keyword or tag.
    pub without: Option<AttributeTag>,
    /// Is added to the first sample of each frame that is decoded.
    pub off_by: u8,
    /// Private attributes at the top level are left out of what goes out as it is stored.
    pub without_private: bool,
}


impl Fault for DamageFile {
    fn moment(&self) -> Moment {
        Moment::File
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::File { style, .. } = &mut shape.form {
            style.no_preamble |= self.no_preamble;
            style.blank_preamble |= self.blank_preamble;
            style.claimed = self.claims.clone().or(style.claimed.take());
            style.without = self.without.map(|attribute| attribute.0).or(style.without);
            style.off_by = style.off_by.wrapping_add(self.off_by);
            style.without_private |= self.without_private;
        }
    }
}
