//! A page as a picture, as far as it is made of images: a scan.
//!
//! No letters and no lines are drawn: a page that has letters is read as text, and what is left out is said.

use std::collections::HashMap;
use std::ops::Range;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::content::{self, Drawn, Matrix, Placed};
use super::font::Fonts;
use super::raster::{self, Raster};
use super::stream::Budget;
use super::{MAX_UNPACKED, PdfError, resolve};
use crate::encode::{Picture, Pixels};
use crate::shown::Shown;

/// The most samples of images that are looked at for one page.
const MAX_SAMPLES: u64 = 300_000_000;

/// The most images of a page.
const MAX_IMAGES: usize = 2_000;

/// The longest edge that can be asked for.
const MAX_EDGE: u32 = 4_096;

/// A4 upright, in points: where the page does not say how large it is.
const A4: [f64; 4] = [0.0, 0.0, 595.0, 842.0];

/// Draws the images of page `number` of a document, white around them.
pub(super) fn draw(
    document: &Document,
    page: &Dictionary,
    number: u32,
    max_edge: u32,
) -> Result<Picture, PdfError> {
    let mut budget = Budget::new(MAX_UNPACKED);
    let drawn = content::drawn(document, page, &mut Fonts::default(), &mut budget)?;
    if drawn.images.len() > MAX_IMAGES {
        return Err(PdfError::TooLarge {
            what: "images on a page",
            limit: MAX_IMAGES as u64,
        });
    }
    let mut canvas = Canvas::of(document, page, max_edge.clamp(1, MAX_EDGE));
    let mut notes = Vec::new();
    let mut rasters: HashMap<ObjectId, Option<Raster>> = HashMap::new();
    let mut samples = 0;
    for placed in &drawn.images {
        let raster = rasters.entry(placed.id).or_insert_with(|| {
            let read = raster::read(document, placed.stream, &mut budget);
            read.map_err(|why| notes.push(format!("{why} is not drawn")))
                .ok()
        });
        samples += raster
            .as_ref()
            .map_or(0, |raster| canvas.cost(raster, placed));
        if samples > MAX_SAMPLES {
            return Err(PdfError::TooLarge {
                what: "samples of images on a page",
                limit: MAX_SAMPLES,
            });
        }
    }
    for placed in &drawn.images {
        if let Some(Some(raster)) = rasters.get(&placed.id) {
            canvas.paint(raster, placed);
        }
    }
    if rasters.values().all(Option::is_none) {
        let why = if notes.is_empty() {
            "it has no images".to_owned()
        } else {
            notes.join(", ")
        };
        return Err(PdfError::NotDrawn { number, why });
    }
    notes.extend(left_out(&drawn));
    let mut shown = Shown::drawing(canvas.width as u32, canvas.height as u32);
    shown.notes = notes;
    let (width, height) = (canvas.width as u32, canvas.height as u32);
    Ok(Picture::of(width, height, Pixels::Rgb8(canvas.rgb), shown))
}

fn left_out(drawn: &Drawn) -> Option<String> {
    match (drawn.chunks.is_empty(), drawn.shapes) {
        (true, 0) => None,
        (false, 0) => Some("the text of the page is not drawn".to_owned()),
        (true, _) => Some("lines and areas of the page are not drawn".to_owned()),
        (false, _) => Some("text, lines and areas of the page are not drawn".to_owned()),
    }
}

struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    /// From the page's points to pixels.
    matrix: Matrix,
}

/// Where an image lies on the canvas.
struct Area {
    columns: Range<usize>,
    rows: Range<usize>,
    /// Samples of a pixel, along and down.
    steps: usize,
}

