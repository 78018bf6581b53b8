//! The part of an image that is shown, and the box it is fitted into (PS3.18 8.3.5.1.3).

use std::str::FromStr;

/// A viewport: the shown region keeps its aspect ratio and is scaled to fit the box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// Width of the box in pixels, at least 1.
    pub width: u32,
    /// Height of the box in pixels, at least 1.
    pub height: u32,
    /// The region of the image; all of it where `None`.
    pub region: Option<Region>,
}

/// A region of an image in pixels of the image, from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width; negative flips the picture left to right.
    pub width: f64,
    /// Height; negative flips the picture top to bottom.
    pub height: f64,
}

/// A text that is not a viewport.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is not a viewport: want width,height or width,height,x,y,region width,region height in pixels"
)]
pub struct ViewportError(pub String);

/// Reads the `viewport` parameter of a rendered resource, `vw,vh[,sx,sy,sw,sh]` (PS3.18 8.3.5.1.3).
impl FromStr for Viewport {
    type Err = ViewportError;

    fn from_str(text: &str) -> Result<Self, ViewportError> {
        let bad = || ViewportError(text.to_owned());
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let size = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|&value| value > 0)
                .ok_or_else(bad)
        };
        let number = |text: &str| {
            text.parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .ok_or_else(bad)
        };
        match parts[..] {
            [width, height] => Ok(Viewport {
                width: size(width)?,
                height: size(height)?,
                region: None,
            }),
            [width, height, x, y, w, h] => {
                let region = Region {
                    x: number(x)?,
                    y: number(y)?,
                    width: number(w)?,
                    height: number(h)?,
                };
                if region.width == 0.0 || region.height == 0.0 {
                    return Err(bad());
                }
                Ok(Viewport {
                    width: size(width)?,
                    height: size(height)?,
                    region: Some(region),
                })
            }
            _ => Err(bad()),
        }
    }
}

/// A grid of pixels of `N` samples each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid<T, const N: usize> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<[T; N]>,
}

/// A sample that can be averaged.
pub(crate) trait Sample: Copy + Into<f32> {
    /// The nearest sample.
    fn nearest(value: f32) -> Self;
}

impl Sample for u8 {
    fn nearest(value: f32) -> Self {
        (value + 0.5) as u8
    }
}

impl Sample for u16 {
    fn nearest(value: f32) -> Self {
        (value + 0.5) as u16
    }
}

/// How wide and how high a pixel is shown, the shorter edge 1: never loses a row or a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PixelShape {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl PixelShape {
    pub(crate) const SQUARE: Self = Self {
        width: 1.0,
        height: 1.0,
    };

    /// Pixels so much higher than wide; nearly square ones are taken as square, as are shapes that no detector has.
    pub(crate) fn of(height: f64, width: f64) -> Self {
        let ratio = height / width;
        if !ratio.is_finite() || (0.99..=1.01).contains(&ratio) || !(0.02..=50.0).contains(&ratio) {
            Self::SQUARE
        } else if ratio > 1.0 {
            Self {
                width: 1.0,
                height: ratio,
            }
        } else {
            Self {
                width: 1.0 / ratio,
                height: 1.0,
            }
        }
    }

    pub(crate) fn is_square(self) -> bool {
        self == Self::SQUARE
    }
}

/// What becomes of an image on its way to the picture: cut, turned over, scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    flip_x: bool,
    flip_y: bool,
    pub(crate) out_width: u32,
    pub(crate) out_height: u32,
}

impl Layout {
    /// The layout for an image of `columns` x `rows`; `None` where the region lies outside the image.
    pub(crate) fn of(
        columns: u32,
        rows: u32,
        viewport: Option<Viewport>,
        max_edge: Option<u32>,
        shape: PixelShape,
    ) -> Option<Self> {
        let whole = Region {
            x: 0.0,
            y: 0.0,
            width: columns.into(),
            height: rows.into(),
        };
        let region = viewport
            .and_then(|viewport| viewport.region)
            .unwrap_or(whole);
        let (left, width) = cut(region.x, region.width, columns)?;
        let (top, height) = cut(region.y, region.height, rows)?;
        let (shown_width, shown_height) = (
            f64::from(width) * shape.width,
            f64::from(height) * shape.height,
        );
        let mut scale = match viewport {
            Some(viewport) => (f64::from(viewport.width) / shown_width)
                .min(f64::from(viewport.height) / shown_height),
            None => 1.0,
        };
        if let Some(edge) = max_edge {
            scale = scale.min(f64::from(edge.max(1)) / shown_width.max(shown_height));
        }
        let size = |length: f64| ((length * scale).round() as u32).max(1);
        Some(Self {
            left,
            top,
            width,
            height,
            flip_x: region.width < 0.0,
            flip_y: region.height < 0.0,
            out_width: size(shown_width),
            out_height: size(shown_height),
        })
    }

