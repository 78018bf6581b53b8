//! The same colours in every interpretation that an uncompressed image can have (PS3.3 C.7.6.3.1.2).

use dicom_core::{PrimitiveValue, VR};
use dicom_dictionary_std::tags;

use super::picture::{Picture, Pixels};

/// Columns and rows.
pub const COLOUR_EDGE: usize = 16;

/// The colour of a pixel: four shades of each channel, two pixels in a row alike.
pub fn colour(x: usize, y: usize) -> [u8; 3] {
    let number = index(x, y);
    [number & 3, number >> 2 & 3, number >> 4].map(|level| level * 85)
}

/// The pictures, with their names.
pub fn colours() -> [(&'static str, Picture); 4] {
    let edge = COLOUR_EDGE as u16;
    let colour_image = |interpretation, samples: Vec<u8>| {
        Picture::grey(edge, edge, 8, Pixels::Native(samples)).photometric(interpretation, 3)
    };
    let channel = |n: usize| places().map(move |(x, y)| colour(x, y)[n]);
    let by_pixel = places().flat_map(|(x, y)| colour(x, y)).collect();
    let by_plane = channel(0).chain(channel(1)).chain(channel(2)).collect();
    let halved = places().filter(|(x, _)| x % 2 == 0).flat_map(|(x, y)| {
        let [luma, blue, red] = ybr(colour(x, y));
        [luma, luma, blue, red]
    });
    let indices = places().map(|(x, y)| index(x, y)).collect();
    [
        ("RGB by pixel", colour_image("RGB", by_pixel)),
        (
            "RGB by plane",
            colour_image("RGB", by_plane).number(tags::PLANAR_CONFIGURATION, 1),
        ),
        (
            "YBR_FULL_422",
            colour_image("YBR_FULL_422", halved.collect()),
        ),
        ("PALETTE COLOR", palette(indices)),
    ]
}

fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..COLOUR_EDGE).flat_map(|y| (0..COLOUR_EDGE).map(move |x| (x, y)))
}

/// 64 colours, in pairs.
fn index(x: usize, y: usize) -> u8 {
    ((y * COLOUR_EDGE + x) / 2 % 64) as u8
}

/// YBR_FULL of red, green and blue.
fn ybr([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let (red, green, blue) = (f64::from(red), f64::from(green), f64::from(blue));
    [
        0.299 * red + 0.587 * green + 0.114 * blue,
        -0.1687 * red - 0.3313 * green + 0.5 * blue + 128.0,
        0.5 * red - 0.4187 * green - 0.0813 * blue + 128.0,
    ]
    .map(|sample| sample.round().clamp(0.0, 255.0) as u8)
}

/// Indices into 64 colours of 16 bits a channel.
fn palette(indices: Vec<u8>) -> Picture {
    let edge = COLOUR_EDGE as u16;
    let picture = Picture::grey(edge, edge, 8, Pixels::Native(indices));
    let picture = picture.photometric("PALETTE COLOR", 1);
    let tables = [
        (
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ),
        (
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ),
        (
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ),
    ];
    let channels = tables.into_iter().enumerate();
    channels.fold(picture, |picture, (channel, (descriptor, data))| {
        let level = |index: u8| u16::from((index >> (2 * channel) & 3) * 85) * 257;
        let entries: Vec<u8> = (0..64).flat_map(|n| level(n).to_le_bytes()).collect();
        let described = PrimitiveValue::U16(vec![64, 0, 16].into());
        picture
            .element(descriptor, VR::US, described)
            .element(data, VR::OW, entries)
    })
}
