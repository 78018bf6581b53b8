//! Segmentations over the images that they were made from (PS3.3 A.51, C.8.20).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::geometry::Plane;
use crate::grey::decimals;
use crate::groups::holder;
use crate::image::{number, text};
use crate::lab;
use crate::layer::Layer;
use crate::presentation::items;

/// Cover of what lies inside a segment, and of its edge.
const INSIDE: u8 = 90;
const EDGE: u8 = 230;

/// Colours for segments that recommend none.
const COLOURS: [[u8; 3]; 8] = [
    [230, 60, 60],
    [60, 200, 80],
    [70, 130, 255],
    [250, 210, 50],
    [200, 90, 230],
    [60, 210, 220],
    [250, 140, 40],
    [170, 230, 130],
];

/// A segmentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    /// Its segments, by number.
    pub segments: Vec<Segment>,
    kind: Kind,
    frames: Vec<Frame>,
    rows: u32,
    columns: u32,
}

/// One segment (PS3.3 C.8.20.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Segment Number (0062,0004).
    pub number: u32,
    /// Segment Label (0062,0005).
    pub label: String,
    /// Meaning of its Segmented Property Type; empty where there is none.
    pub what: String,
    /// MANUAL, SEMIAUTOMATIC or AUTOMATIC.
    pub algorithm: String,
    /// The colour it is shown in.
    pub colour: [u8; 3],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Binary,
    Fractional { most: f32 },
    Labels,
}

/// Which segment a frame is of, and where it lies.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    segment: u32,
    sources: Vec<(String, Vec<u32>)>,
    plane: Option<Plane>,
}

/// Why a segmentation cannot be shown over an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentationError {
    /// The data set has no Segment Sequence.
    #[error("the data set is no segmentation: it has no segments")]
    NoSegmentation,
    /// None of its frames is of the image.
    #[error(
        "no frame of the segmentation belongs to frame {frame} of the image, by reference or by position"
    )]
    Elsewhere {
        /// The frame of the image.
        frame: u32,
    },
    /// Frames have another grid than the image.
    #[error("the segmentation has {columns} x {rows} pixels, the image another size")]
    OtherSize {
        /// Columns of the segmentation.
        columns: u32,
        /// Rows of the segmentation.
        rows: u32,
    },
    /// A frame cannot be decoded.
    #[error(transparent)]
    Frame(#[from] crate::frame::RenderError),
}

impl Segmentation {
    /// Reads a data set.
    ///
    /// # Errors
    /// One without segments.
    pub fn read(attributes: &InMemDicomObject) -> Result<Self, SegmentationError> {
        let listed = items(attributes, tags::SEGMENT_SEQUENCE);
        let segment = |item: &InMemDicomObject| {
            let number = number(item, tags::SEGMENT_NUMBER)?;
            let meaning = |sequence: Tag| {
                items(item, sequence)
                    .first()
                    .and_then(|code| text(code, tags::CODE_MEANING))
            };
            let colour = lab::read(item, tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE);
            Some(Segment {
                number,
                label: text(item, tags::SEGMENT_LABEL).unwrap_or_default(),
                what: meaning(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE).unwrap_or_default(),
                algorithm: text(item, tags::SEGMENT_ALGORITHM_TYPE).unwrap_or_default(),
                colour: colour
                    .unwrap_or(COLOURS[(number as usize).wrapping_sub(1) % COLOURS.len()]),
            })
        };
        let segments: Vec<Segment> = listed.iter().filter_map(segment).collect();
        if segments.is_empty() {
            return Err(SegmentationError::NoSegmentation);
        }
        let kind = match text(attributes, tags::SEGMENTATION_TYPE).as_deref() {
            Some("FRACTIONAL") => {
                let most = number(attributes, tags::MAXIMUM_FRACTIONAL_VALUE);
                Kind::Fractional {
                    most: most.filter(|&most| most > 0).unwrap_or(255) as f32,
                }
            }
            Some("LABELMAP") => Kind::Labels,
            _ => Kind::Binary,
        };
        // No more than have functional groups of their own, whatever Number of Frames says.
        let own = items(attributes, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).len() as u32;
        let count = crate::image::frames(attributes).min(own.max(1));
        Ok(Self {
            segments,
            kind,
            frames: (1..=count)
                .map(|frame| Frame::read(attributes, frame))
                .collect(),
            rows: number(attributes, tags::ROWS).unwrap_or(0),
            columns: number(attributes, tags::COLUMNS).unwrap_or(0),
        })
    }

