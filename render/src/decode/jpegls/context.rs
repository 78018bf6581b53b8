//! Contexts, Golomb codes and runs (T.87 annex A). Names of variables are those of the standard.

/// J (T.87 A.2.1): how long runs are, by how many came before.
const J: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];

const REGULAR_CONTEXTS: usize = 365;

#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    maximum: i32,
    near: i32,
    thresholds: [i32; 3],
    reset: i32,
    range: i32,
    /// Bits of an escaped value.
    qbpp: u32,
    /// The longest code.
    limit: u32,
}

impl Parameters {
    /// Zero stands for the default (T.87 C.2.4.1.1.1).
    pub(super) fn new(
        precision: u32,
        near: i32,
        maximum: i32,
        thresholds: [i32; 3],
        reset: i32,
    ) -> Option<Self> {
        let top = (1 << precision) - 1;
        let maximum = if maximum == 0 { top } else { maximum };
        if maximum > top || maximum < 1 || near > (maximum / 2).min(255) {
            return None;
        }
        let clamp = |value: i32, least: i32| {
            if value > maximum || value < least {
                least
            } else {
                value
            }
        };
        let defaults = if maximum >= 128 {
            let factor = (maximum.min(4095) + 128) >> 8;
            [
                factor + 2 + 3 * near,
                factor * 4 + 3 + 5 * near,
                factor * 17 + 4 + 7 * near,
            ]
        } else {
            let factor = 256 / (maximum + 1);
            [
                (3 / factor + 3 * near).max(2),
                (7 / factor + 5 * near).max(3),
                (21 / factor + 7 * near).max(4),
            ]
        };
        let mut used = [0; 3];
        let mut least = near + 1;
        for index in 0..3 {
            used[index] = if thresholds[index] == 0 {
                clamp(defaults[index], least)
            } else {
                thresholds[index]
            };
            least = used[index];
        }
        let range = (maximum + 2 * near) / (2 * near + 1) + 1;
        let bits = |values: i32| 32 - ((values - 1).max(1) as u32).leading_zeros();
        let bpp = bits(maximum + 1).max(2);
        let reset = if reset == 0 { 64 } else { reset };
        (reset >= 3).then_some(Self {
            maximum,
            near,
            thresholds: used,
            reset,
            range,
            qbpp: bits(range),
            limit: 2 * (bpp + bpp.max(8)),
        })
    }

    fn quantize(&self, difference: i32) -> i32 {
        let [t1, t2, t3] = self.thresholds;
        let size = match difference.abs() {
            size if size <= self.near => 0,
            size if size < t1 => 1,
            size if size < t2 => 2,
            size if size < t3 => 3,
            _ => 4,
        };
        size * difference.signum()
    }

    /// The sample from its prediction and its error, brought back into range (T.87 A.4.5).
    fn reconstruct(&self, prediction: i32, error: i32) -> i32 {
        let step = 2 * self.near + 1;
        let mut value = prediction + error * step;
        if value < -self.near {
            value += self.range * step;
        } else if value > self.maximum + self.near {
            value -= self.range * step;
        }
        value.clamp(0, self.maximum)
    }
}

#[derive(Debug, Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

#[derive(Debug, Clone, Copy)]
struct RunContext {
    a: i32,
    n: i32,
    negative: i32,
}

pub(super) struct Coder {
    parameters: Parameters,
    contexts: Vec<Context>,
    runs: [RunContext; 2],
    run_index: Vec<usize>,
}

/// The neighbours of a sample: left, above, above left, above right.
#[derive(Clone, Copy)]
struct Around {
    a: i32,
    b: i32,
    c: i32,
    d: i32,
}

impl Around {
    fn at(above: &[i32], line: &[i32], x: usize) -> Self {
        Self {
            a: line[x - 1],
            b: above[x],
            c: above[x - 1],
            d: above[x + 1],
        }
    }
}

impl Coder {
    pub(super) fn new(parameters: Parameters, components: usize) -> Self {
        let a = ((parameters.range + 32) >> 6).max(2);
        Self {
            parameters,
            contexts: vec![
                Context {
                    a,
                    b: 0,
                    c: 0,
                    n: 1
                };
                REGULAR_CONTEXTS
            ],
            runs: [RunContext {
                a,
                n: 1,
                negative: 0,
            }; 2],
            run_index: vec![0; components],
        }
    }

