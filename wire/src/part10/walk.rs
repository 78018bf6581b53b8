//! The one pass over element headers: a loop with a stack of its own.

mod bounds;
mod fragments;

use std::io::{Read, Seek};

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use super::source::Source;
use super::{Bulk, Element, Limits, ScanError, Step, is_pixel_data};

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// How element headers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    pub(super) implicit: bool,
    pub(super) big: bool,
}

/// What a walk tells on its way.
pub(super) trait Visit {
    /// An element starts at an offset.
    fn element(&mut self, _tag: Tag, _nested: bool, _offset: u64) {}
    /// Whether the bytes of a value that is not bulk are to be read.
    fn wants(&self, tag: Tag, nested: bool) -> bool;
    /// Takes the bytes of a wanted value, as they are encoded.
    fn value(&mut self, tag: Tag, vr: VR, bytes: Vec<u8>);
    /// Takes a value that is bulk.
    fn bulk(&mut self, element: Element);
    fn open_sequence(&mut self, tag: Tag);
    fn open_item(&mut self);
    fn close_item(&mut self);
    fn close_sequence(&mut self);
    /// The length that the delimitation of an item or a sequence has, before that is closed.
    fn delimiter(&mut self, _length: u32) {}
}

/// A sequence or an item that is being read.
struct Container {
    kind: Kind,
    /// The offset behind it, when its length is defined.
    end: Option<u64>,
    /// The nearest defined end around and including it.
    bound: u64,
    implicit: bool,
}

enum Kind {
    Sequence { tag: Tag, items: usize },
    Item,
}

struct Walk<'a, R: Read + Seek, V> {
    source: &'a mut Source<R>,
    limits: &'a Limits,
    syntax: Syntax,
    visitor: &'a mut V,
    stack: Vec<Container>,
    elements: usize,
    inline: u64,
}

/// Walks over a data set to its end; gives the number of elements, items and fragments.
pub(super) fn walk<R: Read + Seek>(
    source: &mut Source<R>,
    syntax: Syntax,
    limits: &Limits,
    visitor: &mut impl Visit,
) -> Result<usize, ScanError> {
    let mut walk = Walk {
        source,
        limits,
        syntax,
        visitor,
        stack: Vec::new(),
        elements: 0,
        inline: 0,
    };
    while walk.step()? {}
    Ok(walk.elements)
}

