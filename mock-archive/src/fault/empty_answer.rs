use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A search without matches is answered in a form of its own.
///
/// On the wire: 404, 204, `[]`, 200 without a body, `[{}]` or an HTML page where PS3.18 10.6.3.1 has 204 or an empty list by the edition. Orthanc gives 200 with `[]`, Azure 204, a proxy before
/// Google's archive was seen to give an empty HTML page. A good client takes 204 and an empty list for none found, and everything else for an error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct EmptyAnswer {
    /// What comes.
    pub form: EmptyForm,
}

/// What the answer to a search without matches looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyForm {
    /// 404.
    #[default]
    NotFound,
    /// 204.
    NoContent,
    /// 200 with `[]`.
    List,
    /// 200 and no byte.
    NoBody,
    /// 200 with `[{}]`.
    EmptyObject,
    /// 200 with a page for people.
    Html,
}

impl Fault for EmptyAnswer {
    fn moment(&self) -> Moment {
        Moment::Listing
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Listing(listing), .. }) if listing.matches == 0)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Listing(listing) = &mut shape.form else {
            return;
        };
        let (status, content_type, body) = match self.form {
            EmptyForm::NotFound => (404, "text/plain", "nothing found"),
            EmptyForm::NoContent => (204, "", ""),
            EmptyForm::List => (200, "application/dicom+json", "[]"),
            EmptyForm::NoBody => (200, "application/dicom+json", ""),
            EmptyForm::EmptyObject => (200, "application/dicom+json", "[{}]"),
            EmptyForm::Html => (
                200,
                "text/html; charset=utf-8",
                "<html><body></body></html>",
            ),
        };
        listing.status = status;
        listing.content_type = content_type.to_owned();
        listing.body = body.as_bytes().to_vec();
    }
}
