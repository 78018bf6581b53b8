//! XML to data set.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dicom_core::value::{C, DataSetSequence, PrimitiveValue};
use dicom_core::{Length, Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use quick_xml::events::{BytesStart, Event};

use super::write::{COMPONENTS, GROUPS};
use crate::json::Link;
use crate::part10::Step;
use crate::value::{Form, form, from_little_endian};

/// How many items may lie in each other.
pub const MAX_DEPTH: usize = 128;
/// How far the numbers of values may run ahead of their count.
const MAX_HOLE: usize = 4096;

/// A data set that was read, with what it only points to.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The data set. An attribute given by a link is there with an empty value.
    pub object: InMemDicomObject,
    /// The values given by a link.
    pub links: Vec<Link>,
}

/// Why a body is no Native DICOM Model. Never tells a value: it may be a patient's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// Not XML. The text is the parser's; the offset counts bytes.
    #[error("not XML: {message} (at byte {offset})")]
    Syntax {
        /// The parser's words.
        message: String,
        /// Where it stopped.
        offset: u64,
    },
    /// The document's element is another one.
    #[error("element {0:?} where NativeDicomModel is required")]
    NotModel(String),
    /// The document ends too early.
    #[error("the document ends before NativeDicomModel does")]
    Unfinished,
    /// An attribute's `tag` is missing or no tag.
    #[error("{0:?} is not a tag of eight hexadecimal digits")]
    BadTag(String),
    /// An attribute's `vr` is missing or unknown.
    #[error("attribute {tag}: {vr:?} is not a vr")]
    BadVr {
        /// The tag.
        tag: Tag,
        /// What was there.
        vr: String,
    },
    /// A value that its VR cannot hold.
    #[error("attribute {tag}: a value is not of vr {vr}")]
    BadValue {
        /// The tag.
        tag: Tag,
        /// The VR.
        vr: &'static str,
    },
    /// A `number` that is no number from 1, or runs far ahead.
    #[error("attribute {tag}: {number:?} is not a usable number of a value")]
    BadNumber {
        /// The tag.
        tag: Tag,
        /// What was there.
        number: String,
    },
    /// Items nested too deeply.
    #[error("items are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// Reads a document.
