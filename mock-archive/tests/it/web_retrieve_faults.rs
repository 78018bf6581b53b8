//! What rules do to retrieves over HTTP, as a client over a bare socket sees it.

use dicom_fixtures::{Study, TransferSyntax, ct, ultrasound};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FILES: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";
const JSON: &str = "application/dicom+json";

/// An answer, byte by byte.
struct Raw {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Raw {
    fn field(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut fields = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        fields.next().map(|(_, value)| value)
    }

    fn has(&self, text: &str) -> bool {
        let mut windows = self.body.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    }

    fn count(&self, text: &str) -> usize {
        let windows = self.body.windows(text.len());
        windows.filter(|window| *window == text.as_bytes()).count()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// HTTP/1.0, so that the body is what comes until the connection ends.
async fn get(archive: &MockArchive, path: &str, fields: &[(&str, &str)]) -> Raw {
    let url = archive.web_url() + path;
    let (host, target) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut request = format!("GET /{target} HTTP/1.0\r\nHost: {host}\r\n");
    for (name, value) in fields {
        request += &format!("{name}: {value}\r\n");
    }
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket
        .write_all((request + "\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Raw {
        status: head[9..12].parse().unwrap(),
        head,
        body: answer.split_off(end + 4),
    }
}

async fn accepting(archive: &MockArchive, path: &str, accept: &str) -> Raw {
    get(archive, path, &[("Accept", accept)]).await
}

/// An archive that holds a study, under a fault.
async fn under(study: &Study, fault: Value) -> MockArchive {
    let archive = MockArchive::start().await;
    archive.load(study).unwrap();
    inject(&archive, fault);
    archive
}

fn inject(archive: &MockArchive, fault: Value) {
    let rule: Rule = serde_json::from_value(json!({ "then": fault })).unwrap();
    archive.inject(rule);
}

fn slices() -> Study {
    ct("chest").size(16).slices(3)
}

fn of_study(study: &Study) -> String {
    format!("/studies/{}", study.study_uid())
}

fn of_series(study: &Study) -> String {
    format!("{}/series/{}", of_study(study), study.instances()[0].series)
}

fn of_instance(study: &Study) -> String {
    let first = &study.instances()[0];
    format!("{}/instances/{}", of_series(study), first.sop_instance)
}

#[tokio::test]
async fn a_status_is_replaced_with_and_without_the_body() {
    let fault = json!({ "change-status": { "of": [404], "to": 200, "empty": true } });
    let archive = under(&slices(), fault).await;
    let empty = accepting(&archive, "/studies/1.2.3", FILES).await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    assert_eq!(empty.field("Content-Type"), None);

    let archive = under(
        &slices(),
        json!({ "change-status": { "of": [400], "to": 500 } }),
    )
    .await;
    let kept = accepting(&archive, "/studies/1..2", FILES).await;
    assert_eq!(kept.status, 500);
    assert!(kept.has("1..2"));
    assert_eq!(
        accepting(&archive, &of_study(&slices()), FILES)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn accept_headers_are_understood_in_some_forms_only() {
    let study = slices();
    let archive = under(&study, json!({ "limit-accept": {} })).await;
    let list = format!("{FILES}, */*;q=0.1");
    assert_eq!(
        accepting(&archive, &of_study(&study), &list).await.status,
        406
    );
    assert_eq!(
        accepting(&archive, &of_study(&study), FILES).await.status,
        200
    );

    let fault =
        json!({ "limit-accept": { "only": ["transfer-syntax=*"], "without": [], "status": 400 } });
    let archive = under(&study, fault).await;
    assert_eq!(
        accepting(&archive, &of_study(&study), "*/*").await.status,
        400
    );
    assert_eq!(
        accepting(&archive, &of_study(&study), FILES).await.status,
        200
    );
}

#[tokio::test]
async fn a_query_parameter_is_overlooked() {
    let study = slices();
    let path = format!("{}/rendered?window=nonsense", of_instance(&study));
    let archive = under(&study, json!({ "change-parameter": { "name": "window" } })).await;
    assert_eq!(accepting(&archive, &path, "image/png").await.status, 200);
    archive.reset();
    archive.load(&study).unwrap();
    assert_eq!(accepting(&archive, &path, "image/png").await.status, 400);
}

#[tokio::test]
async fn a_path_is_looked_up_by_some_of_its_uids() {
    let study = ct("chest").size(16).slices(2);
    let archive = under(
        &study,
        json!({ "widen-scope": { "ignore": ["study", "series"] } }),
    )
    .await;
    let elsewhere = of_instance(&study).replace(&of_study(&study), "/studies/1.2.3");
    assert_eq!(accepting(&archive, &elsewhere, FILES).await.status, 200);

    let archive = under(&study, json!({ "widen-scope": {} })).await;
    let all = accepting(&archive, &of_instance(&study), FILES).await;
    assert_eq!(all.count("DICM"), 2, "the study in place of an instance");
}

#[tokio::test]
async fn an_instance_comes_twice_or_stands_for_its_series() {
    let study = slices();
    let archive = under(&study, json!({ "repeat-instance": { "index": -1 } })).await;
    assert_eq!(
        accepting(&archive, &of_study(&study), FILES)
            .await
            .count("DICM"),
        4
    );

    let archive = under(&study, json!({ "one-per-series": {} })).await;
    let metadata = accepting(&archive, &format!("{}/metadata", of_study(&study)), JSON).await;
    assert_eq!(metadata.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn parts_name_their_transfer_syntax_in_every_wrong_way() {
    let study = slices();
    for (fault, part, whole) in [
        (
            json!({}),
            "Content-Type: application/dicom\r\n",
            "type=\"application/dicom\"",
        ),
        (
            json!({ "label": "star" }),
            "Content-Type: application/dicom; transfer-syntax=*\r\n",
            "type=\"application/dicom\"",
        ),
        (
            json!({ "label": "inside-type" }),
            "Content-Type: application/dicom\r\n",
            "type=\"application/dicom; transfer-syntax=1.2.840.10008.1.2.1\"",
        ),
        (
            json!({ "label": "wrong", "transfer-syntax": "1.2.3" }),
            "Content-Type: application/dicom; transfer-syntax=1.2.3\r\n",
            "type=\"application/dicom\"",
        ),
    ] {
        let archive = under(&study, json!({ "label-parts": fault })).await;
        let answer = accepting(&archive, &of_study(&study), FILES).await;
        assert_eq!(answer.count(part), 3, "{part}");
        assert!(
            answer.field("Content-Type").unwrap().contains(whole),
            "{}",
            answer.head
        );
    }
}

#[tokio::test]
async fn parts_lack_header_fields_and_one_part_is_missing() {
    let study = slices();
    let archive = under(&study, json!({ "part-headers": {} })).await;
    let answer = accepting(&archive, &of_study(&study), FILES).await;
    assert_eq!((answer.count("Content-"), answer.count("DICM")), (0, 3));

    let archive = under(&study, json!({ "drop-part": { "index": 1 } })).await;
    let answer = accepting(&archive, &of_study(&study), FILES).await;
    let uids: Vec<_> = study
        .instances()
        .iter()
        .map(|one| one.sop_instance.clone())
        .collect();
    let came = uids.iter().map(|uid| answer.count(&format!("/{uid}\r\n")));
    assert_eq!(came.collect::<Vec<_>>(), [1, 0, 1]);
}

#[tokio::test]
async fn multipart_is_broken_in_each_way() {
    let study = slices();
    let archive = under(&study, json!({ "break-multipart": {} })).await;
    let open = accepting(&archive, &of_study(&study), FILES).await;
    let boundary = |answer: &Raw| {
        let whole = answer.field("Content-Type").unwrap();
        whole
            .split("boundary=")
            .nth(1)
            .unwrap()
            .trim_matches('"')
            .to_owned()
    };
    let close = format!("--{}--", boundary(&open));
    assert!(!open.has(&close) && open.count("DICM") == 3);

    let fault = json!({ "how": "mismatch", "boundary": "another" });
    let archive = under(&study, json!({ "break-multipart": fault })).await;
    let mismatch = accepting(&archive, &of_study(&study), FILES).await;
    assert_eq!(boundary(&mismatch), "another");
    assert!(!mismatch.has("--another"));

    let archive = under(&study, json!({ "break-multipart": { "how": "collision" } })).await;
    let fixed = accepting(&archive, &of_study(&study), FILES).await;
    assert_eq!(boundary(&fixed), "boundary");
    assert_eq!(fixed.count("--boundary"), 4);
}

#[tokio::test]
async fn the_form_of_an_answer_is_not_the_one_asked_for() {
    let study = slices();
    let archive = under(&study, json!({ "answer-form": {} })).await;
    let wrapped = accepting(&archive, &of_instance(&study), "application/dicom").await;
    assert!(
        wrapped
            .field("Content-Type")
            .unwrap()
            .starts_with("multipart/related")
    );

    let archive = under(&study, json!({ "answer-form": { "form": "single" } })).await;
    let bare = accepting(&archive, &of_study(&study), FILES).await;
    assert!(
        bare.field("Content-Type")
            .unwrap()
            .starts_with("application/dicom")
    );
    assert_eq!(&bare.body[128..132], b"DICM");
    assert_eq!(bare.body, study.instances()[0].bytes);
}

#[tokio::test]
async fn files_are_damaged_in_each_way() {
    let study = slices();
    let stored = &study.instances()[0].bytes;
    let path = of_instance(&study);
    let archive = under(&study, json!({ "damage-file": { "no-preamble": true } })).await;
    let bare = accepting(&archive, &path, "application/dicom").await;
    assert!(bare.body == stored[132..]);

    let fault = json!({ "claims": "1.2.840.10008.1.2.4.90" });
    let archive = under(&study, json!({ "damage-file": fault })).await;
    let mislabelled = accepting(&archive, &path, "application/dicom").await;
    assert!(mislabelled.has("1.2.840.10008.1.2.4.90"));

    let archive = under(&study, json!({ "damage-file": { "without": "Modality" } })).await;
    let short = accepting(&archive, &path, "application/dicom").await;
    // Tag, VR, length and CT.
    assert_eq!(short.body.len(), stored.len() - 10);
    assert!(!short.has("\x08\x00\x60\x00CS"));

    let coded = study.encode(TransferSyntax::Rle);
    let explicit = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1";
    let archive = under(&coded, json!({ "damage-file": { "off-by": 1 } })).await;
    let wrong = accepting(&archive, &of_instance(&coded), explicit)
        .await
        .body;
    archive.reset();
    archive.load(&coded).unwrap();
    let right = accepting(&archive, &of_instance(&coded), explicit)
        .await
        .body;
    let differing: Vec<_> = (0..right.len())
        .filter(|&at| right[at] != wrong[at])
        .collect();
    assert_eq!(differing, [right.len() - 16 * 16 * 2]);
}

#[tokio::test]
async fn compressed_pixels_are_cut_anew() {
    let coded = slices().encode(TransferSyntax::Rle);
    let read = |bytes: &[u8]| {
        let object = dicom_object::from_reader(bytes).unwrap();
        let pixels = object
            .element(dicom_dictionary_std::tags::PIXEL_DATA)
            .unwrap();
        let table = pixels.value().offset_table().unwrap().to_vec();
        (table, pixels.fragments().unwrap().to_vec())
    };
    let (_, stored) = read(&coded.instances()[0].bytes);
    for (table, due) in [("true", vec![0]), ("empty", vec![]), ("wrong", vec![2])] {
        let fault = json!({ "refragment": { "table": table, "length": 100 } });
        let archive = under(&coded, fault).await;
        let any = "application/dicom; transfer-syntax=*";
        let answer = accepting(&archive, &of_instance(&coded), any).await;
        let (offsets, fragments) = read(&answer.body);
        assert!(
            offsets == due || table == "true" && offsets.is_empty(),
            "{offsets:?}"
        );
        assert_eq!(fragments.len(), stored[0].len().div_ceil(100));
        assert_eq!(fragments.concat(), stored[0]);
    }
}

#[tokio::test]
async fn references_to_bulk_data_look_like_each_of_the_wrong_ones() {
    let study = slices();
    let path = format!("{}/metadata", of_instance(&study));
    for (link, due) in [
        (
            "relative",
            json!(format!("{}/bulkdata/7FE00010", &of_instance(&study)[1..])),
        ),
        (
            "other-host",
            json!(format!(
                "http://archive.invalid{}/bulkdata/7FE00010",
                of_instance(&study)
            )),
        ),
        ("omitted", Value::Null),
        ("dropped", Value::Null),
        ("inline", Value::Null),
    ] {
        let archive = under(&study, json!({ "bulk-link": { "link": link } })).await;
        let row = accepting(&archive, &path, JSON).await.json()[0].clone();
        let pixels = &row["7FE00010"];
        assert_eq!(pixels["BulkDataURI"], due, "{link}");
        assert_eq!(pixels["vr"].is_string(), link != "dropped");
        assert_eq!(pixels["InlineBinary"].is_string(), link == "inline");
        assert_eq!(row["00080060"]["Value"][0], "CT");
    }
    let archive = under(&study, json!({ "bulk-link": { "link": "expired" } })).await;
    let row = accepting(&archive, &path, JSON).await.json()[0].clone();
    let uri = row["7FE00010"]["BulkDataURI"].as_str().unwrap().to_owned();
    let below = uri.strip_prefix(&archive.web_url()).unwrap();
    assert_eq!(accepting(&archive, below, OCTETS).await.status, 404);
}

#[tokio::test]
async fn metadata_holds_what_it_must_not() {
    let study = slices();
    let fault = json!({ "file-meta": true, "linked": ["PatientName"] });
    let archive = under(&study, json!({ "overdo-metadata": fault })).await;
    let path = format!("{}/metadata", of_instance(&study));
    let row = accepting(&archive, &path, JSON).await.json()[0].clone();
    assert_eq!(row["00020010"]["Value"][0], "1.2.840.10008.1.2.1");
    assert_eq!(row["00100010"]["vr"], "PN");
    assert!(row["00100010"]["BulkDataURI"].is_string() && row["00100010"]["Value"].is_null());
}

/// The shades of the first pixels of the frames that come for a list.
async fn frames(archive: &MockArchive, study: &Study, list: &str) -> (u16, usize) {
    let path = format!("{}/frames/{list}", of_instance(study));
    let answer = accepting(archive, &path, OCTETS).await;
    (answer.status, answer.count("Content-Location"))
}

#[tokio::test]
async fn frame_numbers_mean_other_frames() {
    let study = ultrasound().width(32).frames(3);
    let path = |list: &str| format!("{}/frames/{list}", of_instance(&study));
    let located = async |archive: &MockArchive, list: &str| {
        let answer = accepting(archive, &path(list), OCTETS).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let numbers = text
            .lines()
            .filter_map(|line| line.strip_prefix("Content-Location: "));
        let numbers = numbers.filter_map(|url| url.rsplit('/').next()?.trim().parse::<u32>().ok());
        numbers.collect::<Vec<_>>()
    };
    for (fault, list, due) in [
        (json!({ "base": 0 }), "1", vec![2]),
        (json!({ "list": "first" }), "2,3", vec![2]),
        (json!({ "list": "reversed" }), "1,3,2", vec![2, 3, 1]),
        (json!({ "list": "sorted" }), "3,1", vec![1, 3]),
        (json!({ "beyond": "clamped" }), "1,9", vec![1, 3]),
        (json!({ "beyond": "skipped" }), "1,9", vec![1]),
        (json!({ "always": 1 }), "2,3", vec![1, 1]),
    ] {
        let archive = under(&study, json!({ "frame-numbers": fault })).await;
        assert_eq!(located(&archive, list).await, due, "{fault}");
    }
    let single = slices();
    let archive = under(&single, json!({ "frame-numbers": { "multi-only": true } })).await;
    assert_eq!(frames(&archive, &single, "1").await.0, 404);
    archive.load(&study).unwrap();
    assert_eq!(frames(&archive, &study, "1").await, (200, 1));
}

#[tokio::test]
async fn the_bytes_of_a_frame_are_wrong() {
    let study = slices();
    let single = "application/octet-stream";
    let path = format!("{}/frames/1", of_instance(&study));
    let archive = MockArchive::start().await;
    archive.load(&study).unwrap();
    let right = accepting(&archive, &path, single).await.body;

    inject(&archive, json!({ "frame-bytes": {} }));
    let swapped = accepting(&archive, &path, single).await.body;
    assert_ne!(swapped, right);
    assert!(
        swapped
            .chunks(2)
            .zip(right.chunks(2))
            .all(|(a, b)| a == [b[1], b[0]])
    );

    let archive = under(&study, json!({ "frame-bytes": { "wrong": "half" } })).await;
    assert_eq!(
        accepting(&archive, &path, single).await.body,
        right[..right.len() / 2]
    );

    let coded = study.encode(TransferSyntax::Rle);
    let archive = under(&coded, json!({ "frame-bytes": { "wrong": "item-tag" } })).await;
    let rle = "multipart/related; type=\"image/dicom-rle\"";
    let tagged = accepting(&archive, &format!("{}/frames/1", of_instance(&coded)), rle).await;
    assert!(
        tagged
            .body
            .windows(6)
            .any(|at| at == b"\r\n\xFE\xFF\x00\xE0")
    );
}

#[tokio::test]
async fn pictures_are_spoiled_in_each_way() {
    let study = slices();
    let path = format!("{}/rendered", of_instance(&study));
    let ask = async |how: Value, query: &str| {
        let archive = under(&study, json!({ "spoil-picture": how })).await;
        accepting(&archive, &format!("{path}{query}"), "image/jpeg").await
    };
    let labelled = ask(json!({ "how": "labelled" }), "").await;
    assert_eq!(labelled.field("Content-Type"), Some("image/png"));
    assert!(labelled.body.starts_with(b"\xFF\xD8"));
    let really = ask(json!({ "how": "really" }), "").await;
    assert_eq!(really.field("Content-Type"), Some("image/jpeg"));
    assert!(really.body.starts_with(b"\x89PNG"));
    let page = ask(json!({}), "").await;
    assert_eq!(page.field("Content-Type"), Some("image/jpeg"));
    assert!(page.status == 200 && page.body.starts_with(b"<html>"));
    let empty = ask(json!({ "how": "empty" }), "").await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let wrapped = ask(json!({ "how": "wrapped" }), "").await;
    assert!(
        wrapped
            .field("Content-Type")
            .unwrap()
            .starts_with("multipart/related")
    );
    assert_eq!(ask(json!({ "how": "too-large" }), "").await.status, 413);
    let stretched = ask(json!({ "how": "stretched" }), "?viewport=40,10").await;
    // Height and width in the frame header of a JPEG (ITU-T T.81 B.2.2).
    let frame = stretched
        .body
        .windows(2)
        .position(|at| at == [0xFF, 0xC0])
        .unwrap();
    assert_eq!(stretched.body[frame + 5..frame + 9], [0, 10, 0, 40]);
}

#[tokio::test]
async fn an_entity_tag_is_frozen() {
    let study = slices();
    let archive = under(&study, json!({ "freeze-etag": {} })).await;
    let first = accepting(&archive, &of_study(&study), FILES).await;
    assert_eq!(first.field("ETag"), Some("\"frozen\""));
    let fields = [("Accept", FILES), ("If-None-Match", "\"anything\"")];
    let stale = get(&archive, &of_study(&study), &fields).await;
    assert_eq!((stale.status, stale.body.len()), (304, 0));
}
