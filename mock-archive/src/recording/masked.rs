//! Documents with other patients in them: data sets, JSON, XML, and multipart bodies of these.

use std::io::Cursor;

use dicom_core::header::{HasLength as _, Header as _};
use dicom_core::value::{PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::{FileDicomObject, InMemDicomObject, OpenFileOptions};
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_wire::media::MediaType;
use dicom_wire::part10::{self, FileMeta, Limits};
use dicom_wire::uid::Uid;
use dicom_wire::{json, xml};
use serde_json::{Map, Value as Json};

use super::mask::Mask;
use super::{Body, parts};

/// A body of this type with its patients replaced; what cannot be read cannot be cleaned, and is withheld.
pub(super) fn body(mask: &Mask, content_type: Option<&str>, bytes: &[u8]) -> Body {
    if bytes.is_empty() {
        return Body::Empty;
    }
    match document(mask, content_type, bytes) {
        Ok(masked) => Body::of(&masked),
        Err(because) => Body::Withheld {
            bytes: bytes.len() as u64,
            because,
        },
    }
}

/// The target of a request: UIDs in the path, values of the query's keys.
pub(super) fn target(mask: &Mask, target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return mask.url(target);
    };
    let pairs: Vec<_> = query.split('&').map(|pair| key(mask, pair)).collect();
    format!("{}?{}", mask.url(path), pairs.join("&"))
}

fn key(mask: &Mask, pair: &str) -> String {
    let Some((name, value)) = pair.split_once('=') else {
        return pair.to_owned();
    };
    let attribute = name.rsplit('.').next().unwrap_or(name);
    let Some((tag, vr)) = attribute_of(attribute) else {
        return format!("{name}={}", mask.url(value));
    };
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    if vr == VR::UI {
        return format!("{name}={}", mask.url(value));
    }
    match mask.value(tag, vr, &decoded) {
        None => pair.to_owned(),
        Some(instead) => {
            let encoded =
                percent_encoding::utf8_percent_encode(&instead, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={encoded}")
        }
    }
}

/// The attribute that a query names by keyword or by eight digits.
fn attribute_of(name: &str) -> Option<(Tag, VR)> {
    use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry as _};
    let entry = dicom_dictionary_std::StandardDataDictionary.by_expr(name)?;
    Some((entry.tag(), entry.vr().relaxed()))
}

fn document(mask: &Mask, content_type: Option<&str>, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let media = content_type.and_then(|text| MediaType::parse(text).ok());
    let essence = media.as_ref().map_or("", MediaType::essence);
    match essence {
        "multipart/related" => multipart(mask, content_type.unwrap_or_default(), bytes),
        "application/dicom" => data_set(mask, bytes),
        _ if essence.ends_with("json") => Ok(json_body(mask, bytes)),
        "text/xml" | "application/xml" | "application/dicom+xml" => {
            // An XML body that is no data set is a text like others.
            Ok(xml_body(mask, bytes).unwrap_or_else(|| text(mask, bytes)))
        }
        "application/octet-stream" => Ok(bytes.to_vec()),
        _ if essence.starts_with("image/") || essence.starts_with("video/") => Ok(bytes.to_vec()),
        "" => Ok(text(mask, bytes)),
        _ if essence.starts_with("text/") => Ok(text(mask, bytes)),
        other => Err(format!("patients in {other} cannot be replaced")),
    }
}

fn text(mask: &Mask, bytes: &[u8]) -> Vec<u8> {
    mask.text(&String::from_utf8_lossy(bytes)).into_bytes()
}

fn multipart(mask: &Mask, content_type: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    parts::each(content_type, bytes, |headers, data| {
        let masked = document(mask, headers.field("content-type"), &data)?;
        let headers = headers
            .iter()
            .map(|(name, value)| (name, mask.url(value)))
            .collect();
        Ok((headers, masked))
    })
}

