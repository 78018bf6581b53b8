//! One scan: which components it holds, in which order their blocks come, and what each block adds (T.81 A.2, F.2, G).

use super::entropy::{Bits, Table};
use super::{CODEC, Component, DecodeError, Frame, Process, Tables, dct, lossless, malformed};

/// The scan header (T.81 B.2.3).
pub(super) struct Scan<'t> {
    /// Which component of the frame, with its tables.
    pub(super) members: Vec<Member<'t>>,
    /// Start of spectral selection, or the predictor of a lossless scan.
    pub(super) start: usize,
    end: usize,
    high: u32,
    /// Successive approximation low, or the point transform of a lossless scan.
    pub(super) low: u32,
}

pub(super) struct Member<'t> {
    pub(super) component: usize,
    pub(super) dc: Option<&'t Table>,
    ac: Option<&'t Table>,
    pub(super) prediction: i32,
}

/// Decodes the scan whose header is `header` and whose entropy-coded bytes begin `bytes`; tells how many of them it used.
pub(super) fn decode(
    frame: &mut Frame,
    tables: &Tables,
    header: &[u8],
    bytes: &[u8],
    offset: usize,
) -> Result<usize, DecodeError> {
    let mut scan = Scan::read(frame, tables, header, offset)?;
    let mut bits = Bits::new(bytes);
    if frame.process == Process::Lossless {
        lossless::decode(frame, &mut scan, &mut bits, tables.restart_interval, offset)?;
        return Ok(bits.used());
    }
    for member in &scan.members {
        let component = &mut frame.components[member.component];
        let table = tables.quantization[component.quantization];
        component.dequantize =
            Some(table.ok_or_else(|| malformed(offset, "a scan without its quantization table"))?);
    }
    let (mcus_wide, mcus_high) = match scan.members[..] {
        [ref only] => {
            let component = &frame.components[only.component];
            (component.blocks_wide, component.blocks_high)
        }
        _ => frame.mcus(),
    };
    let alone = scan.members.len() == 1;
    let mut end_of_band = 0;
    let mut until_restart = tables.restart_interval;
    for y in 0..mcus_high {
        for x in 0..mcus_wide {
            if tables.restart_interval > 0 {
                if until_restart == 0 {
                    if !bits.restart() {
                        return Err(malformed(
                            offset + bits.used(),
                            "a restart marker is missing",
                        ));
                    }
                    scan.members
                        .iter_mut()
                        .for_each(|member| member.prediction = 0);
                    end_of_band = 0;
                    until_restart = tables.restart_interval;
                }
                until_restart -= 1;
            }
            for index in 0..scan.members.len() {
                let component = &mut frame.components[scan.members[index].component];
                let (h, v) = if alone {
                    (1, 1)
                } else {
                    (component.h, component.v)
                };
                for block in 0..h * v {
                    let position = (x * h + block % h, y * v + block / h);
                    let done = match frame.process {
                        Process::Sequential => {
                            scan.sequential(index, component, position, frame.precision, &mut bits)
                        }
                        _ => scan.progressive(
                            index,
                            component,
                            position,
                            &mut end_of_band,
                            &mut bits,
                        ),
                    };
                    done.ok_or_else(|| {
                        malformed(offset + bits.used(), "a Huffman code that no table has")
                    })?;
                }
            }
        }
        if bits.is_exhausted() {
            return Err(malformed(
                offset + bits.used(),
                format!("the scan ends in row {} of {mcus_high} of blocks", y + 1),
            ));
        }
    }
    Ok(bits.used())
}

impl<'t> Scan<'t> {
    fn read(
        frame: &Frame,
        tables: &'t Tables,
        header: &[u8],
        offset: usize,
    ) -> Result<Self, DecodeError> {
        let short = || malformed(offset, "a short scan header");
        let (&count, rest) = header.split_first().ok_or_else(short)?;
        let (specs, rest) = rest
            .split_at_checked(2 * usize::from(count))
            .ok_or_else(short)?;
        let &[start, end, approximation, ..] = rest else {
            return Err(short());
        };
        let mut members: Vec<Member<'t>> = Vec::new();
        for &[id, slots] in specs.as_chunks::<2>().0 {
            let component = frame
                .components
                .iter()
                .position(|component| component.id == id);
            let component =
                component.ok_or_else(|| malformed(offset, format!("a scan of component {id}")))?;
            if members.iter().any(|member| member.component == component) {
                return Err(malformed(offset, format!("component {id} twice in a scan")));
            }
            members.push(Member {
                component,
                dc: tables
                    .dc
                    .get(usize::from(slots >> 4))
                    .and_then(Option::as_ref),
                ac: tables
                    .ac
                    .get(usize::from(slots & 15))
                    .and_then(Option::as_ref),
                prediction: 0,
            });
        }
        if members.is_empty() {
            return Err(malformed(offset, "a scan of no component"));
        }
        let mut scan = Self {
            members,
            start: start.into(),
            end: end.into(),
            high: u32::from(approximation >> 4),
            low: u32::from(approximation & 15),
        };
        match frame.process {
            // Some encoders leave these zero.
            Process::Sequential => (scan.start, scan.end, scan.high, scan.low) = (0, 63, 0, 0),
            Process::Progressive => {
                let band =
                    scan.start <= scan.end && scan.end < 64 && (scan.start > 0 || scan.end == 0);
                if !band || scan.low > 13 || (scan.start > 0 && scan.members.len() > 1) {
                    return Err(malformed(
                        offset,
                        format!("a progressive scan of {} to {}", scan.start, scan.end),
                    ));
                }
            }
            Process::Lossless => {
                if !(1..=7).contains(&scan.start) || scan.low >= frame.precision {
                    let what =
                        format!("predictor {} with point transform {}", scan.start, scan.low);
                    return Err(DecodeError::Unsupported { codec: CODEC, what });
                }
            }
        }
        Ok(scan)
    }