    /// Where a point of the image (in pixels, from its top left corner) lies in the picture.
    pub(crate) fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let along = |at: f64, start: u32, length: u32, out: u32, flip: bool| {
            let part = (at - f64::from(start)) / f64::from(length);
            (if flip { 1.0 - part } else { part }) * f64::from(out)
        };
        (
            along(x, self.left, self.width, self.out_width, self.flip_x),
            along(y, self.top, self.height, self.out_height, self.flip_y),
        )
    }

    /// Whether the picture is the image as it is.
    pub(crate) fn is_identity(&self, columns: u32, rows: u32) -> bool {
        let unscaled = (self.out_width, self.out_height) == (self.width, self.height);
        unscaled && (self.width, self.height) == (columns, rows) && !self.flip_x && !self.flip_y
    }

    /// Cuts, flips and scales.
    pub(crate) fn apply<T: Sample, const N: usize>(&self, image: &Grid<T, N>) -> Grid<T, N> {
        let across = Axis::new(self.left, self.width, self.out_width, self.flip_x);
        let down = Axis::new(self.top, self.height, self.out_height, self.flip_y);
        let columns = image.width as usize;
        let mut pixels = Vec::with_capacity(self.out_width as usize * self.out_height as usize);
        // Rows are narrowed once each, in the order in which they are needed.
        let mut narrowed: Vec<(usize, Vec<[f32; N]>)> = Vec::new();
        for shares in &down.shares {
            let needed = shares.first..shares.first + shares.weights.len();
            narrowed.retain(|(row, _)| needed.contains(row));
            for row in needed.clone() {
                if !narrowed.iter().any(|&(there, _)| there == row) {
                    narrowed.push((
                        row,
                        across.narrow(&image.pixels[row * columns..(row + 1) * columns]),
                    ));
                }
            }
            let mut line = vec![[0f32; N]; self.out_width as usize];
            for (row, values) in &narrowed {
                let weight = shares.weights[row - shares.first];
                for (sum, value) in line.iter_mut().zip(values) {
                    for sample in 0..N {
                        sum[sample] += weight * value[sample];
                    }
                }
            }
            pixels.extend(line.into_iter().map(|pixel| pixel.map(T::nearest)));
        }
        Grid {
            width: self.out_width,
            height: self.out_height,
            pixels,
        }
    }
}

/// The part of `start .. start + length` (in either direction) that lies on an axis of `limit` pixels.
fn cut(start: f64, length: f64, limit: u32) -> Option<(u32, u32)> {
    let limit = f64::from(limit);
    let from = start.clamp(0.0, limit).floor();
    let to = (start + length.abs()).clamp(0.0, limit).ceil();
    (from < to).then_some((from as u32, (to - from) as u32))
}

/// Which source pixels a pixel of the picture is made of: their average where it is scaled down, their interpolation where up.
struct Axis {
    shares: Vec<Shares>,
}

struct Shares {
    first: usize,
    weights: Vec<f32>,
}

impl Axis {
    fn new(start: u32, length: u32, out: u32, flip: bool) -> Self {
        let step = f64::from(length) / f64::from(out);
        let (first, last) = (i64::from(start), i64::from(start + length) - 1);
        let mut shares: Vec<Shares> = (0..out)
            .map(|pixel| {
                let middle = f64::from(start) + (f64::from(pixel) + 0.5) * step;
                // A box as wide as the step averages; a tent of one pixel each way interpolates.
                let reach = (step / 2.0).max(1.0);
                let from = ((middle - reach).floor() as i64).max(first);
                let to = ((middle + reach).ceil() as i64).min(last + 1);
                let weight = |at: i64| {
                    let (near, far) = (at as f64, at as f64 + 1.0);
                    if step > 1.0 {
                        (far.min(middle + step / 2.0) - near.max(middle - step / 2.0)).max(0.0)
                    } else {
                        (1.0 - (at as f64 + 0.5 - middle).abs()).max(0.0)
                    }
                };
                let weights: Vec<f64> = (from..to).map(weight).collect();
                let sum: f64 = weights.iter().sum();
                Shares {
                    first: from as usize,
                    weights: weights.iter().map(|weight| (weight / sum) as f32).collect(),
                }
            })
            .collect();
        if flip {
            shares.reverse();
        }
        Self { shares }
    }

    fn narrow<T: Sample, const N: usize>(&self, row: &[[T; N]]) -> Vec<[f32; N]> {
        let sum = |shares: &Shares| {
            let mut sum = [0f32; N];
            for (pixel, weight) in row[shares.first..].iter().zip(&shares.weights) {
                for sample in 0..N {
                    sum[sample] += weight * pixel[sample].into();
                }
            }
            sum
        };
        self.shares.iter().map(sum).collect()
    }
}
