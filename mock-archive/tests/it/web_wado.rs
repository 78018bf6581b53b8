//! WADO-RS: what was stored comes back whole, converted only where nothing is lost, and refused in words.

use std::collections::BTreeMap;
use std::io::Cursor;

use bytes::Bytes;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_fixtures::encoded::{self, Fidelity};
use dicom_fixtures::{Instance, TransferSyntax};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::CutBody;
use dicom_mock_archive::rule::{Rule, retrieving};
use dicom_object::DefaultDicomObject;
use dicom_wire::multipart::{Decoder, Event};
use dicom_wire::part10::{self, Limits};
use dicom_wire::uid::Uid;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{CHEST, client, stow};

const FILES: &str = "multipart/related; type=\"application/dicom\"";
const AS_STORED: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";

async fn get(archive: &MockArchive, path: &str, accept: &str) -> Response {
    let url = format!("{}{path}", archive.web_url());
    client()
        .get(url)
        .header("Accept", accept)
        .send()
        .await
        .unwrap()
}

/// Content-Type, Content-Location and bytes of each part; the body has to end with its close delimiter.
async fn parts(response: Response) -> Vec<(String, String, Bytes)> {
    assert_eq!(response.status(), 200);
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut decoder = Decoder::from_content_type(&content_type).unwrap();
    decoder.push(response.bytes().await.unwrap());
    let mut parts: Vec<(String, String, Vec<u8>)> = Vec::new();
    while let Some(event) = decoder.poll().unwrap() {
        match event {
            Event::PartStart(headers) => {
                let field = |name| headers.field(name).unwrap_or_default().to_owned();
                parts.push((field("Content-Type"), field("Content-Location"), Vec::new()));
            }
            Event::Data(data) => parts.last_mut().unwrap().2.extend_from_slice(&data),
            Event::PartEnd => {}
            Event::End => {}
        }
    }
    decoder
        .finish()
        .expect("the body ends with its close delimiter");
    parts
        .into_iter()
        .map(|(t, l, b)| (t, l, b.into()))
        .collect()
}

fn path_of(study: &str, series: &str, instance: &str) -> String {
    format!("/studies/{study}/series/{series}/instances/{instance}")
}

fn path(instance: &Instance) -> String {
    path_of(&instance.study, &instance.series, &instance.sop_instance)
}

fn read(bytes: &[u8]) -> DefaultDicomObject {
    DefaultDicomObject::from_reader(Cursor::new(bytes)).unwrap()
}

/// Loads a Part 10 file; the path of its instance.
fn load(archive: &MockArchive, bytes: &'static [u8]) -> String {
    archive.archive().load(Bytes::from_static(bytes)).unwrap();
    let layout = part10::scan(Cursor::new(bytes), &Limits::default()).unwrap();
    let header = part10::header(Cursor::new(bytes), &layout).unwrap();
    let uid = |tag| Uid::from_padded(&header.element(tag).unwrap().to_str().unwrap()).unwrap();
    let (study, series) = (
        uid(tags::STUDY_INSTANCE_UID),
        uid(tags::SERIES_INSTANCE_UID),
    );
    path_of(
        study.as_str(),
        series.as_str(),
        uid(tags::SOP_INSTANCE_UID).as_str(),
    )
}

#[tokio::test]
async fn a_study_comes_back_whole_and_byte_for_byte() {
    let archive = MockArchive::start().await;
    stow(&archive, CHEST.instances()).await;
    let study = format!("/studies/{}", CHEST.study_uid());
    let parts = parts(get(&archive, &study, AS_STORED).await).await;
    let mut back: BTreeMap<String, Bytes> = BTreeMap::new();
    for (content_type, location, bytes) in parts {
        assert_eq!(
            content_type,
            "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
        );
        let again = client()
            .get(&location)
            .header("Accept", AS_STORED)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 200, "{location} leads nowhere");
        let uid = location.rsplit('/').next().unwrap().to_owned();
        assert!(back.insert(uid, bytes).is_none(), "{location} came twice");
    }
    let sent: BTreeMap<String, Bytes> = CHEST
        .instances()
        .iter()
        .map(|instance| (instance.sop_instance.clone(), instance.bytes.clone()))
        .collect();
    assert_eq!(back, sent);
}

