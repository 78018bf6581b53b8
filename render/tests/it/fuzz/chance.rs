//! What is done to an input: chance with a seed, damage to bytes, senseless values in data sets.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// Numbers from a seed (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    /// Another row of numbers for each seed and name.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let mixed = name.bytes().fold(seed, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mixed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `end`, which is above 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Bytes with one to six kinds of damage; half of it where headers are. `other` gives pieces of another input.
pub(super) fn damaged(bytes: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + chance.below(6) {
        if bytes.is_empty() {
            break;
        }
        let span = match chance.below(2) {
            0 => bytes.len().min(256),
            _ => bytes.len(),
        };
        let at = chance.below(span);
        match chance.below(9) {
            0..=2 => bytes[at] = *chance.of(&[0, 1, 0x7f, 0x80, 0xfe, 0xff]),
            3 => bytes[at] = chance.next() as u8,
            4 => bytes[at] ^= 1 << chance.below(8),
            5 => bytes.truncate(at),
            6 => {
                let end = (at + 1 + chance.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            7 => {
                let again = bytes[at..(at + 1 + chance.below(32)).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
            _ if !other.is_empty() => {
                let from = chance.below(other.len());
                let piece = &other[from..(from + 1 + chance.below(64)).min(other.len())];
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => {}
        }
    }
    bytes
}

/// A data set with up to four attributes gone or senseless, in its items too.
pub(super) fn senseless(set: &InMemDicomObject, chance: &mut Chance) -> InMemDicomObject {
    let mut set = set.clone();
    for _ in 0..1 + chance.below(4) {
        change(&mut set, chance, 0);
    }
    set
}

fn change(set: &mut InMemDicomObject, chance: &mut Chance, depth: u32) {
    let all: Vec<Tag> = set.tags().filter(|tag| *tag != tags::PIXEL_DATA).collect();
    if all.is_empty() {
        return;
    }
    let tag = *chance.of(&all);
    let Some(element) = set.take(tag) else {
        return;
    };
    let vr = element.vr();
    let is_sequence = element.items().is_some();
    if is_sequence && depth < 8 && !chance.one_in(6) {
        let mut items = element.items().unwrap_or_default().to_vec();
        if items.is_empty() || chance.one_in(8) {
            items.push(InMemDicomObject::new_empty());
        } else if chance.one_in(8) {
            let at = chance.below(items.len());
            items.push(items[at].clone());
        } else {
            let at = chance.below(items.len());
            change(&mut items[at], chance, depth + 1);
        }
        let items = dicom_core::value::DataSetSequence::from(items);
        set.put(DataElement::new(tag, VR::SQ, items));
    } else if !chance.one_in(5) {
        set.put(DataElement::new(tag, vr, value(chance)));
    }
}

fn value(chance: &mut Chance) -> PrimitiveValue {
    const NUMBERS: [u32; 10] = [0, 1, 2, 7, 8, 16, 255, 0x7fff, 0xffff, u32::MAX];
    let number = *chance.of(&NUMBERS);
    match chance.below(9) {
        0 => PrimitiveValue::Empty,
        1 => PrimitiveValue::from(number as u16),
        2 => PrimitiveValue::from(number),
        3 => PrimitiveValue::from(-(number as i32 / 2)),
        4 => PrimitiveValue::from(*chance.of(&[f64::NAN, f64::INFINITY, -0.0, 1e300, -1e-300])),
        5 => PrimitiveValue::F32((0..chance.below(9)).map(|_| chance.next() as f32).collect()),
        6 => PrimitiveValue::U16((0..chance.below(9)).map(|_| chance.next() as u16).collect()),
        7 => PrimitiveValue::from(
            (0..chance.below(40))
                .map(|_| chance.next() as u8)
                .collect::<Vec<_>>(),
        ),
        _ => PrimitiveValue::from(*chance.of(&[
            "",
            "\\",
            "1\\2",
            "-1",
            "1e400",
            "NaN",
            "ß\u{0}",
            "^^^==",
            "99999999999",
            "PIXEL",
            "Y",
        ])),
    }
}
