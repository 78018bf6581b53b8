//! Turning and mirroring (PS3.3 C.10.6).

use dicom_dictionary_std::tags;

use super::Presentation;
use crate::encode::{Picture, Pixels};
use crate::image::{number, text};

/// Quarters clockwise, and whether left and right change places after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    quarters: u32,
    mirror: bool,
}

impl Turn {
    pub(crate) fn of(state: &Presentation) -> Self {
        let degrees = number(state.data_set(), tags::IMAGE_ROTATION).unwrap_or(0);
        let flip = text(state.data_set(), tags::IMAGE_HORIZONTAL_FLIP);
        Self {
            quarters: degrees / 90 % 4,
            mirror: flip.as_deref() == Some("Y"),
        }
    }

    /// Whether width and height change places.
    pub(crate) fn lies(self) -> bool {
        self.quarters % 2 == 1
    }

    /// Where a point of a picture of this size comes to lie.
    pub(crate) fn place(self, (x, y): (f64, f64), (width, height): (u32, u32)) -> (f64, f64) {
        let (w, h) = (f64::from(width), f64::from(height));
        let (x, y, w) = match self.quarters {
            0 => (x, y, w),
            1 => (h - y, x, h),
            2 => (w - x, h - y, w),
            _ => (y, w - x, h),
        };
        (if self.mirror { w - x } else { x }, y)
    }

    pub(crate) fn apply(self, picture: &mut Picture) {
        if self == Self::default() {
            return;
        }
        let (width, height) = (picture.width as usize, picture.height as usize);
        // For each pixel of the turned picture, in its order, where it comes from.
        let (columns, rows) = if self.lies() {
            (height, width)
        } else {
            (width, height)
        };
        let source = move |x: usize, y: usize| {
            let x = if self.mirror { columns - 1 - x } else { x };
            let (x, y) = match self.quarters {
                0 => (x, y),
                1 => (y, height - 1 - x),
                2 => (width - 1 - x, height - 1 - y),
                _ => (width - 1 - y, x),
            };
            y * width + x
        };
        let order = move || (0..rows).flat_map(move |y| (0..columns).map(move |x| source(x, y)));
        picture.pixels = match &picture.pixels {
            Pixels::Grey8(levels) => Pixels::Grey8(order().map(|at| levels[at]).collect()),
            Pixels::Grey16(levels) => Pixels::Grey16(order().map(|at| levels[at]).collect()),
            Pixels::Rgb8(samples) => Pixels::Rgb8(
                order()
                    .flat_map(|at| [samples[at * 3], samples[at * 3 + 1], samples[at * 3 + 2]])
                    .collect(),
            ),
        };
        (picture.width, picture.height) = (columns as u32, rows as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::Shown;

    fn turned(quarters: u32, mirror: bool) -> (u32, Vec<u8>) {
        let mut picture = Picture::of(
            3,
            2,
            Pixels::Grey8(vec![1, 2, 3, 4, 5, 6]),
            Shown::drawing(3, 2),
        );
        Turn { quarters, mirror }.apply(&mut picture);
        let Pixels::Grey8(levels) = picture.pixels else {
            panic!("grey stays grey")
        };
        (picture.width, levels)
    }

    #[test]
    fn pictures_are_turned_clockwise_then_mirrored() {
        assert_eq!(turned(0, true), (3, vec![3, 2, 1, 6, 5, 4]));
        assert_eq!(turned(1, false), (2, vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(turned(2, false), (3, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(turned(3, false), (2, vec![3, 6, 2, 5, 1, 4]));
        assert_eq!(turned(1, true), (2, vec![1, 4, 2, 5, 3, 6]));
    }

    #[test]
    fn points_turn_with_their_pixels() {
        // The middle of the pixel with the value 3 is at 2.5, 0.5.
        for (quarters, mirror, there) in [
            (0, true, (0.5, 0.5)),
            (1, false, (1.5, 2.5)),
            (2, false, (0.5, 1.5)),
            (3, false, (0.5, 0.5)),
            (1, true, (0.5, 2.5)),
        ] {
            let turn = Turn { quarters, mirror };
            assert_eq!(turn.place((2.5, 0.5), (3, 2)), there, "{turn:?}");
        }
    }
}
