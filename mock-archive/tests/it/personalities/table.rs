//! The same requests to every personality, in one table that a person can read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dicom_mock_archive::personality::{Personality, Seen};
use serde_json::Value;

use super::held::Held;
use super::{Came, ask, like};

const DICOM: &str = "multipart/related; type=\"application/dicom\"";
const JSON: &str = "application/dicom+json";
const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";
const XML: &str = "multipart/related; type=\"application/dicom+xml\"";

/// Each request: what is asked, what is accepted, what is sent.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET /studies?PatientID={patient}", JSON, ""),
    ("GET /studies?PatientID=nobody", JSON, ""),
    ("GET /studies?PatientID={patient_start}*", JSON, ""),
    ("GET /studies?PatientID={patient_other_case}", JSON, ""),
    ("GET /studies?PatientName=DOE%5EJOHN", JSON, ""),
    ("GET /studies?StudyID=nothing", JSON, ""),
    ("GET /studies?nonsense=1", JSON, ""),
    ("GET /studies?limit=1", JSON, ""),
    ("GET /studies?limit=0", JSON, ""),
    ("GET /studies?limit=201", JSON, ""),
    ("GET /studies?limit=two", JSON, ""),
    ("GET /studies?offset=9999", JSON, ""),
    (
        "GET /studies?PatientID={patient}&includefield=StudyDescription",
        JSON,
        "",
    ),
    ("GET /studies?PatientName=JOHN&fuzzymatching=true", JSON, ""),
    ("GET /studies", XML, ""),
    ("GET /studies", "text/html", ""),
    ("GET /series", JSON, ""),
    ("GET /studies/{study}/series", JSON, ""),
    ("GET /studies/{study}/instances", JSON, ""),
    ("HEAD /studies", JSON, ""),
    ("OPTIONS /studies", JSON, ""),
    ("GET /studies/{study}", DICOM, ""),
    ("GET {instance_path}", DICOM, ""),
    ("GET {instance_path}", "application/dicom", ""),
    ("GET {instance_path}", "text/html", ""),
    ("GET {encoded_path}", DICOM, ""),
    ("GET /studies/1.2.3", DICOM, ""),
    ("GET /studies/{study}/metadata", JSON, ""),
    ("GET {instance_path}/metadata", JSON, ""),
    ("GET {instance_path}/frames/1", OCTETS, ""),
    (
        "GET {instance_path}/frames/1",
        "application/octet-stream",
        "",
    ),
    ("GET {instance_path}/frames/7", OCTETS, ""),
    ("GET {instance_path}/rendered", "image/png", ""),
    ("GET {instance_path}/rendered", "image/gif", ""),
    ("GET {instance_path}/thumbnail", "image/png", ""),
    ("POST /studies", JSON, "one"),
    ("POST /studies", JSON, "again"),
    ("POST /studies", JSON, "other-patient"),
    ("POST /studies", JSON, "good-and-garbage"),
    ("POST /studies", JSON, "garbage"),
    ("POST /studies", JSON, "no-end"),
    ("POST /studies", JSON, "bare"),
    ("POST /studies/{other}", JSON, "one"),
    ("DELETE {instance_path}", JSON, ""),
    ("associate", "", ""),
    ("associate called=SOMEBODY", "", ""),
    (
        "find level=STUDY PatientID={patient} PatientName= StudyID= NumberOfStudyRelatedInstances=",
        "",
        "",
    ),
    ("find level=IMAGE SOPInstanceUID=", "", ""),
    (
        "move to=NOBODY level=STUDY StudyInstanceUID={study}",
        "",
        "",
    ),
    ("store", "", ""),
];

const HEADERS: &[&str] = &[
    "content-type",
    "warning",
    "etag",
    "cache-control",
    "content-encoding",
    "location",
    "allow",
];

fn seen((ask, accept, send): (&str, &str, &str)) -> Seen {
    let accept = Some(accept).filter(|accept| !accept.is_empty());
    Seen {
        ask: ask.to_owned(),
        with: accept
            .map(|accept| ("accept".to_owned(), accept.to_owned()))
            .into_iter()
            .collect(),
        after: None,
        send: Some(send)
            .filter(|send| !send.is_empty())
            .map(str::to_owned),
        gives: String::new(),
        has: Vec::new(),
        lacks: Vec::new(),
    }
}

