//! Two lossless encoders, just enough for 16 bit grey images: what the harness stores compressed must not come from the
//! codecs of the archive that it judges.

/// RLE Lossless (PS3.5 Annex G): one segment a byte plane, the high bytes first.
pub(super) fn rle(pixels: &[u8], rows: u16, columns: u16) -> Vec<u8> {
    let plane = |offset: usize| -> Vec<u8> {
        let samples: Vec<u8> = pixels.iter().skip(offset).step_by(2).copied().collect();
        let mut segment = Vec::new();
        for row in samples.chunks(usize::from(columns)).take(usize::from(rows)) {
            pack_bits(row, &mut segment);
        }
        if segment.len() % 2 == 1 {
            segment.push(0);
        }
        segment
    };
    let (high, low) = (plane(1), plane(0));
    let mut header = [0_u32; 16];
    header[0] = 2;
    header[1] = 64;
    header[2] = 64 + high.len() as u32;
    let mut out: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    out.extend(high);
    out.extend(low);
    out
}

/// PackBits (PS3.5 G.3.1): runs of three and more, the rest literally.
fn pack_bits(row: &[u8], out: &mut Vec<u8>) {
    let run_at = |at: usize| {
        row[at..]
            .iter()
            .take(128)
            .take_while(|&&byte| byte == row[at])
            .count()
    };
    let mut at = 0;
    while at < row.len() {
        let run = run_at(at);
        if run >= 3 {
            out.extend([(257 - run) as u8, row[at]]);
            at += run;
            continue;
        }
        let start = at;
        while at < row.len() && at - start < 128 && run_at(at) < 3 {
            at += 1;
        }
        out.push((at - start - 1) as u8);
        out.extend(&row[start..at]);
    }
}

/// JPEG Lossless, process 14, selection value 1 (ITU-T T.81 Annex H): 16 bits, one component, every category a five bit code.
pub(super) fn jpeg_lossless(pixels: &[u8], rows: u16, columns: u16) -> Vec<u8> {
    const CATEGORIES: u8 = 17;
    const CODE_LENGTH: usize = 5;

    let mut out = vec![0xFF, 0xD8];
    // Frame header: precision, size, one component without subsampling.
    out.extend([0xFF, 0xC3, 0, 11, 16]);
    out.extend(rows.to_be_bytes());
    out.extend(columns.to_be_bytes());
    out.extend([1, 1, 0x11, 0]);
    // Huffman table: how many codes of each length, then the categories in order.
    out.extend([0xFF, 0xC4, 0, 19 + CATEGORIES, 0]);
    out.extend((1..=16).map(|length| if length == CODE_LENGTH { CATEGORIES } else { 0 }));
    out.extend(0..CATEGORIES);
    // Scan header: the component, table 0, predictor 1 (the left neighbour), no point transform.
    out.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0]);

    let samples: Vec<u16> = pixels
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let columns = usize::from(columns);
    let mut bits = Bits::default();
    for (at, &sample) in samples.iter().enumerate() {
        let predicted = match (at / columns, at % columns) {
            (0, 0) => 1 << 15,
            (_, 0) => samples[at - columns],
            _ => samples[at - 1],
        };
        // Differences are modulo 65536, read as -32767 to 32768.
        let difference = match sample.wrapping_sub(predicted) {
            0x8000 => 32_768,
            other => i32::from(other as i16),
        };
        let category = (32 - difference.unsigned_abs().leading_zeros()) as u8;
        bits.put(u32::from(category), CODE_LENGTH);
        if (1..16).contains(&category) {
            let value = if difference < 0 {
                difference - 1
            } else {
                difference
            };
            bits.put(value as u32 & ((1 << category) - 1), usize::from(category));
        }
    }
    out.extend(bits.finish());
    out.extend([0xFF, 0xD9]);
    if out.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// Bits to bytes, most significant first, a zero stuffed after each FFH.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u8,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: u32, length: usize) {
        for bit in (0..length).rev() {
            self.pending = self.pending << 1 | (value >> bit & 1) as u8;
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.pending);
                if self.pending == 0xFF {
                    self.bytes.push(0);
                }
                (self.pending, self.count) = (0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count != 0 {
            self.put(1, 1);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(mut packed: &[u8], length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < length {
            match packed[0] {
                count @ 0..=127 => {
                    let count = usize::from(count) + 1;
                    out.extend(&packed[1..=count]);
                    packed = &packed[count + 1..];
                }
                count => {
                    out.extend(std::iter::repeat_n(packed[1], 257 - usize::from(count)));
                    packed = &packed[2..];
                }
            }
        }
        out
    }

    #[test]
    fn packed_bits_unpack_to_the_same() {
        for row in [
            &b"aaaaaaaabcdddddee"[..],
            &[0; 16],
            b"abcabcabcabcabca",
            &[7; 300],
        ] {
            let mut packed = Vec::new();
            pack_bits(row, &mut packed);
            assert_eq!(unpack(&packed, row.len()), row);
        }
    }
}
