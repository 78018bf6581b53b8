//! Shapes that carry their meaning with them: rulers, axes, arrows, lines that cut (PS3.3 C.10.5.1.3).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{MOST_POINTS, PIECES, Places, size};
use crate::canvas::{self, BLACK, Colour};
use crate::encode::Picture;
use crate::image::text;
use crate::lab;
use crate::presentation::{items, numbers};
use crate::text::one_line;

/// A point of the picture, in pixels.
type Point = (f64, f64);

/// The most ticks of a ruler or an axis.
const MOST_TICKS: usize = 500;

/// Draws one item of the Compound Graphic Sequence; `None` where it is of no kind that is known here or lacks points. Its
/// simple equivalent is drawn then.
///
/// A filled shape is drawn as its outline, a dashed line as a whole one.
pub(super) fn draw(
    picture: &mut Picture,
    graphic: &InMemDicomObject,
    colour: Colour,
    places: &Places<'_>,
) -> Option<()> {
    let style = items(graphic, tags::LINE_STYLE_SEQUENCE).first();
    let own = style.and_then(|style| lab::read(style, tags::PATTERN_ON_COLOR_CIE_LAB_VALUE));
    let mut pen = Pen {
        thickness: f64::from(size(picture)) * 1.5,
        colour: own.unwrap_or(colour),
        picture,
    };
    let shape = Shape::read(graphic, places)?;
    let pair = || match shape.points[..] {
        [from, to] => Some((shape.place(from), shape.place(to))),
        _ => None,
    };
    match text(graphic, tags::COMPOUND_GRAPHIC_TYPE)?.as_str() {
        "RECTANGLE" => pen.along(&shape.rectangle()?),
        "ELLIPSE" => pen.along(&shape.ellipse()?),
        "MULTILINE" if shape.points.len() > 1 => {
            for line in shape.points.as_chunks::<2>().0 {
                pen.line(shape.place(line[0]), shape.place(line[1]));
            }
        }
        "INFINITELINE" => {
            let (from, to) = pen.to_the_borders(pair()?)?;
            pen.broken(from, to, &shape.gap(graphic, pair()?));
        }
        "CUTLINE" => {
            let (from, to) = pair()?;
            let ends = pen.to_the_borders((from, to))?;
            pen.broken(ends.0, ends.1, &shape.gap(graphic, (from, to)));
            pen.viewing(from, to)?;
        }
        "RULER" | "AXIS" => {
            let (from, to) = pair()?;
            pen.line(from, to);
            pen.ticks(graphic, from, to);
        }
        "CROSSHAIR" => {
            let middle = shape.place(*shape.points.first()?);
            let gap = shape.gap(graphic, (middle, middle)).radius;
            let seen = shape.length(graphic, tags::DIAMETER_OF_VISIBILITY) / 2.0;
            let reach = if seen > 0.0 { seen } else { pen.far() };
            for (across, down) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                let at = |away: f64| (middle.0 + across * away, middle.1 + down * away);
                if gap < reach {
                    pen.line(at(gap), at(reach));
                }
            }
        }
        "ARROW" => {
            let (from, to) = pair()?;
            pen.arrow(from, to)?;
        }
        _ => return None,
    }
    Some(())
}

/// The points of a graphic, and how they get into the picture.
struct Shape<'a> {
    points: Vec<Point>,
    is_in_pixels: bool,
    /// The point that it is turned around, and sine and cosine of the angle, counterclockwise.
    turn: Option<(Point, (f64, f64))>,
    places: &'a Places<'a>,
}