impl Canvas {
    fn of(document: &Document, page: &Dictionary, max_edge: u32) -> Self {
        let [left, bottom, right, top] = [b"CropBox".as_slice(), b"MediaBox"]
            .iter()
            .find_map(|key| rectangle(document, content::inherited(document, page, key)?))
            .unwrap_or(A4);
        let (wide, high) = (right - left, top - bottom);
        let scale = f64::from(max_edge) / wide.max(high);
        let pixels = |length: f64| (length * scale).round().clamp(1.0, f64::from(max_edge));
        let (width, height) = (pixels(wide), pixels(high));
        let upright = Matrix([scale, 0.0, 0.0, -scale, -left * scale, top * scale]);
        let turns = content::inherited(document, page, b"Rotate")
            .and_then(|object| object.as_i64().ok())
            .map_or(0, |degrees| degrees.rem_euclid(360) / 90);
        let turn = match turns {
            1 => Matrix([0.0, 1.0, -1.0, 0.0, height, 0.0]),
            2 => Matrix([-1.0, 0.0, 0.0, -1.0, width, height]),
            3 => Matrix([0.0, -1.0, 1.0, 0.0, 0.0, width]),
            _ => Matrix::IDENTITY,
        };
        let (width, height) = if turns % 2 == 1 {
            (height, width)
        } else {
            (width, height)
        };
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            rgb: vec![255; width * height * 3],
            matrix: upright.then(turn),
        }
    }

    fn cost(&self, raster: &Raster, placed: &Placed<'_>) -> u64 {
        let Area {
            columns,
            rows,
            steps,
        } = self.area(raster, placed.matrix.then(self.matrix));
        (columns.len() * rows.len() * steps * steps) as u64
    }

    fn area(&self, raster: &Raster, matrix: Matrix) -> Area {
        let corners =
            [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(x, y)| matrix.apply(x, y));
        let range = |of: fn(&(f64, f64)) -> f64, limit: usize| {
            let low = corners.iter().map(of).fold(f64::INFINITY, f64::min);
            let high = corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            // A cast of what is out of range is its nearest limit.
            (low.floor().max(0.0) as usize).min(limit)..(high.ceil().max(0.0) as usize).min(limit)
        };
        let (columns, rows) = (range(|at| at.0, self.width), range(|at| at.1, self.height));
        let area = (matrix.0[0] * matrix.0[3] - matrix.0[1] * matrix.0[2]).abs();
        let dense = ((raster.width * raster.height) as f64 / area.max(1.0)).sqrt();
        let steps = (dense.ceil() as usize).clamp(1, 4);
        Area {
            columns,
            rows,
            steps,
        }
    }

    /// Each pixel is the mean of some samples of the image below it.
    fn paint(&mut self, raster: &Raster, placed: &Placed<'_>) {
        let matrix = placed.matrix.then(self.matrix);
        let Some(back) = matrix.inverse() else {
            return;
        };
        let Area {
            columns,
            rows,
            steps,
        } = self.area(raster, matrix);
        let part = 1.0 / steps as f64;
        for row in rows {
            for column in columns.clone() {
                let mut sum = [0u32; 3];
                let mut covered = 0u32;
                for step in 0..steps * steps {
                    let x = column as f64 + ((step % steps) as f64 + 0.5) * part;
                    let y = row as f64 + ((step / steps) as f64 + 0.5) * part;
                    let (u, v) = back.apply(x, y);
                    if !(0.0..1.0).contains(&u) || !(0.0..=1.0).contains(&v) {
                        continue;
                    }
                    let from = ((u * raster.width as f64) as usize).min(raster.width - 1);
                    let line = (((1.0 - v) * raster.height as f64) as usize).min(raster.height - 1);
                    let at = line * raster.width + from;
                    let cover = raster
                        .cover
                        .as_ref()
                        .map_or(255, |cover| u32::from(cover[at]));
                    covered += cover;
                    for (sum, value) in sum.iter_mut().zip(&raster.rgb[at * 3..at * 3 + 3]) {
                        *sum += u32::from(*value) * cover;
                    }
                }
                if covered == 0 {
                    continue;
                }
                let whole = (steps * steps) as u32 * 255;
                let start = (row * self.width + column) * 3;
                for (below, sum) in self.rgb[start..start + 3].iter_mut().zip(sum) {
                    *below =
                        ((u32::from(*below) * (whole - covered) + sum + whole / 2) / whole) as u8;
                }
            }
        }
    }
}

/// Left, bottom, right, top; `None` for what is no area.
fn rectangle(document: &Document, object: &Object) -> Option<[f64; 4]> {
    let numbers: Option<Vec<f64>> = object
        .as_array()
        .ok()?
        .iter()
        .map(|number| resolve(document, number)?.as_float().ok().map(f64::from))
        .collect();
    let [a, b, c, d] = numbers?.try_into().ok()?;
    let found: [f64; 4] = [a.min(c), b.min(d), a.max(c), b.max(d)];
    let sizes = [found[2] - found[0], found[3] - found[1]];
    let sound = sizes.iter().all(|size| size.is_finite() && *size >= 1.0);
    sound.then_some(found)
}