    /// One line of one component; lines have a sample more at each end. `None` where no code can be read.
    pub(super) fn line(
        &mut self,
        bits: &mut Bits<'_>,
        component: usize,
        above: &[i32],
        line: &mut [i32],
    ) -> Option<()> {
        let columns = line.len() - 2;
        let mut x = 1;
        while x <= columns {
            let around = Around::at(above, line, x);
            if let Some(context) = self.context(around) {
                line[x] = self.regular(bits, context, around)?;
                x += 1;
                continue;
            }
            let run = self.run_length(bits, component, columns + 1 - x);
            line[x..x + run].fill(around.a);
            x += run;
            if x <= columns {
                let (a, b) = (around.a, above[x]);
                let kind = usize::from((a - b).abs() <= self.parameters.near);
                let error = self.interruption(bits, kind, component)?;
                let error = if kind == 0 && a > b { -error } else { error };
                line[x] = self
                    .parameters
                    .reconstruct(if kind == 1 { a } else { b }, error);
                self.run_index[component] = self.run_index[component].saturating_sub(1);
                x += 1;
            }
        }
        Some(())
    }

    /// One line of all components, pixel by pixel; a run is one of whole pixels (T.87 B.3).
    pub(super) fn line_of_pixels(
        &mut self,
        bits: &mut Bits<'_>,
        above: &[Vec<i32>],
        lines: &mut [Vec<i32>],
    ) -> Option<()> {
        let columns = lines.first()?.len() - 2;
        let mut x = 1;
        while x <= columns {
            let flat = above
                .iter()
                .zip(lines.iter())
                .all(|(above, line)| self.context(Around::at(above, line, x)).is_none());
            if !flat {
                for (above, line) in above.iter().zip(lines.iter_mut()) {
                    let around = Around::at(above, line, x);
                    let context = self.context(around).unwrap_or((0, 1));
                    line[x] = self.regular(bits, context, around)?;
                }
                x += 1;
                continue;
            }
            let run = self.run_length(bits, 0, columns + 1 - x);
            for line in lines.iter_mut() {
                let value = line[x - 1];
                line[x..x + run].fill(value);
            }
            x += run;
            if x <= columns {
                for (above, line) in above.iter().zip(lines.iter_mut()) {
                    let (a, b) = (line[x - 1], above[x]);
                    let error = self.interruption(bits, 0, 0)?;
                    line[x] = self
                        .parameters
                        .reconstruct(b, if a > b { -error } else { error });
                }
                self.run_index[0] = self.run_index[0].saturating_sub(1);
                x += 1;
            }
        }
        Some(())
    }

    /// The context of a sample and its sign, or `None` where all is flat and a run begins (T.87 A.3).
    fn context(&self, around: Around) -> Option<(usize, i32)> {
        let Around { a, b, c, d } = around;
        let [first, second, third] =
            [d - b, b - c, c - a].map(|difference| self.parameters.quantize(difference));
        let number = 81 * first + 9 * second + third;
        (number != 0).then_some((number.unsigned_abs() as usize, number.signum()))
    }

    /// A sample in regular mode (T.87 A.4 to A.6).
    fn regular(
        &mut self,
        bits: &mut Bits<'_>,
        (number, sign): (usize, i32),
        around: Around,
    ) -> Option<i32> {
        let parameters = self.parameters;
        let Around { a, b, c, .. } = around;
        let edge = match c {
            c if c >= a.max(b) => a.min(b),
            c if c <= a.min(b) => a.max(b),
            c => a + b - c,
        };
        let context = self.contexts.get_mut(number)?;
        let prediction = (edge + sign * context.c).clamp(0, parameters.maximum);
        let k = order(context.n, context.a);
        let mapped = bits.golomb(k, parameters.limit, &parameters)?;
        let flipped = parameters.near == 0 && k == 0 && 2 * context.b <= -context.n;
        let mut error = if mapped & 1 == 0 {
            mapped >> 1
        } else {
            -((mapped + 1) >> 1)
        };
        if flipped {
            error = -1 - error;
        }
        context.update(error, &parameters);
        Some(parameters.reconstruct(prediction, sign * error))
    }

    /// How many samples the run takes, at most `room` (T.87 A.7.1).
    fn run_length(&mut self, bits: &mut Bits<'_>, component: usize, room: usize) -> usize {
        let index = &mut self.run_index[component];
        let mut run = 0;
        while run < room && bits.take(1) == 1 {
            let length = 1 << J[*index];
            run += length;
            if run <= room {
                *index = (*index + 1).min(31);
            }
            if run >= room || bits.is_exhausted() {
                return run.min(room);
            }
        }
        if run < room {
            (run + bits.take(J[*index]) as usize).min(room)
        } else {
            room
        }
    }

