//! What somebody drew and wrote on an image (PS3.3 C.10.5).

mod compound;

use std::f64::consts::TAU;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{Presentation, grey, items, layer, numbers};
use crate::canvas::{self, BLACK, Colour, LINE, WHITE};
use crate::encode::Picture;
use crate::image::{number, text};
use crate::lab;
use crate::text::one_line;

/// Where things lie in the picture.
pub(crate) struct Places<'a> {
    /// A point of the image, in pixels from its top left corner.
    pub(crate) pixel: &'a dyn Fn((f64, f64)) -> (f64, f64),
    /// A point of the displayed area, 0 to 1.
    pub(crate) display: &'a dyn Fn((f64, f64)) -> (f64, f64),
}

/// The most objects that are drawn; nobody draws more by hand.
const MOST_OBJECTS: usize = 2_000;
/// The most points of one object.
const MOST_POINTS: usize = 20_000;
/// Pieces of a circle.
const PIECES: usize = 180;
/// Letters and lines grow by one size for so many pixels of the shorter edge.
const PER_SIZE: u32 = 640;

/// Draws all annotations for a frame; gives how many there are, and notes of those that cannot be drawn.
pub(crate) fn draw(
    picture: &mut Picture,
    state: &Presentation,
    image: &InMemDicomObject,
    frame: u32,
    places: &Places<'_>,
) -> (usize, Vec<String>) {
    let mut annotations: Vec<(i64, &InMemDicomObject)> = state
        .items_for(tags::GRAPHIC_ANNOTATION_SEQUENCE, image, frame)
        .map(|annotation| {
            let name = text(annotation, tags::GRAPHIC_LAYER).unwrap_or_default();
            let order = layer(state.data_set(), &name)
                .and_then(|layer| number(layer, tags::GRAPHIC_LAYER_ORDER));
            (order.map_or(i64::MAX, i64::from), annotation)
        })
        .collect();
    // Layers of a higher order lie on top.
    annotations.sort_by_key(|&(order, _)| order);
    let (mut drawn, mut left_out) = (0, 0);
    for (_, annotation) in annotations {
        let name = text(annotation, tags::GRAPHIC_LAYER).unwrap_or_default();
        let colour = colour(layer(state.data_set(), &name));
        // Each has an equivalent of simple objects, which is only for those who cannot draw it (C.10.5.1.3.1).
        let mut replaced = Vec::new();
        for object in items(annotation, tags::COMPOUND_GRAPHIC_SEQUENCE) {
            let identity = number(object, tags::COMPOUND_GRAPHIC_INSTANCE_ID);
            let is_drawn =
                drawn < MOST_OBJECTS && compound::draw(picture, object, colour, places).is_some();
            if is_drawn {
                drawn += 1;
                replaced.extend(identity);
            } else if !has_equivalent(annotation, identity) {
                left_out += 1;
            }
        }
        let is_replaced = |object: &InMemDicomObject| {
            number(object, tags::COMPOUND_GRAPHIC_INSTANCE_ID)
                .is_some_and(|identity| replaced.contains(&identity))
        };
        for object in items(annotation, tags::GRAPHIC_OBJECT_SEQUENCE) {
            if is_replaced(object) {
                continue;
            }
            if drawn >= MOST_OBJECTS || graphic(picture, object, colour, places).is_none() {
                left_out += 1;
            } else {
                drawn += 1;
            }
        }
        for object in items(annotation, tags::TEXT_OBJECT_SEQUENCE) {
            if is_replaced(object) {
                continue;
            }
            if drawn >= MOST_OBJECTS || written(picture, object, colour, places).is_none() {
                left_out += 1;
            } else {
                drawn += 1;
            }
        }
    }
    let note = (left_out > 0)
        .then(|| format!("{left_out} annotation(s) of the presentation state are not drawn"));
    (drawn, note.into_iter().collect())
}

/// Whether simple objects stand for a compound graphic of this identity.
fn has_equivalent(annotation: &InMemDicomObject, identity: Option<u32>) -> bool {
    let sequences = [tags::GRAPHIC_OBJECT_SEQUENCE, tags::TEXT_OBJECT_SEQUENCE];
    let mut objects = sequences
        .into_iter()
        .flat_map(|sequence| items(annotation, sequence));
    identity.is_some()
        && objects.any(|object| number(object, tags::COMPOUND_GRAPHIC_INSTANCE_ID) == identity)
}

/// The colour of a layer, white where it has none.
fn colour(layer: Option<&InMemDicomObject>) -> Colour {
    let Some(layer) = layer else {
        return WHITE;
    };
    let lab = lab::read(layer, tags::GRAPHIC_LAYER_RECOMMENDED_DISPLAY_CIE_LAB_VALUE);
    let level = grey(
        layer,
        tags::GRAPHIC_LAYER_RECOMMENDED_DISPLAY_GRAYSCALE_VALUE,
    );
    lab.or(level.map(|level| [level; 3])).unwrap_or(WHITE)
}

fn size(picture: &Picture) -> u32 {
    (picture.width.min(picture.height) / PER_SIZE).max(1)
}

