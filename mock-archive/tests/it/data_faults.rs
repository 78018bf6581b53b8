//! Faults of data sets, of searches by date and of retrieves that find nothing, as another reader sees them.

use bytes::Bytes;
use dicom_dictionary_std::tags;
use dicom_fixtures::{Instance, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use dicom_wire::part10::{self, Limits};

use crate::support::{CHEST, client, stow};

async fn with(fault: &str) -> MockArchive {
    let archive = MockArchive::start().await;
    archive.load(&CHEST).unwrap();
    archive.inject(Rule::parse(fault).unwrap());
    archive
}

fn path(instance: &Instance) -> String {
    format!(
        "/studies/{}/series/{}/instances/{}",
        instance.study, instance.series, instance.sop_instance
    )
}

async fn get(archive: &MockArchive, path: &str, accept: &str) -> (u16, Bytes) {
    let request = client().get(archive.web_url() + path);
    let answer = request.header("Accept", accept).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.bytes().await.unwrap())
}

/// The file of the first instance, as it comes.
async fn file(archive: &MockArchive) -> Vec<u8> {
    let (status, bytes) = get(archive, &path(&CHEST.instances()[0]), "application/dicom").await;
    assert_eq!(status, 200);
    bytes.to_vec()
}

/// Where an element in explicit VR is: its header, and the two bytes of its length.
fn header(bytes: &[u8], tag: [u8; 4], vr: &[u8; 2]) -> Option<usize> {
    let wanted = [&tag[..], vr].concat();
    bytes.windows(6).position(|six| six == wanted)
}

fn value(bytes: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([bytes[at + 6], bytes[at + 7]]));
    &bytes[at + 8..at + 8 + length]
}

const STUDY_DESCRIPTION: [u8; 4] = [0x08, 0, 0x30, 0x10];
const SOP_INSTANCE_UID: [u8; 4] = [0x08, 0, 0x18, 0];
const INSTANCE_NUMBER: [u8; 4] = [0x20, 0, 0x13, 0];

#[tokio::test]
async fn an_element_is_encoded_as_ps3_5_does_not_have_it() {
    let uid = &CHEST.instances()[0].sop_instance;

    let bytes = file(&with("misencode:how=odd-length").await).await;
    let at = header(&bytes, STUDY_DESCRIPTION, b"LO").unwrap();
    assert_eq!(value(&bytes, at).len() % 2, 1);

    let bytes = file(&with("misencode:how=uid-blank").await).await;
    let at = header(&bytes, SOP_INSTANCE_UID, b"UI").unwrap();
    assert!(value(&bytes, at).starts_with(format!("{uid} ").as_bytes()));

    let bytes = file(&with("misencode:how=uid-zero").await).await;
    let at = header(&bytes, SOP_INSTANCE_UID, b"UI").unwrap();
    let (root, last) = uid.rsplit_once('.').unwrap();
    assert!(value(&bytes, at).starts_with(format!("{root}.0{last}").as_bytes()));

    let bytes = file(&with("misencode:how=wrong-vr").await).await;
    assert!(header(&bytes, INSTANCE_NUMBER, b"FD").is_some());
    assert!(header(&bytes, INSTANCE_NUMBER, b"IS").is_none());

    let right = file(&with("delay:by=1ms").await).await;
    let bytes = file(&with("misencode:how=tail").await).await;
    assert_eq!(bytes.len(), right.len() + 512);
    assert!(bytes.starts_with(&right) && bytes.ends_with(&[0; 512]));
}

#[tokio::test]
async fn pixels_lose_their_lowest_bits_and_nothing_else_changes() {
    let right = file(&with("delay:by=1ms").await).await;

    let lossy = file(&with("lossy:bits=4").await).await;

    let layout = part10::scan(std::io::Cursor::new(&right), &Limits::default()).unwrap();
    let part10::Bulk::Whole(pixels) = &layout.pixel_data().unwrap().value else {
        panic!("native pixels")
    };
    let (start, end) = (pixels.start as usize, pixels.end as usize);
    assert_eq!(lossy[..start], right[..start]);
    assert_eq!(lossy[end..], right[end..]);
    let words = right[start..end].chunks(2).zip(lossy[start..end].chunks(2));
    for (before, after) in words {
        assert_eq!([before[0] & 0xF0, before[1]], after);
    }
    assert_ne!(lossy, right);
}

