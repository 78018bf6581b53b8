//! How well what the archive sent is encoded: what can be read is read, and what is wrong with it is said by tag.

use std::io::{Cursor, Read, Seek};

use dicom_core::header::HasLength as _;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::json::Parsed;
use dicom_wire::part10::{self, FileMeta, Layout, Limits, ScanError, departures};
use dicom_wire::uid::Uid;

use crate::attribute::Attribute;
use crate::text;

/// The most attributes that a warning names.
const MOST: usize = 8;

/// Warnings about values of a file that are not encoded as PS3.5 has it.
///
/// # Errors
/// If the file cannot be read again.
pub fn of_file(file: impl Read + Seek, layout: &Layout) -> Result<Vec<String>, ScanError> {
    let found = departures(file, layout)?;
    let told = found
        .iter()
        .map(|departure| format!("{} has {}", name(departure.tag), departure.wrong));
    Ok(listed(
        "value",
        "is not encoded as PS3.5 has it",
        told.collect(),
    ))
}

/// Warnings about metadata that are not as PS3.18 F.2 has them, or whose values are elsewhere.
pub fn of_metadata(parsed: &Parsed) -> Vec<String> {
    // The key is the archive's own text.
    let faults = parsed
        .faults
        .iter()
        .map(|fault| text::cut(&fault.to_string(), 120));
    let mut warnings = listed(
        "attribute",
        "is not written as PS3.18 F.2 has it",
        faults.collect(),
    );
    // Bulk data are given by reference everywhere; a name or a number is not, and its value is not known here.
    let elsewhere = parsed.links.iter().filter(|link| !is_bulk(link.vr));
    warnings.extend(listed(
        "value",
        "is given by reference and was not read",
        elsewhere.map(|link| name(link.tag)).collect(),
    ));
    let tags = || parsed.object.iter().map(|element| element.header().tag);
    let out_of_place = tags().filter(|tag| tag.group() == 0x0002 || tag.element() == 0x0000);
    warnings.extend(listed(
        "attribute",
        "has no place in metadata (PS3.18 10.4.1.1.2, PS3.5 7.2)",
        out_of_place.map(name).collect(),
    ));
    let pixels = tags().filter(|tag| part10::is_pixel_data(*tag));
    let inline = pixels.filter(|tag| {
        parsed
            .object
            .get(*tag)
            .is_some_and(|element| !element.is_empty())
    });
    if inline.count() > 0 {
        warnings.push("the metadata hold the pixels themselves, which are left out here".into());
    }
    warnings
}

/// Reads what stands under VR UN though the dictionary knows it: Implicit VR Little Endian (PS3.5 6.2.2). The warning says which.
pub fn understood(object: &mut InMemDicomObject) -> Vec<String> {
    let unknown: Vec<Tag> = object
        .iter()
        .filter(|element| {
            element.vr() == VR::UN && Attribute::of(element.header().tag).vr != VR::UN
        })
        .filter(|element| element.value().primitive().is_some() && !element.is_empty())
        .map(|element| element.header().tag)
        .collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    let read = read_implicit(object, &unknown);
    let mut names = Vec::new();
    for tag in unknown {
        // The character set is there to read the others; what cannot be read stays as it came.
        if let Some(element) = read.as_ref().and_then(|read| read.get(tag)) {
            names.push(name(tag));
            object.put(element.clone());
        }
    }
    listed(
        "attribute",
        "came as VR UN and was read by the dictionary",
        names,
    )
}