impl<'a> Shape<'a> {
    fn read(graphic: &InMemDicomObject, places: &'a Places<'a>) -> Option<Self> {
        let is_in_pixels = match text(graphic, tags::COMPOUND_GRAPHIC_UNITS)?.as_str() {
            "PIXEL" => true,
            "DISPLAY" => false,
            _ => return None,
        };
        let data = numbers(graphic, tags::GRAPHIC_DATA);
        let points: Vec<Point> = data
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&[x, y]| (x, y))
            .collect();
        let angle = numbers(graphic, tags::ROTATION_ANGLE).first().copied();
        let around = numbers(graphic, tags::ROTATION_POINT);
        let turn = match (angle, &around[..]) {
            (Some(angle), &[x, y, ..]) => Some(((x, y), angle.to_radians().sin_cos())),
            _ => None,
        };
        let is_bounded = !points.is_empty() && points.len() <= MOST_POINTS;
        is_bounded.then_some(Self {
            points,
            is_in_pixels,
            turn,
            places,
        })
    }

    /// Pixels are square enough to turn points of the image; shares of a display are not, so these turn in the picture.
    fn place(&self, point: Point) -> Point {
        let turned = |point: Point, middle: Point, (sin, cos): (f64, f64)| {
            let (x, y) = (point.0 - middle.0, point.1 - middle.1);
            (middle.0 + x * cos + y * sin, middle.1 - x * sin + y * cos)
        };
        match (self.is_in_pixels, self.turn) {
            (true, Some((middle, angle))) => (self.places.pixel)(turned(point, middle, angle)),
            (true, None) => (self.places.pixel)(point),
            (false, Some((middle, angle))) => turned(
                (self.places.display)(point),
                (self.places.display)(middle),
                angle,
            ),
            (false, None) => (self.places.display)(point),
        }
    }

    /// The corners of what two opposite ones enclose, the first one twice.
    fn rectangle(&self) -> Option<Vec<Point>> {
        let &[a, b] = &self.points[..] else {
            return None;
        };
        let corners = [a, (b.0, a.1), b, (a.0, b.1), a];
        Some(corners.map(|corner| self.place(corner)).to_vec())
    }

    /// The ellipse that touches the sides of that rectangle.
    fn ellipse(&self) -> Option<Vec<Point>> {
        let &[a, b] = &self.points[..] else {
            return None;
        };
        let middle = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
        let half = ((b.0 - a.0) / 2.0, (b.1 - a.1) / 2.0);
        let around = (0..=PIECES).map(|piece| {
            let (sin, cos) = (std::f64::consts::TAU * piece as f64 / PIECES as f64).sin_cos();
            self.place((middle.0 + half.0 * cos, middle.1 + half.1 * sin))
        });
        Some(around.collect())
    }

    /// A length in shares of the displayed area, whatever the units of the points, in pixels of the picture.
    fn length(&self, graphic: &InMemDicomObject, tag: dicom_core::Tag) -> f64 {
        let Some(&share) = numbers(graphic, tag).first() else {
            return 0.0;
        };
        let (a, b) = (
            (self.places.display)((0.0, 0.0)),
            (self.places.display)((share, 0.0)),
        );
        (b.0 - a.0).hypot(b.1 - a.1)
    }

    /// Where nothing is drawn: around the point of rotation, else between the two points.
    fn gap(&self, graphic: &InMemDicomObject, (from, to): (Point, Point)) -> Gap {
        let middle = match self.turn {
            Some((middle, _)) => self.place(middle),
            None => ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0),
        };
        Gap {
            middle,
            radius: self.length(graphic, tags::GAP_LENGTH) / 2.0,
        }
    }
}

struct Gap {
    middle: Point,
    radius: f64,
}

struct Pen<'a> {
    picture: &'a mut Picture,
    thickness: f64,
    colour: Colour,
}

