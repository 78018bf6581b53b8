//! Metadata and bulk data put together to a Part 10 file: Explicit VR Little Endian, or the encapsulated syntax of its pixels.

use std::io::{self, Read, Write};
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use dicom_core::header::Header;
use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{Length, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::text::SpecificCharacterSet;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN;
use dicom_wire::json::Link;
use dicom_wire::media::MediaType;
use dicom_wire::part10::{FileMeta, Step};
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;

use super::described::{place, reading, uid};
use crate::store::{Spool, Spooled};
use crate::web::wado::EXPLICIT_LITTLE;

/// Item, Item Delimitation Item and Sequence Delimitation Item (PS3.5 7.5).
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// Bytes of bulk data that are held at once.
const STEP: usize = 128 * 1024;

/// A data set without its bulk values.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) object: InMemDicomObject,
    pub(super) links: Vec<Link>,
}

/// A part with a bulk value, or with one frame of it, among all that was spooled.
#[derive(Debug)]
pub(super) struct Bulk {
    /// Its Content-Location.
    pub(super) location: String,
    pub(super) media: Option<MediaType>,
    /// Where its bytes lie in the spool.
    pub(super) range: Range<u64>,
}

/// Why an instance cannot be put together.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reason: FailureReason,
    pub(super) because: String,
}

impl Refusal {
    fn new(reason: FailureReason, because: impl Into<String>) -> Refusal {
        Refusal {
            reason,
            because: because.into(),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::new(
            FailureReason::OUT_OF_RESOURCES,
            format!("it cannot be kept: {error}"),
        )
    }
}

/// Writes the file of an instance into a spool; what was written is gone if a part is missing.
pub(super) fn assemble(
    description: &Description,
    known: &[Bulk],
    spooled: &Spooled,
    into: Spool,
) -> Result<Spooled, Refusal> {
    let unreadable = |because: String| Refusal::new(FailureReason::CANNOT_UNDERSTAND, because);
    let sop_class = uid(description, tags::SOP_CLASS_UID, "SOPClassUID").map_err(unreadable)?;
    let instance =
        uid(description, tags::SOP_INSTANCE_UID, "SOPInstanceUID").map_err(unreadable)?;
    let assembly = Assembly {
        links: &description.links,
        known,
        spooled,
        announced: uid(description, tags::TRANSFER_SYNTAX_UID, "TransferSyntaxUID").ok(),
    };
    let syntax = assembly.syntax()?;
    let mut object = description.object.clone();
    settle_charset(&mut object);
    let mut output = Output {
        spool: into,
        gathered: BytesMut::new(),
    };
    output.write_all(&FileMeta::new(sop_class, instance, syntax).to_bytes())?;
    assembly.write(&object, &mut Vec::new(), &mut output)?;
    output.flush()?;
    Ok(output.spool.finish()?)
}

/// Models are UTF-8, and so is the file (PS3.18 F.2.2): it says so where that makes a difference.
fn settle_charset(object: &mut InMemDicomObject) {
    if object.get(tags::SPECIFIC_CHARACTER_SET).is_some() || !is_ascii(object) {
        object.put(InMemElement::new(
            tags::SPECIFIC_CHARACTER_SET,
            VR::CS,
            PrimitiveValue::from("ISO_IR 192"),
        ));
    }
    settle_items(object);
}

fn settle_items(object: &mut InMemDicomObject) {
    let sequences: Vec<Tag> = object
        .iter()
        .filter(|element| element.items().is_some())
        .map(Header::tag)
        .collect();
    for tag in sequences {
        object.update_value(tag, |value| {
            for item in value.items_mut().into_iter().flatten() {
                if item.get(tags::SPECIFIC_CHARACTER_SET).is_some() {
                    settle_charset(item);
                } else {
                    settle_items(item);
                }
            }
        });
    }
}

fn is_ascii(object: &InMemDicomObject) -> bool {
    object.iter().all(|element| match element.value() {
        Value::Primitive(PrimitiveValue::Str(text)) => text.is_ascii(),
        Value::Primitive(PrimitiveValue::Strs(texts)) => texts.iter().all(|text| text.is_ascii()),
        Value::Sequence(sequence) => sequence.items().iter().all(is_ascii),
        _ => true,
    })
}

/// How the bytes of a bulk value stand in a file.
#[derive(Debug, PartialEq, Eq)]
enum Syntax {
    Native,
    Encapsulated(Uid),
}

struct Assembly<'a> {
    links: &'a [Link],
    known: &'a [Bulk],
    spooled: &'a Spooled,
    /// Transfer Syntax UID among the metadata, as some clients write it.
    announced: Option<Uid>,
}

