//! lookup-attribute: an attribute of the dictionary by keyword, tag or part of its name.

use serde_json::{Value as Json, json};

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::attribute::{self, Attribute};
use crate::error::Failure;

/// The most attributes of one answer.
const MOST: usize = 50;

pub(super) const TOOL: Tool = Tool {
    name: "lookup-attribute",
    title: "Look up an attribute",
    about: "Finds attributes of the DICOM dictionary (PS3.6) by keyword, by tag as 00100010 or (0010,0010), or by part of the name, and \
            gives tag, keyword and value representation. Of private tags it knows the ones that are met most often. It asks no archive \
            anything; get-instance-metadata shows the values of an instance.",
    parameters: &[Parameter {
        name: "attribute",
        kind: Kind::Text(100),
        required: true,
        about: "A keyword, a tag, or part of a name, as birth date.",
    }],
    output: || {
        json!({
            "type": "object",
            "properties": {
                "returned": {"type": "integer", "minimum": 0},
                "total": {"type": "integer", "minimum": 0},
                "attributes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "tag": {"type": "string", "description": "As (gggg,eeee); xx stands for the block of a private creator."},
                            "keyword": {"type": "string"},
                            "name": {"type": "string"},
                            "vr": {"type": "string"},
                            "privateCreator": {"type": "string"},
                        },
                        "required": ["tag", "name", "vr"],
                        "additionalProperties": false
                    }
                }
            },
            "required": ["returned", "total", "attributes"],
            "additionalProperties": false
        })
    },
    effect: Effect::Reads,
    call,
};

/// Private attributes that are met most often: creator, group, element within its block, name, VR; from the conformance
/// statements of their makers.
#[rustfmt::skip]
const PRIVATE: &[(&str, u16, u8, &str, &str)] = &[
    ("SIEMENS CSA HEADER", 0x0029, 0x08, "CSA Image Header Type", "CS"),
    ("SIEMENS CSA HEADER", 0x0029, 0x10, "CSA Image Header Info", "OB"),
    ("SIEMENS CSA HEADER", 0x0029, 0x18, "CSA Series Header Type", "CS"),
    ("SIEMENS CSA HEADER", 0x0029, 0x20, "CSA Series Header Info", "OB"),
    ("SIEMENS MR HEADER", 0x0019, 0x0C, "B Value", "IS"),
    ("SIEMENS MR HEADER", 0x0019, 0x0E, "Diffusion Gradient Direction", "FD"),
    ("SIEMENS MR HEADER", 0x0019, 0x29, "Mosaic Reference Acquisition Times", "FD"),
    ("GEMS_IDEN_01", 0x0009, 0x01, "Full Fidelity", "LO"),
    ("GEMS_IDEN_01", 0x0009, 0x02, "Suite ID", "SH"),
    ("GEMS_PARM_01", 0x0043, 0x39, "Slop Integers 6 to 9 (b value first)", "IS"),
    ("GEMS_ACQU_01", 0x0019, 0xBB, "Diffusion Direction X", "DS"),
    ("GEMS_ACQU_01", 0x0019, 0xBC, "Diffusion Direction Y", "DS"),
    ("GEMS_ACQU_01", 0x0019, 0xBD, "Diffusion Direction Z", "DS"),
    ("Philips Imaging DD 001", 0x2001, 0x03, "Diffusion B-Factor", "FL"),
    ("Philips Imaging DD 001", 0x2001, 0x04, "Diffusion Direction", "CS"),
    ("Philips MR Imaging DD 005", 0x2005, 0x0D, "Scale Intercept", "FL"),
    ("Philips MR Imaging DD 005", 0x2005, 0x0E, "Scale Slope", "FL"),
    ("Philips PET Private Group", 0x7053, 0x00, "SUV Scale Factor", "DS"),
    ("Philips PET Private Group", 0x7053, 0x09, "Activity Concentration Scale Factor", "DS"),
];

fn call(_: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move { lookup(arguments.text("attribute")) })
}

/// What the dictionary has for a text.
pub(crate) fn lookup(text: &str) -> Result<Answer, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::Argument {
            name: "attribute".into(),
            problem: "nothing to look up".into(),
            advice: Some("PatientName, 00100010, (0010,0010) or birth date".into()),
        });
    }
    let mut found: Vec<Json> = Vec::new();
    match Attribute::parse(text) {
        Ok(attribute) if attribute.tag.group().is_multiple_of(2) => {
            if attribute.keyword != attribute.hex() {
                found.push(standard(&attribute));
            }
        }
        Ok(attribute) => found.extend(
            PRIVATE
                .iter()
                .filter(|(_, group, element, ..)| {
                    *group == attribute.tag.group()
                        && u16::from(*element) == attribute.tag.element() & 0xFF
                })
                .map(private),
        ),
        Err(_) => {
            let matching = attribute::containing(text);
            found.extend(matching.iter().map(standard));
            let wanted = text.to_lowercase();
            found.extend(
                PRIVATE
                    .iter()
                    .filter(|(creator, .., name, _)| {
                        creator.to_lowercase().contains(&wanted)
                            || name.to_lowercase().contains(&wanted)
                    })
                    .map(private),
            );
            if found.is_empty() {
                let nearest = Attribute::parse(text)
                    .err()
                    .and_then(|unknown| unknown.nearest);
                return Err(Failure::Argument {
                    name: "attribute".into(),
                    problem: format!(
                        "{:?} is in no keyword and no name",
                        crate::text::cut(&crate::text::escape(text), 100)
                    ),
                    advice: nearest.map(str::to_owned),
                });
            }
        }
    }
    let total = found.len();
    found.truncate(MOST);
    let mut lines = vec![match total {
        0 => "No attribute of the dictionary, and no private one that is known here.".to_owned(),
        1 => "1 attribute.".to_owned(),
        total if total > MOST => format!("{total} attributes, the first {MOST}:"),
        total => format!("{total} attributes."),
    }];
    if total > 0 {
        lines.push("tag | VR | keyword | name".to_owned());
    }
    for one in &found {
        let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
        let creator = one["privateCreator"].as_str();
        lines.push(format!(
            "{} | {} | {} | {}{}",
            text("tag"),
            text("vr"),
            text("keyword"),
            text("name"),
            creator.map_or_else(String::new, |creator| format!(" (private, {creator})"))
        ));
    }
    Ok(Answer::done(
        lines.join("\n"),
        json!({"returned": found.len(), "total": total, "attributes": found}),
    ))
}

fn standard(attribute: &Attribute) -> Json {
    json!({
        "tag": format!("({:04X},{:04X})", attribute.tag.group(), attribute.tag.element()),
        "keyword": attribute.keyword,
        "name": attribute::name(&attribute.keyword),
        "vr": attribute.vr.to_string(),
    })
}

fn private((creator, group, element, name, vr): &(&str, u16, u8, &str, &str)) -> Json {
    json!({
        "tag": format!("({group:04X},xx{element:02X})"),
        "name": name,
        "vr": vr,
        "privateCreator": creator,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_found_by_each_of_its_names() {
        for text in [
            "PatientBirthDate",
            "00100030",
            "(0010,0030)",
            "patientbirthdate",
        ] {
            let found = lookup(text).expect(text).structured;
            assert_eq!(
                found["attributes"][0]["name"], "Patient Birth Date",
                "{text}"
            );
        }
        let found = lookup("birth date").expect("part of a name").text;
        assert!(found.contains("PatientBirthDate"), "{found}");
        let private = lookup("0029,1010").expect("private").text;
        assert!(private.contains("SIEMENS CSA HEADER"), "{private}");
        assert!(lookup("xyzzy").is_err());
    }
}