fn data_set(mask: &Mask, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut file = opened(bytes)?;
    object(mask, &mut file);
    let uid = file.meta().media_storage_sop_instance_uid().to_owned();
    file.update_meta(|meta| {
        meta.media_storage_sop_instance_uid = mask.url(uid.trim_end_matches('\0'));
    });
    let mut out = Vec::new();
    file.write_all(&mut out)
        .map_err(|error| format!("its data set cannot be written: {error}"))?;
    Ok(out)
}

/// A data set without file meta information, as DIMSE carries it, with its patients replaced.
pub(super) fn bare_data_set(mask: &Mask, transfer_syntax: &Uid, bytes: &[u8]) -> Body {
    let masked = || {
        let mut data_set = bare(transfer_syntax, bytes)?;
        object(mask, &mut data_set);
        let syntax = TransferSyntaxRegistry.get(transfer_syntax.as_str());
        let syntax = syntax.ok_or_else(|| format!("{transfer_syntax} is not known"))?;
        let mut out = Vec::new();
        data_set
            .write_dataset_with_ts(&mut out, syntax)
            .map_err(|error| format!("its data set cannot be written: {error}"))?;
        Ok::<_, String>(out)
    };
    match masked() {
        Ok(bytes) => Body::packed(&bytes),
        Err(because) => Body::Withheld {
            bytes: bytes.len() as u64,
            because,
        },
    }
}

/// A data set in a form that does not depend on how it is encoded; nothing if it cannot be read.
pub(super) fn canonical(
    mask: Option<&Mask>,
    transfer_syntax: &Uid,
    bytes: &[u8],
) -> Option<String> {
    let mut data_set = bare(transfer_syntax, bytes).ok()?;
    if let Some(mask) = mask {
        object(mask, &mut data_set);
    }
    data_set.remove_element(tags::SPECIFIC_CHARACTER_SET);
    String::from_utf8(json::to_vec(&data_set, &json::inline)).ok()
}

fn bare(transfer_syntax: &Uid, bytes: &[u8]) -> Result<InMemDicomObject, String> {
    let nobody: Uid = "1.2".parse().map_err(|_| "no UID".to_owned())?;
    let meta = FileMeta::new(nobody.clone(), nobody, transfer_syntax.clone());
    Ok(opened(&[&meta.to_bytes(), bytes].concat())?.into_inner())
}

fn opened(bytes: &[u8]) -> Result<FileDicomObject<InMemDicomObject>, String> {
    // Nesting is bounded here: what reads the objects recurses.
    part10::scan(Cursor::new(bytes), &Limits::default())
        .map_err(|error| format!("its data set cannot be read: {error}"))?;
    OpenFileOptions::new()
        .from_reader(Cursor::new(bytes))
        .map_err(|error| format!("its data set cannot be read: {error}"))
}

fn object(mask: &Mask, object: &mut InMemDicomObject) {
    let tags: Vec<Tag> = object.tags().collect();
    for tag in tags {
        if tag.group() % 2 == 1 {
            object.remove_element(tag);
            continue;
        }
        let Ok(element) = object.element(tag) else {
            continue;
        };
        let vr = element.vr();
        let replaced = match element.value() {
            Value::Primitive(value) if !element.is_empty() => values(mask, tag, vr, value),
            _ => None,
        };
        if let Some(value) = replaced {
            object.put(DataElement::new(tag, vr, value));
            continue;
        }
        object.update_value(tag, |value| {
            if let Value::Sequence(sequence) = value {
                for item in sequence.items_mut() {
                    self::object(mask, item);
                }
            }
        });
    }
}

fn values(mask: &Mask, tag: Tag, vr: VR, value: &PrimitiveValue) -> Option<PrimitiveValue> {
    super::mask::kind(tag, vr)?;
    let masked: Vec<String> = value
        .to_multi_str()
        .iter()
        .map(|one| each_group(mask, tag, vr, one))
        .collect();
    Some(PrimitiveValue::from(masked.join("\\")))
}