    /// A whole block, decoded and transformed (T.81 F.2). `None` at a code without a symbol.
    fn sequential(
        &mut self,
        index: usize,
        component: &mut Component,
        (x, y): (usize, usize),
        precision: u32,
        bits: &mut Bits<'_>,
    ) -> Option<()> {
        let member = &mut self.members[index];
        let quantization = component.dequantize.as_ref()?;
        let mut block = [0f32; 64];
        let size = u32::from(bits.symbol(member.dc?)?);
        if size > 16 {
            return None;
        }
        member.prediction = member.prediction.wrapping_add(bits.signed(size));
        block[0] = member.prediction as f32 * f32::from(quantization[0]);
        let ac = member.ac?;
        let mut last = 0;
        let mut k = 1;
        while k < 64 {
            let symbol = bits.symbol(ac)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run != 15 {
                    break;
                }
                k += 16;
                continue;
            }
            k += run;
            let natural = usize::from(*dct::ZIGZAG.get(k)?);
            block[natural] = bits.signed(size) as f32 * f32::from(quantization[natural]);
            last = k;
            k += 1;
        }
        let at = y * 8 * component.stride + x * 8;
        dct::inverse(
            &mut block,
            last == 0,
            precision,
            &mut component.plane[at..],
            component.stride,
        );
        Some(())
    }

    /// What a progressive scan adds to a block (T.81 G.1.2, G.2).
    fn progressive(
        &mut self,
        index: usize,
        component: &mut Component,
        (x, y): (usize, usize),
        end_of_band: &mut u32,
        bits: &mut Bits<'_>,
    ) -> Option<()> {
        let at = (y * (component.stride / 8) + x) * 64;
        let block: &mut [i16; 64] = component
            .coefficients
            .get_mut(at..at + 64)?
            .try_into()
            .ok()?;
        let member = &mut self.members[index];
        match (self.start, self.high) {
            (0, 0) => {
                let size = u32::from(bits.symbol(member.dc?)?);
                if size > 16 {
                    return None;
                }
                member.prediction = member.prediction.wrapping_add(bits.signed(size));
                block[0] = (member.prediction << self.low) as i16;
            }
            (0, _) => block[0] |= (bits.take(1) << self.low) as i16,
            (_, 0) => {
                if *end_of_band > 0 {
                    *end_of_band -= 1;
                    return Some(());
                }
                let mut k = self.start;
                while k <= self.end {
                    let symbol = bits.symbol(member.ac?)?;
                    let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
                    if size == 0 {
                        if run < 15 {
                            *end_of_band = (1 << run) - 1 + bits.take(run as u32);
                            break;
                        }
                        k += 16;
                        continue;
                    }
                    k += run;
                    block[usize::from(*dct::ZIGZAG.get(k)?)] =
                        (bits.signed(size) << self.low) as i16;
                    k += 1;
                }
            }
            _ => refine(
                block,
                member.ac?,
                (self.start, self.end, self.low),
                end_of_band,
                bits,
            )?,
        }
        Some(())
    }
}

/// Refinement of AC coefficients (T.81 G.1.2.3): one more bit for each that is not zero, new ones in between.
fn refine(
    block: &mut [i16; 64],
    ac: &Table,
    (start, end, low): (usize, usize, u32),
    end_of_band: &mut u32,
    bits: &mut Bits<'_>,
) -> Option<()> {
    let one = 1i16 << low;
    let improve = |cell: &mut i16, bits: &mut Bits<'_>| {
        if bits.take(1) == 1 && *cell & one == 0 {
            *cell = cell.wrapping_add(if *cell > 0 { one } else { -one });
        }
    };
    let mut k = start;
    if *end_of_band == 0 {
        while k <= end {
            let symbol = bits.symbol(ac)?;
            let (mut run, size) = (symbol >> 4, symbol & 15);
            let mut fresh = 0;
            match size {
                0 if run < 15 => {
                    *end_of_band = (1 << run) + bits.take(u32::from(run));
                    break;
                }
                0 => {}
                _ => fresh = if bits.take(1) == 1 { one } else { -one },
            }
            while k <= end {
                let cell = &mut block[usize::from(dct::ZIGZAG[k])];
                k += 1;
                if *cell != 0 {
                    improve(cell, bits);
                } else if run == 0 {
                    *cell = fresh;
                    break;
                } else {
                    run -= 1;
                }
            }
        }
    }
    if *end_of_band > 0 {
        while k <= end {
            let cell = &mut block[usize::from(dct::ZIGZAG[k])];
            k += 1;
            if *cell != 0 {
                improve(cell, bits);
            }
        }
        *end_of_band -= 1;
    }
    Some(())
}