#[tokio::test]
async fn private_attributes_are_left_out() {
    let private = |bytes: &[u8]| {
        let object = dicom_object::from_reader(bytes).unwrap();
        object
            .iter()
            .filter(|element| element.header().tag.0 % 2 == 1)
            .count()
    };
    let right = file(&with("delay:by=1ms").await).await;
    let without = file(&with("damage-file:without-private=true").await).await;

    assert_eq!(private(&without), 0);
    assert_eq!(private(&right) == 0, right == without);
}

#[tokio::test]
async fn dates_are_those_of_another_day() {
    let study = ct("chest").size(16).slices(1);
    let archive = MockArchive::start().await;
    archive.load(&study).unwrap();
    let (_, rows) = get(&archive, "/studies", "application/dicom+json").await;
    let rows: serde_json::Value = serde_json::from_slice(&rows).unwrap();
    let date = rows[0]["00080020"]["Value"][0].as_str().unwrap();
    let found = async |archive: &MockArchive| {
        let search = format!("/studies?StudyDate={date}");
        get(archive, &search, "application/dicom+json").await.0
    };
    assert_eq!(found(&archive).await, 200);

    archive.inject(Rule::parse("shift-dates:days=1").unwrap());
    assert_eq!(found(&archive).await, 204);
    archive.inject(Rule::parse("shift-dates:days=-1").unwrap());
    assert_eq!(found(&archive).await, 200, "there and back");
}

#[tokio::test]
async fn a_retrieve_finds_nothing_of_what_is_there() {
    let archive = with("find-nothing:service=retrieve").await;
    let study = format!("/studies/{}", CHEST.study_uid());

    assert_eq!(get(&archive, &study, "*/*").await.0, 404);
    assert_eq!(
        get(&archive, &format!("{study}/metadata"), "*/*").await.0,
        200
    );
}

#[tokio::test]
async fn metadata_is_of_unknown_vr_or_of_before() {
    let instance = &CHEST.instances()[0];
    let metadata = async |fault: &str| {
        let archive = with(fault).await;
        let path = path(instance) + "/metadata";
        let (_, body) = get(&archive, &path, "application/dicom+json").await;
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
    };
    let unknown = metadata("unknown-vr").await;
    assert_eq!(unknown[0]["00100010"]["vr"], "UN");
    assert_eq!(unknown[0]["00080018"]["vr"], "UI");

    let stale = metadata("stale-metadata").await;
    assert_eq!(
        stale[0]["00100010"]["Value"][0]["Alphabetic"],
        "Former^Name"
    );
}

#[tokio::test]
async fn pixels_that_lost_bits_say_so_and_are_another_instance_if_they_shall() {
    let uid = &CHEST.instances()[0].sop_instance;
    let text = |bytes: &[u8], tag: dicom_core::Tag| {
        let object = dicom_object::from_reader(bytes).unwrap();
        let meta = object.meta().media_storage_sop_instance_uid().to_owned();
        let text = object.element_opt(tag).unwrap().map(|element| {
            let text = element.to_str().unwrap();
            text.trim_end_matches([' ', '\0']).to_owned()
        });
        (meta, text)
    };

    let silent = file(&with("lossy").await).await;
    let lossy = text(&silent, tags::LOSSY_IMAGE_COMPRESSION).1;
    assert_eq!(lossy.as_deref(), Some("00"));

    let said = file(&with("wado.lossy-same-uid").await).await;
    let (meta, lossy) = text(&said, tags::LOSSY_IMAGE_COMPRESSION);
    assert_eq!(
        (meta.trim_end_matches('\0'), lossy.as_deref()),
        (uid.as_str(), Some("01"))
    );
    let kind = text(&said, tags::IMAGE_TYPE).1.unwrap();
    assert!(kind.starts_with("DERIVED\\"), "{kind}");

    let other = file(&with("wado.lossy-derived").await).await;
    let (meta, own) = text(&other, tags::SOP_INSTANCE_UID);
    let own = own.unwrap();
    assert_eq!(meta.trim_end_matches('\0'), own);
    assert!(own.starts_with("2.25.") && own != *uid, "{own}");
    assert_eq!(
        other,
        file(&with("wado.lossy-derived").await).await,
        "the same each time"
    );
}

