//! JSON bodies of an archive, read with the order of their keys and without knowing what a data set is: for the rules of the DICOM
//! JSON Model (PS3.18 Annex F) themselves.

use std::fmt;

use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::check::Need;
use crate::context::Context;
use crate::data::{Study, sequence, text};
use crate::outcome::{Finding, Verdict, ensure};

use super::web::{Answer, JSON, Web};

/// A JSON value whose objects keep the order, and the repetition, of their keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// What it is called in a message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

/// A data set or an item, and where it stands.
#[derive(Clone, Debug)]
pub struct Object {
    /// The request and the way to it: `GET /studies [0]`.
    pub place: String,
    /// Keys and values in their order.
    pub members: Vec<(String, Node)>,
}

/// One attribute of a data set or item.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The request and the way to it: `GET /studies [0] 00100010`.
    pub place: String,
    /// Its key.
    pub key: String,
    /// What its object has, in order.
    pub members: Vec<(String, Node)>,
}

impl Attribute {
    /// A member of its object: `vr`, `Value`.
    pub fn member(&self, name: &str) -> Option<&Node> {
        let found = self.members.iter().find(|(key, _)| key == name);
        found.map(|(_, node)| node)
    }

    /// The value representation, empty if it has none.
    pub fn vr(&self) -> &str {
        self.member("vr")
            .and_then(Node::as_text)
            .unwrap_or_default()
    }

    /// The values, none if it has none.
    pub fn values(&self) -> &[Node] {
        self.member("Value").map_or(&[], Node::list)
    }
}

/// JSON bodies of many kinds, all about one study.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The study, as it was stored.
    pub study: Study,
    bodies: Vec<(String, Node)>,
}

impl Sample {
    /// Stores a study in which there is something of every kind, and asks for it by search, by metadata and by its own receipt.
    ///
    /// # Errors
    /// A failure if a body is no JSON.
    pub async fn take(context: &Context) -> Verdict<Self> {
        let web = context.web()?;
        let study = rich(context);
        web.prepare(&study).await?;
        Self::of(context, &web, study).await
    }

    /// The same for a study that is stored already.
    ///
    /// # Errors
    /// A failure if a body is no JSON.
    pub async fn of(context: &Context, web: &Web, study: Study) -> Verdict<Self> {
        let (uid, series) = (&study.uid, &study.instances[0].series);
        let mut paths = Vec::new();
        if context.offers(Need::Search) {
            paths.extend([
                format!("/studies?StudyInstanceUID={uid}"),
                format!("/studies?StudyInstanceUID={uid}&includefield=all"),
                format!("/studies/{uid}/series?includefield=all"),
                format!("/studies/{uid}/series/{series}/instances"),
                format!("/studies/{uid}/series/{series}/instances?includefield=all"),
            ]);
        }
        if context.offers(Need::Retrieve) {
            paths.push(format!("/studies/{uid}/metadata"));
            paths.push(format!("{}/metadata", study.instances[0].path()));
        }
        let mut bodies = Vec::new();
        for path in paths {
            let answer = web.get(&path, JSON).await?;
            ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
            bodies.push((format!("GET {path}"), read(&answer)?));
        }
        let receipt = web.store("/studies", &[&study.instances[0]]).await?;
        if receipt.content_type().contains("json") {
            bodies.push(("POST /studies".into(), read(&receipt)?));
        }
        ensure!(!bodies.is_empty(), "no body is JSON");
        Ok(Self { study, bodies })
    }

    /// All data sets and items of all bodies.
    pub fn objects(&self) -> Vec<Object> {
        let mut objects = Vec::new();
        for (request, body) in &self.bodies {
            match body {
                Node::List(rows) => (0..).zip(rows).for_each(|(n, row): (usize, _)| {
                    collect(&format!("{request} [{n}]"), row, &mut objects);
                }),
                other => collect(request, other, &mut objects),
            }
        }
        objects
    }

    /// All attributes of all data sets and items.
    pub fn attributes(&self) -> Vec<Attribute> {
        let attributes = self.objects().into_iter().flat_map(|object| {
            let place = object.place;
            object
                .members
                .into_iter()
                .map(move |(key, node)| Attribute {
                    place: format!("{place} {key}"),
                    key,
                    members: match node {
                        Node::Object(members) => members,
                        _ => Vec::new(),
                    },
                })
        });
        attributes.collect()
    }

    /// The attribute in the bodies that the archive gave of stored instances; every one of them has to have it.
    ///
    /// # Errors
    /// A failure if one lacks it; not observed if there is no metadata at all.
    pub fn in_metadata(&self, tag: Tag) -> Verdict<Vec<Attribute>> {
        let key = format!("{:04X}{:04X}", tag.group(), tag.element());
        let metadata: Vec<_> = self
            .bodies
            .iter()
            .filter(|(request, _)| request.ends_with("/metadata"))
            .map(|(request, _)| request)
            .collect();
        if metadata.is_empty() {
            return Err(Finding::NotObserved("the archive gives no metadata".into()));
        }
        let attributes = self.attributes();
        let mut found = Vec::new();
        for request in metadata {
            let here = |attribute: &&Attribute| {
                attribute.key.eq_ignore_ascii_case(&key)
                    && attribute.place.starts_with(&format!("{request} "))
            };
            let before = found.len();
            found.extend(attributes.iter().filter(here).cloned());
            ensure!(found.len() > before, "{key} is missing in {request}");
        }
        Ok(found)
    }
}

