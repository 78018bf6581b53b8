//! Where a frame lies in the body (PS3.3 C.7.6.2, C.7.6.16.2.3).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::grey::decimals;
use crate::groups::holder;

/// Planes nearer than this are the same, in millimetres.
const NEAR: f64 = 0.05;

/// The plane of a frame, in millimetres of its frame of reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plane {
    /// The middle of the first pixel.
    pub(crate) origin: [f64; 3],
    /// The direction in which columns follow each other.
    pub(crate) along: [f64; 3],
    /// The direction in which rows follow each other.
    pub(crate) down: [f64; 3],
    /// Distance of columns, of rows.
    pub(crate) spacing: (f64, f64),
}

impl Plane {
    /// The plane of frame `frame` (from 1), where the data set says where it lies.
    pub(crate) fn of(attributes: &InMemDicomObject, frame: u32) -> Option<Self> {
        let numbers = |group, tag| -> Option<Vec<f64>> {
            decimals(holder(attributes, frame, group), tag)
                .into_iter()
                .collect()
        };
        let origin = numbers(tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT)?;
        let directions = numbers(
            tags::PLANE_ORIENTATION_SEQUENCE,
            tags::IMAGE_ORIENTATION_PATIENT,
        )?;
        let spacing = numbers(tags::PIXEL_MEASURES_SEQUENCE, tags::PIXEL_SPACING)?;
        let (&[a, b, c, d, e, f], &[between_rows, between_columns]) =
            (&directions[..], &spacing[..])
        else {
            return None;
        };
        (between_rows > 0.0 && between_columns > 0.0).then_some(Self {
            origin: origin.try_into().ok()?,
            along: [a, b, c],
            down: [d, e, f],
            spacing: (between_columns, between_rows),
        })
    }

    /// The point of a pixel, by column and row from 0.
    pub(crate) fn point(&self, column: f64, row: f64) -> [f64; 3] {
        let (x, y) = (column * self.spacing.0, row * self.spacing.1);
        std::array::from_fn(|axis| self.origin[axis] + self.along[axis] * x + self.down[axis] * y)
    }

    /// The direction out of the plane.
    pub(crate) fn normal(&self) -> [f64; 3] {
        let ([a, b, c], [d, e, f]) = (self.along, self.down);
        [b * f - c * e, c * d - a * f, a * e - b * d]
    }

    /// Whether pixels lie where those of the other plane do.
    pub(crate) fn is_same(&self, other: &Plane) -> bool {
        let near = |a: [f64; 3], b: [f64; 3], within: f64| {
            a.iter().zip(b).all(|(a, b)| (a - b).abs() <= within)
        };
        near(self.origin, other.origin, NEAR)
            && near(self.along, other.along, 1e-3)
            && near(self.down, other.down, 1e-3)
            && (self.spacing.0 - other.spacing.0).abs() <= 1e-3
            && (self.spacing.1 - other.spacing.1).abs() <= 1e-3
    }
}

/// How far one vector reaches along another.
pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}
