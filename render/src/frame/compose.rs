//! Samples to a finished picture: levels or colours, what lies over them, the part that is shown, how it is turned, what is
//! written on it. In this order, which is that of PS3.4 N.2.

use dicom_object::InMemDicomObject;

use super::{Depth, Graphics, Options, PixelAspect, RenderError, With};
use crate::aspect;
use crate::color::{self, Palette};
use crate::decode::Samples;
use crate::encode::{Picture, Pixels};
use crate::grey::{self, Shaded};
use crate::image::{Image, Photometric};
use crate::overlay;
use crate::presentation::{self, Area, Presentation, Shutter, Turn};
use crate::shown::Shown;
use crate::viewport::{Grid, Layout, PixelShape, Sample, Viewport};

/// What a picture is made from, but the samples.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) attributes: &'a InMemDicomObject,
    pub(super) image: &'a Image,
    pub(super) frame: u32,
    pub(super) options: &'a Options,
    pub(super) with: &'a With<'a>,
}

/// Sizes and places of everything, settled before any pixel is touched.
pub(super) struct Plan {
    layout: Layout,
    shape: PixelShape,
    turn: Turn,
    /// The image with a margin, where a presentation state shows what lies beyond it: left, top, width, height.
    canvas: (i64, i64, u32, u32),
}

impl Plan {
    pub(super) fn of(
        attributes: &InMemDicomObject,
        image: &Image,
        frame: u32,
        options: &Options,
        with: &With<'_>,
    ) -> Result<Self, RenderError> {
        let own = match options.pixels {
            PixelAspect::Square => aspect::shape(attributes, frame),
            PixelAspect::AsStored => PixelShape::SQUARE,
        };
        let whole = (0, 0, image.columns, image.rows);
        let state = with.presentation;
        let area = state.and_then(|state| Area::of(state, attributes, frame));
        let turn = state.map(Turn::of).unwrap_or_default();
        let too_large = |columns: u32, rows: u32| RenderError::TooLarge {
            columns: columns.into(),
            rows: rows.into(),
            limit: options.max_pixels,
        };
        let fits =
            |columns: u32, rows: u32| u64::from(columns) * u64::from(rows) <= options.max_pixels;
        let (canvas, shape) = match area {
            Some(area) => {
                if !fits(area.width, area.height) {
                    return Err(too_large(area.width, area.height));
                }
                let shape = match options.pixels {
                    PixelAspect::Square => area.shape.unwrap_or(own),
                    PixelAspect::AsStored => own,
                };
                ((area.left, area.top, area.width, area.height), shape)
            }
            None => (whole, own),
        };
        let (_, _, columns, rows) = canvas;
        let lying = |viewport: Viewport| Viewport {
            width: viewport.height,
            height: viewport.width,
            ..viewport
        };
        let mut viewport = options.viewport;
        if turn.lies() {
            viewport = viewport.map(lying);
        }
        if let (None, Some(ratio)) = (viewport, area.and_then(|area| area.magnification)) {
            let edge = |length: u32, by: f64| {
                (f64::from(length) * by * ratio)
                    .round()
                    .clamp(1.0, 65_535.0) as u32
            };
            viewport = Some(Viewport {
                width: edge(columns, shape.width),
                height: edge(rows, shape.height),
                region: None,
            });
        }
        let layout = Layout::of(columns, rows, viewport, options.max_edge, shape).ok_or(
            RenderError::OutsideImage {
                columns: image.columns,
                rows: image.rows,
            },
        )?;
        if !fits(layout.out_width, layout.out_height) {
            return Err(too_large(layout.out_width, layout.out_height));
        }
        Ok(Self {
            layout,
            shape,
            turn,
            canvas,
        })
    }