#[tokio::test]
async fn what_was_compressed_without_loss_comes_back_with_its_native_pixels() {
    let archive = MockArchive::start().await;
    for file in encoded::all() {
        let path = load(&archive, file.bytes);
        let back = get(
            &archive,
            &path,
            "application/dicom; transfer-syntax=1.2.840.10008.1.2.1",
        )
        .await;
        assert_eq!(back.status(), 200, "{}", file.name);
        let back = read(&back.bytes().await.unwrap());
        assert_eq!(
            back.meta().transfer_syntax(),
            "1.2.840.10008.1.2.1",
            "{}",
            file.name
        );
        let native = read(file.native);
        if file.fidelity == Fidelity::Lossless {
            for tag in [
                tags::PIXEL_DATA,
                tags::BITS_ALLOCATED,
                tags::PIXEL_REPRESENTATION,
            ] {
                let value = |object: &DefaultDicomObject| {
                    object
                        .element(tag)
                        .unwrap()
                        .to_bytes()
                        .unwrap()
                        .into_owned()
                };
                assert!(
                    value(&back) == value(&native),
                    "{}: {tag} differs",
                    file.name
                );
            }
        }
        archive.reset();
    }
}

#[tokio::test]
async fn nobody_gets_implicit_or_big_endian_over_the_web() {
    let archive = MockArchive::start().await;
    for syntax in [TransferSyntax::ImplicitLittle, TransferSyntax::ExplicitBig] {
        let study = dicom_fixtures::ct("chest")
            .size(32)
            .slices(1)
            .encode(syntax);
        stow(&archive, study.instances()).await;
        let native = dicom_fixtures::ct("chest").size(32).slices(1).instances()[0].object();
        for accept in ["application/dicom", "application/dicom; transfer-syntax=*"] {
            let back = get(&archive, &path(&study.instances()[0]), accept).await;
            let back = read(&back.bytes().await.unwrap());
            assert_eq!(back.meta().transfer_syntax(), "1.2.840.10008.1.2.1");
            for element in native.iter() {
                let tag = element.header().tag;
                if tag == tags::PIXEL_DATA || element.value().primitive().is_some() {
                    let bytes = element.to_bytes().unwrap();
                    assert!(
                        back.element(tag).unwrap().to_bytes().unwrap() == bytes,
                        "{syntax:?} {tag}"
                    );
                }
            }
        }
        archive.reset();
    }
}

#[tokio::test]
async fn metadata_has_every_attribute_and_its_links_lead_to_the_values() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[4];
    stow(&archive, [instance]).await;
    let answer = get(
        &archive,
        &(path(instance) + "/metadata"),
        "application/dicom+json",
    )
    .await;
    assert_eq!(answer.headers()["content-type"], "application/dicom+json");
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let object = instance.object();
    let keys: Vec<String> = body[0].as_object().unwrap().keys().cloned().collect();
    let sent: Vec<String> = object
        .iter()
        .map(|element| element.header().tag)
        .map(|Tag(group, element)| format!("{group:04X}{element:04X}"))
        .collect();
    assert_eq!(keys, sent);
    let link = body[0]["7FE00010"]["BulkDataURI"].as_str().unwrap();
    let octets = "multipart/related; type=\"application/octet-stream\"";
    let value = client()
        .get(link)
        .header("Accept", octets)
        .send()
        .await
        .unwrap();
    let pixels = object
        .element(tags::PIXEL_DATA)
        .unwrap()
        .to_bytes()
        .unwrap()
        .into_owned();
    assert_eq!(parts(value).await[0].2, pixels);
}

