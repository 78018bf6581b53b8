//! What is written over a picture (PS3.18 8.3.5.1.1): whose it is, and how it was made.
//!
//! The letters are white with a black edge, so that they can be read on any picture.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::calendar::date;
use crate::canvas::{self, BLACK, LINE, WHITE};
use crate::encode::Picture;
use crate::person::PersonName;
use crate::text::one_line;

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Annotation {
    /// Name, ID, birth date and sex of the patient, at the top left.
    Patient,
    /// Study, series and image, and how the image was acquired, at the top right.
    Technique,
}

/// Letters grow by one size for so many pixels of the shorter edge.
const PER_SIZE: u32 = 512;
/// Distance from the edge, in pixels of size 1.
const MARGIN: u32 = 4;

/// An annotation is none of those that the standard names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no annotation; want patient, technique or both")]
pub struct UnknownAnnotation(String);

impl std::str::FromStr for Annotation {
    type Err = UnknownAnnotation;

    fn from_str(text: &str) -> Result<Self, UnknownAnnotation> {
        match text {
            "patient" => Ok(Self::Patient),
            "technique" => Ok(Self::Technique),
            other => Err(UnknownAnnotation(other.to_owned())),
        }
    }
}

impl Annotation {
    /// The lines to write, as far as the data set has them.
    pub fn lines(self, attributes: &InMemDicomObject, picture: &Picture) -> Vec<String> {
        let lines = match self {
            Self::Patient => patient(attributes),
            Self::Technique => technique(attributes, picture),
        };
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }
}

/// Writes over a picture. A line that does not fit into half its width ends in an ellipsis.
pub fn annotate(picture: &mut Picture, attributes: &InMemDicomObject, annotations: &[Annotation]) {
    for annotation in annotations {
        let lines = annotation.lines(attributes, picture);
        write(picture, *annotation, &lines);
    }
}

fn patient(attributes: &InMemDicomObject) -> Vec<String> {
    let name = PersonName::parse(&text(attributes, tags::PATIENT_NAME));
    let birth = date(&text(attributes, tags::PATIENT_BIRTH_DATE));
    let sex = text(attributes, tags::PATIENT_SEX);
    vec![
        one_line(&name.to_string()),
        text(attributes, tags::PATIENT_ID),
        joined(&[birth, sex]),
    ]
}

fn technique(attributes: &InMemDicomObject, picture: &Picture) -> Vec<String> {
    let with = |before: &str, tag, after: &str| {
        let value = text(attributes, tag);
        if value.is_empty() {
            value
        } else {
            format!("{before}{value}{after}")
        }
    };
    let frame = match picture.shown.frames {
        0 | 1 => String::new(),
        frames => format!("frame {} of {frames}", picture.shown.frame),
    };
    vec![
        joined(&[
            text(attributes, tags::MODALITY),
            date(&text(attributes, tags::STUDY_DATE)),
        ]),
        text(attributes, tags::STUDY_DESCRIPTION),
        text(attributes, tags::SERIES_DESCRIPTION),
        joined(&[
            with("series ", tags::SERIES_NUMBER, ""),
            with("image ", tags::INSTANCE_NUMBER, ""),
        ]),
        frame,
        joined(&[
            with("", tags::KVP, " kV"),
            with("TR ", tags::REPETITION_TIME, " ms"),
            with("TE ", tags::ECHO_TIME, " ms"),
            with("", tags::SLICE_THICKNESS, " mm"),
        ]),
    ]
}

fn text(attributes: &InMemDicomObject, tag: Tag) -> String {
    let value = attributes
        .get(tag)
        .and_then(|element| element.to_str().ok());
    value.map_or_else(String::new, |value| one_line(&value))
}

fn joined(parts: &[String]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect();
    parts.join("  ")
}

fn write(picture: &mut Picture, annotation: Annotation, lines: &[String]) {
    let size = (picture.width.min(picture.height) / PER_SIZE).max(1);
    let room = (picture.width / 2).saturating_sub(MARGIN * size);
    for (number, line) in (0u32..).zip(lines) {
        let top = MARGIN * size + number * LINE * size;
        let letters = canvas::fitting(line, room / size);
        let width = canvas::width(&letters) * size;
        let left = match annotation {
            Annotation::Patient => MARGIN * size,
            Annotation::Technique => picture.width.saturating_sub(width + MARGIN * size),
        };
        let at = (left.into(), top.into());
        picture.write(&letters, at, size, (WHITE, Some(BLACK)));
    }
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};

    use super::*;
    use crate::encode::Pixels;
    use crate::frame::{self, Options};

    fn picture(width: u16, height: u16, grey: u8) -> (InMemDicomObject, Picture) {
        let us = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
        let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
        let object = InMemDicomObject::from_element_iter([
            us(tags::ROWS, height),
            us(tags::COLUMNS, width),
            us(tags::BITS_ALLOCATED, 8),
            us(tags::BITS_STORED, 8),
            us(tags::HIGH_BIT, 7),
            us(tags::PIXEL_REPRESENTATION, 0),
            us(tags::SAMPLES_PER_PIXEL, 1),
            text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
            text(tags::WINDOW_CENTER, VR::DS, "128"),
            text(tags::WINDOW_WIDTH, VR::DS, "256"),
            text(tags::PATIENT_NAME, VR::PN, "Yamada^Tarou=山田^太郎"),
            text(tags::PATIENT_ID, VR::LO, "4711"),
            text(tags::PATIENT_BIRTH_DATE, VR::DA, "19610815"),
            text(tags::MODALITY, VR::CS, "CT"),
            text(tags::INSTANCE_NUMBER, VR::IS, "7"),
        ]);
        let pixels = vec![grey; usize::from(width) * usize::from(height)];
        let picture = frame::render(
            &object,
            "1.2.840.10008.1.2.1",
            &pixels,
            1,
            &Options::default(),
        );
        (object, picture.unwrap())
    }

    fn count(picture: &Picture, columns: std::ops::Range<usize>, grey: u8) -> usize {
        let Pixels::Grey8(samples) = &picture.pixels else {
            panic!("grey was expected")
        };
        let rows = samples.chunks(picture.width as usize);
        rows.flat_map(|row| &row[columns.clone()])
            .filter(|it| **it == grey)
            .count()
    }

    #[test]
    fn patient_and_technique_are_said_in_lines() {
        let (object, picture) = picture(16, 16, 100);

        assert_eq!(
            Annotation::Patient.lines(&object, &picture),
            ["Yamada, Tarou (山田, 太郎)", "4711", "1961-08-15"]
        );
        assert_eq!(
            Annotation::Technique.lines(&object, &picture),
            ["CT", "image 7"]
        );
    }

    #[test]
    fn each_is_written_on_its_own_side_and_the_rest_of_the_picture_stays() {
        for (annotation, its, other) in [
            (Annotation::Patient, 0..256, 256..512),
            (Annotation::Technique, 256..512, 0..256),
        ] {
            let (object, mut picture) = picture(512, 256, 100);
            annotate(&mut picture, &object, &[annotation]);

            assert!(count(&picture, its.clone(), 255) > 50 && count(&picture, its, 0) > 50);
            assert_eq!(
                count(&picture, other.clone(), 255) + count(&picture, other, 0),
                0
            );
        }
    }

    #[test]
    fn a_picture_too_small_for_letters_is_left_alone() {
        for (width, height) in [(1, 1), (8, 4), (20, 1), (17, 300)] {
            let (object, mut picture) = picture(width, height, 100);
            annotate(
                &mut picture,
                &object,
                &[Annotation::Patient, Annotation::Technique],
            );
        }
    }
}