    /// The picture of these samples.
    pub(super) fn picture(
        &self,
        source: &Source<'_>,
        samples: Samples<'_>,
        mut shown: Shown,
    ) -> Result<Picture, RenderError> {
        let image = source.image;
        let covers = Covers::of(source, &samples, &mut shown.notes);
        let mut pixels = flat(source, samples, &mut shown)?;
        if !source.with.layers.is_empty() {
            pixels = tinted(source, pixels, &mut shown.notes);
        }
        covers.draw(&mut pixels);
        if !self.shape.is_square() {
            let PixelShape { width, height } = self.shape;
            shown.notes.push(format!(
                "pixels of {:.3} x {:.3} shown as they are in the body",
                width, height
            ));
        }
        let (left, top, width, height) = self.canvas;
        if self.canvas != (0, 0, image.columns, image.rows) {
            pixels = moved(image, pixels, self.canvas);
        }
        if !self.layout.is_identity(width, height) {
            pixels = fit((width, height), &self.layout, pixels);
        }
        let (width, height) = (self.layout.out_width, self.layout.out_height);
        let mut picture = Picture::of(width, height, pixels, shown);
        self.turn.apply(&mut picture);
        if let Some(state) = source.with.presentation {
            let turned = (picture.width, picture.height);
            let pixel = |(x, y): (f64, f64)| {
                let at = self.layout.place((x - left as f64, y - top as f64));
                self.turn.place(at, (width, height))
            };
            let display = |(x, y): (f64, f64)| (x * f64::from(turned.0), y * f64::from(turned.1));
            let places = presentation::Places {
                pixel: &pixel,
                display: &display,
            };
            picture.shown.notes.insert(0, words(state));
            let (drawn, notes) = presentation::draw(
                &mut picture,
                state,
                source.attributes,
                source.frame,
                &places,
            );
            if drawn > 0 {
                picture
                    .shown
                    .notes
                    .push(format!("{drawn} annotation(s) drawn"));
            }
            picture.shown.notes.extend(notes);
        }
        Ok(picture)
    }
}

fn words(state: &Presentation) -> String {
    match state.label().as_str() {
        "" => "as a presentation state shows it".to_owned(),
        label => format!("as the presentation state {label:?} shows it"),
    }
}

/// Levels or colours of the image alone.
fn flat(
    source: &Source<'_>,
    samples: Samples<'_>,
    shown: &mut Shown,
) -> Result<Pixels, RenderError> {
    let Source {
        attributes,
        image,
        frame,
        options,
        with,
    } = *source;
    if !image.photometric.is_grey() {
        if options.window.is_some() {
            shown
                .notes
                .push("the window asked for is ignored: it has no meaning for colours".to_owned());
        }
        return Ok(Pixels::Rgb8(match image.photometric {
            Photometric::Palette => Palette::read(attributes, image)?.paint(image, &samples, None),
            _ => color::rgb(image, samples),
        }));
    }
    let grey = grey::Source {
        attributes,
        image,
        samples: &samples,
        frame,
        window: options.window,
        voi: &options.voi,
        presentation: with.presentation,
    };
    if let Some(palette) = Palette::supplemental(attributes, image) {
        let levels = said(grey::shade::<u8>(&grey), shown);
        shown.notes.push(format!(
            "values from {} on in colours of the data set's palette",
            palette.first
        ));
        let colours = palette.paint(image, &samples, Some(&levels));
        return Ok(Pixels::Rgb8(colours));
    }
    Ok(match options.depth {
        Depth::Eight => Pixels::Grey8(said(grey::shade(&grey), shown)),
        Depth::Sixteen => Pixels::Grey16(said(grey::shade(&grey), shown)),
    })
}

fn said<T>(shaded: Shaded<T>, shown: &mut Shown) -> Vec<T> {
    shown.grey = shaded.grey;
    shown.inverted = shaded.inverted;
    shown.notes.extend(shaded.notes);
    shaded.pixels
}

/// The picture with the colours of other objects over it.
fn tinted(source: &Source<'_>, pixels: Pixels, notes: &mut Vec<String>) -> Pixels {
    let (width, height) = (source.image.columns, source.image.rows);
    let plain = Picture::of(width, height, pixels, Shown::drawing(width, height));
    let Pixels::Rgb8(mut colours) = plain.with_colours().pixels else {
        return Pixels::Rgb8(Vec::new());
    };
    for layer in source.with.layers {
        layer.blend(&mut colours);
        notes.push(format!("with {} in colours", layer.name));
    }
    Pixels::Rgb8(colours)
}

/// Overlay planes and shutters, at the size of the image.
struct Covers {
    overlays: Vec<overlay::Plane>,
    shutter: Option<Shutter>,
}