#[tokio::test]
async fn links_lead_back_to_clients_that_leave_the_port_out_of_the_host() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[4];
    stow(&archive, [instance]).await;
    let path = format!("{}/metadata", path(instance));
    let own = archive.web_url();
    for (host, base) in [
        ("127.0.0.1", own.as_str()),
        ("pacs.example.org", "http://pacs.example.org/dicomweb"),
        ("127.0.0.1:80", "http://127.0.0.1:80/dicomweb"),
    ] {
        let request = client().get(format!("{own}{path}")).header("Host", host);
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let metadata: Value = serde_json::from_slice(&body).unwrap();
        let link = metadata[0]["7FE00010"]["BulkDataURI"].as_str().unwrap();
        assert!(
            link.starts_with(&format!("{base}/studies/")),
            "{host}: {link}"
        );
    }
}

#[tokio::test]
async fn frames_come_in_the_order_asked_for() {
    let archive = MockArchive::start().await;
    let study = dicom_fixtures::ultrasound().frames(5);
    let instance = &study.instances()[0];
    stow(&archive, [instance]).await;
    let object = instance.object();
    let pixels = object
        .element(tags::PIXEL_DATA)
        .unwrap()
        .to_bytes()
        .unwrap()
        .into_owned();
    let length = pixels.len() / 5;
    let octets = "multipart/related; type=\"application/octet-stream\"";
    let back = parts(get(&archive, &(path(instance) + "/frames/4,1"), octets).await).await;
    assert_eq!(back.len(), 2);
    assert!(
        back[0].2 == pixels[3 * length..4 * length],
        "the first part is not frame 4"
    );
    assert!(
        back[1].2 == pixels[..length],
        "the second part is not frame 1"
    );
}

#[tokio::test]
async fn a_codestream_goes_out_bare_and_under_its_own_media_type() {
    let archive = MockArchive::start().await;
    let path = load(
        &archive,
        encoded::named("us-jpeg-baseline-422").unwrap().bytes,
    );
    for accept in [
        "multipart/related; type=\"image/jpeg\"",
        "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*",
    ] {
        let back = parts(get(&archive, &format!("{path}/frames/1"), accept).await).await;
        assert_eq!(
            back[0].0,
            "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50"
        );
        assert!(back[0].2.starts_with(&[0xFF, 0xD8, 0xFF]));
    }
}

