//! ICC profiles: what the colours of a picture mean (PS3.3 C.11.15, PS3.18 8.3.5.1.5).

use std::str::FromStr;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::encode::{Picture, Pixels};
use crate::groups::item;

/// A profile of more bytes is not read: real ones have some kilobytes, of scanners up to a few megabytes.
const LARGEST: usize = 16 << 20;

/// What the colours of a picture mean, as the bytes of an ICC profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(Vec<u8>);

/// The colour spaces that `iccprofile` names (PS3.18 8.3.5.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourSpace {
    /// IEC 61966-2-1.
    Srgb,
    /// Adobe RGB (1998).
    AdobeRgb,
    /// ROMM RGB (ISO 22028-2), also called ProPhoto.
    RommRgb,
    /// Display P3.
    DisplayP3,
}

/// What is asked of a picture's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// The colours as they are, nothing said.
    #[default]
    No,
    /// The colours as they are, with the profile of the data set; sRGB where it has none.
    Yes,
    /// The colours turned into those of this space, with its profile.
    As(ColourSpace),
}

/// A text that names no colour space.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no colour space: want no, yes, srgb, adobergb, rommrgb or displayp3")]
pub struct WantedError(pub String);

/// A profile that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ICC profile of {length} bytes cannot be used: {why}")]
pub struct ProfileError {
    /// Its length.
    pub length: usize,
    /// What is wrong with it.
    pub why: String,
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, WantedError> {
        Ok(match text {
            "no" => Wanted::No,
            "yes" => Wanted::Yes,
            "srgb" => Wanted::As(ColourSpace::Srgb),
            "adobergb" => Wanted::As(ColourSpace::AdobeRgb),
            "rommrgb" => Wanted::As(ColourSpace::RommRgb),
            "displayp3" => Wanted::As(ColourSpace::DisplayP3),
            other => return Err(WantedError(other.to_owned())),
        })
    }
}

impl Profile {
    /// The profile of a colour space.
    ///
    /// # Errors
    /// None that memory could not give.
    pub fn of(space: ColourSpace) -> Result<Self, ProfileError> {
        let bytes = space.profile().encode().map_err(|why| failed(0, &why))?;
        Ok(Self(bytes))
    }

    /// The ICC Profile (0028,2000) of a data set, or of the first optical path of a slide (PS3.3 C.8.12.5).
    pub fn read(attributes: &InMemDicomObject) -> Option<Self> {
        let path = item(attributes, tags::OPTICAL_PATH_SEQUENCE, 0);
        let bytes = [Some(attributes), path]
            .into_iter()
            .flatten()
            .find_map(|holder| holder.get(tags::ICC_PROFILE)?.to_bytes().ok())?;
        // The length of the profile stands at its beginning; an even value may have a byte too much.
        let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
        let whole = bytes
            .get(..length)
            .filter(|_| (128..=LARGEST).contains(&length))?;
        Some(Self(whole.to_vec()))
    }

    /// The profile as a file would hold it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl ColourSpace {
    fn profile(self) -> ColorProfile {
        match self {
            ColourSpace::Srgb => ColorProfile::new_srgb(),
            ColourSpace::AdobeRgb => ColorProfile::new_adobe_rgb(),
            ColourSpace::RommRgb => ColorProfile::new_pro_photo_rgb(),
            ColourSpace::DisplayP3 => ColorProfile::new_display_p3(),
        }
    }
}

