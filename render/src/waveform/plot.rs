//! A waveform on paper: 25 mm a second, 10 mm a millivolt, a fine line each millimetre and a strong one each five.

use super::Group;
use crate::canvas::{self, Colour, LINE};
use crate::encode::{Picture, Pixels};
use crate::shown::Shown;

const PAPER: Colour = [255, 250, 248];
const FINE: Colour = [250, 220, 216];
const STRONG: Colour = [238, 165, 160];
const INK: Colour = [20, 20, 30];

/// Pixels a millimetre: a fine line stays apart from the next.
const MM: u32 = 4;
const SPEED: f64 = 25.0;
const GAIN: f64 = 10.0;
/// Millimetres of one row; ECG of 12 leads are shown so.
const ROW: u32 = 30;
const LEFT: u32 = 15;
const TOP: u32 = 12;
/// Of longer recordings the beginning is shown.
const SECONDS: f64 = 10.0;
/// The leads of the usual page, and how its columns follow each other.
const PAGE: [[&str; 4]; 3] = [
    ["I", "AVR", "V1", "V4"],
    ["II", "AVL", "V2", "V5"],
    ["III", "AVF", "V3", "V6"],
];

/// A piece of a channel: which, from which second, for how long, from where on the row.
struct Strip {
    channel: usize,
    from: f64,
    seconds: f64,
    at: f64,
}

/// The group as a picture. An ECG of twelve leads is a page of three rows of four leads, 2.5 s each, and lead II below; of anything else
/// each channel is a row. What is longer than 10 s is cut, and that is said.
pub fn plot(group: &Group) -> Picture {
    let shown = group.seconds().min(SECONDS);
    let rows = page(group).unwrap_or_else(|| {
        let row = |channel| {
            vec![Strip {
                channel,
                from: 0.0,
                seconds: shown,
                at: 0.0,
            }]
        };
        (0..group.channels.len().min(32)).map(row).collect()
    });
    let width = (LEFT + (shown * SPEED).ceil() as u32 + 5) * MM;
    let height = (TOP + rows.len() as u32 * ROW + 5) * MM;
    let mut words = Shown::drawing(width, height);
    words.notes.push(format!(
        "waveform, {} channels at {} Hz, {:.1} of {:.1} s, 25 mm/s",
        group.channels.len(),
        group.frequency,
        shown,
        group.seconds()
    ));
    let pixels = Pixels::Rgb8(PAPER.repeat(width as usize * height as usize));
    let mut picture = Picture::of(width, height, pixels, words);
    grid(&mut picture);
    let has_volts = group
        .channels
        .iter()
        .any(|channel| gain(&channel.unit).is_some());
    let title = format!(
        "{} {} Hz  25 mm/s{}",
        group.label,
        group.frequency,
        if has_volts { "  10 mm/mV" } else { "" }
    );
    picture.write(
        &canvas::fitting(title.trim(), width - 2 * MM),
        ((2 * MM).into(), MM.into()),
        1,
        (INK, None),
    );
    for (index, row) in (0u32..).zip(&rows) {
        let middle = f64::from((TOP + index * ROW + ROW / 2) * MM);
        let volts = row
            .first()
            .is_some_and(|strip| gain(&group.channels[strip.channel].unit).is_some());
        if volts {
            calibration(&mut picture, middle);
        }
        for strip in row {
            draw(&mut picture, group, strip, middle);
        }
    }
    picture
}

