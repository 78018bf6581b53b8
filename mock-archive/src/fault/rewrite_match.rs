use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};

/// A match of a C-FIND has other attributes than it should.
///
/// On the wire: pending responses without an attribute that has to be there, with another value, or with all that is known of the match in place of what was asked for. Archives
/// leave out the level or the character set, and name a retrieve AE title that nobody can reach. A good client takes the level it asked for, decodes by the character set it
/// finds (and says so when there is none), and passes over what it did not ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RewriteMatch {
    /// Which attributes there are.
    pub attributes: Attributes,
    /// The attribute that is left out, or gets the value.
    pub attribute: AttributeTag,
    /// The value; none given = the attribute is left out.
    pub value: Option<String>,
}

/// Which attributes a match has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Attributes {
    /// Those asked for, but for the one named.
    #[default]
    Asked,
    /// All that the archive knows.
    All,
}

impl Default for RewriteMatch {
    fn default() -> Self {
        Self {
            attributes: Attributes::Asked,
            attribute: AttributeTag(tags::QUERY_RETRIEVE_LEVEL),
            value: None,
        }
    }
}

impl Fault for RewriteMatch {
    fn moment(&self) -> Moment {
        Moment::Match
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Match { row, identifier } = &mut shape.form else {
            return;
        };
        if self.attributes == Attributes::All {
            for element in row.iter() {
                identifier.put(element.clone());
            }
            return;
        }
        let tag = self.attribute.0;
        match &self.value {
            None => {
                identifier.remove_element(tag);
            }
            Some(value) => {
                let known = StandardDataDictionary.by_tag(tag);
                let known = known.and_then(|entry| entry.vr().exact());
                let vr = identifier.get(tag).map(|element| element.vr());
                let vr = vr.or(known).unwrap_or(VR::LO);
                let value = PrimitiveValue::from(value.as_str());
                identifier.put(DataElement::new(tag, vr, value));
            }
        }
    }
}