    /// How many frames show a segment, by its number.
    pub fn frames_of(&self, segment: u32) -> usize {
        self.frames
            .iter()
            .filter(|frame| frame.segment == segment)
            .count()
    }

    /// The volume of each segment in millilitres, by its number; `None` where the data set has no distances of pixels and slices.
    ///
    /// `native` is as in [`Self::layer`]; a pixel of a fractional segmentation counts by its part.
    ///
    /// # Errors
    /// A frame that cannot be decoded.
    pub fn volumes(
        &self,
        attributes: &InMemDicomObject,
        mut native: impl FnMut(u32) -> Result<crate::frame::NativeFrame, crate::frame::RenderError>,
    ) -> Result<Option<Vec<(u32, f64)>>, SegmentationError> {
        let mut cubic = vec![0.0; self.segments.len()];
        for (frame, own) in (1u32..).zip(&self.frames) {
            let measures = holder(attributes, frame, tags::PIXEL_MEASURES_SEQUENCE);
            let first = |tag| decimals(measures, tag).first().copied().flatten();
            let spacing = decimals(measures, tags::PIXEL_SPACING);
            let deep = first(tags::SPACING_BETWEEN_SLICES).or(first(tags::SLICE_THICKNESS));
            let (&[Some(down), Some(across)], Some(deep)) = (&spacing[..], deep) else {
                return Ok(None);
            };
            let voxel = down * across * deep.abs();
            let values = values(&native(frame)?);
            let pixels = self.rows as usize * self.columns as usize;
            for (segment, cubic) in self.segments.iter().zip(&mut cubic) {
                let part = |value: u32| match self.kind {
                    Kind::Labels => f64::from(u8::from(value == segment.number)),
                    _ if own.segment != segment.number => 0.0,
                    Kind::Binary => f64::from(u8::from(value > 0)),
                    Kind::Fractional { most } => f64::from(value) / f64::from(most),
                };
                let inside: f64 = values.iter().take(pixels).map(|&value| part(value)).sum();
                *cubic += inside * voxel;
            }
        }
        let numbers = self.segments.iter().map(|segment| segment.number);
        Ok(Some(
            numbers
                .zip(cubic.iter().map(|cubic| cubic / 1000.0))
                .collect(),
        ))
    }

    /// The segments as colours over frame `frame` of an image. `native` gives the decoded samples of a frame of the segmentation, one
    /// a pixel, as [`crate::frame::native`] does.
    ///
    /// Frames belong to an image that they refer to, or that lies in the same plane.
    ///
    /// # Errors
    /// No frame is of this image, or they have another grid.
    pub fn layer(
        &self,
        image: &InMemDicomObject,
        frame: u32,
        mut native: impl FnMut(u32) -> Result<crate::frame::NativeFrame, crate::frame::RenderError>,
    ) -> Result<Layer, SegmentationError> {
        let (rows, columns) = (number(image, tags::ROWS), number(image, tags::COLUMNS));
        let meant = self.meant(image, frame);
        if meant.is_empty() {
            return Err(SegmentationError::Elsewhere { frame });
        }
        if (rows, columns) != (Some(self.rows), Some(self.columns)) {
            return Err(SegmentationError::OtherSize {
                columns: self.columns,
                rows: self.rows,
            });
        }
        let names: Vec<&str> = self
            .segments
            .iter()
            .map(|segment| segment.label.as_str())
            .collect();
        let mut layer = Layer::clear(
            format!("{} segment(s) ({})", self.segments.len(), names.join(", ")),
            self.columns,
            self.rows,
        );
        for index in meant {
            let samples = native(index as u32 + 1)?;
            let values = values(&samples);
            match self.kind {
                Kind::Binary => {
                    self.paint(&mut layer, self.frames[index].segment, |at| {
                        if values.get(at).is_some_and(|&value| value > 0) {
                            1.0
                        } else {
                            0.0
                        }
                    });
                }
                Kind::Fractional { most } => {
                    self.paint(&mut layer, self.frames[index].segment, |at| {
                        values.get(at).map_or(0.0, |&value| value as f32 / most)
                    });
                }
                Kind::Labels => {
                    for segment in &self.segments {
                        self.paint(&mut layer, segment.number, |at| {
                            if values.get(at) == Some(&segment.number) {
                                1.0
                            } else {
                                0.0
                            }
                        });
                    }
                }
            }
        }
        Ok(layer)
    }

