//! Images whose frames can be told apart by a look at one byte.

use bytes::Bytes;

use super::EDGE;
use super::picture::{Picture, Pixels};

/// So many frames of 8 bits, each all of one shade.
pub fn numbered(frames: u8) -> Picture {
    let pixels = (1..=frames).flat_map(|frame| shade_of(frame).to_vec());
    Picture::grey(EDGE, EDGE, 8, Pixels::Native(pixels.collect()))
        .frames(frames.into())
        .window("128", "256")
}

/// The bytes of a frame, counted from 1.
pub fn shade_of(frame: u8) -> Bytes {
    vec![frame * 25; usize::from(EDGE) * usize::from(EDGE)].into()
}

/// Bytes in words: which frame they are.
pub fn described(bytes: &Bytes) -> String {
    match bytes.first() {
        Some(&first) if *bytes == shade_of(first / 25) => format!("frame {}", first / 25),
        _ => format!("{} bytes that are no frame", bytes.len()),
    }
}
