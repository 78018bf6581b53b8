//! Drawing on pictures: lines, filled boxes, letters.
//!
//! The letters are those of GNU Unifont, which has all scripts that names come in.

use unifont::Glyph;

use crate::encode::{Picture, Pixels};

/// Red, green and blue. What is drawn on a grey picture is drawn in the grey of its green.
pub(crate) type Colour = [u8; 3];

pub(crate) const BLACK: Colour = [0; 3];
pub(crate) const WHITE: Colour = [255; 3];

/// Height of a letter of size 1, in pixels.
pub(crate) const LINE: u32 = 16;

/// The longest line that is drawn, in pixels: what reaches further is far outside any picture.
const LONGEST: f64 = 200_000.0;

impl Picture {
    /// The picture with colours, so that colours can be drawn on it.
    pub(crate) fn with_colours(mut self) -> Self {
        self.pixels = match self.pixels {
            Pixels::Grey8(levels) => {
                Pixels::Rgb8(levels.iter().flat_map(|&level| [level; 3]).collect())
            }
            Pixels::Grey16(levels) => Pixels::Rgb8(
                levels
                    .iter()
                    .flat_map(|&level| [(level >> 8) as u8; 3])
                    .collect(),
            ),
            colours => colours,
        };
        self
    }

    /// Mixes a colour into one pixel: `cover` 0 leaves it, 1 replaces it. Nothing happens outside the picture.
    pub(crate) fn mix(&mut self, (x, y): (i64, i64), colour: Colour, cover: f64) {
        let inside = |at: i64, size: u32| u32::try_from(at).is_ok_and(|at| at < size);
        if !inside(x, self.width) || !inside(y, self.height) || cover <= 0.0 {
            return;
        }
        let pixel = y as usize * self.width as usize + x as usize;
        let cover = cover.min(1.0);
        let mixed = |old: f64, new: f64| old + (new - old) * cover + 0.5;
        match &mut self.pixels {
            Pixels::Grey8(levels) => {
                let level = &mut levels[pixel];
                *level = mixed((*level).into(), colour[1].into()) as u8;
            }
            Pixels::Grey16(levels) => {
                let level = &mut levels[pixel];
                *level = mixed((*level).into(), f64::from(colour[1]) * 257.0) as u16;
            }
            Pixels::Rgb8(samples) => {
                for (sample, new) in samples[pixel * 3..pixel * 3 + 3].iter_mut().zip(colour) {
                    *sample = mixed((*sample).into(), new.into()) as u8;
                }
            }
        }
    }

    /// A line of this thickness in pixels, with soft edges. Points are in pixels from the top left corner.
    pub(crate) fn line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        thickness: f64,
        colour: Colour,
    ) {
        let Some((from, to)) = self.clipped(from, to, thickness) else {
            return;
        };
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let length = across.hypot(down);
        let is_steep = down.abs() > across.abs();
        let reach = (thickness / 2.0 + 1.0) * 1.5;
        let turned = |(x, y): (f64, f64)| if is_steep { (y, x) } else { (x, y) };
        let ((start, other), (end, other_end)) = (turned(from), turned(to));
        let slope = if end == start {
            0.0
        } else {
            (other_end - other) / (end - start)
        };
        let (low, high) = (start.min(end) - reach, start.max(end) + reach);
        for along in low.floor() as i64..=high.ceil() as i64 {
            let middle = along as f64 + 0.5;
            let at = other + (middle.clamp(start.min(end), start.max(end)) - start) * slope;
            for beside in (at - reach).floor() as i64..=(at + reach).ceil() as i64 {
                let (x, y) = turned((middle, beside as f64 + 0.5));
                // Distance from the pixel's middle to the line.
                let (dx, dy) = (x - from.0, y - from.1);
                let part = if length == 0.0 {
                    0.0
                } else {
                    ((dx * across + dy * down) / (length * length)).clamp(0.0, 1.0)
                };
                let distance = (dx - part * across).hypot(dy - part * down);
                let cover = (thickness / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
                self.mix((x.floor() as i64, y.floor() as i64), colour, cover);
            }
        }
    }

    /// The part of a line that can be seen, so that far points cost nothing.
    fn clipped(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        thickness: f64,
    ) -> Option<((f64, f64), (f64, f64))> {
        let all = [from.0, from.1, to.0, to.1];
        // Numbers beyond have no exact places between them.
        if all.iter().any(|value| value.is_nan() || value.abs() > 1e8) {
            return None;
        }
        let margin = thickness + 2.0;
        let (mut first, mut last) = (0.0f64, 1.0f64);
        let axes = [
            (from.0, to.0 - from.0, f64::from(self.width)),
            (from.1, to.1 - from.1, f64::from(self.height)),
        ];
        for (start, step, size) in axes {
            let (near, far) = (-margin - start, size + margin - start);
            if step == 0.0 {
                if near > 0.0 || far < 0.0 {
                    return None;
                }
                continue;
            }
            let (a, b) = (near / step, far / step);
            first = first.max(a.min(b));
            last = last.min(a.max(b));
        }
        if first > last {
            return None;
        }
        let at = |part: f64| {
            (
                from.0 + (to.0 - from.0) * part,
                from.1 + (to.1 - from.1) * part,
            )
        };
        let (from, to) = (at(first), at(last));
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        (length < LONGEST).then_some((from, to))
    }

    /// Lines from point to point.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], thickness: f64, colour: Colour) {
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], thickness, colour);
        }
    }

    /// A filled box, edges in whole pixels.
    pub(crate) fn fill(
        &mut self,
        (left, top): (i64, i64),
        (width, height): (u32, u32),
        colour: Colour,
    ) {
        let right = (left + i64::from(width)).min(self.width.into());
        let bottom = (top + i64::from(height)).min(self.height.into());
        for y in top.max(0)..bottom {
            for x in left.max(0)..right {
                self.mix((x, y), colour, 1.0);
            }
        }
    }

    /// A line of text with its top left corner here, with a dark edge so that it can be read on anything. Gives its width.
    pub(crate) fn write(
        &mut self,
        text: &[&'static Glyph],
        (left, top): (i64, i64),
        size: u32,
        (colour, edge): (Colour, Option<Colour>),
    ) -> u32 {
        // First all edges, so that no letter's edge covers the one before.
        let passes = [edge.map(|edge| (edge, i64::from(size))), Some((colour, 0))];
        for (colour, reach) in passes.into_iter().flatten() {
            let mut pen = left;
            for letter in text {
                self.letter(letter, (pen, top), size, colour, reach);
                pen += i64::from(wide(letter) * size);
            }
        }
        width(text) * size
    }

    /// Draws a letter, each of its dots as a square that reaches a little further.
    fn letter(
        &mut self,
        letter: &Glyph,
        (left, top): (i64, i64),
        size: u32,
        colour: Colour,
        reach: i64,
    ) {
        for y in 0..LINE {
            for x in 0..wide(letter) {
                if !letter.get_pixel(x as usize, y as usize) {
                    continue;
                }
                let (left, top) = (left + i64::from(x * size), top + i64::from(y * size));
                let side = i64::from(size) + reach;
                for row in top - reach..top + side {
                    for column in left - reach..left + side {
                        self.mix((column, row), colour, 1.0);
                    }
                }
            }
        }
    }
}