impl<R: Read + Seek, V: Visit> Walk<'_, R, V> {
    /// Reads one header and what belongs to it; false at the end.
    fn step(&mut self) -> Result<bool, ScanError> {
        let offset = self.source.position();
        let Some(top) = self.stack.last_mut() else {
            return self.element(offset);
        };
        if top.end.is_some_and(|end| offset >= end) {
            self.close();
            return Ok(true);
        }
        match top.kind {
            Kind::Item => self.element(offset),
            Kind::Sequence { .. } => self.item(offset).map(|()| true),
        }
    }

    fn close(&mut self) {
        match self.stack.pop() {
            Some(Container {
                kind: Kind::Item, ..
            }) => self.visitor.close_item(),
            Some(Container {
                kind: Kind::Sequence { .. },
                ..
            }) => self.visitor.close_sequence(),
            None => {}
        }
    }

    /// Reads the header of an item, or the end of the sequence.
    fn item(&mut self, offset: u64) -> Result<(), ScanError> {
        let Some((tag, length)) = self.head(offset)? else {
            return Err(ScanError::TruncatedHeader { offset, found: 0 });
        };
        match tag {
            ITEM => {
                self.count(offset)?;
                let (bound, implicit) = self.surroundings();
                let end = self.container_end(ITEM, length, bound)?;
                if let Some(Container {
                    kind: Kind::Sequence { items, .. },
                    ..
                }) = self.stack.last_mut()
                {
                    *items += 1;
                }
                let bound = end.unwrap_or(bound);
                self.stack.push(Container {
                    kind: Kind::Item,
                    end,
                    bound,
                    implicit,
                });
                self.visitor.open_item();
                Ok(())
            }
            // Some writers end a sequence of defined length all the same.
            SEQUENCE_END => {
                self.visitor.delimiter(length);
                self.close();
                Ok(())
            }
            _ => Err(ScanError::Unexpected {
                offset,
                tag,
                wanted: "an item",
            }),
        }
    }

    /// Reads an element; false at the end of the data set.
    fn element(&mut self, offset: u64) -> Result<bool, ScanError> {
        let nested = !self.stack.is_empty();
        let (bound, implicit) = self.surroundings();
        let big = self.syntax.big;
        let mut head = [0; 8];
        let read = self.source.read(&mut head)?;
        if !nested && head[..read].iter().all(|&b| b == 0) && self.only_padding_follows()? {
            return Ok(false);
        }
        if read < head.len() {
            return Err(ScanError::TruncatedHeader {
                offset,
                found: read,
            });
        }
        let tag = Tag(short(&head[0..2], big), short(&head[2..4], big));
        if tag == ITEM_END && nested {
            self.visitor.delimiter(long(&head[4..8], big));
            self.close();
            return Ok(true);
        }
        if tag.0 == 0xFFFE {
            return Err(ScanError::Unexpected {
                offset,
                tag,
                wanted: "an element",
            });
        }
        self.count(offset)?;
        self.visitor.element(tag, nested, offset);
        let (vr, length) = if implicit {
            (dictionary_vr(tag), long(&head[4..8], big))
        } else {
            self.explicit(offset, tag, [head[4], head[5], head[6], head[7]])?
        };
        if length == UNDEFINED && tag == Tag(0x7FE0, 0x0010) {
            self.fragments(offset, tag, vr, bound)?;
        } else if vr == VR::SQ || (length == UNDEFINED && vr == VR::UN) {
            // Of undefined length, UN hides a sequence in implicit VR (PS3.5 6.2.2).
            self.sequence(offset, tag, length, bound, implicit || vr == VR::UN)?;
        } else if length == UNDEFINED && matches!(vr, VR::OB | VR::OW) {
            self.fragments(offset, tag, vr, bound)?;
        } else if length == UNDEFINED {
            return Err(ScanError::UndefinedLength {
                offset,
                tag,
                vr: vr.to_string(),
            });
        } else {
            self.value(tag, vr, u64::from(length), bound)?;
        }
        Ok(true)
    }

    /// Whether nothing but zeros is left: some writers fill up their last block.
    fn only_padding_follows(&mut self) -> Result<bool, ScanError> {
        let mut block = [0; 4096];
        loop {
            let read = self.source.read(&mut block)?;
            if block[..read].iter().any(|&b| b != 0) {
                return Ok(false);
            }
            if read < block.len() {
                return Ok(true);
            }
        }
    }

    /// The rest of an explicit header (PS3.5 7.1.2). A VR that is not known, of two capital
    /// letters, has the long form, as every VR since 1993 has.
    fn explicit(&mut self, offset: u64, tag: Tag, rest: [u8; 4]) -> Result<(VR, u32), ScanError> {
        let letters = [rest[0], rest[1]];
        let vr = match VR::from_binary(letters) {
            Some(vr) => vr,
            None if letters.iter().all(u8::is_ascii_uppercase) => VR::UN,
            None => {
                let vr = letters.escape_ascii().to_string();
                return Err(ScanError::BadVr { offset, tag, vr });
            }
        };
        let short_form = matches!(
            vr,
            VR::AE
                | VR::AS
                | VR::AT
                | VR::CS
                | VR::DA
                | VR::DS
                | VR::DT
                | VR::FL
                | VR::FD
                | VR::IS
                | VR::LO
                | VR::LT
                | VR::PN
                | VR::SH
                | VR::SL
                | VR::SS
                | VR::ST
                | VR::TM
                | VR::UI
                | VR::UL
                | VR::US
        );
        if short_form {
            return Ok((vr, u32::from(short(&rest[2..4], self.syntax.big))));
        }
        let mut length = [0; 4];
        let read = self.source.read(&mut length)?;
        if read < length.len() {
            return Err(ScanError::TruncatedHeader {
                offset,
                found: 8 + read,
            });
        }
        Ok((vr, long(&length, self.syntax.big)))
    }

    fn sequence(
        &mut self,
        offset: u64,
        tag: Tag,
        length: u32,
        bound: u64,
        implicit: bool,
    ) -> Result<(), ScanError> {
        let depth = self.stack.len() / 2;
        if depth >= self.limits.depth {
            return Err(ScanError::TooDeep {
                offset,
                tag,
                limit: self.limits.depth,
            });
        }
        let end = self.container_end(tag, length, bound)?;
        let bound = end.unwrap_or(bound);
        let kind = Kind::Sequence { tag, items: 0 };
        self.stack.push(Container {
            kind,
            end,
            bound,
            implicit,
        });
        self.visitor.open_sequence(tag);
        Ok(())
    }

    fn value(&mut self, tag: Tag, vr: VR, length: u64, bound: u64) -> Result<(), ScanError> {
        let nested = !self.stack.is_empty();
        let start = self.source.position();
        self.check_room(start, tag, length, bound)?;
        if (is_pixel_data(tag) && !nested) || length > self.limits.inline {
            self.pass(start, tag, length)?;
            let value = Bulk::Whole(start..start + length);
            self.visitor.bulk(Element {
                path: self.path(),
                tag,
                vr,
                value,
            });
            return Ok(());
        }
        self.inline += length;
        if self.inline > self.limits.header {
            return Err(ScanError::HeaderTooBig {
                offset: start,
                tag,
                limit: self.limits.header,
            });
        }
        if !self.visitor.wants(tag, nested) {
            return self.pass(start, tag, length);
        }
        let bytes = self.source.read_value(length)?;
        if (bytes.len() as u64) < length {
            return Err(ScanError::Truncated {
                offset: start,
                tag,
                length,
                left: bytes.len() as u64,
            });
        }
        self.visitor.value(tag, vr, bytes);
        Ok(())
    }

    /// A tag and a length of 32 bits; `None` where nothing is left at all.
    fn head(&mut self, offset: u64) -> Result<Option<(Tag, u32)>, ScanError> {
        let mut head = [0; 8];
        match self.source.read(&mut head)? {
            0 => Ok(None),
            8 => {
                let big = self.syntax.big;
                let tag = Tag(short(&head[0..2], big), short(&head[2..4], big));
                Ok(Some((tag, long(&head[4..8], big))))
            }
            found => Err(ScanError::TruncatedHeader { offset, found }),
        }
    }
}

/// The VR of an element that does not say its own.
fn dictionary_vr(tag: Tag) -> VR {
    if tag.1 == 0 {
        return VR::UL;
    }
    if tag.0 % 2 == 1 {
        return if (0x0010..=0x00FF).contains(&tag.1) {
            VR::LO
        } else {
            VR::UN
        };
    }
    StandardDataDictionary
        .by_tag(tag)
        .map_or(VR::UN, |entry| entry.vr().relaxed())
}

/// Two bytes to a number.
pub(super) fn short(bytes: &[u8], big: bool) -> u16 {
    let pair = [bytes[0], bytes[1]];
    if big {
        u16::from_be_bytes(pair)
    } else {
        u16::from_le_bytes(pair)
    }
}

/// Four bytes to a number.
pub(super) fn long(bytes: &[u8], big: bool) -> u32 {
    let four = [bytes[0], bytes[1], bytes[2], bytes[3]];
    if big {
        u32::from_be_bytes(four)
    } else {
        u32::from_le_bytes(four)
    }
}
