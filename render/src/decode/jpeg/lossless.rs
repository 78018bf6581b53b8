//! Lossless scans (T.81 annex H): each sample is a prediction from its neighbours plus a Huffman-coded difference.

use super::entropy::Bits;
use super::scan::Scan;
use super::{DecodeError, Frame, malformed};

pub(super) fn decode(
    frame: &mut Frame,
    scan: &mut Scan<'_>,
    bits: &mut Bits<'_>,
    restart_interval: usize,
    offset: usize,
) -> Result<(), DecodeError> {
    let (columns, rows) = (frame.columns, frame.rows);
    let default = 1i32 << (frame.precision - scan.low - 1);
    let no_symbol =
        |bits: &Bits<'_>| malformed(offset + bits.used(), "a Huffman code that no table has");
    let mut until_restart = restart_interval;
    // The first row after the start or a restart is predicted from the left alone (T.81 H.1.2.1).
    let mut first_row = 0;
    for y in 0..rows {
        for x in 0..columns {
            if restart_interval > 0 {
                if until_restart == 0 {
                    if !bits.restart() {
                        return Err(malformed(
                            offset + bits.used(),
                            "a restart marker is missing",
                        ));
                    }
                    until_restart = restart_interval;
                    first_row = y;
                }
                until_restart -= 1;
            }
            let fresh =
                restart_interval > 0 && until_restart + 1 == restart_interval || (x, y) == (0, 0);
            for member in &scan.members {
                let plane = &mut frame.components[member.component].plane;
                let at = y * columns + x;
                let left = |plane: &[u16]| i32::from(plane[at - 1]);
                let above = |plane: &[u16]| i32::from(plane[at - columns]);
                let prediction = if fresh {
                    default
                } else if y == first_row {
                    if x == 0 { default } else { left(plane) }
                } else if x == 0 {
                    above(plane)
                } else {
                    let (a, b, c) = (
                        left(plane),
                        above(plane),
                        i32::from(plane[at - columns - 1]),
                    );
                    match scan.start {
                        1 => a,
                        2 => b,
                        3 => c,
                        4 => a + b - c,
                        5 => a + ((b - c) >> 1),
                        6 => b + ((a - c) >> 1),
                        _ => (a + b) >> 1,
                    }
                };
                let table = member
                    .dc
                    .ok_or_else(|| malformed(offset, "a scan without its Huffman table"))?;
                let difference = match bits.symbol(table).ok_or_else(|| no_symbol(bits))? {
                    size @ 0..16 => bits.signed(u32::from(size)),
                    16 => 32_768,
                    _ => return Err(no_symbol(bits)),
                };
                plane[at] = (prediction + difference) as u16;
            }
        }
        if bits.is_exhausted() {
            return Err(malformed(
                offset + bits.used(),
                format!("the scan ends in row {} of {rows}", y + 1),
            ));
        }
    }
    if scan.low > 0 {
        for member in &scan.members {
            frame.components[member.component]
                .plane
                .iter_mut()
                .for_each(|value| *value <<= scan.low);
        }
    }
    Ok(())
}