impl Covers {
    fn of(source: &Source<'_>, samples: &Samples<'_>, notes: &mut Vec<String>) -> Self {
        let Source {
            attributes,
            image,
            frame,
            options,
            with,
        } = *source;
        let mut overlays = Vec::new();
        let mut take = |holder: &InMemDicomObject, active: Option<&[u16]>| {
            let (planes, wrong) = overlay::planes(holder, image, Some(samples), frame);
            let is_active =
                |plane: &overlay::Plane| active.is_none_or(|active| active.contains(&plane.group));
            overlays.extend(planes.into_iter().filter(is_active));
            notes.extend(wrong);
        };
        let holder = match (with.presentation, options.graphics) {
            // A presentation state has planes of its own, and switches on those of the image.
            (Some(state), _) => {
                let active = state.active_overlays();
                if !active.is_empty() {
                    take(state.data_set(), Some(&active));
                    take(attributes, Some(&active));
                }
                state.data_set()
            }
            (None, Graphics::Drawn) => {
                take(attributes, None);
                attributes
            }
            (None, Graphics::Hidden) => {
                return Self {
                    overlays: Vec::new(),
                    shutter: None,
                };
            }
        };
        let shutter = Shutter::of(holder, image);
        for plane in &overlays {
            notes.push(match plane.label.as_str() {
                "" => format!("overlay {:04X} in white", plane.group),
                label => format!("overlay {:04X} {label:?} in white", plane.group),
            });
        }
        if shutter.is_some() {
            notes.push(Shutter::words(holder));
        }
        Self { overlays, shutter }
    }

    fn draw(&self, pixels: &mut Pixels) {
        let mut paint = |at: usize, colour: [u8; 3]| match pixels {
            Pixels::Grey8(levels) => levels[at] = colour[1],
            Pixels::Grey16(levels) => levels[at] = u16::from(colour[1]) * 257,
            Pixels::Rgb8(samples) => samples[at * 3..at * 3 + 3].copy_from_slice(&colour),
        };
        let set = |bits: &[bool]| -> Vec<usize> {
            let set = bits.iter().enumerate().filter(|(_, bit)| **bit);
            set.map(|(at, _)| at).collect()
        };
        for plane in &self.overlays {
            set(&plane.bits)
                .into_iter()
                .for_each(|at| paint(at, [255; 3]));
        }
        if let Some(shutter) = &self.shutter {
            let covered = set(&shutter.covered);
            covered.into_iter().for_each(|at| paint(at, shutter.colour));
        }
    }
}

/// The image on a canvas of another size, black around it.
fn moved(image: &Image, pixels: Pixels, canvas: (i64, i64, u32, u32)) -> Pixels {
    fn place<T: Copy + Default>(
        image: &Image,
        old: &[T],
        (left, top, width, height): (i64, i64, u32, u32),
        samples: usize,
    ) -> Vec<T> {
        let mut new = vec![T::default(); width as usize * height as usize * samples];
        let from = left.max(0);
        let to = (left + i64::from(width)).min(image.columns.into());
        if from >= to {
            return new;
        }
        for y in top.max(0)..(top + i64::from(height)).min(image.rows.into()) {
            let source = (y as usize * image.columns as usize + from as usize) * samples;
            let target = ((y - top) as usize * width as usize + (from - left) as usize) * samples;
            let length = (to - from) as usize * samples;
            new[target..target + length].copy_from_slice(&old[source..source + length]);
        }
        new
    }
    match pixels {
        Pixels::Grey8(levels) => Pixels::Grey8(place(image, &levels, canvas, 1)),
        Pixels::Grey16(levels) => Pixels::Grey16(place(image, &levels, canvas, 1)),
        Pixels::Rgb8(samples) => Pixels::Rgb8(place(image, &samples, canvas, 3)),
    }
}

/// Cuts and scales finished pixels.
fn fit(size: (u32, u32), layout: &Layout, pixels: Pixels) -> Pixels {
    fn scaled<T: Sample, const N: usize>(
        (width, height): (u32, u32),
        layout: &Layout,
        samples: &[T],
    ) -> Vec<T> {
        let pixels = samples.as_chunks::<N>().0.to_vec();
        let grid = Grid {
            width,
            height,
            pixels,
        };
        layout.apply(&grid).pixels.into_flattened()
    }
    match pixels {
        Pixels::Grey8(levels) => Pixels::Grey8(scaled::<_, 1>(size, layout, &levels)),
        Pixels::Grey16(levels) => Pixels::Grey16(scaled::<_, 1>(size, layout, &levels)),
        Pixels::Rgb8(samples) => Pixels::Rgb8(scaled::<_, 3>(size, layout, &samples)),
    }
}
