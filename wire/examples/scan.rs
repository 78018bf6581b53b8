//! Tells what lies where in DICOM files: `cargo run -p dicom-wire --example scan -- FILE...`
#![allow(clippy::print_stdout)]

use std::fs::File;

use dicom_wire::part10::{Bulk, Limits, frame_bytes, frame_count, header, scan};

fn main() {
    for path in std::env::args().skip(1) {
        match describe(&path) {
            Ok(text) => println!("{path}: {text}"),
            Err(error) => println!("{path}: ERROR {error}"),
        }
    }
}

fn describe(path: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut file = File::open(path)?;
    let layout = scan(&mut file, &Limits::default())?;
    let object = header(&mut file, &layout)?;
    let mut text = format!(
        "{} {:?}, data set at {:?}, {} elements, {} at top level",
        layout.meta.transfer_syntax,
        layout.encoding,
        layout.data_set,
        layout.elements,
        object.iter().count(),
    );
    for element in &layout.bulk {
        let place: Vec<String> = element
            .path
            .iter()
            .map(|s| format!("{}[{}]", s.sequence, s.item))
            .collect();
        text += &match &element.value {
            Bulk::Whole(range) => format!("\n  {}{} at {range:?}", place.concat(), element.tag),
            Bulk::Fragments { offsets, fragments } => format!(
                "\n  {}{} in {} fragments, {} offsets",
                place.concat(),
                element.tag,
                fragments.len(),
                offsets.len()
            ),
        };
    }
    if layout.pixel_data().is_some() {
        let frames = frame_count(&object);
        for frame in [1, frames] {
            let bytes = frame_bytes(&mut file, &layout, &object, frame);
            let bytes =
                bytes.map_or_else(|e| format!("ERROR {e}"), |b| format!("{} bytes", b.len()));
            text += &format!("\n  frame {frame} of {frames}: {bytes}");
        }
    }
    Ok(text)
}
