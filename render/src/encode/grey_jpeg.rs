//! Grey levels as a baseline JPEG (ITU-T T.81), with the tables of its annex K.
//!
//! Own code, because grey pictures of 512 x 512 are most of what is asked for, and the encoder at hand takes twice as long.

/// Bits after the point are lost with so large a number added: what remains is rounded to whole ones.
const ROUNDING: f32 = 12_582_912.0;

/// Where the coefficients of a block stand in the order in which they are written (T.81 figure A.6).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Where the coefficients lie in a turned block, in the order in which they are written.
const TURNED: [u8; 64] = {
    let mut turned = [0; 64];
    let mut at = 0;
    while at < 64 {
        turned[at] = ZIGZAG[at] % 8 * 8 + ZIGZAG[at] / 8;
        at += 1;
    }
    turned
};

/// When each coefficient of a turned block is written.
const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut at = 0;
    while at < 64 {
        places[TURNED[at] as usize] = at as u8;
        at += 1;
    }
    places
};

/// Table K.1, in natural order.
const LUMINANCE: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// Table K.3: codes of each length, and what they stand for.
const DC_LENGTHS: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_SYMBOLS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/// Table K.5.
const AC_LENGTHS: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D];
const AC_SYMBOLS: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
    0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
    0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
    0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
    0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA,
];

/// A code and its length, by symbol.
type Codes = [(u32, u32); 256];

/// The file for `levels`, row by row; `quality` from 1 to 100.
pub(super) fn encode(levels: &[u8], width: u16, height: u16, quality: u8) -> Vec<u8> {
    let quantization = quantization(quality);
    let mut out = Vec::with_capacity(levels.len() / 4 + 1024);
    header(&mut out, width, height, &quantization);
    let scales = scales(&quantization);
    let (dc, ac) = (
        codes(&DC_LENGTHS, &DC_SYMBOLS),
        codes(&AC_LENGTHS, &AC_SYMBOLS),
    );
    let mut bits = Bits {
        out,
        waiting: 0,
        count: 0,
    };
    let (columns, rows) = (usize::from(width), usize::from(height));
    let mut last = 0;
    for top in (0..rows).step_by(8) {
        for left in (0..columns).step_by(8) {
            let mut block = load(levels, columns, rows, left, top);
            transform(&mut block);
            turn(&mut block);
            transform(&mut block);
            last = bits.block(&quantized(&block, &scales), last, &dc, &ac);
        }
    }
    let mut out = bits.finish();
    out.extend([0xFF, 0xD9]);
    out
}

/// The table for a quality, in natural order, as the widely used encoders scale it.
fn quantization(quality: u8) -> [u16; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let scale = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    LUMINANCE.map(|value| ((u32::from(value) * scale + 50) / 100).clamp(1, 255) as u16)
}

