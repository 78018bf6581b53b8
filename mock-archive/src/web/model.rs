//! Metadata that refers otherwise than it should, as a rule says.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dicom_core::Tag;
use dicom_wire::part10::Step;
use serde_json::{Map, Value, json};

use crate::moment::{Link, ModelStyle};
use crate::store::Stored;

/// Changes the attributes of one instance as the style says. `base` is the service's URL, `own` the instance's.
pub(crate) fn restyle(
    model: &mut Value,
    style: &ModelStyle,
    stored: &Stored,
    base: &str,
    own: &str,
) -> io::Result<()> {
    let Some(attributes) = model.as_object_mut() else {
        return Ok(());
    };
    let walk = Walk {
        style,
        stored,
        base,
        own,
    };
    walk.attributes(attributes, &mut Vec::new())?;
    if style.file_meta {
        let syntax = stored.identity().transfer_syntax.as_str();
        attributes.insert(
            "00020010".to_owned(),
            json!({ "vr": "UI", "Value": [syntax] }),
        );
    }
    Ok(())
}

struct Walk<'a> {
    style: &'a ModelStyle,
    stored: &'a Stored,
    base: &'a str,
    own: &'a str,
}

impl Walk<'_> {
    /// Nests as deeply as the data set, whose depth was bounded when it was read.
    fn attributes(
        &self,
        attributes: &mut Map<String, Value>,
        path: &mut Vec<Step>,
    ) -> io::Result<()> {
        let mut dropped = Vec::new();
        for (key, attribute) in attributes.iter_mut() {
            let Some((tag, attribute)) = tag(key).zip(attribute.as_object_mut()) else {
                continue;
            };
            if self.style.linked_too.contains(key) {
                attribute.remove("Value");
                let uri = format!("{}/bulkdata/{key}", self.own);
                attribute.insert("BulkDataURI".to_owned(), uri.into());
            } else if let Some(Value::String(uri)) = attribute.remove("BulkDataURI") {
                match self.link(&uri) {
                    Some(link) => drop(attribute.insert("BulkDataURI".to_owned(), link.into())),
                    None if self.style.link == Link::Inline => {
                        let inline = STANDARD.encode(self.value(tag, path)?);
                        attribute.insert("InlineBinary".to_owned(), inline.into());
                    }
                    None if self.style.link == Link::Dropped => dropped.push(key.clone()),
                    None => {}
                }
            }
            let items = attribute.get_mut("Value").and_then(Value::as_array_mut);
            for (item, value) in items.into_iter().flatten().enumerate() {
                if let Some(nested) = value.as_object_mut() {
                    path.push(Step {
                        sequence: tag,
                        item,
                    });
                    self.attributes(nested, path)?;
                    path.pop();
                }
            }
        }
        for key in dropped {
            attributes.remove(&key);
        }
        Ok(())
    }

    /// The reference as it goes out; none if there is no reference.
    fn link(&self, uri: &str) -> Option<String> {
        let below = uri.strip_prefix(self.base).unwrap_or(uri);
        match &self.style.link {
            Link::Absolute => Some(uri.to_owned()),
            Link::Relative => Some(below.trim_start_matches('/').to_owned()),
            Link::OtherHost(host) => Some(format!("{host}{below}")),
            // A path into a sequence that is none.
            Link::Expired => Some(format!("{uri}/0/00000000")),
            Link::Omitted | Link::Dropped | Link::Inline => None,
        }
    }

    fn value(&self, tag: Tag, path: &[Step]) -> io::Result<Vec<u8>> {
        let is_meant =
            |element: &&dicom_wire::part10::Element| element.tag == tag && element.path == path;
        let mut value = Vec::new();
        if let Some(element) = self.stored.layout().bulk.iter().find(is_meant) {
            for chunk in self.stored.bulk_bytes(element)? {
                value.extend_from_slice(&chunk?);
            }
        }
        Ok(value)
    }
}

fn tag(key: &str) -> Option<Tag> {
    let number = u32::from_str_radix(key, 16).ok()?;
    Some(Tag((number >> 16) as u16, number as u16))
}