impl Assembly<'_> {
    /// The transfer syntax of the file: that of its pixels.
    fn syntax(&self) -> Result<Uid, Refusal> {
        let mut chosen: Option<Uid> = None;
        for link in self.links {
            let parts = self.parts(link)?;
            if link.tag != tags::PIXEL_DATA {
                continue;
            }
            for part in parts {
                let Syntax::Encapsulated(syntax) = self.syntax_of(part)? else {
                    continue;
                };
                if let Some(other) = chosen.as_ref().filter(|other| **other != syntax) {
                    return Err(Refusal::new(
                        FailureReason::CANNOT_UNDERSTAND,
                        format!("its pixels are of transfer syntaxes {other} and {syntax}"),
                    ));
                }
                chosen = Some(syntax);
            }
        }
        Ok(chosen.unwrap_or_else(|| Uid::parse(EXPLICIT_LITTLE).expect("a constant UID")))
    }

    /// The parts that hold a value: one, or one for each frame.
    fn parts(&self, link: &Link) -> Result<Vec<&Bulk>, Refusal> {
        let uri = link.uri.trim();
        let parts: Vec<&Bulk> = self
            .known
            .iter()
            .filter(|bulk| !uri.is_empty() && bulk.location == uri)
            .collect();
        if parts.is_empty() {
            return Err(Refusal::new(
                FailureReason::CANNOT_UNDERSTAND,
                format!(
                    "no part has the bulk data of attribute {}",
                    place(&link.path, link.tag)
                ),
            ));
        }
        Ok(parts)
    }

    fn syntax_of(&self, bulk: &Bulk) -> Result<Syntax, Refusal> {
        let named = bulk
            .media
            .as_ref()
            .and_then(|media| media.parameter("transfer-syntax"));
        let essence = bulk.media.as_ref().map_or("", MediaType::essence);
        let usual = usual_syntax(essence);
        let uid = match (named, &self.announced, usual) {
            (Some(named), ..) => Uid::parse(named).map_err(|why| {
                Refusal::new(
                    FailureReason::CANNOT_UNDERSTAND,
                    format!("transfer-syntax: {why}"),
                )
            })?,
            (None, Some(announced), Some(_)) => announced.clone(),
            (None, _, Some(usual)) => Uid::parse(usual).expect("a constant UID"),
            (None, _, None) => return Ok(Syntax::Native),
        };
        match uid.as_str() {
            EXPLICIT_LITTLE | "1.2.840.10008.1.2" => Ok(Syntax::Native),
            // PS3.18 8.7.3: big endian and deflated bulk data do not exist over DICOMweb.
            "1.2.840.10008.1.2.2" | "1.2.840.10008.1.2.1.99" => Err(Refusal::new(
                FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED,
                format!("bulk data of transfer syntax {uid} is not taken"),
            )),
            _ => Ok(Syntax::Encapsulated(uid)),
        }
    }

    fn write(
        &self,
        object: &InMemDicomObject,
        path: &mut Vec<Step>,
        output: &mut Output,
    ) -> Result<(), Refusal> {
        for element in object {
            let tag = element.tag();
            // Group lengths and meta information are not part of what is described.
            if tag.element() == 0 || (path.is_empty() && tag.group() <= 0x0002) {
                continue;
            }
            let own = |link: &&Link| link.tag == tag && link.path == *path;
            if let Some(link) = self.links.iter().find(own) {
                self.write_bulk(link, output)?;
            } else if let Some(items) = element.items()
                && self.is_around_a_link(tag, path)
            {
                self.write_items(tag, items, path, output)?;
            } else {
                output.element(element)?;
            }
        }
        Ok(())
    }

    fn is_around_a_link(&self, tag: Tag, path: &[Step]) -> bool {
        self.links.iter().any(|link| {
            link.path.starts_with(path)
                && link
                    .path
                    .get(path.len())
                    .is_some_and(|step| step.sequence == tag)
        })
    }

    /// As deep as metadata may nest: the models bound that.
    fn write_items(
        &self,
        tag: Tag,
        items: &[InMemDicomObject],
        path: &mut Vec<Step>,
        output: &mut Output,
    ) -> Result<(), Refusal> {
        output.long_head(tag, VR::SQ, u32::MAX)?;
        for (item, object) in items.iter().enumerate() {
            output.item(ITEM, u32::MAX)?;
            path.push(Step {
                sequence: tag,
                item,
            });
            self.write(object, path, output)?;
            path.pop();
            output.item(ITEM_END, 0)?;
        }
        Ok(output.item(SEQUENCE_END, 0)?)
    }

    fn write_bulk(&self, link: &Link, output: &mut Output) -> Result<(), Refusal> {
        let parts = self.parts(link)?;
        let lengths = parts.iter().map(|part| part.range.end - part.range.start);
        let is_encapsulated = link.tag == tags::PIXEL_DATA
            && matches!(
                parts.first().map(|first| self.syntax_of(first)),
                Some(Ok(Syntax::Encapsulated(_)))
            );
        if is_encapsulated {
            output.long_head(link.tag, VR::OB, u32::MAX)?;
            output.item(ITEM, 0)?;
            for part in parts {
                let length = part.range.end - part.range.start;
                output.item(ITEM, even(length, link)?)?;
                output.copy(self.spooled, &part.range)?;
                output.write_all(&[0][..(length % 2) as usize])?;
            }
            return Ok(output.item(SEQUENCE_END, 0)?);
        }
        let length: u64 = lengths.sum();
        let padded = even(length, link)?;
        if has_long_length(link.vr) {
            output.long_head(link.tag, link.vr, padded)?;
        } else {
            let short = u16::try_from(padded).map_err(|_| too_long(length, link))?;
            output.short_head(link.tag, link.vr, short)?;
        }
        for part in parts {
            output.copy(self.spooled, &part.range)?;
        }
        let pad = match link.vr {
            VR::DS | VR::IS | VR::LT | VR::ST | VR::UC | VR::UT => b" ",
            _ => b"\0",
        };
        Ok(output.write_all(&pad[..(length % 2) as usize])?)
    }
}

