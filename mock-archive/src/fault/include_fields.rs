use dicom_wire::query::{Include, Path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};

/// Matches hold attributes that nobody asked for.
///
/// On the wire: rows of QIDO-RS as if the request had had more in includefield: those of the study in the rows of its series, though the URL names the study. Orthanc gives what is above
/// every row again and again. A good client passes over what it did not ask for, and bounds what it reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct IncludeFields {
    /// Which attributes; those of levels below the search's are not there to be given.
    pub attributes: Vec<AttributeTag>,
}

impl Default for IncludeFields {
    fn default() -> Self {
        use dicom_dictionary_std::tags;
        Self {
            attributes: vec![
                AttributeTag(tags::PATIENT_ID),
                AttributeTag(tags::PATIENT_NAME),
            ],
        }
    }
}

impl Fault for IncludeFields {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Search(search) = &mut shape.form else {
            return;
        };
        if let Include::Fields(fields) = &mut search.query.include {
            fields.extend(self.attributes.iter().map(|attribute| Path::from(attribute.0)));
        }
    }
}
