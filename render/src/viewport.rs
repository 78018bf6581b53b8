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
