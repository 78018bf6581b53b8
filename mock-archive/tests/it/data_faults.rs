//! Faults of data sets, of searches by date and of retrieves that find nothing, as another reader sees them.

use bytes::Bytes;
use dicom_fixtures::{Instance, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use dicom_wire::part10::{self, Limits};

use crate::support::{CHEST, client};

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