pub fn parse(body: &[u8]) -> Result<Parsed, XmlError> {
    let text = std::str::from_utf8(body).map_err(|error| XmlError::Syntax {
        message: "not UTF-8".to_owned(),
        offset: error.valid_up_to() as u64,
    })?;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut reading = Reading::default();
    loop {
        let event = reader.read_event().map_err(|error| XmlError::Syntax {
            message: error.to_string(),
            offset: reader.error_position(),
        })?;
        match event {
            Event::Start(start) => reading.start(&start)?,
            Event::End(end) => {
                if let Some(parsed) = reading.end(end.local_name().as_ref())? {
                    return Ok(parsed);
                }
            }
            Event::Text(text) => reading.text.push_str(&text.xml10_content()),
            Event::CData(text) => reading.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let named = match &*reference {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                reading.text.push(named.ok_or_else(|| XmlError::Syntax {
                    message: format!("entity {:?} is unknown", &*reference),
                    offset: reader.buffer_position(),
                })?);
            }
            Event::Eof => return Err(XmlError::Unfinished),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Reading {
    /// The data set itself and the items around the present place.
    open: Vec<Open>,
    links: Vec<Link>,
    text: String,
}

struct Open {
    object: InMemDicomObject,
    attribute: Option<Attribute>,
}

impl Default for Open {
    fn default() -> Open {
        Open {
            object: InMemDicomObject::new_empty(),
            attribute: None,
        }
    }
}

struct Attribute {
    tag: Tag,
    vr: VR,
    creator: Option<String>,
    values: Vec<String>,
    items: Vec<InMemDicomObject>,
    binary: Option<Vec<u8>>,
    link: Option<String>,
    /// Index of the value that is being read.
    at: usize,
    name: [[String; 5]; 3],
    group: usize,
}

impl Reading {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlError> {
        let name = start.local_name();
        let name = name.as_ref();
        self.text.clear();
        if self.open.is_empty() {
            if name != "NativeDicomModel" {
                return Err(XmlError::NotModel(name.to_owned()));
            }
            self.open.push(Open::default());
            return Ok(());
        }
        let depth = self.open.len();
        let open = self.open.last_mut().expect("checked above");
        match (name, &mut open.attribute) {
            ("DicomAttribute", place @ None) => *place = Some(Attribute::new(start)?),
            ("Item", Some(_)) => {
                if depth > MAX_DEPTH {
                    return Err(XmlError::TooDeep);
                }
                self.open.push(Open::default());
            }
            ("Value" | "PersonName", Some(attribute)) => attribute.begin_value(start)?,
            ("BulkData", Some(attribute)) => {
                attribute.link = xml_attribute(start, "uri").or(xml_attribute(start, "uuid"));
            }
            (other, Some(attribute)) => {
                if let Some(group) = GROUPS.iter().position(|group| *group == other) {
                    attribute.group = group;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<Option<Parsed>, XmlError> {
        let text = std::mem::take(&mut self.text);
        match name {
            "NativeDicomModel" => {
                let object = self.open.pop().unwrap_or_default().object;
                return Ok(Some(Parsed {
                    object,
                    links: std::mem::take(&mut self.links),
                }));
            }
            "Item" => {
                let item = self.open.pop().unwrap_or_default().object;
                if let Some(attribute) = self.attribute() {
                    attribute.items.push(item);
                }
            }
            "DicomAttribute" => self.close_attribute()?,
            _ => {
                if let Some(attribute) = self.attribute() {
                    attribute.end(name, text)?;
                }
            }
        }
        Ok(None)
    }

    fn attribute(&mut self) -> Option<&mut Attribute> {
        self.open.last_mut()?.attribute.as_mut()
    }

    fn close_attribute(&mut self) -> Result<(), XmlError> {
        let path: Vec<Step> = self
            .open
            .iter()
            .rev()
            .skip(1)
            .rev()
            .filter_map(|open| {
                let attribute = open.attribute.as_ref()?;
                Some(Step {
                    sequence: attribute.tag,
                    item: attribute.items.len(),
                })
            })
            .collect();
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let Some(mut attribute) = open.attribute.take() else {
            return Ok(());
        };
        attribute.allot_block(&mut open.object);
        if let Some(uri) = attribute.link.take() {
            self.links.push(Link {
                path,
                tag: attribute.tag,
                vr: attribute.vr,
                uri,
            });
        }
        open.object.put(attribute.element()?);
        Ok(())
    }
}

impl Attribute {
    fn new(start: &BytesStart<'_>) -> Result<Attribute, XmlError> {
        let text = xml_attribute(start, "tag").unwrap_or_default();
        let number = (text.len() == 8)
            .then(|| u32::from_str_radix(&text, 16).ok())
            .flatten();
        let number = number.ok_or(XmlError::BadTag(text))?;
        let tag = Tag((number >> 16) as u16, number as u16);
        let vr = xml_attribute(start, "vr").unwrap_or_default();
        let vr = vr.parse().map_err(|_| XmlError::BadVr { tag, vr })?;
        Ok(Attribute {
            tag,
            vr,
            creator: xml_attribute(start, "privateCreator"),
            values: Vec::new(),
            items: Vec::new(),
            binary: None,
            link: None,
            at: 0,
            name: Default::default(),
            group: 0,
        })
    }

    fn begin_value(&mut self, start: &BytesStart<'_>) -> Result<(), XmlError> {
        let number = xml_attribute(start, "number");
        let next = self.values.len() + 1;
        let at = number
            .as_ref()
            .map_or(Some(next), |number| number.trim().parse().ok());
        match at.filter(|at| (1..=self.values.len() + MAX_HOLE).contains(at)) {
            Some(at) => self.at = at - 1,
            None => {
                return Err(XmlError::BadNumber {
                    tag: self.tag,
                    number: number.unwrap_or_default(),
                });
            }
        }
        self.group = 0;
        self.name = Default::default();
        if self.values.len() <= self.at {
            self.values.resize(self.at + 1, String::new());
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: String) -> Result<(), XmlError> {
        match name {
            "Value" => self.values[self.at] = text,
            "PersonName" => {
                let groups = self
                    .name
                    .each_ref()
                    .map(|components| components.join("^").trim_end_matches('^').to_owned());
                self.values[self.at] = groups.join("=").trim_end_matches('=').to_owned();
            }
            "InlineBinary" => {
                let text: String = text.split_ascii_whitespace().collect();
                self.binary = Some(STANDARD.decode(text).map_err(|_| self.bad_value())?);
            }
            other => {
                if let Some(component) = COMPONENTS.iter().position(|known| *known == other) {
                    self.name[self.group][component] = text;
                }
            }
        }
        Ok(())
    }

    /// Private attributes come without their block: finds the creator's, or makes one.
    fn allot_block(&mut self, object: &mut InMemDicomObject) {
        let (Tag(group, element), Some(creator)) = (self.tag, &self.creator) else {
            return;
        };
        if group % 2 == 0 || element > 0xFF {
            return;
        }
        let holds = |block: u16| {
            let known = object.get(Tag(group, block))?.to_str().ok()?;
            Some(known.trim() == creator.trim())
        };
        let block = (0x10..=0xFF).find(|block| holds(*block) == Some(true));
        let block = block.or_else(|| (0x10..=0xFF).find(|block| holds(*block).is_none()));
        let Some(block) = block else { return };
        if holds(block).is_none() {
            let value = PrimitiveValue::from(creator.as_str());
            object.put(InMemElement::new(Tag(group, block), VR::LO, value));
        }
        self.tag = Tag(group, (block << 8) | element);
    }

    fn element(self) -> Result<InMemElement, XmlError> {
        let (tag, vr) = (self.tag, self.vr);
        let bad = self.bad_value();
        if form(vr) == Form::Items {
            return Ok(InMemElement::new(
                tag,
                vr,
                DataSetSequence::new(self.items, Length::UNDEFINED),
            ));
        }
        if let Some(bytes) = self.binary {
            return Ok(InMemElement::new(tag, vr, from_little_endian(vr, bytes)));
        }
        if self.values.iter().all(String::is_empty) && self.values.len() < 2 {
            return Ok(InMemElement::new(tag, vr, PrimitiveValue::Empty));
        }
        let value = match vr {
            VR::AT => {
                let tags: Option<C<Tag>> = self
                    .values
                    .iter()
                    .map(|text| {
                        let number = u32::from_str_radix(text, 16)
                            .ok()
                            .filter(|_| text.len() == 8)?;
                        Some(Tag((number >> 16) as u16, number as u16))
                    })
                    .collect();
                tags.map(PrimitiveValue::Tags)
            }
            VR::US => numbers(&self.values).map(PrimitiveValue::U16),
            VR::SS => numbers(&self.values).map(PrimitiveValue::I16),
            VR::UL => numbers(&self.values).map(PrimitiveValue::U32),
            VR::SL => numbers(&self.values).map(PrimitiveValue::I32),
            VR::UV => numbers(&self.values).map(PrimitiveValue::U64),
            VR::SV => numbers(&self.values).map(PrimitiveValue::I64),
            VR::FL => numbers(&self.values).map(PrimitiveValue::F32),
            VR::FD => numbers(&self.values).map(PrimitiveValue::F64),
            _ if form(vr) == Form::Binary => None,
            _ => Some(PrimitiveValue::Strs(self.values.into())),
        };
        value
            .map(|value| InMemElement::new(tag, vr, value))
            .ok_or(bad)
    }

    fn bad_value(&self) -> XmlError {
        XmlError::BadValue {
            tag: self.tag,
            vr: self.vr.to_string(),
        }
    }
}

fn numbers<T: std::str::FromStr>(values: &[String]) -> Option<C<T>> {
    values.iter().map(|text| text.trim().parse().ok()).collect()
}

fn xml_attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    quick_xml::escape::unescape(&attribute.value)
        .ok()
        .map(|value| value.into_owned())
}