/// These attributes, written as implicit VR writes them and read again with their own VRs.
fn read_implicit(object: &InMemDicomObject, unknown: &[Tag]) -> Option<InMemDicomObject> {
    let uid = |text| Uid::parse(text).ok();
    let meta = FileMeta::new(
        uid(uids::SECONDARY_CAPTURE_IMAGE_STORAGE)?,
        uid("1.2.3")?,
        uid(uids::IMPLICIT_VR_LITTLE_ENDIAN)?,
    );
    let mut file = meta.to_bytes();
    let charset = [tags::SPECIFIC_CHARACTER_SET, tags::PIXEL_REPRESENTATION];
    let mut wanted: Vec<Tag> = unknown.iter().copied().chain(charset).collect();
    wanted.sort_unstable();
    wanted.dedup();
    for element in wanted.iter().filter_map(|tag| object.get(*tag)) {
        let bytes = element.to_bytes().ok()?;
        let tag = element.header().tag;
        file.extend_from_slice(&tag.group().to_le_bytes());
        file.extend_from_slice(&tag.element().to_le_bytes());
        file.extend_from_slice(&u32::try_from(bytes.len()).ok()?.to_le_bytes());
        file.extend_from_slice(&bytes);
    }
    let mut file = Cursor::new(file);
    let layout = part10::scan(&mut file, &Limits::default()).ok()?;
    part10::header(&mut file, &layout).ok()
}

fn is_bulk(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::UN
            | VR::UT
            | VR::UC
            | VR::UR
            | VR::SQ
    )
}

fn name(tag: Tag) -> String {
    let attribute = Attribute::of(tag);
    format!("{} {tag}", attribute.keyword)
}

/// One warning that names the first few; none where there is nothing to name.
fn listed(what: &str, wrong: &str, named: Vec<String>) -> Vec<String> {
    let more = match named.len() {
        0 => return Vec::new(),
        count if count > MOST => format!("; and {} more", count - MOST),
        _ => String::new(),
    };
    let count = match named.len() {
        1 => format!("1 {what} {wrong}"),
        count => {
            let wrong = wrong
                .replacen("is ", "are ", 1)
                .replacen("has ", "have ", 1);
            let wrong = wrong.replacen(" and was", " and were", 1);
            format!("{count} {what}s {wrong}")
        }
    };
    vec![format!(
        "{count}: {}{more}",
        named[..named.len().min(MOST)].join("; ")
    )]
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue};

    use super::*;

    #[test]
    fn what_the_dictionary_knows_is_read_from_unknown_bytes() {
        let unknown =
            |tag, bytes: &[u8]| DataElement::new(tag, VR::UN, PrimitiveValue::from(bytes.to_vec()));
        let mut object = InMemDicomObject::new_empty();
        object.put(DataElement::new(
            tags::SPECIFIC_CHARACTER_SET,
            VR::CS,
            PrimitiveValue::from("ISO_IR 100"),
        ));
        object.put(unknown(tags::PATIENT_NAME, b"M\xFCller "));
        object.put(unknown(tags::ROWS, &[2, 1]));
        object.put(unknown(Tag(0x0029, 0x1010), b"private "));
        let warnings = understood(&mut object);
        assert_eq!(
            warnings,
            [
                "2 attributes came as VR UN and were read by the dictionary: PatientName (0010,0010); Rows (0028,0010)"
            ]
        );
        let text = |tag| object.get(tag).and_then(|element| element.to_str().ok());
        assert_eq!(
            text(tags::PATIENT_NAME).as_deref().map(str::trim_end),
            Some("Müller")
        );
        assert_eq!(text(tags::ROWS).as_deref(), Some("258"));
        assert_eq!(
            object.get(Tag(0x0029, 0x1010)).map(|element| element.vr()),
            Some(VR::UN)
        );
    }

    #[test]
    fn metadata_that_point_elsewhere_or_hold_too_much_are_told() {
        let body = br#"[{"00020010":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]},
            "00100010":{"vr":"PN","BulkDataURI":"http://archive/name"},
            "00280010":{"vr":"US","Value":"4"},
            "7FE00010":{"vr":"OW","InlineBinary":"AAAA"}}]"#;
        let parsed = dicom_wire::json::parse(body).expect("JSON");
        let warnings = of_metadata(&parsed[0]).join("\n");
        for told in [
            "PatientName (0010,0010)",
            "00280010",
            "(0002,0010)",
            "the pixels",
        ] {
            assert!(warnings.contains(told), "{told} in {warnings}");
        }
    }
}