/// What a person looks at: status, the header fields that differ between archives, and what the body is like.
fn digest(came: &Came) -> String {
    let Some((head, body)) = came.text.split_once("\n\n") else {
        let text = came.text.replace('\n', " ");
        return format!("{} {}", came.gives, text.trim());
    };
    let mut line = came.gives.clone();
    for name in HEADERS {
        let fields = head
            .lines()
            .filter_map(|field| field.strip_prefix(name)?.strip_prefix(": "));
        for value in fields {
            let _ = match *name {
                "etag" => write!(line, " | etag"),
                "location" => write!(line, " | location"),
                _ => write!(line, " | {name}: {}", steady(value)),
            };
        }
    }
    let _ = write!(line, " | {}", shape(head, body));
    line
}

/// A header's value without what is different each time.
fn steady(value: &str) -> String {
    let value = value.split("; boundary").next().unwrap_or(value);
    let end = value.find("http://").map_or(value.len(), |at| {
        value[at..]
            .find(['"', ' '])
            .map_or(value.len(), |length| at + length)
    });
    let start = value.find("http://").unwrap_or(value.len());
    let link = if start < value.len() { "LINK" } else { "" };
    format!("{}{link}{}", &value[..start], &value[end..])
}

fn shape(head: &str, body: &str) -> String {
    let text = body.split("\nrows ").next().unwrap_or(body);
    if text.is_empty() {
        return "nothing".to_owned();
    }
    if head.contains("content-encoding: gzip") {
        return "compressed".to_owned();
    }
    if let Some(at) = head.find("boundary=") {
        let boundary: String = head[at + 9..]
            .trim_start_matches('"')
            .chars()
            .take_while(|c| !"\";\n".contains(*c))
            .collect();
        let parts = body.matches(&format!("--{boundary}\r\n")).count();
        let fields = body.split("\r\n\r\n").next().unwrap_or_default();
        let names: Vec<_> = fields
            .lines()
            .filter_map(|line| Some(line.split_once(": ")?.0.to_ascii_lowercase()))
            .collect();
        return format!("{parts} parts with {}", names.join(", "));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(rows)) => {
            let first = rows.first().and_then(Value::as_object);
            let tags = first.map(|row| row.len()).unwrap_or_default();
            format!("{} rows, {tags} attributes in the first", rows.len())
        }
        Ok(Value::Object(object))
            if object.contains_key("00081190")
                || object.contains_key("00081199")
                || object.contains_key("00081198") =>
        {
            outcomes(&object)
        }
        Ok(Value::Object(object)) => format!(
            "JSON: {}",
            object.keys().cloned().collect::<Vec<_>>().join(", ")
        ),
        _ if text.contains("DICM") => "a file".to_owned(),
        _ if head.contains("image/") => "a picture".to_owned(),
        _ => format!(
            "text: {}",
            text.chars()
                .filter(|c| !c.is_control())
                .take(60)
                .collect::<String>()
        ),
    }
}

/// A store response: how many of which, with their reasons.
fn outcomes(object: &serde_json::Map<String, Value>) -> String {
    let mut told = Vec::new();
    for (tag, name) in [
        ("00081199", "stored"),
        ("00081198", "failed"),
        ("0008119A", "other failures"),
    ] {
        let Some(items) = object
            .get(tag)
            .and_then(|element| element["Value"].as_array())
        else {
            continue;
        };
        let reasons = items
            .iter()
            .filter_map(|item| item["00081197"]["Value"][0].as_u64());
        let reasons: Vec<_> = reasons.map(|reason| format!("{reason:04X}")).collect();
        told.push(
            format!("{} {name} {}", items.len(), reasons.join(" "))
                .trim_end()
                .to_owned(),
        );
    }
    told.join(", ")
}

#[tokio::test]
async fn the_same_requests_to_every_personality_give_these_answers() {
    let held = Held::new();
    let mut page = String::from(
        "The same requests to every personality; those that answer alike stand together, `(none)` is the archive like no other.\n",
    );
    let names = std::iter::once(None).chain(Personality::all().iter().map(Some));
    let names: Vec<_> = names.collect();
    for &(asked, accept, send) in REQUESTS {
        let mut answers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut order = Vec::new();
        for personality in &names {
            let archive = like(*personality, &held, None).await;
            let came = ask(&archive, &held, &seen((asked, accept, send))).await;
            let line = digest(&came);
            if !answers.contains_key(&line) {
                order.push(line.clone());
            }
            let name = personality.map_or("(none)", |personality| personality.name);
            answers.entry(line).or_default().push(name);
        }
        let accept = if accept.is_empty() {
            String::new()
        } else {
            format!("  Accept: {accept}")
        };
        let send = if send.is_empty() {
            String::new()
        } else {
            format!("  of {send}")
        };
        let _ = writeln!(page, "\n{asked}{accept}{send}");
        for line in order {
            let _ = writeln!(page, "    {line}\n        {}", answers[&line].join(", "));
        }
    }
    insta::assert_snapshot!(page);
}