#[tokio::test]
async fn a_sequence_goes_out_in_a_form_that_readers_stumble_over() {
    let right = file(&with("delay:by=1ms").await).await;
    let sequence = [0x08, 0, 0x20, 0x11];
    assert!(header(&right, sequence, b"SQ").is_none());

    let bytes = file(&with("data.undefined-length").await).await;
    let at = header(&bytes, sequence, b"UN").unwrap();
    assert_eq!(bytes[at + 8..at + 12], [0xFF; 4]);
    // The item's element has no VR: PS3.5 6.2.2.
    assert_eq!(bytes[at + 20..at + 28], [0x08, 0, 0x50, 0x11, 24, 0, 0, 0]);

    let bytes = file(&with("data.delimiter-length").await).await;
    let at = header(&bytes, sequence, b"SQ").unwrap();
    let end = [0xFE, 0xFF, 0xDD, 0xE0, 4, 0, 0, 0];
    assert!(bytes[at..at + 80].windows(8).any(|eight| eight == end));
}

#[tokio::test]
async fn a_file_is_in_a_private_transfer_syntax_with_the_bytes_that_it_stands_for() {
    const UID: &[u8] = b"1.2.840.113619.5.2";
    let right = file(&with("delay:by=1ms").await).await;
    let archive = with("data.private-syntax").await;
    let bytes = file(&archive).await;

    let at = header(&bytes, [2, 0, 0x10, 0], b"UI").unwrap();
    assert_eq!(value(&bytes, at), UID);
    // The group length does not count itself.
    let meta = 144 + u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
    let implicit = dicom_transfer_syntax_registry::entries::IMPLICIT_VR_LITTLE_ENDIAN.erased();
    let seen =
        dicom_object::InMemDicomObject::read_dataset_with_ts(&bytes[meta..], &implicit).unwrap();
    let stored = dicom_object::from_reader(&right[..]).unwrap();
    for element in stored.iter() {
        let tag = element.header().tag;
        let other = seen.get(tag).unwrap();
        match tag {
            tags::PIXEL_DATA => {
                let words = element.to_bytes().unwrap();
                let turned: Vec<u8> = words
                    .chunks(2)
                    .flat_map(|word| [word[1], word[0]])
                    .collect();
                assert_eq!(*other.to_bytes().unwrap(), turned);
            }
            // A private attribute has no VR there.
            _ if tag.0 % 2 == 1 || element.header().vr == dicom_core::VR::SQ => {}
            _ => assert_eq!(
                other.to_bytes().unwrap(),
                element.to_bytes().unwrap(),
                "{tag}"
            ),
        }
    }

    let request = client().get(archive.web_url() + &path(&CHEST.instances()[0]));
    let request = request.header("Accept", "multipart/related; type=\"application/dicom\"");
    let parts = request.send().await.unwrap().bytes().await.unwrap();
    let label = b"application/dicom; transfer-syntax=1.2.840.113619.5.2";
    assert!(parts.windows(label.len()).any(|bytes| bytes == label));

    let rle = CHEST.clone().encode(dicom_fixtures::TransferSyntax::Rle);
    let archive = MockArchive::start().await;
    archive.load(&rle).unwrap();
    let accept = "application/dicom; transfer-syntax=*";
    let (_, right) = get(&archive, &path(&rle.instances()[0]), accept).await;
    archive.inject(Rule::parse("private-syntax").unwrap());
    let (_, same) = get(&archive, &path(&rle.instances()[0]), accept).await;
    assert_eq!(same, right, "nothing compressed is in it");
}