    /// The frames that belong to a frame of an image: by reference, else by position.
    fn meant(&self, image: &InMemDicomObject, frame: u32) -> Vec<usize> {
        let uid = text(image, tags::SOP_INSTANCE_UID).unwrap_or_default();
        let refers = |it: &Frame| {
            it.sources.iter().any(|(source, frames)| {
                *source == uid && (frames.is_empty() || frames.contains(&frame))
            })
        };
        let by = |meant: &dyn Fn(&Frame) -> bool| -> Vec<usize> {
            let frames = self.frames.iter().enumerate();
            frames
                .filter(|(_, frame)| meant(frame))
                .map(|(index, _)| index)
                .collect()
        };
        let found = by(&refers);
        if !found.is_empty() {
            return found;
        }
        let Some(plane) = Plane::of(image, frame) else {
            return Vec::new();
        };
        by(&|it| it.plane.as_ref().is_some_and(|own| own.is_same(&plane)))
    }

    fn paint(&self, layer: &mut Layer, number: u32, part: impl Fn(usize) -> f32) {
        let Some(segment) = self
            .segments
            .iter()
            .find(|segment| segment.number == number)
        else {
            return;
        };
        let (columns, rows) = (self.columns as usize, self.rows as usize);
        for y in 0..rows {
            for x in 0..columns {
                let at = y * columns + x;
                let here = part(at).clamp(0.0, 1.0);
                if here == 0.0 {
                    continue;
                }
                let is_edge = x == 0
                    || y == 0
                    || x + 1 == columns
                    || y + 1 == rows
                    || [at - 1, at + 1, at - columns, at + columns]
                        .iter()
                        .any(|&beside| part(beside) == 0.0);
                let cover = if is_edge { EDGE } else { INSIDE };
                let [red, green, blue] = segment.colour;
                layer.pixels[at] = [red, green, blue, (f32::from(cover) * here) as u8];
            }
        }
    }
}

impl Frame {
    fn read(attributes: &InMemDicomObject, frame: u32) -> Self {
        let identification = holder(attributes, frame, tags::SEGMENT_IDENTIFICATION_SEQUENCE);
        let derivation = holder(attributes, frame, tags::DERIVATION_IMAGE_SEQUENCE);
        let sources = items(derivation, tags::SOURCE_IMAGE_SEQUENCE);
        let source = |item: &InMemDicomObject| {
            let uid = text(item, tags::REFERENCED_SOP_INSTANCE_UID)?;
            let frames = item
                .get(tags::REFERENCED_FRAME_NUMBER)
                .and_then(|element| element.to_multi_int().ok());
            Some((uid, frames.unwrap_or_default()))
        };
        Self {
            segment: number(identification, tags::REFERENCED_SEGMENT_NUMBER).unwrap_or(1),
            sources: sources.iter().filter_map(source).collect(),
            plane: Plane::of(attributes, frame),
        }
    }
}

/// Samples as numbers, unpacked.
fn values(samples: &crate::frame::NativeFrame) -> Vec<u32> {
    let bytes = &samples.data;
    match samples.bits_allocated {
        1 => bytes
            .iter()
            .flat_map(|&byte| (0..8).map(move |bit| u32::from(byte >> bit & 1)))
            .collect(),
        16 => {
            let cells = bytes.as_chunks().0.iter();
            cells.map(|&cell| u16::from_le_bytes(cell).into()).collect()
        }
        _ => bytes.iter().map(|&byte| byte.into()).collect(),
    }
}