/// Points of an object in the picture.
fn points(units: Option<String>, data: &[f64], places: &Places<'_>) -> Option<Vec<(f64, f64)>> {
    let place = match units.as_deref() {
        Some("PIXEL") => places.pixel,
        Some("DISPLAY") => places.display,
        _ => return None,
    };
    let pairs = data.as_chunks::<2>().0;
    (pairs.len() <= MOST_POINTS).then(|| pairs.iter().map(|&[x, y]| place((x, y))).collect())
}

fn graphic(
    picture: &mut Picture,
    object: &InMemDicomObject,
    colour: Colour,
    places: &Places<'_>,
) -> Option<()> {
    let data = numbers(object, tags::GRAPHIC_DATA);
    let units = text(object, tags::GRAPHIC_ANNOTATION_UNITS);
    let points = points(units, &data, places)?;
    let thickness = f64::from(size(picture)) * 1.5;
    match text(object, tags::GRAPHIC_TYPE)?.as_str() {
        "POINT" => {
            let &(x, y) = points.first()?;
            let reach = 4.0 * f64::from(size(picture));
            picture.line((x - reach, y), (x + reach, y), thickness, colour);
            picture.line((x, y - reach), (x, y + reach), thickness, colour);
        }
        "POLYLINE" if points.len() > 1 => picture.polyline(&points, thickness, colour),
        "INTERPOLATED" if points.len() > 1 => picture.polyline(&smooth(&points), thickness, colour),
        // Middle and a point of the edge.
        "CIRCLE" => {
            let &[middle, edge, ..] = &points[..] else {
                return None;
            };
            let axis = (edge.0 - middle.0, edge.1 - middle.1);
            ring(picture, middle, axis, (-axis.1, axis.0), thickness, colour);
        }
        // The ends of the long axis, then of the short one.
        "ELLIPSE" => {
            let &[a, b, c, d, ..] = &points[..] else {
                return None;
            };
            let half =
                |from: (f64, f64), to: (f64, f64)| ((to.0 - from.0) / 2.0, (to.1 - from.1) / 2.0);
            let middle = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
            ring(picture, middle, half(a, b), half(c, d), thickness, colour);
        }
        _ => return None,
    }
    Some(())
}

fn ring(
    picture: &mut Picture,
    middle: (f64, f64),
    one: (f64, f64),
    other: (f64, f64),
    thickness: f64,
    colour: Colour,
) {
    let points: Vec<(f64, f64)> = (0..=PIECES)
        .map(|piece| {
            let (sin, cos) = (TAU * piece as f64 / PIECES as f64).sin_cos();
            (
                middle.0 + one.0 * cos + other.0 * sin,
                middle.1 + one.1 * cos + other.1 * sin,
            )
        })
        .collect();
    picture.polyline(&points, thickness, colour);
}

/// A curve through all points (Catmull-Rom).
fn smooth(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const STEPS: usize = 8;
    let at = |index: isize| points[index.clamp(0, points.len() as isize - 1) as usize];
    let mut curve = Vec::with_capacity(points.len() * STEPS);
    for index in 0..points.len() as isize - 1 {
        let (p0, p1, p2, p3) = (at(index - 1), at(index), at(index + 1), at(index + 2));
        for step in 0..STEPS {
            let t = step as f64 / STEPS as f64;
            let mixed = |a: f64, b: f64, c: f64, d: f64| {
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                    + (3.0 * b - a - 3.0 * c + d) * t * t * t)
            };
            curve.push((mixed(p0.0, p1.0, p2.0, p3.0), mixed(p0.1, p1.1, p2.1, p3.1)));
        }
    }
    curve.extend(points.last());
    curve
}

fn written(
    picture: &mut Picture,
    object: &InMemDicomObject,
    colour: Colour,
    places: &Places<'_>,
) -> Option<()> {
    let value = object
        .get(tags::UNFORMATTED_TEXT_VALUE)?
        .to_str()
        .ok()?
        .into_owned();
    let corner = |tag| {
        let units = text(object, tags::BOUNDING_BOX_ANNOTATION_UNITS);
        points(units, &numbers(object, tag), places)?
            .first()
            .copied()
    };
    let anchor = {
        let units = text(object, tags::ANCHOR_POINT_ANNOTATION_UNITS);
        let data = numbers(object, tags::ANCHOR_POINT);
        points(units, &data, places).and_then(|points| points.first().copied())
    };
    let top_left = corner(tags::BOUNDING_BOX_TOP_LEFT_HAND_CORNER);
    let bottom_right = corner(tags::BOUNDING_BOX_BOTTOM_RIGHT_HAND_CORNER);
    let size = size(picture);
    let place = match (top_left, bottom_right) {
        // Turned pictures change which corner is which.
        (Some(a), Some(b)) => (a.0.min(b.0), a.1.min(b.1)),
        _ => anchor.map(|(x, y)| (x + 4.0, y + 4.0))?,
    };
    let visible = text(object, tags::ANCHOR_POINT_VISIBILITY).as_deref() == Some("Y");
    if let (Some(anchor), true, Some(_)) = (anchor, visible, top_left) {
        picture.line(anchor, place, f64::from(size), colour);
    }
    let room = (f64::from(picture.width) - place.0).max(0.0) as u32 / size;
    for (index, line) in (0i64..).zip(value.lines().take(40)) {
        let letters = canvas::fitting(&one_line(line), room);
        let top = place.1 as i64 + index * i64::from(LINE * size);
        picture.write(&letters, (place.0 as i64, top), size, (colour, Some(BLACK)));
    }
    Some(())
}
