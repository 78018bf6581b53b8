//! Whole slides: the level of the pyramid that fits, and its tiles put together (PS3.3 C.8.12.4).

use std::borrow::Cow;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::encode::{Picture, Pixels};
use crate::frame::{self, Options, RenderError};
use crate::groups::holder;
use crate::image::{frames, number};
use crate::shown::Shown;

/// One level: an object whose frames are tiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Total Pixel Matrix Columns (0048,0006).
    pub columns: u32,
    /// Total Pixel Matrix Rows (0048,0007).
    pub rows: u32,
    /// Which frame lies where: its number from 1, then column and row of its first pixel from 0.
    pub tiles: Vec<(u32, u32, u32)>,
}

/// The most tiles of a level that are put together.
const MOST_TILES: usize = 20_000;

impl Level {
    /// The level that a data set is; `None` where it is no tiled image.
    ///
    /// Of several focal planes and optical paths the first is taken.
    pub fn read(attributes: &InMemDicomObject) -> Option<Self> {
        let size = |tag| number(attributes, tag).filter(|&size| size > 0);
        let columns = size(tags::TOTAL_PIXEL_MATRIX_COLUMNS)?;
        let rows = size(tags::TOTAL_PIXEL_MATRIX_ROWS)?;
        let (wide, high) = (size(tags::COLUMNS)?, size(tags::ROWS)?);
        let across = u64::from(columns.div_ceil(wide));
        let count = across * u64::from(rows.div_ceil(high));
        let there = frames(attributes);
        let positions = |frame| {
            let own = holder(attributes, frame, tags::PLANE_POSITION_SLIDE_SEQUENCE);
            let at = |tag| {
                let place = own.get(tag)?.to_int::<i64>().ok()?;
                u32::try_from(place - 1).ok()
            };
            let column = at(tags::COLUMN_POSITION_IN_TOTAL_IMAGE_PIXEL_MATRIX)?;
            let row = at(tags::ROW_POSITION_IN_TOTAL_IMAGE_PIXEL_MATRIX)?;
            (column < columns && row < rows).then_some((frame, column, row))
        };
        let is_sparse = attributes
            .get(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
            .and_then(|element| element.items())
            .is_some_and(|items| !items.is_empty())
            && positions(1).is_some();
        let tiles = if is_sparse {
            let mut tiles: Vec<(u32, u32, u32)> = Vec::new();
            let mut seen = std::collections::HashSet::new();
            for tile in (1..=there).take(4 * MOST_TILES).filter_map(positions) {
                if seen.insert((tile.1, tile.2)) {
                    tiles.push(tile);
                }
            }
            tiles
        } else {
            let count = u32::try_from(count).unwrap_or(u32::MAX).min(there);
            (0..count)
                .take(4 * MOST_TILES)
                .map(|index| {
                    let (column, row) = (u64::from(index) % across, u64::from(index) / across);
                    (index + 1, column as u32 * wide, row as u32 * high)
                })
                .collect()
        };
        Some(Self {
            columns,
            rows,
            tiles,
        })
    }

    /// The longer side.
    pub fn edge(&self) -> u32 {
        self.columns.max(self.rows)
    }
}

/// Which level to take for a picture of this longest edge: the smallest that is as large, else the largest.
pub fn fitting(levels: &[Level], edge: u32) -> Option<usize> {
    let numbered = || levels.iter().enumerate();
    let enough = numbered().filter(|(_, level)| level.edge() >= edge);
    enough
        .min_by_key(|(_, level)| level.edge())
        .or_else(|| numbered().max_by_key(|(_, level)| level.edge()))
        .map(|(index, _)| index)
}

/// A level as one picture, its longer side at most `edge`: tiles are made smaller by averaging, where there is none it is white.
///
/// `tile` gives the bytes of a frame, as [`frame::bytes_of`] does.
///
/// # Errors
/// A level of more than `options.max_pixels` pixels or too many tiles, or a tile that cannot be decoded.
pub fn assemble<'b>(
    attributes: &InMemDicomObject,
    transfer_syntax: &str,
    level: &Level,
    edge: u32,
    options: &Options,
    mut tile: impl FnMut(u32) -> Result<Cow<'b, [u8]>, RenderError>,
) -> Result<Picture, RenderError> {
    let too_large = || RenderError::TooLarge {
        columns: level.columns.into(),
        rows: level.rows.into(),
        limit: options.max_pixels,
    };
    let pixels = u64::from(level.columns) * u64::from(level.rows);
    if pixels > options.max_pixels || level.tiles.len() > MOST_TILES {
        return Err(too_large());
    }
    let step = level.edge().div_ceil(edge.max(1)).max(1);
    let (width, height) = (level.columns.div_ceil(step), level.rows.div_ceil(step));
    // Sums of red, green and blue, and how many pixels they are of.
    let mut sums = vec![[0u32; 4]; width as usize * height as usize];
    let plain = Options {
        pixels: frame::PixelAspect::AsStored,
        viewport: None,
        max_edge: None,
        ..options.clone()
    };
    let mut words = None;
    for &(frame, left, top) in &level.tiles {
        let bytes = tile(frame)?;
        let picture = frame::render(attributes, transfer_syntax, &bytes, frame, &plain)?;
        words.get_or_insert_with(|| picture.shown.clone());
        let columns = picture.width;
        let Pixels::Rgb8(samples) = picture.with_colours().pixels else {
            continue;
        };
        for (at, &[red, green, blue]) in (0u32..).zip(samples.as_chunks::<3>().0) {
            let (x, y) = (left + at % columns, top + at / columns);
            // Tiles at the right and lower edge reach beyond the slide.
            if x < level.columns && y < level.rows {
                let sum = &mut sums[(y / step) as usize * width as usize + (x / step) as usize];
                for (sum, sample) in sum.iter_mut().zip([red, green, blue, 1]) {
                    *sum += u32::from(sample);
                }
            }
        }
    }
    let colours = sums
        .iter()
        .flat_map(|&[red, green, blue, count]| match count {
            0 => [255; 3],
            count => [red, green, blue].map(|sum| ((sum + count / 2) / count) as u8),
        })
        .collect();
    let mut shown = words.unwrap_or_else(|| Shown::drawing(level.columns, level.rows));
    (shown.columns, shown.rows) = (level.columns, level.rows);
    shown.notes.push(format!(
        "{} tiles of a level of {} x {} pixels, 1 of {step} shown",
        level.tiles.len(),
        level.columns,
        level.rows
    ));
    Ok(Picture::of(width, height, Pixels::Rgb8(colours), shown))
}
