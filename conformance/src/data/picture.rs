//! Images other than the usual one: of any size, depth and colour, of several frames, in several fragments.

use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

/// What an instance shows in place of the usual image.
#[derive(Clone, Debug)]
pub struct Picture {
    sop_class: &'static str,
    columns: u16,
    rows: u16,
    bits: u16,
    samples: u16,
    photometric: &'static str,
    frames: Option<usize>,
    pixels: Pixels,
    elements: Vec<InMemElement>,
}

/// Its pixel data.
#[derive(Clone, Debug)]
pub enum Pixels {
    /// Samples in little endian.
    Native(Vec<u8>),
    /// Codestreams as items, behind a Basic Offset Table with these offsets.
    Fragments {
        /// Offsets; empty for an empty table.
        offsets: Vec<u32>,
        /// Items of even length.
        fragments: Vec<Vec<u8>>,
    },
}

impl Picture {
    /// One sample a pixel, MONOCHROME2, all allocated bits stored, unsigned, shown as it is.
    pub fn grey(columns: u16, rows: u16, bits: u16, pixels: Pixels) -> Self {
        Self {
            sop_class: uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
            columns,
            rows,
            bits,
            samples: 1,
            photometric: "MONOCHROME2",
            frames: None,
            pixels,
            elements: Vec::new(),
        }
    }

    /// 8 bits a sample, native, each sample by its place: column, row.
    pub fn shades(columns: u16, rows: u16, shade: impl Fn(u16, u16) -> u8) -> Self {
        let places = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
        let samples = places.map(|(x, y)| shade(x, y)).collect();
        Self::grey(columns, rows, 8, Pixels::Native(samples))
    }

    /// Another photometric interpretation, with so many samples a pixel; colour by pixel unless told otherwise.
    pub fn photometric(mut self, interpretation: &'static str, samples: u16) -> Self {
        self.photometric = interpretation;
        self.samples = samples;
        match samples {
            1 => self,
            _ => self.number(tags::PLANAR_CONFIGURATION, 0),
        }
    }

    /// Several frames, one behind the other in the pixels.
    pub fn frames(mut self, frames: usize) -> Self {
        self.frames = Some(frames);
        self.sop_class = match self.bits {
            1 => uids::MULTI_FRAME_SINGLE_BIT_SECONDARY_CAPTURE_IMAGE_STORAGE,
            8 => uids::MULTI_FRAME_GRAYSCALE_BYTE_SECONDARY_CAPTURE_IMAGE_STORAGE,
            _ => uids::MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE_IMAGE_STORAGE,
        };
        self
    }

    /// One more attribute, or another value of one.
    pub fn element(mut self, tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) -> Self {
        self.elements.push(DataElement::new(tag, vr, value.into()));
        self
    }

    /// The same for a sequence of one item.
    pub fn sequence(mut self, tag: Tag, item: InMemDicomObject) -> Self {
        self.elements.push(super::plan::sequence(tag, item));
        self
    }

    /// The same for a number of 16 bits.
    pub fn number(self, tag: Tag, value: u16) -> Self {
        self.element(tag, VR::US, value)
    }

    /// The same for a window that is applied unless the client asks for another one.
    pub fn window(self, center: &str, width: &str) -> Self {
        self.element(tags::WINDOW_CENTER, VR::DS, center)
            .element(tags::WINDOW_WIDTH, VR::DS, width)
    }

    /// Its SOP class.
    pub(super) const fn sop_class(&self) -> &'static str {
        self.sop_class
    }

    /// The pixels as they are stored; codestreams one behind the other.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match &self.pixels {
            Pixels::Native(samples) => samples.clone(),
            Pixels::Fragments { fragments, .. } => fragments.concat(),
        }
    }

    /// Puts it in place of the usual image.
    pub(super) fn draw(&self, data_set: &mut InMemDicomObject) {
        for tag in [
            tags::RESCALE_INTERCEPT,
            tags::RESCALE_SLOPE,
            tags::IMAGE_POSITION_PATIENT,
            tags::IMAGE_ORIENTATION_PATIENT,
        ] {
            data_set.remove_element(tag);
        }
        let mut number = |tag, value| {
            data_set.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
        };
        number(tags::SAMPLES_PER_PIXEL, self.samples);
        number(tags::ROWS, self.rows);
        number(tags::COLUMNS, self.columns);
        number(tags::BITS_ALLOCATED, self.bits);
        number(tags::BITS_STORED, self.bits);
        number(tags::HIGH_BIT, self.bits - 1);
        let mut text = |tag, vr, value: &str| {
            data_set.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
        };
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, self.photometric);
        if let Some(frames) = self.frames {
            text(tags::NUMBER_OF_FRAMES, VR::IS, &frames.to_string());
        }
        for element in &self.elements {
            data_set.put(element.clone());
        }
        data_set.put(self.pixel_data());
    }

    fn pixel_data(&self) -> InMemElement {
        match &self.pixels {
            Pixels::Native(samples) => {
                let mut samples = samples.clone();
                samples.resize(samples.len().next_multiple_of(2), 0);
                let vr = if self.bits > 8 { VR::OW } else { VR::OB };
                DataElement::new(tags::PIXEL_DATA, vr, PrimitiveValue::from(samples))
            }
            Pixels::Fragments { offsets, fragments } => {
                let value = PixelFragmentSequence::new(offsets.clone(), fragments.clone());
                DataElement::new(tags::PIXEL_DATA, VR::OB, value)
            }
        }
    }
}
