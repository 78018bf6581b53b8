//! Bulk data: everything that metadata refers to, one by one and all at once.

use std::io::Cursor;

use bytes::Bytes;
use dicom_dictionary_std::tags;
use dicom_fixtures::TransferSyntax;
use dicom_mock_archive::MockArchive;
use dicom_object::DefaultDicomObject;
use dicom_wire::multipart::{Decoder, Event};
use reqwest::Response;
use serde_json::Value;

use crate::support::{CHEST, client, stow};

const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";

async fn get(url: &str, accept: &str) -> Response {
    let request = client().get(url).header("Accept", accept);
    request.send().await.unwrap()
}

/// Content-Type, Content-Location and length of each part.
async fn parts(response: Response) -> Vec<(String, String, Bytes)> {
    assert_eq!(response.status(), 200);
    let content_type = response.headers()["content-type"].to_str().unwrap();
    let mut decoder = Decoder::from_content_type(content_type).unwrap();
    decoder.push(response.bytes().await.unwrap());
    let mut parts: Vec<(String, String, Vec<u8>)> = Vec::new();
    while let Some(event) = decoder.poll().unwrap() {
        match event {
            Event::PartStart(headers) => {
                let field = |name| headers.field(name).unwrap_or_default().to_owned();
                parts.push((field("Content-Type"), field("Content-Location"), Vec::new()));
            }
            Event::Data(data) => parts.last_mut().unwrap().2.extend_from_slice(&data),
            Event::PartEnd | Event::End => {}
        }
    }
    decoder.finish().unwrap();
    let whole = |(kind, location, bytes): (_, _, Vec<u8>)| (kind, location, bytes.into());
    parts.into_iter().map(whole).collect()
}

/// The BulkDataURI of the pixels of each instance of a scope.
async fn links(scope: &str) -> Vec<String> {
    let metadata = get(&format!("{scope}/metadata"), "application/dicom+json").await;
    let rows: Value = serde_json::from_slice(&metadata.bytes().await.unwrap()).unwrap();
    let link = |row: &Value| row["7FE00010"]["BulkDataURI"].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(link).collect()
}

#[tokio::test]
async fn every_level_gives_all_of_its_values() {
    let archive = MockArchive::start().await;
    stow(&archive, CHEST.instances()).await;
    let one = &CHEST.instances()[0];
    let study = format!("{}/studies/{}", archive.web_url(), one.study);
    let series = format!("{study}/series/{}", one.series);
    let instance = format!("{series}/instances/{}", one.sop_instance);
    for scope in [study, series, instance] {
        let mut due = links(&scope).await;
        due.sort();
        for resource in ["bulkdata", "pixeldata"] {
            let parts = parts(get(&format!("{scope}/{resource}"), OCTETS).await).await;
            let mut given: Vec<_> = parts.iter().map(|part| part.1.clone()).collect();
            given.sort();
            assert_eq!(given, due, "{scope}/{resource}");
            for (kind, location, bytes) in parts {
                assert_eq!(kind, "application/octet-stream");
                let alone = get(&location, "application/octet-stream").await;
                assert!(alone.bytes().await.unwrap() == bytes, "{location}");
            }
        }
    }
}

#[tokio::test]
async fn compressed_pixels_come_decoded_or_as_a_codestream_for_each_frame() {
    let archive = MockArchive::start().await;
    let study = dicom_fixtures::ultrasound().frames(3);
    let native = study.instances()[0].object();
    let study = study.encode(TransferSyntax::Rle);
    let one = &study.instances()[0];
    stow(&archive, [one]).await;
    let scope = format!(
        "{}/studies/{}/series/{}/instances/{}",
        archive.web_url(),
        one.study,
        one.series,
        one.sop_instance
    );
    let link = links(&scope).await.remove(0);
    let stored = DefaultDicomObject::from_reader(Cursor::new(&one.bytes)).unwrap();
    let pixels = stored.element(tags::PIXEL_DATA).unwrap();
    let fragments = pixels.fragments().unwrap();
    for url in [
        link.clone(),
        format!("{scope}/pixeldata"),
        format!("{scope}/bulkdata"),
    ] {
        let decoded = parts(get(&url, OCTETS).await).await;
        assert_eq!(decoded.len(), 1);
        assert_eq!(
            (&decoded[0].1, decoded[0].2.len()),
            (&link, {
                let native = native.element(tags::PIXEL_DATA).unwrap();
                native.to_bytes().unwrap().len()
            })
        );
        let codestreams =
            parts(get(&url, "multipart/related; type=\"image/dicom-rle\"").await).await;
        assert_eq!(codestreams.len(), 3, "{url}");
        for (n, (kind, location, bytes)) in codestreams.iter().enumerate() {
            assert_eq!(kind, "image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5");
            assert_eq!(location, &format!("{scope}/frames/{}", n + 1));
            assert!(bytes == &fragments[n], "frame {}", n + 1);
        }
        assert_eq!(
            get(&url, "multipart/related; type=\"image/png\"")
                .await
                .status(),
            406
        );
    }
}

#[tokio::test]
async fn what_has_no_bulk_data_has_none_to_give() {
    let archive = MockArchive::start().await;
    let report = dicom_fixtures::report_narrative();
    stow(&archive, report.instances()).await;
    let one = &report.instances()[0];
    for resource in ["bulkdata", "pixeldata"] {
        let url = format!("{}/studies/{}/{resource}", archive.web_url(), one.study);
        assert_eq!(get(&url, OCTETS).await.status(), 404);
    }
}
