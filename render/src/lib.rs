//! A DICOM data set to what a person can look at: picture, text, pages.
//!
//! Nothing here opens a file or a socket. A data set comes in as a [`dicom_object::InMemDicomObject`], a frame as the bytes
//! that the archive holds; out come a [`Picture`](encode::Picture), Markdown or plain text. All input is taken as untrusted:
//! sizes are compared with each other and with limits before any work is done.
//!
//! ```
//! use dicom_render::{attributes, frame};
//! use dicom_core::{DataElement, PrimitiveValue, VR};
//! use dicom_dictionary_std::tags;
//! use dicom_object::InMemDicomObject;
//!
//! let mut image = InMemDicomObject::new_empty();
//! for (tag, value) in [(tags::ROWS, 2u16), (tags::COLUMNS, 2), (tags::BITS_ALLOCATED, 8), (tags::BITS_STORED, 8),
//!     (tags::HIGH_BIT, 7), (tags::PIXEL_REPRESENTATION, 0), (tags::SAMPLES_PER_PIXEL, 1)] {
//!     image.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
//! }
//! image.put(DataElement::new(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"));
//!
//! let picture = frame::render(&image, "1.2.840.10008.1.2.1", &[0, 10, 20, 30], 1, &frame::Options::default())?;
//! assert_eq!((picture.width, picture.height), (2, 2));
//! assert!(picture.png()?.starts_with(b"\x89PNG"));
//! println!("{}", picture.shown);
//! println!("{}", attributes::text(&image, &attributes::Select::default()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod frame;

mod image;

mod fragments;

pub mod decode;

mod groups;
mod lut;

mod grey;

pub mod voi;

pub mod window;

mod color;

mod lab;

pub mod profile;

mod aspect;

mod overlay;

pub mod layer;

pub mod presentation;

mod geometry;

pub mod segmentation;

pub mod dose;

pub mod slide;

pub mod waveform;

pub mod viewport;

pub mod shown;

pub mod encode;

mod canvas;

pub mod annotation;

pub mod sheet;

pub mod report;

pub mod pdf;

mod text;

mod calendar;

pub mod attributes;

pub mod encapsulated;

pub mod summary;

pub mod person;
