//! What is covered so that it does not dazzle (PS3.3 C.7.6.11, C.7.6.15).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{grey, numbers};
use crate::canvas::Colour;
use crate::image::{Image, number, text};
use crate::lab;
use crate::overlay;

/// Which pixels are covered, at the size of the image, and with what.
pub(crate) struct Shutter {
    pub(crate) covered: Vec<bool>,
    pub(crate) colour: Colour,
}

impl Shutter {
    /// The shutter of a presentation state or of an image; `None` where it has none.
    pub(crate) fn of(holder: &InMemDicomObject, image: &Image) -> Option<Self> {
        let shapes = holder.get(tags::SHUTTER_SHAPE)?.to_str().ok()?.into_owned();
        let (columns, rows) = (image.columns as usize, image.rows as usize);
        let mut covered = vec![false; image.pixels()];
        let close = |covered: &mut [bool], open: &dyn Fn(f64, f64) -> bool| {
            for (at, covered) in covered.iter_mut().enumerate() {
                // Rows and columns count from 1.
                *covered |= !open((at % columns + 1) as f64, (at / columns + 1) as f64);
            }
        };
        for shape in shapes.split('\\').map(str::trim) {
            match shape {
                "RECTANGULAR" => {
                    let edge = |tag, default: f64| {
                        numbers(holder, tag).first().copied().unwrap_or(default)
                    };
                    let left = edge(tags::SHUTTER_LEFT_VERTICAL_EDGE, 0.0);
                    let right = edge(tags::SHUTTER_RIGHT_VERTICAL_EDGE, columns as f64);
                    let upper = edge(tags::SHUTTER_UPPER_HORIZONTAL_EDGE, 0.0);
                    let lower = edge(tags::SHUTTER_LOWER_HORIZONTAL_EDGE, rows as f64);
                    close(&mut covered, &|x, y| {
                        x >= left && x <= right && y >= upper && y <= lower
                    });
                }
                "CIRCULAR" => {
                    let centre = numbers(holder, tags::CENTER_OF_CIRCULAR_SHUTTER);
                    let radius = numbers(holder, tags::RADIUS_OF_CIRCULAR_SHUTTER);
                    if let (&[y0, x0, ..], &[radius, ..]) = (&centre[..], &radius[..]) {
                        close(&mut covered, &|x, y| (x - x0).hypot(y - y0) <= radius);
                    }
                }
                "POLYGONAL" => {
                    let corners = numbers(holder, tags::VERTICES_OF_THE_POLYGONAL_SHUTTER);
                    let corners: Vec<(f64, f64)> = corners
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .map(|&[y, x]| (x, y))
                        .collect();
                    if corners.len() >= 3 && corners.len() <= 1000 {
                        close(&mut covered, &|x, y| is_within(&corners, x, y));
                    }
                }
                "BITMAP" => {
                    let group = number(holder, tags::SHUTTER_OVERLAY_GROUP);
                    let (planes, _) = overlay::planes(holder, image, None, 1);
                    for plane in planes {
                        if Some(u32::from(plane.group)) == group {
                            for (covered, bit) in covered.iter_mut().zip(plane.bits) {
                                *covered |= bit;
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let colour = match lab::read(holder, tags::SHUTTER_PRESENTATION_COLOR_CIE_LAB_VALUE) {
            Some(colour) => colour,
            None => [grey(holder, tags::SHUTTER_PRESENTATION_VALUE).unwrap_or(0); 3],
        };
        let has_any = covered.contains(&true);
        has_any.then_some(Self { covered, colour })
    }

    /// The words for it.
    pub(crate) fn words(holder: &InMemDicomObject) -> String {
        let shape = text(holder, tags::SHUTTER_SHAPE).unwrap_or_default();
        format!("{} shutter", shape.to_lowercase())
    }
}

/// Whether a point lies within a polygon: a ray from it crosses the edge an odd number of times.
fn is_within(corners: &[(f64, f64)], x: f64, y: f64) -> bool {
    let mut inside = false;
    let mut last = corners[corners.len() - 1];
    for &corner in corners {
        if (corner.1 > y) != (last.1 > y)
            && x < (last.0 - corner.0) * (y - corner.1) / (last.1 - corner.1) + corner.0
        {
            inside = !inside;
        }
        last = corner;
    }
    inside
}