/// The transfer syntax of a media type that does not name one (PS3.18 8.7.3.3.2); none for native bytes.
fn usual_syntax(essence: &str) -> Option<&'static str> {
    Some(match essence {
        "image/jpeg" => "1.2.840.10008.1.2.4.70",
        "image/dicom-rle" => "1.2.840.10008.1.2.5",
        "image/jls" => "1.2.840.10008.1.2.4.80",
        "image/jp2" => "1.2.840.10008.1.2.4.90",
        "image/jpx" => "1.2.840.10008.1.2.4.92",
        "image/jphc" => "1.2.840.10008.1.2.4.201",
        "image/jxl" => "1.2.840.10008.1.2.4.110",
        "video/mpeg2" => "1.2.840.10008.1.2.4.100",
        "video/mp4" => "1.2.840.10008.1.2.4.102",
        _ => return None,
    })
}

/// Whether the length of a value has 32 bits (PS3.5 7.1.2).
fn has_long_length(vr: VR) -> bool {
    use VR::{OB, OD, OF, OL, OV, OW, SQ, SV, UC, UN, UR, UT, UV};
    matches!(
        vr,
        OB | OD | OF | OL | OV | OW | SQ | SV | UC | UN | UR | UT | UV
    )
}

fn even(length: u64, link: &Link) -> Result<u32, Refusal> {
    u32::try_from(length + length % 2)
        .ok()
        .filter(|length| *length != u32::MAX)
        .ok_or_else(|| too_long(length, link))
}

fn too_long(length: u64, link: &Link) -> Refusal {
    Refusal::new(
        FailureReason::CANNOT_UNDERSTAND,
        format!(
            "the {length} bytes of attribute {} do not fit into a value of {}",
            place(&link.path, link.tag),
            link.vr
        ),
    )
}

/// Gathers small writes on their way into the spool.
struct Output {
    spool: Spool,
    gathered: BytesMut,
}

impl Output {
    fn element(&mut self, element: &InMemElement) -> Result<(), Refusal> {
        let mut alone = InMemDicomObject::new_empty();
        // Lengths of items are of the client's making: sequences are written without.
        alone.put(match element.value() {
            Value::Sequence(sequence) => InMemElement::new(
                element.tag(),
                VR::SQ,
                DataSetSequence::new(sequence.items().to_vec(), Length::UNDEFINED),
            ),
            _ => element.clone(),
        });
        let syntax = EXPLICIT_VR_LITTLE_ENDIAN.erased();
        alone
            .write_dataset_with_ts_cs(&mut *self, &syntax, SpecificCharacterSet::ISO_IR_192)
            .map_err(|error| {
                Refusal::new(
                    FailureReason::CANNOT_UNDERSTAND,
                    format!(
                        "attribute {} cannot be written: {error}",
                        place(&[], element.tag())
                    ),
                )
            })
    }

    fn long_head(&mut self, tag: Tag, vr: VR, length: u32) -> io::Result<()> {
        self.tag(tag)?;
        self.write_all(&vr.to_bytes())?;
        self.write_all(&[0, 0])?;
        self.write_all(&length.to_le_bytes())
    }

    fn short_head(&mut self, tag: Tag, vr: VR, length: u16) -> io::Result<()> {
        self.tag(tag)?;
        self.write_all(&vr.to_bytes())?;
        self.write_all(&length.to_le_bytes())
    }

    fn item(&mut self, tag: Tag, length: u32) -> io::Result<()> {
        self.tag(tag)?;
        self.write_all(&length.to_le_bytes())
    }

    fn tag(&mut self, tag: Tag) -> io::Result<()> {
        self.write_all(&tag.0.to_le_bytes())?;
        self.write_all(&tag.1.to_le_bytes())
    }

    fn copy(&mut self, spooled: &Spooled, range: &Range<u64>) -> io::Result<()> {
        let mut reader = reading(spooled, range)?;
        let mut left = range.end - range.start;
        while left > 0 {
            let mut chunk = vec![0; left.min(STEP as u64) as usize];
            reader.read_exact(&mut chunk)?;
            left -= chunk.len() as u64;
            self.flush()?;
            self.spool.write(Bytes::from(chunk))?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= STEP {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        self.spool.write(self.gathered.split().freeze())
    }
}
