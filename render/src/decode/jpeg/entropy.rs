//! Huffman codes and the bits they are made of (T.81 annex C and F.2.2).

const FAST_BITS: u32 = 9;

/// A Huffman table for decoding: codes of up to nine bits by one look-up, longer ones by comparison with the largest code
/// of each length.
pub(super) struct Table {
    /// By the next nine bits: symbol and length, or length 0 where the code is longer.
    fast: Box<[(u8, u8); 1 << FAST_BITS]>,
    /// By length: one past the largest code, shifted to 16 bits; and what to add to a code to find its symbol.
    limit: [u32; 18],
    shift: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    pub(super) fn new(lengths: &[u8; 16], symbols: &[u8]) -> Result<Self, String> {
        let mut fast = Box::new([(0, 0); 1 << FAST_BITS]);
        let mut limit = [0; 18];
        let mut shift = [0; 17];
        let (mut code, mut index) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = usize::from(lengths[length as usize - 1]);
            shift[length as usize] = index as i32 - code as i32;
            for _ in 0..count {
                if code >= 1 << length {
                    return Err(format!("Huffman codes of {length} bits overflow"));
                }
                if length <= FAST_BITS {
                    let first = (code << (FAST_BITS - length)) as usize;
                    fast[first..first + (1 << (FAST_BITS - length))]
                        .fill((symbols[index], length as u8));
                }
                code += 1;
                index += 1;
            }
            limit[length as usize] = code << (16 - length);
            code <<= 1;
        }
        limit[17] = u32::MAX;
        Ok(Self {
            fast,
            limit,
            shift,
            symbols: symbols.to_vec(),
        })
    }
}

/// The bits of one entropy-coded segment: stuffed zeros removed, stops before a marker and then gives zeros.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
    /// Bits given beyond the end.
    borrowed: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: 0,
            count: 0,
            borrowed: 0,
        }
    }

    #[inline]
    fn fill(&mut self) {
        while self.count <= 56 {
            let next = self.bytes.get(self.at + 1);
            let byte = match self.bytes.get(self.at) {
                // A stuffed 0xFF.
                Some(&0xFF) if next == Some(&0) => {
                    self.at += 2;
                    0xFF
                }
                Some(&byte) if byte != 0xFF => {
                    self.at += 1;
                    byte
                }
                // A marker, or the end.
                _ => {
                    self.borrowed = self.borrowed.saturating_add(8);
                    0
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Whether more bits were taken than there were.
    pub(super) fn is_exhausted(&self) -> bool {
        self.borrowed > self.count
    }

    /// `count` bits (at most 16) as an unsigned number.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        if self.count < count {
            self.fill();
        }
        let value = (self.buffer >> (64 - count)) as u32;
        self.drop_bits(count);
        value
    }

    #[inline]
    fn drop_bits(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    /// The next symbol; a code that the table does not have is `None`.
    #[inline]
    pub(super) fn symbol(&mut self, table: &Table) -> Option<u8> {
        if self.count < 16 {
            self.fill();
        }
        let (symbol, length) = table.fast[(self.buffer >> (64 - FAST_BITS)) as usize];
        if length != 0 {
            self.drop_bits(u32::from(length));
            return Some(symbol);
        }
        let code = (self.buffer >> 48) as u32;
        let length = (FAST_BITS + 1..=16).find(|&length| code < table.limit[length as usize])?;
        let index = (code >> (16 - length)) as i32 + table.shift[length as usize];
        self.drop_bits(length);
        table.symbols.get(usize::try_from(index).ok()?).copied()
    }

    /// RECEIVE and EXTEND (T.81 F.2.2.1): a signed difference of `size` bits.
    #[inline]
    pub(super) fn signed(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        let value = self.take(size) as i32;
        if value < 1 << (size - 1) {
            value - (1 << size) + 1
        } else {
            value
        }
    }

    /// Passes a restart marker: drops the rest of the byte and what lies before it. `false` where there is none.
    pub(super) fn restart(&mut self) -> bool {
        self.buffer = 0;
        self.count = 0;
        self.borrowed = 0;
        let Some(skip) = self.bytes[self.at..]
            .windows(2)
            .position(|pair| pair[0] == 0xFF && pair[1] != 0 && pair[1] != 0xFF)
        else {
            return false;
        };
        let marker = self.bytes[self.at + skip + 1];
        if (0xD0..=0xD7).contains(&marker) {
            self.at += skip + 2;
            true
        } else {
            false
        }
    }

    /// How many bytes of the segment are certainly used: the rest begins at or before the next marker.
    pub(super) fn used(&self) -> usize {
        self.at
    }
}