/// The usual page, where all twelve leads are there.
fn page(group: &Group) -> Option<Vec<Vec<Strip>>> {
    let find = |lead: &str| {
        group.channels.iter().position(|channel| {
            let name = channel.name.to_uppercase();
            let name = name.trim_start_matches("LEAD").trim();
            let name = name.split([' ', '(']).next().unwrap_or_default();
            name == lead
        })
    };
    let length = group.seconds().min(SECONDS);
    if length < 4.0 {
        return None;
    }
    let part = length / 4.0;
    let mut rows: Vec<Vec<Strip>> = Vec::new();
    for leads in PAGE {
        let mut row = Vec::new();
        for (column, lead) in leads.into_iter().enumerate() {
            let at = column as f64 * part;
            row.push(Strip {
                channel: find(lead)?,
                from: at,
                seconds: part,
                at,
            });
        }
        rows.push(row);
    }
    rows.push(vec![Strip {
        channel: find("II")?,
        from: 0.0,
        seconds: length,
        at: 0.0,
    }]);
    Some(rows)
}

/// Millimetres for one of the unit; `None` where it is no voltage.
fn gain(unit: &str) -> Option<f64> {
    match unit {
        "V" => Some(GAIN * 1000.0),
        "mV" | "MV" => Some(GAIN),
        "uV" | "UV" | "µV" => Some(GAIN / 1000.0),
        _ => None,
    }
}

fn grid(picture: &mut Picture) {
    let (width, height) = (picture.width, picture.height);
    for (step, colour) in [(MM, FINE), (5 * MM, STRONG)] {
        for x in (0..width).step_by(step as usize) {
            picture.fill((x.into(), 0), (1, height), colour);
        }
        for y in (0..height).step_by(step as usize) {
            picture.fill((0, y.into()), (width, 1), colour);
        }
    }
}

/// A pulse of 1 mV for 0.2 s.
fn calibration(picture: &mut Picture, middle: f64) {
    let mm = f64::from(MM);
    let (left, up) = (f64::from(LEFT) * mm - 8.0 * mm, GAIN * mm);
    let points = [
        (left, middle),
        (left + mm, middle),
        (left + mm, middle - up),
        (left + 6.0 * mm, middle - up),
        (left + 6.0 * mm, middle),
        (left + 7.0 * mm, middle),
    ];
    picture.polyline(&points, 1.5, INK);
}

fn draw(picture: &mut Picture, group: &Group, strip: &Strip, middle: f64) {
    let mm = f64::from(MM);
    let channel = &group.channels[strip.channel];
    let first = (strip.from * group.frequency) as usize;
    let count = (strip.seconds * group.frequency) as usize;
    let values: Vec<f32> = channel
        .values
        .iter()
        .skip(first)
        .take(count)
        .copied()
        .collect();
    let numbers = || values.iter().filter(|value| value.is_finite());
    let (low, high) = numbers().fold((f32::MAX, f32::MIN), |(low, high), &value| {
        (low.min(value), high.max(value))
    });
    // A voltage has its scale; anything else fills its row.
    let (zero, scale, range) = match gain(&channel.unit) {
        Some(gain) => (0.0, gain * mm, String::new()),
        None if low <= high => {
            let span = f64::from(high - low).max(f64::MIN_POSITIVE);
            let middle = f64::from(low) + span / 2.0;
            let range = format!("  {low} to {high} {}", channel.unit);
            (middle, f64::from(ROW) * 0.8 * mm / span, range)
        }
        None => (0.0, 0.0, "  no values".to_owned()),
    };
    let left = (f64::from(LEFT) + strip.at * SPEED) * mm;
    let mut last: Option<(f64, f64)> = None;
    for (index, value) in values.iter().enumerate() {
        let x = left + index as f64 / group.frequency * SPEED * mm;
        let point = value
            .is_finite()
            .then(|| (x, middle - (f64::from(*value) - zero) * scale));
        if let (Some(from), Some(to)) = (last, point) {
            picture.line(from, to, 1.4, INK);
        }
        last = point;
    }
    let label = format!("{}{range}", channel.name);
    let letters = canvas::fitting(&label, (strip.seconds * SPEED * mm) as u32);
    let top = middle as i64 - i64::from(ROW / 2 * MM) + i64::from(LINE / 4);
    picture.write(&letters, (left as i64 + 2, top), 1, (INK, Some(PAPER)));
}
