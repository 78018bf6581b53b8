use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// A rendered resource is another picture than it should be, or none.
///
/// On the wire: a picture under the media type of another, HTML or nothing under that of a picture, a multipart body where one picture is due; or a picture whose window,
/// polarity, colours or shape are wrong. Young archives and proxies do it. A good client looks at the first bytes before it shows anything, and asks for the window
/// that it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SpoilPicture {
    /// What is wrong.
    pub how: Spoiled,
    /// The media type of `labelled` (what the head says) and of `really` (what the bytes are).
    pub media: String,
}

/// What is wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spoiled {
    /// The head names another media type.
    Labelled,
    /// It is of another type than the head says.
    Really,
    /// A page in its place.
    Html,
    /// No byte in its place.
    Empty,
    /// multipart/related around it.
    Wrapped,
    /// 413: too large to be rendered.
    TooLarge,
    /// Values are spread from the lowest to the highest, whatever window or VOI LUT the data set has.
    NoVoi,
    /// MONOCHROME1 is shown as MONOCHROME2.
    NoPolarity,
    /// Red and blue have changed places.
    RedForBlue,
    /// It fills its viewport whatever its shape.
    Stretched,
}

impl Default for SpoilPicture {
    fn default() -> Self {
        Self { how: Spoiled::Html, media: "image/png".to_owned() }
    }
}

impl Fault for SpoilPicture {
    fn moment(&self) -> Moment {
        Moment::Picture
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Picture { style, .. } = &mut shape.form {
            match self.how {
                Spoiled::Labelled => style.labelled = Some(self.media.clone()),
                Spoiled::Really => style.really = Some(self.media.clone()),
                Spoiled::Html => style.instead = Some("<html><body>Please log in</body></html>"),
                Spoiled::Empty => style.instead = Some(""),
                Spoiled::Wrapped => style.wrapped = true,
                Spoiled::TooLarge => style.refused = Some(http::StatusCode::PAYLOAD_TOO_LARGE),
                Spoiled::NoVoi => style.ignores_voi = true,
                Spoiled::NoPolarity => style.ignores_polarity = true,
                Spoiled::RedForBlue => style.swaps_red_and_blue = true,
                Spoiled::Stretched => style.stretches = true,
            }
        }
    }
}