impl Pen<'_> {
    fn line(&mut self, from: Point, to: Point) {
        self.picture.line(from, to, self.thickness, self.colour);
    }

    fn along(&mut self, points: &[Point]) {
        self.picture.polyline(points, self.thickness, self.colour);
    }

    /// Further than any two points of the picture are apart.
    fn far(&self) -> f64 {
        f64::from(self.picture.width) + f64::from(self.picture.height)
    }

    /// Two points of the same line, outside the picture on either side; `None` where they are one.
    fn to_the_borders(&self, (from, to): (Point, Point)) -> Option<(Point, Point)> {
        let (x, y) = direction(from, to)?;
        let middle = (
            f64::from(self.picture.width) / 2.0,
            f64::from(self.picture.height) / 2.0,
        );
        // From the point of the line that is nearest to the middle.
        let along = (middle.0 - from.0) * x + (middle.1 - from.1) * y;
        let at = |along: f64| (from.0 + x * along, from.1 + y * along);
        Some((at(along - self.far()), at(along + self.far())))
    }

    /// A line that is not drawn within a circle.
    fn broken(&mut self, from: Point, to: Point, gap: &Gap) {
        let Some((x, y)) = direction(from, to) else {
            return;
        };
        let along = (gap.middle.0 - from.0) * x + (gap.middle.1 - from.1) * y;
        let nearest = (from.0 + x * along, from.1 + y * along);
        let off = (gap.middle.0 - nearest.0).hypot(gap.middle.1 - nearest.1);
        if off >= gap.radius {
            self.line(from, to);
            return;
        }
        let half = (gap.radius * gap.radius - off * off).sqrt();
        self.line(from, (nearest.0 - x * half, nearest.1 - y * half));
        self.line((nearest.0 + x * half, nearest.1 + y * half), to);
    }

    /// Two arrows onto a line from its right side, in the middle of either half.
    fn viewing(&mut self, from: Point, to: Point) -> Option<()> {
        let (x, y) = direction(from, to)?;
        let away = 24.0 * f64::from(size(self.picture));
        for share in [0.25, 0.75] {
            let at = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            self.arrow((at.0 - y * away, at.1 + x * away), at)?;
        }
        Some(())
    }

    /// From the first point to the head at the second.
    fn arrow(&mut self, from: Point, to: Point) -> Option<()> {
        let (x, y) = direction(from, to)?;
        let head = 9.0 * f64::from(size(self.picture));
        self.line(from, to);
        for side in [-0.45, 0.45] {
            let back = (to.0 - head * (x - side * y), to.1 - head * (y + side * x));
            self.line(to, back);
        }
        Some(())
    }

    /// The ticks of a ruler at their shares of its length, with their labels where these are to be seen.
    fn ticks(&mut self, graphic: &InMemDicomObject, from: Point, to: Point) {
        let Some((x, y)) = direction(from, to) else {
            return;
        };
        let large = size(self.picture);
        let reach = 5.0 * f64::from(large);
        // Above is where a line from left to right has its upper side.
        let (above, below) = match text(graphic, tags::TICK_ALIGNMENT).as_deref() {
            Some("TOP") => (reach, 0.0),
            Some("BOTTOM") => (0.0, reach),
            _ => (reach, reach),
        };
        let labels = text(graphic, tags::SHOW_TICK_LABEL).as_deref() == Some("Y");
        let is_above = text(graphic, tags::TICK_LABEL_ALIGNMENT).as_deref() == Some("TOP");
        for tick in items(graphic, tags::MAJOR_TICKS_SEQUENCE)
            .iter()
            .take(MOST_TICKS)
        {
            let Some(&share) = numbers(tick, tags::TICK_POSITION).first() else {
                continue;
            };
            let at = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            let off = |away: f64| (at.0 + y * away, at.1 - x * away);
            self.line(off(above), off(-below));
            let label = text(tick, tags::TICK_LABEL).unwrap_or_default();
            if labels && !label.is_empty() {
                let letters = canvas::fitting(&one_line(&label), self.picture.width / large);
                let (wide, high) = (
                    f64::from(canvas::width(&letters) * large),
                    f64::from(canvas::LINE * large),
                );
                let side = if is_above { 1.0 } else { -1.0 };
                // Far enough that the letters stay clear of the ticks, however the ruler lies.
                let clear = reach + 3.0 + (wide * y.abs() + high * x.abs()) / 2.0;
                let middle = off(side * clear);
                let corner = (
                    (middle.0 - wide / 2.0) as i64,
                    (middle.1 - high / 2.0) as i64,
                );
                self.picture
                    .write(&letters, corner, large, (self.colour, Some(BLACK)));
            }
        }
    }
}

/// Of length 1; `None` where the points are the same.
fn direction(from: Point, to: Point) -> Option<Point> {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x.hypot(y);
    (length > 1e-9).then_some((x / length, y / length))
}
