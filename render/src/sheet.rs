//! Contact sheets: some images of a series side by side, each with its label.

use crate::canvas::{self, BLACK, LINE, WHITE};
use crate::encode::{Picture, Pixels};
use crate::shown::Shown;
use crate::viewport::{Grid, Layout, PixelShape, Viewport};

/// Pixels between two images.
const GAP: u32 = 4;
/// A sheet has no more images: they would be too small to be looked at.
pub const MOST: usize = 400;

/// Which of `count` images to show if there is room for `wanted`: evenly spaced, with the first and the last.
pub fn evenly(count: usize, wanted: usize) -> Vec<usize> {
    match wanted.min(count) {
        0 => Vec::new(),
        1 => vec![count / 2],
        wanted => (0..wanted)
            .map(|place| (place * (count - 1) + (wanted - 1) / 2) / (wanted - 1))
            .collect(),
    }
}

/// A sheet in the making.
pub struct Sheet {
    edge: u32,
    cells: Vec<Picture>,
}

impl Sheet {
    /// A sheet whose images have at most `edge` pixels along the longer side, 32 to 1024.
    pub fn new(edge: u32) -> Self {
        Self {
            edge: edge.clamp(32, 1024),
            cells: Vec::new(),
        }
    }

    /// Adds an image with a label below it; nothing beyond [`MOST`].
    pub fn put(&mut self, picture: &Picture, label: &str) {
        if self.cells.len() >= MOST {
            return;
        }
        let mut cell = blank(self.edge, self.edge + LINE + 2, picture.shown.clone());
        let fitted = fitted(picture.clone(), self.edge);
        let left = (self.edge - fitted.width) / 2;
        let top = (self.edge - fitted.height) / 2;
        paste(&mut cell, &fitted, (left, top));
        let letters = canvas::fitting(label, self.edge);
        let left = (self.edge - canvas::width(&letters)) / 2;
        cell.write(
            &letters,
            (left.into(), i64::from(self.edge) + 1),
            1,
            (WHITE, None),
        );
        self.cells.push(cell);
    }

    /// The sheet, as nearly square as the number of images allows.
    pub fn picture(self) -> Picture {
        let count = self.cells.len().max(1) as u32;
        let columns = f64::from(count).sqrt().ceil() as u32;
        let rows = count.div_ceil(columns);
        let (width, height) = (self.edge, self.edge + LINE + 2);
        let total = |cells: u32, size: u32| cells * (size + GAP) + GAP;
        let (across, down) = (total(columns, width), total(rows, height));
        let mut shown = Shown::drawing(across, down);
        shown
            .notes
            .push(format!("contact sheet of {} images", self.cells.len()));
        let mut sheet = blank(across, down, shown);
        sheet.fill((0, 0), (across, down), [40; 3]);
        for (place, cell) in (0u32..).zip(&self.cells) {
            let left = GAP + place % columns * (width + GAP);
            let top = GAP + place / columns * (height + GAP);
            paste(&mut sheet, cell, (left, top));
        }
        sheet
    }
}

fn blank(width: u32, height: u32, shown: Shown) -> Picture {
    let samples = width as usize * height as usize * 3;
    let mut picture = Picture::of(width, height, Pixels::Rgb8(vec![0; samples]), shown);
    picture.fill((0, 0), (width, height), BLACK);
    picture
}

/// A picture with colours, its longer side of this length.
fn fitted(picture: Picture, edge: u32) -> Picture {
    let (width, height) = (picture.width, picture.height);
    let picture = picture.with_colours();
    let viewport = Viewport {
        width: edge,
        height: edge,
        region: None,
    };
    let layout = Layout::of(width, height, Some(viewport), None, PixelShape::SQUARE);
    let (Some(layout), Pixels::Rgb8(samples)) = (layout, &picture.pixels) else {
        return picture;
    };
    let pixels = samples.as_chunks::<3>().0.to_vec();
    let grid = layout.apply(&Grid {
        width,
        height,
        pixels,
    });
    let pixels = Pixels::Rgb8(grid.pixels.into_flattened());
    Picture::of(grid.width, grid.height, pixels, picture.shown)
}

/// Copies colours onto colours.
fn paste(onto: &mut Picture, picture: &Picture, (left, top): (u32, u32)) {
    let (Pixels::Rgb8(target), Pixels::Rgb8(source)) = (&mut onto.pixels, &picture.pixels) else {
        return;
    };
    let width = picture.width.min(onto.width.saturating_sub(left)) as usize * 3;
    let height = picture.height.min(onto.height.saturating_sub(top));
    for y in 0..height {
        let from = y as usize * picture.width as usize * 3;
        let to = ((top + y) as usize * onto.width as usize + left as usize) * 3;
        target[to..to + width].copy_from_slice(&source[from..from + width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_chosen_evenly_with_both_ends() {
        assert_eq!(evenly(3, 16), [0, 1, 2]);
        assert_eq!(evenly(100, 4), [0, 33, 66, 99]);
        assert_eq!(evenly(10, 4), [0, 3, 6, 9]);
        assert_eq!(evenly(7, 1), [3]);
        assert_eq!(evenly(0, 4), [0; 0]);
        for (count, wanted) in [(17, 16), (1000, 16), (5, 4), (16, 16)] {
            let chosen = evenly(count, wanted);
            assert_eq!((chosen[0], chosen[wanted - 1]), (0, count - 1));
            assert!(chosen.is_sorted_by(|a, b| a < b), "{chosen:?}");
        }
    }

    #[test]
    fn every_image_has_its_place_and_label() {
        let grey = |level: u8| {
            let pixels = Pixels::Grey8(vec![level; 64 * 32]);
            Picture::of(64, 32, pixels, Shown::drawing(64, 32))
        };
        let mut sheet = Sheet::new(64);
        for level in [100, 150, 200] {
            sheet.put(&grey(level), "image 7");
        }
        let sheet = sheet.picture();
        assert_eq!(
            (sheet.width, sheet.height),
            (2 * 68 + 4, 2 * (64 + 18 + 4) + 4)
        );
        let Pixels::Rgb8(samples) = &sheet.pixels else {
            panic!("a sheet has colours")
        };
        let at = |x: usize, y: usize| samples[(y * sheet.width as usize + x) * 3];
        assert_eq!((at(36, 36), at(104, 36), at(36, 122)), (100, 150, 200));
        // The gap, the bar above a flat image, and letters below.
        assert_eq!((at(1, 1), at(36, 6)), (40, 0));
        assert!((4..68).any(|x| (69..85).any(|y| at(x, y) == 255)));
    }
}