    /// The error of the sample that ends a run (T.87 A.7.2).
    fn interruption(&mut self, bits: &mut Bits<'_>, kind: usize, component: usize) -> Option<i32> {
        let parameters = self.parameters;
        let context = &mut self.runs[kind];
        let kind = kind as i32;
        let k = order(context.n, context.a + kind * (context.n >> 1));
        let limit = parameters.limit - J[self.run_index[component]] - 1;
        let mapped = bits.golomb(k, limit, &parameters)?;
        let doubled = mapped + kind;
        let size = (doubled + 1) >> 1;
        let mostly_negative = k != 0 || 2 * context.negative >= context.n;
        let error = if mostly_negative == (doubled & 1 == 1) {
            -size
        } else {
            size
        };
        if error < 0 {
            context.negative += 1;
        }
        context.a += (mapped + 1 - kind) >> 1;
        if context.n == parameters.reset {
            context.a >>= 1;
            context.n >>= 1;
            context.negative >>= 1;
        }
        context.n += 1;
        Some(error)
    }
}

impl Context {
    /// T.87 A.6.
    fn update(&mut self, error: i32, parameters: &Parameters) {
        self.b += error * (2 * parameters.near + 1);
        self.a += error.abs();
        if self.n == parameters.reset {
            self.a >>= 1;
            self.b >>= 1;
            self.n >>= 1;
        }
        self.n += 1;
        if self.b <= -self.n {
            self.c = (self.c - 1).max(-128);
            self.b = (self.b + self.n).max(1 - self.n);
        } else if self.b > 0 {
            self.c = (self.c + 1).min(127);
            self.b = (self.b - self.n).min(0);
        }
    }
}

/// The order of a Golomb code: the least k with n * 2^k >= a.
fn order(n: i32, a: i32) -> u32 {
    let (n, a) = (i64::from(n), i64::from(a));
    (0..24).find(|k| n << k >= a).unwrap_or(24)
}

/// The bits of a scan. After a byte 0xFF the next one has seven (T.87 A.1); a marker ends them, and zeros follow.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
    after_ff: bool,
    borrowed: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: 0,
            count: 0,
            after_ff: false,
            borrowed: 0,
        }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let next = self.bytes.get(self.at).copied();
            let is_marker = |byte: u8| {
                byte == 0xFF && self.bytes.get(self.at + 1).is_none_or(|&next| next >= 0x80)
            };
            let (byte, width) = match next {
                Some(byte) if !is_marker(byte) => {
                    let width = if self.after_ff { 7 } else { 8 };
                    self.at += 1;
                    self.after_ff = byte == 0xFF;
                    (byte, width)
                }
                _ => {
                    self.borrowed = self.borrowed.saturating_add(8);
                    (0, 8)
                }
            };
            self.buffer |= u64::from(byte) << (64 - width - self.count);
            self.count += width;
        }
    }

    /// `count` bits, at most 32.
    fn take(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        if self.count < count {
            self.fill();
        }
        let value = (self.buffer >> (64 - count)) as u32;
        self.buffer <<= count;
        self.count -= count;
        value
    }

    /// A limited Golomb code (T.87 A.5.3); `None` where it is longer than codes get, or larger than errors can be.
    fn golomb(&mut self, k: u32, limit: u32, parameters: &Parameters) -> Option<i32> {
        let mut zeros = 0;
        loop {
            if self.count < 32 {
                self.fill();
            }
            let run = self.buffer.leading_zeros().min(self.count);
            zeros += run;
            if zeros > limit {
                return None;
            }
            if run < self.count {
                self.take(run);
                self.take(1);
                break;
            }
            self.buffer = 0;
            self.count = 0;
        }
        let value = if zeros < limit.checked_sub(parameters.qbpp + 1)? {
            (u64::from(zeros) << k) + u64::from(self.take(k))
        } else {
            u64::from(self.take(parameters.qbpp)) + 1
        };
        // No error is larger than half the range, in either direction; damage could sum up beyond all bounds.
        i32::try_from(value)
            .ok()
            .filter(|&value| value <= 2 * parameters.range)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.borrowed > self.count
    }

    pub(super) fn used(&self) -> usize {
        self.at
    }
}