/// The letters of a line, up to a width in pixels of size 1; what is cut ends in an ellipsis, so that no number seems to be a shorter
/// one. A character without a letter is shown as one that is not there.
pub(crate) fn fitting(line: &str, room: u32) -> Vec<&'static Glyph> {
    let letter = |it| unifont::get_glyph(it).or_else(|| unifont::get_glyph('\u{FFFD}'));
    // No line that fits has more letters than the narrowest of them side by side.
    let letters: Vec<_> = line
        .chars()
        .take(room as usize / 8 + 2)
        .filter_map(letter)
        .collect();
    if width(&letters) <= room {
        return letters;
    }
    let mut cut = letters;
    let ellipsis = letter('…');
    let needed = ellipsis.map_or(0, wide);
    while !cut.is_empty() && width(&cut) + needed > room {
        cut.pop();
    }
    cut.extend(ellipsis.filter(|_| needed <= room));
    cut
}

/// Width of letters side by side, in pixels of size 1.
pub(crate) fn width(letters: &[&Glyph]) -> u32 {
    letters.iter().map(|letter| wide(letter)).sum()
}

fn wide(letter: &Glyph) -> u32 {
    if letter.is_fullwidth() { 16 } else { 8 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::Shown;

    fn black(width: u32, height: u32) -> Picture {
        let pixels = Pixels::Grey8(vec![0; (width * height) as usize]);
        Picture::of(width, height, pixels, Shown::drawing(width, height))
    }

    fn levels(picture: &Picture) -> &[u8] {
        let Pixels::Grey8(levels) = &picture.pixels else {
            panic!("grey was drawn")
        };
        levels
    }

    #[test]
    fn a_line_covers_the_pixels_under_it() {
        let mut picture = black(8, 5);
        picture.line((0.0, 2.5), (8.0, 2.5), 1.0, WHITE);
        let rows: Vec<&[u8]> = levels(&picture).chunks(8).collect();
        assert_eq!(rows, [&[0; 8], &[0; 8], &[255; 8], &[0; 8], &[0; 8]]);
    }

    #[test]
    fn lines_to_far_away_cost_nothing_and_show_what_is_near() {
        let mut picture = black(4, 4);
        picture.line((-1e7, 2.0), (1e7, 2.0), 2.0, WHITE);
        picture.line((f64::NAN, 0.0), (1.0, f64::INFINITY), 1.0, WHITE);
        assert_eq!(levels(&picture)[4..12], [255; 8]);
        assert_eq!(levels(&picture)[..4], [0; 4]);
    }

    #[test]
    fn a_line_that_is_cut_says_so() {
        let whole = fitting("frame 8 of 16", 13 * 8);
        let cut = fitting("frame 8 of 16", 12 * 8);
        assert_eq!((whole.len(), cut.len()), (13, 12));
        assert_eq!(cut.last().copied(), unifont::get_glyph('…'));
        assert!(fitting("frame", 7).is_empty());
    }
}