/// A name has up to three groups, each replaced by itself; every other value is one.
fn each_group(mask: &Mask, tag: Tag, vr: VR, value: &str) -> String {
    let one = |part: &str| mask.value(tag, vr, part).unwrap_or_else(|| part.to_owned());
    if vr == VR::PN {
        value.split('=').map(one).collect::<Vec<_>>().join("=")
    } else {
        one(value)
    }
}

/// JSON of any form: what is wrong with it stays wrong. Data sets are found by their keys.
fn json_body(mask: &Mask, bytes: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(mut value) => {
            json_value(mask, &mut value);
            serde_json::to_vec(&value).unwrap_or_default()
        }
        Err(_) => text(mask, bytes),
    }
}

fn json_value(mask: &Mask, value: &mut Json) {
    match value {
        Json::Array(values) => values.iter_mut().for_each(|value| json_value(mask, value)),
        Json::Object(members) => {
            members.retain(|key, _| tag_of(key).is_none_or(|tag| tag.group() % 2 == 0));
            for (key, member) in members {
                match (tag_of(key), member) {
                    (Some(tag), Json::Object(attribute)) => json_attribute(mask, tag, attribute),
                    (_, member) => json_value(mask, member),
                }
            }
        }
        Json::String(text) => *text = mask.text(text),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn json_attribute(mask: &Mask, tag: Tag, attribute: &mut Map<String, Json>) {
    let vr = attribute
        .get("vr")
        .and_then(Json::as_str)
        .and_then(|vr| vr.parse().ok());
    let vr = vr.or_else(|| dictionary_vr(tag)).unwrap_or(VR::UN);
    if tag == tags::ENCAPSULATED_DOCUMENT {
        attribute.remove("InlineBinary");
    }
    for (name, value) in attribute {
        match (name.as_str(), value) {
            ("BulkDataURI", Json::String(uri)) => *uri = mask.url(uri),
            ("Value", Json::Array(values)) => {
                values
                    .iter_mut()
                    .for_each(|value| json_one(mask, tag, vr, value));
            }
            ("Value", single) => json_one(mask, tag, vr, single),
            _ => {}
        }
    }
}

fn json_one(mask: &Mask, tag: Tag, vr: VR, value: &mut Json) {
    let replace = |text: &str| mask.value(tag, vr, text);
    match value {
        Json::String(text) if vr == VR::UR => *text = mask.url(text),
        Json::String(text) => {
            if let Some(instead) = replace(text) {
                *text = instead;
            }
        }
        Json::Number(number) => {
            if let Some(instead) = replace(&number.to_string()) {
                *value = Json::String(instead);
            }
        }
        Json::Object(groups) if vr == VR::PN => {
            for group in groups.values_mut() {
                if let Some(instead) = group.as_str().and_then(replace) {
                    *group = Json::String(instead);
                }
            }
        }
        other => json_value(mask, other),
    }
}

fn tag_of(key: &str) -> Option<Tag> {
    let digits = key.len() == 8 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits
        .then(|| u32::from_str_radix(key, 16).ok())
        .flatten()?;
    let [a, b, c, d] = number.to_be_bytes();
    Some(Tag(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

fn dictionary_vr(tag: Tag) -> Option<VR> {
    use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry as _};
    let entry = dicom_dictionary_std::StandardDataDictionary.by_tag(tag)?;
    Some(entry.vr().relaxed())
}

/// A Native DICOM Model, read and written anew; nothing if it is none.
fn xml_body(mask: &Mask, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut parsed = xml::parse(bytes).ok()?;
    object(mask, &mut parsed.object);
    let links = |path: &[part10::Step], element: &dicom_object::mem::InMemElement| {
        let link = parsed
            .links
            .iter()
            .find(|link| link.path == path && link.tag == element.tag())?;
        Some(mask.url(&link.uri))
    };
    let _: json::Links<'_> = &links;
    Some(xml::to_vec(&parsed.object, &links))
}