#[tokio::test]
async fn any_attribute_can_be_what_instances_of_a_study_have_to_agree_on() {
    let with = |tag, value: &str| CHEST.clone().with(tag, value);
    let first = with(tags::BODY_PART_EXAMINED, "CHEST");
    let stored = async |fault: &str, second: &dicom_fixtures::Study| {
        let archive = MockArchive::start().await;
        archive.inject(Rule::parse(fault).unwrap());
        for (study, at) in [(&first, 0), (second, 1)] {
            let (status, response) = stow(&archive, &study.instances()[at..=at]).await;
            if at == 1 {
                let reason = response.failed.first().and_then(|one| one.reason);
                return (status, reason.map(|reason| reason.0));
            }
        }
        unreachable!()
    };
    for (fault, tag, value, expected) in [
        (
            "patient-conflict:on=BodyPartExamined:reason=A779",
            tags::BODY_PART_EXAMINED,
            "HEAD",
            (409, Some(0xA779)),
        ),
        (
            "patient-conflict:on=00180015:reason=A779",
            tags::BODY_PART_EXAMINED,
            "HEAD",
            (409, Some(0xA779)),
        ),
        (
            "patient-conflict:on=BodyPartExamined,StudyID:reason=A779",
            tags::STUDY_ID,
            "OTHER",
            (409, Some(0xA779)),
        ),
        (
            "patient-conflict:on=BodyPartExamined",
            tags::STUDY_ID,
            "OTHER",
            (200, None),
        ),
        (
            "patient-conflict:on=BodyPartExamined",
            tags::BODY_PART_EXAMINED,
            "CHEST",
            (200, None),
        ),
        (
            "patient-conflict",
            tags::BODY_PART_EXAMINED,
            "HEAD",
            (200, None),
        ),
    ] {
        let second = match tag {
            tags::BODY_PART_EXAMINED => with(tag, value),
            _ => with(tags::BODY_PART_EXAMINED, "CHEST").with(tag, value),
        };
        assert_eq!(
            stored(fault, &second).await,
            expected,
            "{fault} {tag} {value}"
        );
    }
    let error = Rule::parse("patient-conflict:on=PatientShoe").unwrap_err();
    assert!(error.contains("PatientShoe"), "{error}");
}

#[tokio::test]
async fn times_are_those_of_another_hour() {
    let study = |time: &str| {
        ct("chest")
            .size(16)
            .seed(time.parse().unwrap())
            .slices(1)
            .with(tags::STUDY_TIME, time)
    };
    let found = async |fault: &str, time: &str| {
        let archive = MockArchive::start().await;
        for stored in [study("090000"), study("100000"), study("233000")] {
            archive.load(&stored).unwrap();
        }
        archive.inject(Rule::parse(fault).unwrap());
        let search = format!("/studies?StudyTime={time}");
        let (_, body) = get(&archive, &search, "application/dicom+json").await;
        let rows: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let rows = rows.as_array().cloned().unwrap_or_default();
        let time =
            |row: &serde_json::Value| row["00080030"]["Value"][0].as_str().unwrap().to_owned();
        rows.iter().map(time).collect::<Vec<_>>()
    };
    let right = "delay:by=1ms";
    assert_eq!(found(right, "0900-0959").await, ["090000"]);
    assert_eq!(found("qido.time-shift", "0900-0959").await, ["100000"]);
    assert_eq!(found("qido.time-shift", "09").await, ["100000"]);
    assert_eq!(
        found("shift-dates:days=0:minutes=-60", "10-").await,
        ["090000", "100000"],
        "2330 is seen at 0030"
    );
    assert_eq!(
        found("qido.time-shift", "2330").await,
        Vec::<String>::new(),
        "beyond midnight"
    );
    assert_eq!(
        found("shift-dates:days=0:minutes=30", "22-23").await,
        ["233000"],
        "seen at 2300"
    );
}

#[tokio::test]
async fn what_was_acquired_before_midnight_is_found_on_the_next_day() {
    let study = |date: &str, time: &str| {
        ct("chest")
            .size(16)
            .seed(time.parse().unwrap())
            .slices(1)
            .with_date(date)
            .with(tags::STUDY_TIME, time)
    };
    let archive = MockArchive::start().await;
    for (date, time) in [("20260228", "233000"), ("20260301", "001000")] {
        archive.load(&study(date, time)).unwrap();
    }
    // The archive is an hour ahead: what is asked for is an hour later there.
    archive.inject(Rule::parse("shift-dates:days=0:minutes=-60").unwrap());
    let found = async |query: &str| {
        let search = format!("/studies?{query}");
        let (_, body) = get(&archive, &search, "application/dicom+json").await;
        let rows: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let rows = rows.as_array().cloned().unwrap_or_default();
        let text =
            |row: &serde_json::Value| row["00080030"]["Value"][0].as_str().unwrap().to_owned();
        rows.iter().map(text).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("StudyDate=20260228", &[][..]),
        ("StudyDate=20260301", &["001000", "233000"]),
        ("StudyDate=20260301&StudyTime=0000-0045", &["233000"]),
        (
            "StudyDate=20260301-20260301&StudyTime=0000-0045",
            &["233000"],
        ),
        (
            "StudyDate=20260228-20260301&StudyTime=2300-0100",
            &["233000"],
        ),
        ("StudyDate=-20260228", &[]),
        ("StudyTime=003000", &["233000"]),
    ] {
        let mut seen = found(query).await;
        seen.sort();
        assert_eq!(seen, expected, "{query}");
    }
}
