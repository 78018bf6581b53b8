use dicom_encoding::text::{SpecificCharacterSet, TextCodec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// The DICOM JSON Model is not written in UTF-8.
///
/// On the wire: bytes of ISO 8859-1 or of GB 18030 in a body that is UTF-8 by definition (PS3.18 F.2), or question marks; the content type says nothing of it. Archives do it that copy texts as they were stored.
/// A good client does not fail on one name: it replaces what it cannot read and says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonCharset {
    /// What the texts are written in.
    pub encoding: TextEncoding,
}

/// An encoding that is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextEncoding {
    /// ISO 8859-1, question marks for what is not in it.
    #[default]
    Latin1,
    /// ASCII, likewise.
    Ascii,
    /// GB 18030.
    Gb18030,
}

impl Fault for JsonCharset {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        let Ok(read) = std::str::from_utf8(text) else {
            return;
        };
        **text = match self.encoding {
            TextEncoding::Latin1 => read
                .chars()
                .map(|c| u8::try_from(c).unwrap_or(b'?'))
                .collect(),
            TextEncoding::Ascii => read
                .chars()
                .map(|c| if c.is_ascii() { c as u8 } else { b'?' })
                .collect(),
            TextEncoding::Gb18030 => SpecificCharacterSet::from_code("GB18030")
                .and_then(|set| set.encode(read).ok())
                .unwrap_or_else(|| read.as_bytes().to_vec()),
        };
    }
}
