//! What the Image Pixel Module (PS3.3 C.7.6.3) says of a frame, checked before any pixel is touched.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::frame::RenderError;

/// The shape of every frame of one object.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    /// Samples per Pixel: 1, 3 or 4.
    pub(crate) samples: u32,
    /// Bits Allocated: 1, 8, 16, 32 or 64.
    pub(crate) allocated: u32,
    pub(crate) stored: u32,
    pub(crate) high: u32,
    pub(crate) signed: bool,
    pub(crate) float: bool,
    pub(crate) planar: bool,
    pub(crate) photometric: Photometric,
    pub(crate) frames: u32,
}

/// Photometric Interpretation (0028,0004), PS3.3 C.7.6.3.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Photometric {
    Monochrome1,
    Monochrome2,
    Palette,
    Rgb,
    YbrFull,
    YbrFull422,
    YbrPartial,
    YbrPartial422,
    YbrPartial420,
    YbrIct,
    YbrRct,
    Xyb,
}

impl Photometric {
    const TERMS: [(&'static str, Photometric); 12] = [
        ("MONOCHROME1", Photometric::Monochrome1),
        ("MONOCHROME2", Photometric::Monochrome2),
        ("PALETTE COLOR", Photometric::Palette),
        ("RGB", Photometric::Rgb),
        ("YBR_FULL", Photometric::YbrFull),
        ("YBR_FULL_422", Photometric::YbrFull422),
        ("YBR_PARTIAL_422", Photometric::YbrPartial422),
        ("YBR_PARTIAL_420", Photometric::YbrPartial420),
        ("YBR_PARTIAL", Photometric::YbrPartial),
        ("YBR_ICT", Photometric::YbrIct),
        ("YBR_RCT", Photometric::YbrRct),
        ("XYB", Photometric::Xyb),
    ];

    fn from_term(term: &str) -> Option<Self> {
        let term = term.replace(' ', "_");
        let same = |known: &str| known.replace(' ', "_").eq_ignore_ascii_case(&term);
        Self::TERMS
            .iter()
            .find(|(known, _)| same(known))
            .map(|&(_, photometric)| photometric)
    }

    pub(crate) fn term(self) -> &'static str {
        Self::TERMS
            .iter()
            .find(|(_, known)| *known == self)
            .map_or("", |&(term, _)| term)
    }

    pub(crate) fn is_grey(self) -> bool {
        matches!(self, Photometric::Monochrome1 | Photometric::Monochrome2)
    }
}