fn header(out: &mut Vec<u8>, width: u16, height: u16, quantization: &[u16; 64]) {
    let mut segment = |marker: u8, parts: &[&[u8]]| {
        let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
        out.extend([0xFF, marker]);
        out.extend((length as u16).to_be_bytes());
        parts.iter().for_each(|part| out.extend(*part));
    };
    let table = ZIGZAG.map(|at| quantization[usize::from(at)] as u8);
    let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
    let mut start = vec![0xFF, 0xD8];
    segment(0xE0, &[b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"]);
    segment(0xDB, &[&[0], &table]);
    segment(0xC0, &[&[8, h1, h0, w1, w0, 1, 1, 0x11, 0]]);
    segment(0xC4, &[&[0x00], &DC_LENGTHS, &DC_SYMBOLS]);
    segment(0xC4, &[&[0x10], &AC_LENGTHS, &AC_SYMBOLS]);
    segment(0xDA, &[&[1, 1, 0x00, 0, 63, 0]]);
    start.append(out);
    *out = start;
}

/// What coefficients of [`transform`] are multiplied with, turned as they lie there: its own factors and the table's undone.
fn scales(quantization: &[u16; 64]) -> [[f32; 8]; 8] {
    // 1, then cos(k pi / 16) sqrt 2.
    let factor = |k: usize| match k {
        0 => 1.0,
        k => (k as f64 * std::f64::consts::PI / 16.0).cos() * std::f64::consts::SQRT_2,
    };
    std::array::from_fn(|across| {
        std::array::from_fn(|down| {
            let table = f64::from(quantization[down * 8 + across]);
            (1.0 / (table * 8.0 * factor(across) * factor(down))) as f32
        })
    })
}

/// A block around zero; beyond the edge the last pixels are repeated.
fn load(levels: &[u8], columns: usize, rows: usize, left: usize, top: usize) -> [[f32; 8]; 8] {
    std::array::from_fn(|y| {
        let row = (top + y).min(rows - 1) * columns;
        let level = |level: u8| f32::from(level) - 128.0;
        match levels[row + left..row + columns].first_chunk::<8>() {
            Some(eight) => eight.map(level),
            None => std::array::from_fn(|x| level(levels[row + (left + x).min(columns - 1)])),
        }
    })
}

/// The transform along columns, eight of them at once, without its last factors (Arai, Agui and Nakajima).
fn transform(block: &mut [[f32; 8]; 8]) {
    type Row = [f32; 8];
    let plus = |a: &Row, b: &Row| -> Row { std::array::from_fn(|at| a[at] + b[at]) };
    let minus = |a: &Row, b: &Row| -> Row { std::array::from_fn(|at| a[at] - b[at]) };
    let times = |a: &Row, by: f32| -> Row { std::array::from_fn(|at| a[at] * by) };
    let [r0, r1, r2, r3, r4, r5, r6, r7] = &*block;
    let (t0, t7) = (plus(r0, r7), minus(r0, r7));
    let (t1, t6) = (plus(r1, r6), minus(r1, r6));
    let (t2, t5) = (plus(r2, r5), minus(r2, r5));
    let (t3, t4) = (plus(r3, r4), minus(r3, r4));
    // Even part.
    let (t10, t13) = (plus(&t0, &t3), minus(&t0, &t3));
    let (t11, t12) = (plus(&t1, &t2), minus(&t1, &t2));
    let z1 = times(&plus(&t12, &t13), std::f32::consts::FRAC_1_SQRT_2);
    let even = (
        plus(&t10, &t11),
        plus(&t13, &z1),
        minus(&t10, &t11),
        minus(&t13, &z1),
    );
    // Odd part.
    let (t10, t11, t12) = (plus(&t4, &t5), plus(&t5, &t6), plus(&t6, &t7));
    let z5 = times(&minus(&t10, &t12), 0.382_683_43);
    let z2 = plus(&times(&t10, 0.541_196_1), &z5);
    let z4 = plus(&times(&t12, 1.306_563), &z5);
    let z3 = times(&t11, std::f32::consts::FRAC_1_SQRT_2);
    let (z11, z13) = (plus(&t7, &z3), minus(&t7, &z3));
    *block = [
        even.0,
        plus(&z11, &z4),
        even.1,
        minus(&z13, &z2),
        even.2,
        plus(&z13, &z2),
        even.3,
        minus(&z11, &z4),
    ];
}

/// Rows become columns.
fn turn(block: &mut [[f32; 8]; 8]) {
    *block = std::array::from_fn(|y| std::array::from_fn(|x| block[x][y]));
}

/// Coefficients as whole numbers.
fn quantized(block: &[[f32; 8]; 8], scales: &[[f32; 8]; 8]) -> [[i16; 8]; 8] {
    let whole = |value: f32| {
        (value + ROUNDING)
            .to_bits()
            .wrapping_sub(ROUNDING.to_bits()) as i16
    };
    std::array::from_fn(|row| {
        std::array::from_fn(|column| whole(block[row][column] * scales[row][column]))
    })
}

/// Huffman codes by symbol (T.81 annex C).
fn codes(lengths: &[u8; 16], symbols: &[u8]) -> Codes {
    let mut codes = [(0, 0); 256];
    let mut symbols = symbols.iter();
    let mut code = 0;
    for (length, &count) in (1u32..).zip(lengths) {
        for &symbol in symbols.by_ref().take(count.into()) {
            codes[usize::from(symbol)] = (code, length);
            code += 1;
        }
        code <<= 1;
    }
    codes
}

/// Bits on their way into the file.
struct Bits {
    out: Vec<u8>,
    /// The last `count` bits of it are not written yet.
    waiting: u64,
    count: u32,
}

impl Bits {
    /// Writes a turned block, gives its first coefficient.
    fn block(&mut self, block: &[[i16; 8]; 8], last: i16, dc: &Codes, ac: &Codes) -> i16 {
        let values = block.as_flattened();
        let (size, bits) = amplitude(i32::from(values[0]) - i32::from(last));
        let (code, length) = dc[size as usize];
        self.put(code << size | bits, length + size);
        // Most are zero: four at once are passed over.
        let mut nonzero = 0u64;
        for (four, places) in values
            .as_chunks::<4>()
            .0
            .iter()
            .zip(PLACES.as_chunks::<4>().0)
        {
            if *four != [0; 4] {
                for (value, place) in four.iter().zip(places) {
                    nonzero |= u64::from(*value != 0) << place;
                }
            }
        }
        nonzero &= !1;
        let mut before = 0;
        while nonzero != 0 {
            let at = nonzero.trailing_zeros();
            nonzero &= nonzero - 1;
            let mut zeros = at - before - 1;
            before = at;
            while zeros > 15 {
                let (code, length) = ac[0xF0];
                self.put(code, length);
                zeros -= 16;
            }
            let value = values[usize::from(TURNED[at as usize])];
            let (size, bits) = amplitude(value.into());
            let (code, length) = ac[(zeros << 4 | size) as usize & 0xFF];
            self.put(code << size | bits, length + size);
        }
        if before < 63 {
            let (code, length) = ac[0];
            self.put(code, length);
        }
        values[0]
    }

    /// Writes up to 32 bits.
    fn put(&mut self, bits: u32, count: u32) {
        self.waiting = self.waiting << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let four = ((self.waiting >> self.count) as u32).to_be_bytes();
            if four.contains(&0xFF) {
                self.stuffed(&four);
            } else {
                self.out.extend(four);
            }
        }
    }

    /// A byte of ones is followed by a zero, so that it is no marker.
    fn stuffed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
    }

    /// Fills the last byte with ones.
    fn finish(mut self) -> Vec<u8> {
        let missing = (8 - self.count % 8) % 8;
        let whole = self.waiting << missing | ((1 << missing) - 1);
        let count = (self.count + missing) / 8;
        let bytes = whole.to_be_bytes();
        self.stuffed(&bytes[8 - count as usize..]);
        self.out
    }
}

