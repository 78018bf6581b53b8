//! Studies as ZIP archives.

use dicom_mock_archive::MockArchive;
use flate2::Crc;

use crate::support::{CHEST, client, stow};

/// The files of an archive by its directory at the end, as a reader that knows nothing else finds them; checksums are compared.
fn files(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let short = |at: usize| usize::from(u16::from_le_bytes(zip[at..at + 2].try_into().unwrap()));
    let long = |at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap());
    let end = zip.len() - 22;
    assert_eq!(&zip[end..end + 4], b"PK\x05\x06");
    let mut at = long(end + 16) as usize;
    let mut files = Vec::new();
    for _ in 0..short(end + 10) {
        assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
        let (crc, length) = (long(at + 16), long(at + 24) as usize);
        let (name, extra) = (short(at + 28), short(at + 30));
        let local = long(at + 42) as usize;
        assert_eq!(&zip[local..local + 4], b"PK\x03\x04");
        assert_eq!(long(local + 14), crc);
        assert_eq!(long(local + 18) as usize, length);
        let data = local + 30 + short(local + 26) + short(local + 28);
        let data = zip[data..data + length].to_vec();
        let mut sum = Crc::new();
        sum.update(&data);
        assert_eq!(sum.sum(), crc);
        let text = String::from_utf8(zip[at + 46..at + 46 + name].to_vec()).unwrap();
        files.push((text, data));
        at += 46 + name + extra;
    }
    assert_eq!(at, end);
    files
}

#[tokio::test]
async fn a_study_is_an_archive_of_its_files_as_they_were_stored() {
    let archive = MockArchive::start().await;
    stow(&archive, CHEST.instances()).await;
    let study = &CHEST.instances()[0].study;

    let answer = client()
        .get(format!("{}/studies/{study}", archive.web_url()))
        .header("Accept", "application/zip")
        .send()
        .await
        .unwrap();

    assert_eq!(answer.headers()["content-type"], "application/zip");
    let mut found = files(&answer.bytes().await.unwrap());
    let mut expected: Vec<_> = CHEST
        .instances()
        .iter()
        .map(|one| {
            let name = format!("{study}/{}/{}.dcm", one.series, one.sop_instance);
            (name, one.bytes.to_vec())
        })
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn whoever_takes_anything_gets_no_archive() {
    let archive = MockArchive::start().await;
    stow(&archive, &CHEST.instances()[..1]).await;
    let url = format!(
        "{}/studies/{}",
        archive.web_url(),
        CHEST.instances()[0].study
    );
    let multipart = "multipart/related; type=\"application/dicom\"";
    for accept in [
        "*/*".to_owned(),
        format!("application/zip;q=0.5, {multipart}"),
    ] {
        let answer = client()
            .get(&url)
            .header("Accept", &accept)
            .send()
            .await
            .unwrap();
        let media = answer.headers()["content-type"].to_str().unwrap();
        assert!(media.starts_with("multipart/related"), "{accept}: {media}");
    }
}
