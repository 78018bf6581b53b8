//! A contact sheet: pictures side by side on black, each in the middle of its tile.

use dicom_render::encode::{Picture, Pixels};

/// Pixels between tiles.
const GAP: u32 = 2;

/// A sheet under way, in RGB.
#[derive(Debug)]
pub struct Sheet {
    tile: u32,
    columns: u32,
    rows: u32,
    pixels: Vec<u8>,
    shown: Option<dicom_render::shown::Shown>,
}

impl Sheet {
    /// A black sheet for so many tiles of this edge, about as wide as high.
    pub fn new(tiles: usize, tile: u32) -> Self {
        let tiles = u32::try_from(tiles).unwrap_or(u32::MAX).clamp(1, 1024);
        let columns = (1..=tiles)
            .find(|columns| columns * columns >= tiles)
            .unwrap_or(1);
        let rows = tiles.div_ceil(columns);
        let mut sheet = Self {
            tile,
            columns,
            rows,
            pixels: Vec::new(),
            shown: None,
        };
        sheet.pixels = vec![0; sheet.width() as usize * sheet.height() as usize * 3];
        sheet
    }

    /// Tiles in a row.
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.columns * (self.tile + GAP) - GAP
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.rows * (self.tile + GAP) - GAP
    }

    /// Draws a picture into the tile at this position; what does not fit is cut.
    pub fn put(&mut self, position: usize, picture: &Picture) {
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        if position >= self.columns * self.rows {
            return;
        }
        let (width, height) = (picture.width.min(self.tile), picture.height.min(self.tile));
        let left = (position % self.columns) * (self.tile + GAP) + (self.tile - width) / 2;
        let top = (position / self.columns) * (self.tile + GAP) + (self.tile - height) / 2;
        let sheet_width = self.width() as usize;
        for y in 0..height as usize {
            let from = y * picture.width as usize;
            let to = ((top as usize + y) * sheet_width + left as usize) * 3;
            let Some(row) = self.pixels.get_mut(to..to + width as usize * 3) else {
                return;
            };
            match &picture.pixels {
                Pixels::Grey8(grey) => {
                    let line = grey.iter().skip(from);
                    for (pixel, value) in row.chunks_exact_mut(3).zip(line) {
                        pixel.fill(*value);
                    }
                }
                Pixels::Grey16(grey) => {
                    let line = grey.iter().skip(from);
                    for (pixel, value) in row.chunks_exact_mut(3).zip(line) {
                        pixel.fill((value >> 8) as u8);
                    }
                }
                Pixels::Rgb8(rgb) => {
                    let end = rgb.len().min((from + width as usize) * 3);
                    if let Some(line) = rgb.get(from * 3..end) {
                        row[..line.len()].copy_from_slice(line);
                    }
                }
            }
        }
        self.shown.get_or_insert_with(|| picture.shown.clone());
    }

    /// The sheet as a JPEG file.
    ///
    /// # Errors
    /// If nothing was put on it, or the encoder refuses.
    pub fn jpeg(self, quality: u8) -> Result<Vec<u8>, String> {
        let (width, height) = (self.width(), self.height());
        let shown = self.shown.ok_or("nothing is on the sheet")?;
        Picture::of(width, height, Pixels::Rgb8(self.pixels), shown)
            .jpeg(quality)
            .map_err(|error| error.to_string())
    }
}
