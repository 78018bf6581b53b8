//! Radiation dose as colours, alone or over the images that it was planned on (PS3.3 C.8.8.3).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::canvas::{self, BLACK, LINE, WHITE};
use crate::encode::{Picture, Pixels};
use crate::frame::{NativeFrame, RenderError};
use crate::geometry::{Plane, dot, minus};
use crate::grey::decimals;
use crate::image::{frames, number, text};
use crate::layer::Layer;
use crate::shown::Shown;

/// Less than this part of the highest dose has no colour.
const LEAST: f64 = 0.1;
/// Cover of the colours.
const COVER: u8 = 120;
/// The most voxels of a grid: 512 x 512 x 256.
const MOST_VOXELS: u64 = 1 << 26;

/// A dose grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Dose {
    /// Dose Units (3004,0002): GY or RELATIVE.
    pub unit: String,
    /// Dose Summation Type (3004,000A): PLAN, BEAM ...
    pub summation: String,
    /// The highest dose of the grid, in its unit.
    pub highest: f64,
    plane: Option<Plane>,
    /// Where each frame lies along the normal, in millimetres from the first.
    offsets: Vec<f64>,
    columns: usize,
    rows: usize,
    values: Vec<f32>,
}

/// Why a dose grid cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoseError {
    /// It lacks Dose Grid Scaling.
    #[error("the data set is no dose grid: it has no Dose Grid Scaling")]
    NoDose,
    /// More voxels than are looked at.
    #[error("{0} voxels are more than the limit of {MOST_VOXELS}")]
    TooLarge(u64),
    /// The grid or the image does not say where it lies.
    #[error("the {0} does not say where it lies in the body")]
    NoPlace(&'static str),
    /// A frame cannot be decoded.
    #[error(transparent)]
    Frame(#[from] RenderError),
}

impl Dose {
    /// Reads a grid; `native` gives the decoded samples of a frame, from 1, as [`crate::frame::native`] does.
    ///
    /// # Errors
    /// What is no dose, or too large, or cannot be decoded.
    pub fn read(
        attributes: &InMemDicomObject,
        mut native: impl FnMut(u32) -> Result<NativeFrame, RenderError>,
    ) -> Result<Self, DoseError> {
        let scaling = decimals(attributes, tags::DOSE_GRID_SCALING);
        let scaling = scaling
            .first()
            .copied()
            .flatten()
            .ok_or(DoseError::NoDose)?;
        let count = frames(attributes);
        let size = |tag| number(attributes, tag).unwrap_or(0);
        let (columns, rows) = (size(tags::COLUMNS), size(tags::ROWS));
        let voxels = u64::from(columns) * u64::from(rows) * u64::from(count);
        if voxels > MOST_VOXELS {
            return Err(DoseError::TooLarge(voxels));
        }
        let mut values = Vec::new();
        for frame in 1..=count {
            let samples = native(frame)?;
            values.extend(numbers(&samples).map(|value| (value * scaling) as f32));
        }
        let highest = values.iter().copied().fold(0.0, f32::max);
        let offsets: Vec<f64> = decimals(attributes, tags::GRID_FRAME_OFFSET_VECTOR)
            .into_iter()
            .flatten()
            .collect();
        // They count from the first frame, or are positions along the axis themselves (PS3.3 C.8.8.3.2).
        let first = offsets.first().copied().unwrap_or(0.0);
        Ok(Self {
            unit: text(attributes, tags::DOSE_UNITS).unwrap_or_default(),
            summation: text(attributes, tags::DOSE_SUMMATION_TYPE).unwrap_or_default(),
            highest: highest.into(),
            plane: Plane::of(attributes, 1),
            offsets: offsets.iter().map(|offset| offset - first).collect(),
            columns: columns as usize,
            rows: rows as usize,
            values,
        })
    }

    /// The dose as colours over frame `frame` of an image, between the points of the grid by interpolation.
    ///
    /// # Errors
    /// The grid or the image does not say where it lies.
    pub fn layer(&self, image: &InMemDicomObject, frame: u32) -> Result<Layer, DoseError> {
        self.place().ok_or(DoseError::NoPlace("dose grid"))?;
        let plane = Plane::of(image, frame).ok_or(DoseError::NoPlace("image"))?;
        let size = |tag| number(image, tag).unwrap_or(0);
        let (columns, rows) = (size(tags::COLUMNS), size(tags::ROWS));
        if u64::from(columns) * u64::from(rows) > MOST_VOXELS {
            return Err(DoseError::TooLarge(u64::from(columns) * u64::from(rows)));
        }
        let mut layer = Layer::clear(self.words(), columns, rows);
        for row in 0..rows {
            for column in 0..columns {
                if let Some(value) = self.at(plane.point(column.into(), row.into()))
                    && let Some([red, green, blue]) = self.colour(value)
                {
                    let pixel = row as usize * columns as usize + column as usize;
                    layer.pixels[pixel] = [red, green, blue, COVER];
                }
            }
        }
        Ok(layer)
    }

    /// The dose at a point of the body, in millimetres of the grid's frame of reference, between the points of the grid by
    /// interpolation; `None` outside, and where the grid does not say where it lies.
    pub fn at(&self, point: [f64; 3]) -> Option<f64> {
        let own = self.place()?;
        let point = minus(point, own.origin);
        self.between(
            dot(point, own.along) / own.spacing.0,
            dot(point, own.down) / own.spacing.1,
            self.depth(dot(point, own.normal()))?,
        )
    }

    fn place(&self) -> Option<Plane> {
        self.plane.filter(|_| !self.offsets.is_empty())
    }

    /// One frame of the grid alone, from 1, in its own size.
    pub fn picture(&self, frame: u32) -> Option<Picture> {
        let size = self.columns * self.rows;
        let start = (frame as usize).checked_sub(1)?.checked_mul(size)?;
        let values = self.values.get(start..start + size)?;
        let colours = values
            .iter()
            .flat_map(|&value| self.colour(value.into()).unwrap_or(BLACK))
            .collect();
        let (width, height) = (self.columns as u32, self.rows as u32);
        let mut shown = Shown::drawing(width, height);
        shown.notes.push(self.words());
        Some(Picture::of(width, height, Pixels::Rgb8(colours), shown))
    }

    /// Draws the colours with their doses at the left edge.
    pub fn legend(&self, picture: &mut Picture) {
        let steps = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, LEAST];
        let size = (picture.height / (LINE * 14)).clamp(1, 4);
        for (row, part) in (0i64..).zip(steps) {
            let top = 4 + row * i64::from(LINE * size);
            let colour = self.colour(self.highest * part).unwrap_or(BLACK);
            picture.fill((4, top), (LINE * size / 2, LINE * size - 1), colour);
            let label = format!("{:.1} {}", self.highest * part, self.unit_word());
            let letters = canvas::fitting(&label, picture.width / size);
            let left = 8 + i64::from(LINE * size / 2);
            picture.write(&letters, (left, top), size, (WHITE, Some(BLACK)));
        }
    }

    fn unit_word(&self) -> &str {
        match self.unit.as_str() {
            "GY" => "Gy",
            "RELATIVE" => "(relative)",
            other => other,
        }
    }

    fn words(&self) -> String {
        format!(
            "dose ({}) from {:.0} % of its highest, {:.3} {}",
            self.summation,
            LEAST * 100.0,
            self.highest,
            self.unit_word()
        )
    }

    /// Blue for little, red for the highest; nothing below the least.
    fn colour(&self, value: f64) -> Option<[u8; 3]> {
        let part = value / self.highest;
        if part.is_nan() || part < LEAST {
            return None;
        }
        let part = ((part - LEAST) / (1.0 - LEAST)).clamp(0.0, 1.0) * 4.0;
        let ramp = |middle: f64| ((1.5 - (part - middle).abs()).clamp(0.0, 1.0) * 255.0) as u8;
        Some([ramp(3.5), ramp(2.0), ramp(0.5)])
    }

    /// The frame, as a number between frames, at a distance along the normal.
    fn depth(&self, distance: f64) -> Option<f64> {
        if self.offsets.len() == 1 {
            return (distance.abs() < 0.5).then_some(0.0);
        }
        let pairs = self.offsets.windows(2).enumerate();
        let mut within = pairs.filter_map(|(index, pair)| {
            let part = (distance - pair[0]) / (pair[1] - pair[0]);
            let part = snapped(part, 1.0);
            (0.0..=1.0).contains(&part).then_some(index as f64 + part)
        });
        within.next()
    }

    /// The dose between eight points of the grid.
    fn between(&self, x: f64, y: f64, z: f64) -> Option<f64> {
        let frames = self.values.len() / (self.columns * self.rows).max(1);
        let axis = |at: f64, count: usize| {
            let last = count.checked_sub(1)? as f64;
            let at = snapped(at, last);
            if !(0.0..=last).contains(&at) {
                return None;
            }
            let low = at.floor();
            Some((low as usize, (low + 1.0).min(last) as usize, at - low))
        };
        let (x0, x1, across) = axis(x, self.columns)?;
        let (y0, y1, down) = axis(y, self.rows)?;
        let (z0, z1, deep) = axis(z, frames)?;
        let value = |x: usize, y: usize, z: usize| {
            f64::from(self.values[(z * self.rows + y) * self.columns + x])
        };
        let mixed = |a: f64, b: f64, part: f64| a + (b - a) * part;
        let line = |y, z| mixed(value(x0, y, z), value(x1, y, z), across);
        let slice = |z| mixed(line(y0, z), line(y1, z), down);
        Some(mixed(slice(z0), slice(z1), deep))
    }
}

/// Positions are decimal strings: what is as good as at the edge is at the edge.
fn snapped(at: f64, last: f64) -> f64 {
    const NEAR: f64 = 1e-4;
    if (-NEAR..=last + NEAR).contains(&at) {
        at.clamp(0.0, last)
    } else {
        at
    }
}

/// Samples as numbers.
fn numbers(samples: &NativeFrame) -> Box<dyn Iterator<Item = f64> + '_> {
    let bytes = &samples.data;
    match samples.bits_allocated {
        32 => Box::new(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&cell| u32::from_le_bytes(cell).into()),
        ),
        16 if samples.pixel_representation == 1 => Box::new(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&cell| i16::from_le_bytes(cell).into()),
        ),
        16 => Box::new(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&cell| u16::from_le_bytes(cell).into()),
        ),
        _ => Box::new(bytes.iter().map(|&byte| byte.into())),
    }
}