/// How many bits a difference has, and these (T.81 F.1.2.1).
fn amplitude(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = if value < 0 { value - 1 } else { value };
    (size, bits as u32 & ((1 << size) - 1))
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};
    use dicom_dictionary_std::tags;
    use dicom_object::InMemDicomObject;

    use super::*;
    use crate::frame;

    fn decoded(file: &[u8], width: u16, height: u16) -> Vec<u8> {
        let number = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
        let mut image = InMemDicomObject::from_element_iter([
            number(tags::ROWS, height),
            number(tags::COLUMNS, width),
            number(tags::BITS_ALLOCATED, 8),
            number(tags::SAMPLES_PER_PIXEL, 1),
            number(tags::PIXEL_REPRESENTATION, 0),
        ]);
        let grey = PrimitiveValue::from("MONOCHROME2");
        image.put(DataElement::new(
            tags::PHOTOMETRIC_INTERPRETATION,
            VR::CS,
            grey,
        ));
        frame::native(&image, "1.2.840.10008.1.2.4.50", file, 1)
            .unwrap()
            .data
    }

    fn texture(width: u16, height: u16) -> Vec<u8> {
        let pixel = |at: usize| {
            let (x, y) = (at % usize::from(width), at / usize::from(width));
            let wave = ((x as f64 / 5.0).sin() + (y as f64 / 9.0).cos()) * 50.0 + 128.0;
            (wave + ((x * 7919) ^ (y * 104_729)) as f64 % 17.0) as u8
        };
        (0..usize::from(width) * usize::from(height))
            .map(pixel)
            .collect()
    }

    #[test]
    fn what_is_written_is_read_again_nearly_the_same() {
        for (width, height) in [(64, 64), (61, 35), (1, 1), (8, 3), (9, 17), (200, 7)] {
            let levels = texture(width, height);
            for (quality, most) in [(100, 1.0), (90, 3.0), (50, 9.0), (1, 60.0)] {
                let file = encode(&levels, width, height, quality);
                let back = decoded(&file, width, height);
                let sum: u64 = back
                    .iter()
                    .zip(&levels)
                    .map(|(a, b)| u64::from(a.abs_diff(*b)))
                    .sum();
                let mean = sum as f64 / levels.len() as f64;
                assert!(mean <= most, "{width} x {height} at {quality}: {mean}");
            }
        }
    }

    #[test]
    fn a_picture_of_extremes_is_kept() {
        let checked: Vec<u8> = (0..64 * 64)
            .map(|at| if (at / 64 + at % 64) % 2 == 0 { 0 } else { 255 })
            .collect();
        for quality in [100, 90] {
            let back = decoded(&encode(&checked, 64, 64, quality), 64, 64);
            let apart = back.iter().zip(&checked).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(apart < Some(30), "{apart:?}");
        }
        for level in [0, 255] {
            let flat = vec![level; 48 * 16];
            assert_eq!(decoded(&encode(&flat, 48, 16, 90), 48, 16), flat);
        }
    }

    #[test]
    fn it_is_as_large_as_what_others_write() {
        let levels = texture(256, 256);
        let ours = encode(&levels, 256, 256, 90).len() as f64;
        let mut theirs = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut theirs, 90);
        encoder
            .encode(&levels, 256, 256, jpeg_encoder::ColorType::Luma)
            .unwrap();
        let ratio = ours / theirs.len() as f64;
        assert!((0.97..1.03).contains(&ratio), "{ratio}");
    }
}