#[tokio::test]
async fn a_frame_of_an_instance_is_a_picture_of_the_type_asked_for() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let paths = [
        format!("/studies/{}", instance.study),
        format!("/studies/{}/series/{}", instance.study, instance.series),
        path(instance),
        path(instance) + "/frames/1",
    ];
    for path in paths {
        for resource in ["rendered", "thumbnail"] {
            let png = get(&archive, &format!("{path}/{resource}"), "image/png").await;
            assert_eq!(png.headers()["content-type"], "image/png");
            assert!(png.bytes().await.unwrap().starts_with(b"\x89PNG"));
            let jpeg = get(&archive, &format!("{path}/{resource}"), "*/*").await;
            assert_eq!(jpeg.headers()["content-type"], "image/jpeg");
            assert!(jpeg.bytes().await.unwrap().starts_with(&[0xFF, 0xD8]));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_value_that_was_wrong() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let sr = dicom_fixtures::report_narrative();
    stow(&archive, sr.instances()).await;
    let here = path(instance);
    let moved = path_of(&instance.study, "1.2.3", &instance.sop_instance);
    let undeclared = "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90";
    let cases = [
        ("/studies/1..2".to_owned(), FILES, 400, "1..2"),
        ("/studies/1.2.3".to_owned(), FILES, 404, "1.2.3"),
        (moved, FILES, 404, "is not here"),
        (here.clone(), "application/x-nope", 406, "application/dicom"),
        (here.clone(), undeclared, 406, "1.2.840.10008.1.2.1"),
        (
            format!("/studies/{}", instance.study),
            "application/dicom",
            406,
            "several instances",
        ),
        (here.clone(), "application/dicom, image/jpeg", 400, "mixes"),
        (here.clone() + "/frames/0", "*/*", 400, "\\\"0\\\""),
        (here.clone() + "/frames/x", "*/*", 400, "\\\"x\\\""),
        (here.clone() + "/frames/1,2", "*/*", 404, "frame 2"),
        (here.clone() + "/frames/2/rendered", "*/*", 404, "frame 2"),
        (
            here.clone() + "/rendered?window=100,200",
            "*/*",
            400,
            "100,200",
        ),
        (
            here.clone() + "/rendered?window=a,b,linear",
            "*/*",
            400,
            "a,b,linear",
        ),
        (here.clone() + "/rendered?viewport=0,10", "*/*", 400, "0,10"),
        (
            here.clone() + "/rendered?viewport=99999,99999",
            "*/*",
            400,
            "99999,99999",
        ),
        (here.clone() + "/rendered?quality=101", "*/*", 400, "101"),
        (
            here.clone() + "/rendered?annotation=",
            "*/*",
            400,
            "annotation",
        ),
        (here.clone() + "/rendered", "text/html", 406, "image/png"),
        (
            path(&sr.instances()[0]) + "/rendered",
            "image/jpeg",
            406,
            "no pixels",
        ),
        (here.clone() + "/bulkdata/00081234", "*/*", 404, "00081234"),
        (here.clone() + "/nothing", "*/*", 404, "nothing"),
    ];
    for (path, accept, status, named) in cases {
        let answer = get(&archive, &path, accept).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let text = answer.text().await.unwrap();
        assert!(text.contains(named), "{path}: {named:?} is not in {text}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_those_there_are() {
    let archive = MockArchive::start().await;
    let url = archive.web_url() + "/studies";
    let answer = client().patch(&url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "GET, HEAD, OPTIONS, POST");
}

#[tokio::test]
async fn a_request_without_accept_is_refused() {
    let archive = MockArchive::start().await;
    stow(&archive, CHEST.instances()).await;
    let url = reqwest::Url::parse(&archive.web_url()).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "GET /dicomweb/studies/{} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
        CHEST.study_uid()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 406 "), "{answer}");
}

#[tokio::test]
async fn head_tells_the_same_without_a_body() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let url = archive.web_url() + &path(instance);
    let head = client()
        .head(url)
        .header("Accept", "application/dicom")
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(
        head.headers()["content-length"],
        instance.bytes.len().to_string().as_str()
    );
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn capabilities_name_every_resource_below_the_base_asked() {
    let archive = MockArchive::start().await;
    let options = |accept: &'static str| {
        let url = archive.web_url() + "/";
        client()
            .request(reqwest::Method::OPTIONS, url)
            .header("Accept", accept)
            .send()
    };
    let wadl = options("application/vnd.sun.wadl+xml").await.unwrap();
    assert_eq!(
        wadl.headers()["content-type"],
        "application/vnd.sun.wadl+xml"
    );
    let wadl = wadl.text().await.unwrap();
    assert!(wadl.contains(&format!("<resources base=\"{}/\">", archive.web_url())));
    let json = options("application/json").await.unwrap();
    let json: Value = serde_json::from_slice(&json.bytes().await.unwrap()).unwrap();
    let listed = json["resources"].as_array().unwrap().len();
    assert_eq!(wadl.matches("<resource ").count(), listed);
}

#[tokio::test]
async fn a_body_cut_by_a_rule_is_an_error_to_the_client_and_noted() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let rule = archive.inject(
        Rule::when(retrieving())
            .then(CutBody {
                after: 500,
                ..CutBody::default()
            })
            .once(),
    );
    let cut = get(&archive, &path(instance), "application/dicom").await;
    assert_eq!(cut.status(), 200);
    assert!(
        cut.bytes().await.is_err(),
        "a body cut after 500 bytes was read as whole"
    );
    archive.verify(rule, 1).unwrap();
    let whole = get(&archive, &path(instance), "application/dicom").await;
    assert_eq!(whole.bytes().await.unwrap(), instance.bytes);
}