impl Image {
    /// Reads and checks the module; `max_pixels` bounds rows times columns.
    pub(crate) fn read(
        attributes: &InMemDicomObject,
        max_pixels: u64,
    ) -> Result<Self, RenderError> {
        let rows = required(attributes, tags::ROWS, "Rows")?;
        let columns = required(attributes, tags::COLUMNS, "Columns")?;
        let allocated = required(attributes, tags::BITS_ALLOCATED, "BitsAllocated")?;
        let samples = number(attributes, tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let float = is_float(attributes, allocated);
        let stored = number(attributes, tags::BITS_STORED).unwrap_or(allocated);
        let high = number(attributes, tags::HIGH_BIT).unwrap_or(stored.wrapping_sub(1));
        let term = text(attributes, tags::PHOTOMETRIC_INTERPRETATION)
            .ok_or(RenderError::Missing("PhotometricInterpretation"));
        let photometric = match term {
            Ok(term) => Photometric::from_term(&term)
                .ok_or_else(|| invalid("PhotometricInterpretation", &term))?,
            Err(_) if samples == 1 => Photometric::Monochrome2,
            Err(missing) => return Err(missing),
        };

        if rows == 0 {
            return Err(invalid("Rows", rows));
        }
        if columns == 0 {
            return Err(invalid("Columns", columns));
        }
        if u64::from(rows) * u64::from(columns) > max_pixels {
            return Err(RenderError::TooLarge {
                columns: columns.into(),
                rows: rows.into(),
                limit: max_pixels,
            });
        }
        let known = matches!(allocated, 1 | 8 | 16 | 32) || float && allocated == 64;
        if !known {
            return Err(invalid("BitsAllocated", allocated));
        }
        let one_sample = photometric.is_grey() || photometric == Photometric::Palette;
        if samples != if one_sample { 1 } else { 3 } {
            return Err(RenderError::Invalid {
                attribute: "SamplesPerPixel",
                value: format!("{samples} with {}", photometric.term()),
            });
        }
        if allocated == 1 && !one_sample {
            return Err(invalid(
                "BitsAllocated",
                "1 with more than one sample a pixel",
            ));
        }
        if !float && (stored == 0 || stored > allocated) {
            return Err(RenderError::Invalid {
                attribute: "BitsStored",
                value: format!("{stored} of {allocated} allocated"),
            });
        }
        if !float && (high >= allocated || high + 1 < stored) {
            return Err(RenderError::Invalid {
                attribute: "HighBit",
                value: format!("{high} with {stored} bits stored"),
            });
        }
        Ok(Self {
            rows,
            columns,
            samples,
            allocated,
            stored,
            high,
            signed: number(attributes, tags::PIXEL_REPRESENTATION) == Some(1),
            float,
            planar: samples > 1 && number(attributes, tags::PLANAR_CONFIGURATION) == Some(1),
            photometric,
            frames: frames(attributes),
        })
    }

    pub(crate) fn pixels(&self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Bytes of one native frame; a last odd bit of 1-bit data counts as a byte.
    pub(crate) fn native_length(&self) -> usize {
        let samples = self.pixels() * self.samples as usize;
        match (self.allocated, self.photometric) {
            (1, _) => samples.div_ceil(8),
            // Two pixels share their chroma: Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2).
            (_, Photometric::YbrFull422 | Photometric::YbrPartial422) => {
                self.rows as usize
                    * (self.columns as usize).div_ceil(2)
                    * 4
                    * (self.allocated / 8) as usize
            }
            (allocated, _) => samples * (allocated / 8) as usize,
        }
    }

    /// Fails unless `frame` is one of the frames.
    pub(crate) fn check_frame(&self, frame: u32) -> Result<(), RenderError> {
        if (1..=self.frames).contains(&frame) {
            Ok(())
        } else {
            Err(RenderError::NoSuchFrame {
                frame,
                frames: self.frames,
            })
        }
    }
}

/// Number of Frames (0028,0008); an absent, empty or zero one is taken as 1.
pub(crate) fn frames(attributes: &InMemDicomObject) -> u32 {
    number(attributes, tags::NUMBER_OF_FRAMES)
        .filter(|&frames| frames > 0)
        .unwrap_or(1)
}

/// Float Pixel Data has neither Bits Stored nor Pixel Representation (PS3.3 C.7.6.24); `attributes` may come without pixels.
fn is_float(attributes: &InMemDicomObject, allocated: u32) -> bool {
    attributes.get(tags::FLOAT_PIXEL_DATA).is_some()
        || attributes.get(tags::DOUBLE_FLOAT_PIXEL_DATA).is_some()
        || (matches!(allocated, 32 | 64)
            && attributes.get(tags::BITS_STORED).is_none()
            && attributes.get(tags::PIXEL_REPRESENTATION).is_none())
}

fn required(
    attributes: &InMemDicomObject,
    tag: Tag,
    keyword: &'static str,
) -> Result<u32, RenderError> {
    number(attributes, tag).ok_or(RenderError::Missing(keyword))
}

fn invalid(attribute: &'static str, value: impl ToString) -> RenderError {
    RenderError::Invalid {
        attribute,
        value: value.to_string(),
    }
}

/// The first value of an element as a count, whatever its VR.
pub(crate) fn number(attributes: &InMemDicomObject, tag: Tag) -> Option<u32> {
    attributes.get(tag)?.to_int::<u32>().ok()
}

/// The first value of an element as trimmed text; `None` where it is empty.
pub(crate) fn text(attributes: &InMemDicomObject, tag: Tag) -> Option<String> {
    let value = attributes.get(tag)?.to_str().ok()?;
    let first = value
        .split('\\')
        .next()
        .unwrap_or_default()
        .trim_matches(['\0', ' ']);
    (!first.is_empty()).then(|| first.to_owned())
}
