//! Softcopy presentation states: how somebody wanted an image to be seen (PS3.3 A.33, C.10, C.11; PS3.4 N).

mod area;
mod graphic;
mod shutter;
mod turn;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

pub(crate) use area::Area;
pub(crate) use graphic::{Places, draw};
pub(crate) use shutter::Shutter;
pub(crate) use turn::Turn;

use crate::image::{number, text};

/// A presentation state, to be given to [`crate::frame::render_with`].
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    state: InMemDicomObject,
}

/// An image that a presentation state is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Series Instance UID.
    pub series: String,
    /// SOP Instance UID.
    pub instance: String,
    /// Its frames, from 1; all of them where empty.
    pub frames: Vec<u32>,
}

/// Why a data set is no presentation state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresentationError {
    /// It refers to no image.
    #[error("the data set is no presentation state: its Referenced Series Sequence has no image")]
    NoImage,
}

impl Presentation {
    /// Reads a data set.
    ///
    /// # Errors
    /// One that refers to no image.
    pub fn read(state: &InMemDicomObject) -> Result<Self, PresentationError> {
        let state = Self {
            state: state.clone(),
        };
        if state.references().is_empty() {
            return Err(PresentationError::NoImage);
        }
        Ok(state)
    }

    /// Content Label (0070,0080); empty where there is none.
    pub fn label(&self) -> String {
        text(&self.state, tags::CONTENT_LABEL).unwrap_or_default()
    }

    /// The images that it is for, in its order.
    pub fn references(&self) -> Vec<Reference> {
        let of_series = |series: &InMemDicomObject| {
            let uid = text(series, tags::SERIES_INSTANCE_UID).unwrap_or_default();
            items(series, tags::REFERENCED_IMAGE_SEQUENCE)
                .iter()
                .filter_map(move |image| {
                    Some(Reference {
                        series: uid.clone(),
                        instance: text(image, tags::REFERENCED_SOP_INSTANCE_UID)?,
                        frames: frames(image),
                    })
                })
                .collect::<Vec<_>>()
        };
        items(&self.state, tags::REFERENCED_SERIES_SEQUENCE)
            .iter()
            .flat_map(of_series)
            .collect()
    }

    /// The data set.
    pub(crate) fn data_set(&self) -> &InMemDicomObject {
        &self.state
    }

    /// The item with VOI LUT or window for a frame, if there is one.
    pub(crate) fn voi(&self, image: &InMemDicomObject, frame: u32) -> Option<&InMemDicomObject> {
        self.items_for(tags::SOFTCOPY_VOILUT_SEQUENCE, image, frame)
            .next()
    }

    /// The items of a sequence that are meant for a frame: those without references, and those that name it.
    fn items_for<'a>(
        &'a self,
        sequence: Tag,
        image: &InMemDicomObject,
        frame: u32,
    ) -> impl Iterator<Item = &'a InMemDicomObject> {
        let uid = text(image, tags::SOP_INSTANCE_UID);
        let is_meant = move |item: &&InMemDicomObject| {
            let images = items(item, tags::REFERENCED_IMAGE_SEQUENCE);
            images.is_empty()
                || images.iter().any(|image| {
                    let frames = frames(image);
                    text(image, tags::REFERENCED_SOP_INSTANCE_UID) == uid
                        && (frames.is_empty() || frames.contains(&frame))
                })
        };
        items(&self.state, sequence).iter().filter(is_meant)
    }

    /// The groups of overlay planes that are switched on (PS3.3 C.11.7).
    pub(crate) fn active_overlays(&self) -> Vec<u16> {
        (0..=15u16)
            .map(|index| 0x6000 + 2 * index)
            .filter(|&group| text(&self.state, Tag(group, 0x1001)).is_some())
            .collect()
    }
}

fn frames(reference: &InMemDicomObject) -> Vec<u32> {
    reference
        .get(tags::REFERENCED_FRAME_NUMBER)
        .and_then(|element| element.to_multi_int().ok())
        .unwrap_or_default()
}

pub(crate) fn items(holder: &InMemDicomObject, sequence: Tag) -> &[InMemDicomObject] {
    holder
        .get(sequence)
        .and_then(|element| element.items())
        .unwrap_or_default()
}

/// Numbers of an element, whatever its VR.
fn numbers(holder: &InMemDicomObject, tag: Tag) -> Vec<f64> {
    holder
        .get(tag)
        .and_then(|element| element.to_multi_float64().ok())
        .unwrap_or_default()
        .into_iter()
        .filter(|number| number.is_finite())
        .collect()
}

/// A grey of 16 bits as eight.
fn grey(holder: &InMemDicomObject, tag: Tag) -> Option<u8> {
    number(holder, tag).map(|value| (value.min(0xFFFF) >> 8) as u8)
}

/// The layer of a name.
fn layer<'a>(state: &'a InMemDicomObject, name: &str) -> Option<&'a InMemDicomObject> {
    items(state, tags::GRAPHIC_LAYER_SEQUENCE)
        .iter()
        .find(|layer| text(layer, tags::GRAPHIC_LAYER).as_deref() == Some(name))
}