/// Gives a colour picture what is asked for; grey ones are left alone, as P-Values are no colours.
///
/// # Errors
/// A profile of the data set that is broken or not for RGB, where colours have to be turned.
pub fn dress(
    picture: &mut Picture,
    attributes: &InMemDicomObject,
    wanted: Wanted,
) -> Result<(), ProfileError> {
    let Pixels::Rgb8(samples) = &mut picture.pixels else {
        return Ok(());
    };
    let space = match wanted {
        Wanted::No => return Ok(()),
        Wanted::Yes => {
            picture.profile = match Profile::read(attributes) {
                Some(profile) => Some(profile),
                None => Some(Profile::of(ColourSpace::Srgb)?),
            };
            return Ok(());
        }
        Wanted::As(space) => space,
    };
    let source = match Profile::read(attributes) {
        Some(Profile(bytes)) => {
            let read =
                ColorProfile::new_from_slice(&bytes).map_err(|why| failed(bytes.len(), &why))?;
            if read.color_space != DataColorSpace::Rgb {
                let why = format!("it is for {:?}", read.color_space);
                return Err(ProfileError {
                    length: bytes.len(),
                    why,
                });
            }
            read
        }
        None => ColorProfile::new_srgb(),
    };
    let target = space.profile();
    let options = TransformOptions::default();
    let turned = source
        .create_transform_8bit(Layout::Rgb, &target, Layout::Rgb, options)
        .and_then(|transform| {
            let mut turned = vec![0; samples.len()];
            transform.transform(samples, &mut turned)?;
            Ok(turned)
        })
        .map_err(|why| failed(0, &why))?;
    *samples = turned;
    picture.profile = Some(Profile::of(space)?);
    Ok(())
}

fn failed(length: usize, why: &moxcms::CmsError) -> ProfileError {
    ProfileError {
        length,
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};

    use super::*;
    use crate::shown::Shown;

    fn picture(colour: [u8; 3]) -> Picture {
        Picture::of(1, 1, Pixels::Rgb8(colour.to_vec()), Shown::drawing(1, 1))
    }

    fn with_profile(bytes: Vec<u8>) -> InMemDicomObject {
        let element = DataElement::new(tags::ICC_PROFILE, VR::OB, PrimitiveValue::from(bytes));
        InMemDicomObject::from_element_iter([element])
    }

    #[test]
    fn the_profile_of_the_data_set_is_kept_to_the_byte() {
        let own = Profile::of(ColourSpace::AdobeRgb).unwrap();
        let mut padded = own.bytes().to_vec();
        padded.push(0);
        let mut shown = picture([200, 10, 10]);
        dress(&mut shown, &with_profile(padded), Wanted::Yes).unwrap();
        assert_eq!(shown.profile, Some(own));
        assert_eq!(shown.pixels, Pixels::Rgb8(vec![200, 10, 10]));
    }

    #[test]
    fn colours_without_a_profile_are_those_of_srgb() {
        let mut shown = picture([200, 10, 10]);
        let bare = InMemDicomObject::new_empty();
        dress(&mut shown, &bare, Wanted::Yes).unwrap();
        assert_eq!(shown.profile, Some(Profile::of(ColourSpace::Srgb).unwrap()));
    }

    #[test]
    fn colours_are_turned_into_the_space_asked_for() {
        // By the primaries and curves of the spaces: linear 0.7152, 0, 0 in Adobe RGB and 0.8226, 0.0332, 0.0171 in Display P3.
        let bare = InMemDicomObject::new_empty();
        for (name, colour) in [
            ("srgb", [255, 0, 0]),
            ("adobergb", [219, 0, 0]),
            ("displayp3", [234, 51, 35]),
        ] {
            let mut shown = picture([255, 0, 0]);
            dress(&mut shown, &bare, name.parse().unwrap()).unwrap();
            let Pixels::Rgb8(found) = &shown.pixels else {
                panic!("colours stay colours")
            };
            let near = found.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(near, "{name}: {found:?}, not {colour:?}");
        }
    }

    #[test]
    fn a_broken_profile_is_refused_in_words() {
        let mut bytes = vec![0; 200];
        bytes[..4].copy_from_slice(&200u32.to_be_bytes());
        let mut shown = picture([1, 2, 3]);
        let refused = dress(
            &mut shown,
            &with_profile(bytes),
            Wanted::As(ColourSpace::Srgb),
        );
        let words = refused.unwrap_err().to_string();
        assert!(
            words.starts_with("the ICC profile of 200 bytes cannot be used"),
            "{words}"
        );
    }
}