/// A study with a value of every form that the model has rules for.
fn rich(context: &Context) -> Study {
    let words =
        |tag, vr, values: Vec<u16>| DataElement::new(tag, vr, PrimitiveValue::U16(values.into()));
    let item = [text(tags::CODE_VALUE, "A"), text(tags::CODE_MEANING, "")];
    let table: Vec<u16> = (0..4096).map(|entry: u16| entry.wrapping_mul(17)).collect();
    let lut = [
        words(tags::LUT_DESCRIPTOR, VR::US, vec![4096, 0, 16]),
        text(tags::MODALITY_LUT_TYPE, "US"),
        words(tags::LUT_DATA, VR::OW, table),
    ];
    let physician = "Anfordernd^E";
    let plan = context
        .data()
        .study(1)
        .instances(2)
        .patient_name("Yamada^Tarou=山田^太郎=やまだ^たろう")
        // An odd number of characters, which is padded in a data set.
        .with(text(tags::FRAME_OF_REFERENCE_UID, "1.2.826.0.1.1"))
        .with(text(tags::IMAGE_TYPE, "ORIGINAL\\PRIMARY\\AXIALS"))
        .with(text(tags::ACCESSION_NUMBER, ""))
        .with(text(
            tags::ADMITTING_DIAGNOSES_DESCRIPTION,
            "first\\\\third",
        ))
        .with(sequence(tags::PROCEDURE_CODE_SEQUENCE, &[&item]))
        .with(sequence(
            tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE,
            &[],
        ))
        .with(sequence(tags::MODALITY_LUT_SEQUENCE, &[&lut]))
        .with(DataElement::new(
            tags::FRAME_INCREMENT_POINTER,
            VR::AT,
            PrimitiveValue::Tags(vec![tags::FRAME_TIME, tags::FRAME_TIME_VECTOR].into()),
        ))
        .with(words(
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            VR::US,
            vec![4, 0, 16],
        ))
        .with(words(
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            VR::OW,
            LITTLE_TABLE.to_vec(),
        ))
        .with(DataElement::new(
            tags::EVENT_ELAPSED_TIMES,
            VR::DS,
            PrimitiveValue::from("0.5\\12\\1e3"),
        ))
        .with(text(tags::REQUESTING_PHYSICIAN, physician))
        // Group length, retired and still sent: it covers the one element of its group, which has a head of 8 bytes.
        .with(DataElement::new(
            Tag(0x0032, 0x0000),
            VR::UL,
            PrimitiveValue::from(8 + physician.len() as u32),
        ));
    plan.build()
}

/// Words whose bytes differ, so that their order shows.
pub const LITTLE_TABLE: [u16; 4] = [0x0102, 0x0304, 0x0506, 0xF0F1];

fn read(answer: &Answer) -> Verdict<Node> {
    parse(&answer.body).map_err(|error| {
        Finding::fail(format!(
            "a body of {} bytes that is not JSON: {error}",
            answer.body.len()
        ))
    })
}

/// Reads JSON text; serde_json bounds the depth.
///
/// # Errors
/// What is wrong with it.
pub fn parse(body: &Bytes) -> Result<Node, serde_json::Error> {
    serde_json::from_slice(body)
}

fn collect(place: &str, node: &Node, objects: &mut Vec<Object>) {
    let Node::Object(members) = node else { return };
    objects.push(Object {
        place: place.to_owned(),
        members: members.clone(),
    });
    for (key, attribute) in members {
        let Node::Object(attribute) = attribute else {
            continue;
        };
        let values = attribute.iter().find(|(name, _)| name == "Value");
        let is_sequence = attribute
            .iter()
            .any(|(name, vr)| name == "vr" && vr.as_text() == Some("SQ"));
        if let Some((_, values)) = values.filter(|_| is_sequence) {
            for (n, item) in values.list().iter().enumerate() {
                collect(&format!("{place} {key}[{n}]"), item, objects);
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsItStands;
        impl<'de> Visitor<'de> for AsItStands {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Number(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Number(value as f64))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(Node::Number(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Node::Object(object))
            }
        }
        deserializer.deserialize_any(AsItStands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_of_keys_are_kept() {
        let node = parse(&Bytes::from_static(br#"{"b":1,"a":[null,"x"],"b":true}"#)).unwrap();
        let Node::Object(members) = node else {
            panic!("an object")
        };
        let keys: Vec<_> = members.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "b"]);
        assert_eq!(
            members[1].1,
            Node::List(vec![Node::Null, Node::Text("x".into())])
        );
    }

    #[test]
    fn items_are_objects_too() {
        let body = br#"{"00081115":{"vr":"SQ","Value":[{"00081199":{"vr":"SQ","Value":[{}]}}]}}"#;
        let mut objects = Vec::new();
        collect(
            "x",
            &parse(&Bytes::from_static(body)).unwrap(),
            &mut objects,
        );
        let places: Vec<_> = objects.iter().map(|object| object.place.as_str()).collect();
        assert_eq!(places, ["x", "x 00081115[0]", "x 00081115[0] 00081199[0]"]);
    }
}
