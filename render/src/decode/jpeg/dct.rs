//! Coefficients to samples: the inverse DCT (T.81 A.3.3) in single precision, eight columns at a time.

use std::f32::consts::FRAC_1_SQRT_2;

use super::Component;

/// The natural index of the k-th coefficient in zigzag order (T.81 figure A.6).
pub(super) const ZIGZAG: [u8; 64] = zigzag();

const fn zigzag() -> [u8; 64] {
    let mut order = [0; 64];
    let (mut x, mut y) = (0usize, 0usize);
    let mut k = 0;
    while k < 64 {
        order[k] = (y * 8 + x) as u8;
        let up = (x + y) % 2 == 0;
        if up && x == 7 || !up && y != 7 && x == 0 {
            y += 1;
        } else if up && y == 0 || !up && y == 7 {
            x += 1;
        } else if up {
            x += 1;
            y -= 1;
        } else {
            x -= 1;
            y += 1;
        }
        k += 1;
    }
    order
}

type Row = [f32; 8];

/// Transforms `block` (dequantized, natural order) and writes its 8 x 8 samples to `out`, `stride` apart.
pub(super) fn inverse(
    block: &mut [f32; 64],
    flat: bool,
    precision: u32,
    out: &mut [u16],
    stride: usize,
) {
    let (middle, top) = (
        (1u32 << (precision - 1)) as f32,
        ((1u32 << precision) - 1) as f32,
    );
    // Adding one half and cutting rounds, as no value is below 0.
    let sample = |value: f32| (value + middle + 0.5).clamp(0.0, top) as u16;
    if flat {
        let value = sample(block[0] / 8.0);
        for row in out.chunks_mut(stride).take(8) {
            row[..8].fill(value);
        }
        return;
    }
    let mut rows: [Row; 8] = [[0.0; 8]; 8];
    for (row, values) in rows.iter_mut().zip(block.as_chunks::<8>().0) {
        *row = *values;
    }
    let rows = transpose(columns(transpose(columns(rows))));
    for (row, values) in out.chunks_mut(stride).zip(rows) {
        for (cell, value) in row[..8].iter_mut().zip(values) {
            *cell = sample(value);
        }
    }
}

fn transpose(rows: [Row; 8]) -> [Row; 8] {
    let mut turned = [[0.0; 8]; 8];
    for (y, row) in rows.iter().enumerate() {
        for (x, &value) in row.iter().enumerate() {
            turned[x][y] = value;
        }
    }
    turned
}

/// The eight-point inverse DCT down each column: even and odd coefficients apart, then sums and differences.
fn columns(f: [Row; 8]) -> [Row; 8] {
    // cos(k pi / 16)
    const C1: f32 = 0.980_785_3;
    const C2: f32 = 0.923_879_5;
    const C3: f32 = 0.831_469_6;
    const C5: f32 = 0.555_570_24;
    const C6: f32 = 0.382_683_43;
    const C7: f32 = 0.195_090_32;
    let mut out = [[0.0; 8]; 8];
    for i in 0..8 {
        let (sum, difference) = (
            (f[0][i] + f[4][i]) * FRAC_1_SQRT_2,
            (f[0][i] - f[4][i]) * FRAC_1_SQRT_2,
        );
        let (outer, inner) = (f[2][i] * C2 + f[6][i] * C6, f[2][i] * C6 - f[6][i] * C2);
        let even = [
            sum + outer,
            difference + inner,
            difference - inner,
            sum - outer,
        ];
        let odd = [
            f[1][i] * C1 + f[3][i] * C3 + f[5][i] * C5 + f[7][i] * C7,
            f[1][i] * C3 - f[3][i] * C7 - f[5][i] * C1 - f[7][i] * C5,
            f[1][i] * C5 - f[3][i] * C1 + f[5][i] * C7 + f[7][i] * C3,
            f[1][i] * C7 - f[3][i] * C5 + f[5][i] * C3 - f[7][i] * C1,
        ];
        for n in 0..4 {
            out[n][i] = (even[n] + odd[n]) / 2.0;
            out[7 - n][i] = (even[n] - odd[n]) / 2.0;
        }
    }
    out
}

/// Fills the plane of a component from the coefficients that progressive scans have gathered.
pub(super) fn restore(component: &mut Component, precision: u32) {
    let Some(quantization) = component.dequantize else {
        return;
    };
    let (stride, blocks) = (component.stride, component.coefficients.as_chunks::<64>().0);
    for (index, coefficients) in blocks.iter().enumerate() {
        let mut block = [0f32; 64];
        for ((value, &coefficient), &step) in block.iter_mut().zip(coefficients).zip(&quantization)
        {
            *value = f32::from(coefficient) * f32::from(step);
        }
        let (x, y) = (index % (stride / 8), index / (stride / 8));
        let flat = coefficients[1..]
            .iter()
            .all(|&coefficient| coefficient == 0);
        inverse(
            &mut block,
            flat,
            precision,
            &mut component.plane[y * 8 * stride + x * 8..],
            stride,
        );
    }
}
