//! Instances by query parameters.

use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::support::{CHEST, client, stow};

async fn with_a_slice() -> (MockArchive, &'static Instance) {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    (archive, instance)
}

fn naming(instance: &Instance) -> [(&'static str, &str); 4] {
    [
        ("requestType", "WADO"),
        ("studyUID", &instance.study),
        ("seriesUID", &instance.series),
        ("objectUID", &instance.sop_instance),
    ]
}

/// Without an Accept header, as browsers' images and many viewers ask.
async fn get(archive: &MockArchive, path: &str, names: &[(&str, &str)], more: &str) -> Response {
    let query: Vec<String> = names
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let url = format!("{}{path}?{}{more}", archive.web_url(), query.join("&"));
    client().get(url).send().await.unwrap()
}

#[tokio::test]
async fn an_instance_is_given_as_a_file_or_a_picture() {
    let (archive, instance) = with_a_slice().await;
    let names = naming(instance);
    for (path, more, media, start) in [
        (
            "/wado",
            "&contentType=application/dicom",
            "application/dicom",
            &[0_u8, 0][..],
        ),
        (
            "",
            "&contentType=application%2Fdicom",
            "application/dicom",
            &[0, 0],
        ),
        ("/wado", "", "image/jpeg", &[0xFF, 0xD8]),
        ("/wado", "&contentType=image/png", "image/png", b"\x89PNG"),
        (
            "/wado",
            "&contentType=image/tiff,image/jpeg&frameNumber=1",
            "image/jpeg",
            &[0xFF, 0xD8],
        ),
    ] {
        let answer = get(&archive, path, &names, more).await;
        assert_eq!(answer.status(), StatusCode::OK, "{more}");
        let given = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(given.starts_with(media), "{given}");
        assert!(answer.bytes().await.unwrap().starts_with(start), "{more}");
    }
    let whole = get(&archive, "/wado", &names, "&contentType=application/dicom").await;
    assert_eq!(whole.bytes().await.unwrap(), instance.bytes);
}

#[tokio::test]
async fn size_and_window_shape_the_picture() {
    let (archive, instance) = with_a_slice().await;
    let names = naming(instance);
    let png = |more: &'static str| {
        let (archive, names) = (&archive, &names);
        async move {
            let more = format!("&contentType=image/png{more}");
            get(archive, "/wado", names, &more)
                .await
                .bytes()
                .await
                .unwrap()
        }
    };
    let width = |png: &[u8]| u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert_eq!(width(&png("").await), 32);
    assert_eq!(width(&png("&rows=16").await), 16);
    assert_eq!(width(&png("&rows=100&columns=8").await), 8);
    let bones = png("&windowCenter=500&windowWidth=2000").await;
    let lungs = png("&windowCenter=-600&windowWidth=1500").await;
    assert_ne!(bones, lungs);
}

#[tokio::test]
async fn each_missing_parameter_is_named() {
    let (archive, instance) = with_a_slice().await;
    let names = naming(instance);
    for missing in 0..names.len() {
        let rest: Vec<_> = (0..names.len())
            .filter(|number| *number != missing)
            .map(|number| names[number])
            .collect();
        let answer = get(&archive, "/wado", &rest, "").await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let said = body["detail"].as_str().unwrap();
        assert_eq!(said, format!("missing parameters: {}", names[missing].0));
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_never_left_out() {
    let (archive, instance) = with_a_slice().await;
    let names = naming(instance);
    for (more, status) in [
        (
            "&contentType=application/dicom;transfer-syntax=1.2.840.10008.1.2.1",
            400,
        ),
        ("&contentType=image/tiff", 406),
        ("&contentType=application/dicom&anonymize=yes", 400),
        ("&contentType=application/dicom&frameNumber=1", 400),
        (
            "&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2.4.90",
            406,
        ),
        ("&contentType=image/png&windowCenter=1", 400),
        ("&contentType=image/png&rows=0", 400),
        ("&contentType=image/png&frameNumber=2", 404),
    ] {
        let answer = get(&archive, "/wado", &names, more).await;
        assert_eq!(answer.status().as_u16(), status, "{more}");
    }
    let mut elsewhere = names;
    elsewhere[3].1 = "1.2.3";
    let answer = get(&archive, "/wado", &elsewhere, "").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let mut other = names;
    other[0].1 = "WODA";
    let answer = get(&archive, "", &other, "").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}
