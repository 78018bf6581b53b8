//! A picture of what a DICOM file holds: `picture FILE OUT.png [--over OTHER] [--voi lung]`.
//!
//! OTHER is a presentation state, a segmentation or a dose grid to be drawn over FILE. Several files (`FILE,FILE,...`) become a contact sheet.

use std::error::Error;

use dicom_object::{DefaultDicomObject, open_file};
use dicom_render::dose::Dose;
use dicom_render::encode::Picture;
use dicom_render::frame::{self, Options, With};
use dicom_render::presentation::Presentation;
use dicom_render::segmentation::Segmentation;
use dicom_render::sheet::Sheet;
use dicom_render::slide::{self, Level};
use dicom_render::waveform;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let usage = "usage: picture FILE[,FILE...] OUT.png [--over OTHER] [--voi WINDOW]";
    let (Some(files), Some(out)) = (words.next(), words.next()) else {
        return Err(usage.into());
    };
    let mut options = Options::default();
    let mut over = None;
    while let Some(word) = words.next() {
        let value = words.next().ok_or(usage)?;
        match word.as_str() {
            "--over" => over = Some(open_file(value)?),
            "--voi" => options.voi = value.parse()?,
            _ => return Err(usage.into()),
        }
    }
    let names: Vec<&str> = files.split(',').collect();
    let picture = match names[..] {
        [name] => picture(&open_file(name)?, over.as_ref(), &options)?,
        _ => {
            let mut sheet = Sheet::new(256);
            for name in names {
                let object = open_file(name)?;
                let label = name.rsplit('/').next().unwrap_or(name);
                sheet.put(&picture(&object, None, &options)?, label);
            }
            sheet.picture()
        }
    };
    eprintln!("{}", picture.shown);
    std::fs::write(out, picture.png()?)?;
    Ok(())
}

/// The picture of the frame in the middle, or of all tiles, or of a waveform.
fn picture(
    object: &DefaultDicomObject,
    over: Option<&DefaultDicomObject>,
    options: &Options,
) -> Result<Picture, Box<dyn Error>> {
    if let Ok(groups) = waveform::read(object) {
        return Ok(waveform::plot(&groups[0]));
    }
    let syntax = object.meta().transfer_syntax();
    if let Some(level) = Level::read(object) {
        let tile = |frame| frame::bytes_of(object, frame);
        return Ok(slide::assemble(
            object, syntax, &level, 1024, options, tile,
        )?);
    }
    let number = frame::frames(object).div_ceil(2);
    let native = |of: &DefaultDicomObject, frame| {
        let bytes = frame::bytes_of(of, frame)?;
        frame::native(of, of.meta().transfer_syntax(), &bytes, frame)
    };
    if let Ok(dose) = Dose::read(object, |frame| native(object, frame)) {
        let mut picture = dose.picture(number).ok_or("no such frame")?;
        dose.legend(&mut picture);
        return Ok(picture);
    }
    let (mut presentation, mut layers, mut legend) = (None, Vec::new(), None);
    if let Some(over) = over {
        if let Ok(segmentation) = Segmentation::read(over) {
            layers.push(segmentation.layer(object, number, |frame| native(over, frame))?);
        } else if let Ok(dose) = Dose::read(over, |frame| native(over, frame)) {
            layers.push(dose.layer(object, number)?);
            legend = Some(dose);
        } else {
            presentation = Some(Presentation::read(over)?);
        }
    }
    let with = With {
        presentation: presentation.as_ref(),
        layers: &layers,
    };
    let bytes = frame::bytes_of(object, number)?;
    let mut picture = frame::render_with(object, syntax, &bytes, number, options, &with)?;
    if let Some(dose) = legend {
        dose.legend(&mut picture);
    }
    Ok(picture)
}
