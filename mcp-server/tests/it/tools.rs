//! What every tool answers about patients that are there.

use dicom_dictionary_std::tags;
use dicom_fixtures::{Instance, Study, ct, pdf, report_measurements, report_narrative, ultrasound};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::HttpStatus;
use dicom_mock_archive::rule::{Rule, fetching_metadata, rendering, retrieving, searching};
use serde_json::{Value as Json, json};

use crate::client::Client;

async fn holding(studies: &[Study]) -> (MockArchive, Client) {
    let archive = MockArchive::start().await;
    for study in studies {
        archive.load(study).unwrap();
    }
    let client = Client::at(&archive.web_url()).await;
    (archive, client)
}

fn chest() -> Study {
    ct("chest")
        .size(64)
        .slices(3)
        .and(report_measurements())
        .and(pdf())
}

fn uids(instance: &Instance) -> Json {
    json!({
        "studyInstanceUid": instance.study,
        "seriesInstanceUid": instance.series,
        "sopInstanceUid": instance.sop_instance,
    })
}

/// The first instance of a SOP class that begins so.
fn of_class<'a>(study: &'a Study, class: &str) -> &'a Instance {
    study
        .instances()
        .iter()
        .find(|instance| instance.sop_class.starts_with(class))
        .unwrap()
}

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const SR: &str = "1.2.840.10008.5.1.4.1.1.88.";
const PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";

#[tokio::test]
async fn searches_go_from_study_to_instance() {
    let study = chest();
    let (_archive, client) = holding(&[study.clone(), ultrasound().frames(2)]).await;
    let image = of_class(&study, CT);

    let studies = client.call("find-studies", json!({})).await;
    insta::assert_snapshot!("find_studies", studies.told());
    let named = client
        .call(
            "find-studies",
            json!({"query": "ModalitiesInStudy=CT limit=1 includefield=InstitutionName"}),
        )
        .await;
    insta::assert_snapshot!("find_studies_by_modality", named.told());
    let series = client
        .call(
            "find-series",
            json!({"studyInstanceUid": study.study_uid()}),
        )
        .await;
    insta::assert_snapshot!("find_series", series.told());
    let instances = client
        .call("find-instances", json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series, "query": "limit=2"}))
        .await;
    insta::assert_snapshot!("find_instances", instances.told());
    let rest = client
        .call("find-instances", json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series, "query": "limit=2 offset=2"}))
        .await;
    insta::assert_snapshot!("find_instances_next_page", rest.told());
}

#[tokio::test]
async fn a_name_in_the_order_of_speech_is_answered_with_how_archives_keep_it() {
    let study = chest();
    let (_archive, client) = holding(std::slice::from_ref(&study)).await;
    let all = client.call("find-studies", json!({})).await;
    let name = all.structured()["studies"][0]["PatientName"]
        .as_str()
        .unwrap()
        .to_owned();
    let (family, given) = name.split_once('^').unwrap();
    for tool in ["find-studies", "find-patients"] {
        let spoken = json!({"query": format!("PatientName=\"{given} {family}\"")});
        let none = client.call(tool, spoken).await;
        assert_eq!(none.structured()["returned"], 0);
        assert!(
            none.success().contains(&format!("PatientName={name}")),
            "{}",
            none.text()
        );
        let kept = json!({"query": format!("PatientName={name}")});
        let found = client.call(tool, kept).await;
        assert_eq!(found.structured()["returned"], 1);
        assert!(!found.text().contains("FAMILY^GIVEN"), "{}", found.text());
    }
}

#[tokio::test]
async fn reports_are_found_by_class_and_read_whole() {
    let study = chest();
    let (_archive, client) = holding(&[study.clone(), report_narrative()]).await;
    let here = json!({"studyInstanceUid": study.study_uid()});
    insta::assert_snapshot!(
        "find_structured_reports",
        client
            .call("find-structured-reports", here.clone())
            .await
            .told()
    );
    insta::assert_snapshot!(
        "find_encapsulated_pdf_reports",
        client
            .call("find-encapsulated-pdf-reports", here)
            .await
            .told()
    );
    let report = client
        .call("get-structured-report-text", uids(of_class(&study, SR)))
        .await;
    insta::assert_snapshot!("get_structured_report_text", report.success());
    let narrative = report_narrative();
    let report = client
        .call("get-structured-report-text", uids(of_class(&narrative, SR)))
        .await;
    insta::assert_snapshot!("get_structured_report_text_narrative", report.success());
    let document = client
        .call(
            "get-encapsulated-pdf-report-text",
            uids(of_class(&study, PDF)),
        )
        .await;
    insta::assert_snapshot!("get_encapsulated_pdf_report_text", document.told());
}

#[tokio::test]
async fn a_scanned_page_is_shown_as_a_picture_when_asked() {
    let scan = include_bytes!("../../../render/tests/scans/flate.pdf").to_vec();
    let study = pdf()
        .with(tags::ENCAPSULATED_DOCUMENT_LENGTH, scan.len() as u32)
        .with(tags::ENCAPSULATED_DOCUMENT, scan);
    let (_archive, client) = holding(std::slice::from_ref(&study)).await;
    let mut asked = uids(of_class(&study, PDF));

    let told = client
        .call("get-encapsulated-pdf-report-text", asked.clone())
        .await;
    assert!(told.picture().is_none());
    assert!(
        told.told()
            .contains("1 page without a text layer: scanAsPicture shows the first"),
        "{}",
        told.told()
    );

    asked["scanAsPicture"] = json!(true);
    let told = client.call("get-encapsulated-pdf-report-text", asked).await;
    let (mime, bytes) = told.picture().unwrap();
    assert!(mime == "image/jpeg" && bytes.starts_with(b"\xFF\xD8"));
    let picture = &told.structured()["picture"];
    assert_eq!(
        (&picture["page"], &picture["height"]),
        (&json!(1), &json!(1600))
    );
}

#[tokio::test]
async fn a_page_that_cannot_be_drawn_is_said_and_the_rest_is_read() {
    let scan = include_bytes!("../../../render/tests/scans/flate.pdf").to_vec();
    // The image in a coding that is not known.
    let filter = b"/FlateDecode";
    let at = scan.windows(filter.len()).position(|word| word == filter);
    let mut strange = scan;
    strange.splice(at.unwrap()..at.unwrap() + filter.len(), *b"/JBIG2Decode");
    let study = pdf()
        .with(tags::ENCAPSULATED_DOCUMENT_LENGTH, strange.len() as u32)
        .with(tags::ENCAPSULATED_DOCUMENT, strange);
    let (_archive, client) = holding(std::slice::from_ref(&study)).await;
    let mut asked = uids(of_class(&study, PDF));
    asked["scanAsPicture"] = json!(true);
    let told = client.call("get-encapsulated-pdf-report-text", asked).await;
    assert!(told.picture().is_none());
    assert!(
        told.success().contains("Warning: no picture of page 1"),
        "{}",
        told.text()
    );
    assert_eq!(told.structured()["pages"][0]["page"], 1);
}

#[tokio::test]
async fn an_instance_is_told_by_its_attributes() {
    let study = chest();
    let (_archive, client) = holding(std::slice::from_ref(&study)).await;
    insta::assert_snapshot!(
        "get_instance_metadata",
        client
            .call("get-instance-metadata", uids(of_class(&study, CT)))
            .await
            .success()
    );
}

#[tokio::test]
async fn attributes_are_a_tree_of_typed_values_when_asked() {
    let study = chest();
    let (_archive, client) = holding(std::slice::from_ref(&study)).await;
    let mut asked = uids(of_class(&study, CT));
    asked["attributes"] = json!(["PatientBirthDate", "PatientName", "Rows"]);
    asked["asTree"] = json!(true);

    let told = client.call("get-instance-metadata", asked).await;

    let tree = &told.structured()["tree"];
    assert_eq!(
        tree[0]["values"][0]["alphabetic"]["family"], "DOE",
        "{tree}"
    );
    assert_eq!(
        tree[1]["values"][0].as_str().unwrap().matches('-').count(),
        2,
        "{tree}"
    );
    assert!(tree[2]["values"][0].is_u64(), "{tree}");
}

#[tokio::test]
async fn a_frame_is_shown_by_the_archive_and_where_it_cannot_here() {
    let study = chest();
    let (archive, client) = holding(std::slice::from_ref(&study)).await;
    let mut asked = uids(of_class(&study, CT));
    asked["outputFormat"] = json!("image/png");

    let by_archive = client.call("render-instance-frame", asked.clone()).await;
    let (mime, bytes) = by_archive.picture().unwrap();
    assert!(mime == "image/png" && bytes.starts_with(b"\x89PNG"));
    insta::assert_snapshot!("render_instance_frame", by_archive.told());

    for status in [404, 406, 415, 501] {
        archive.reset();
        archive.load(&study).unwrap();
        archive.inject(Rule::when(rendering()).then(HttpStatus::new(status)));
        let here = client.call("render-instance-frame", asked.clone()).await;
        assert_eq!(
            here.structured()["renderedBy"],
            "this server",
            "{}",
            here.text()
        );
        assert_eq!(here.picture().unwrap().1, bytes, "{status}");
        if status == 406 {
            insta::assert_snapshot!("render_instance_frame_here", here.told());
        }
    }
    let jpeg = client
        .call("render-instance-frame", uids(of_class(&study, CT)))
        .await;
    assert!(jpeg.picture().unwrap().1.starts_with(&[0xFF, 0xD8, 0xFF]));
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let study = chest();
    let (_archive, client) = holding(std::slice::from_ref(&study)).await;
    let image = of_class(&study, CT);
    let mut absent = uids(image);
    absent["sopInstanceUid"] = json!("1.2.3");
    let mut frame = uids(image);
    frame["frame"] = json!(7);
    let mut told = String::new();
    for (what, tool, arguments) in [
        ("study", "find-series", json!({"studyInstanceUid": "1.2.3"})),
        (
            "study",
            "find-structured-reports",
            json!({"studyInstanceUid": "1.2.3"}),
        ),
        (
            "series",
            "find-instances",
            json!({"studyInstanceUid": image.study, "seriesInstanceUid": "1.2.3"}),
        ),
        ("instance", "get-instance-metadata", absent.clone()),
        ("instance", "get-structured-report-text", absent.clone()),
        ("instance", "render-instance-frame", absent),
        ("frame", "render-instance-frame", frame),
        (
            "pixels",
            "render-instance-frame",
            uids(of_class(&study, SR)),
        ),
        ("report", "get-structured-report-text", uids(image)),
        ("document", "get-encapsulated-pdf-report-text", uids(image)),
    ] {
        let refusal = client.call(tool, arguments).await.refusal();
        told.push_str(&format!(
            "no such {what}: {tool}\n    {}\n",
            refusal.replace('\n', "\n    ")
        ));
    }
    insta::assert_snapshot!(told);
    // Nothing of that kind in a study that is there is an answer, no error.
    let none = client
        .call(
            "find-series",
            json!({"studyInstanceUid": study.study_uid(), "query": "Modality=MR"}),
        )
        .await;
    assert_eq!(none.success(), "No series found.");
}

#[tokio::test]
async fn a_connection_is_verified() {
    let (archive, client) = holding(&[chest()]).await;
    let reply = client.call("verify-connection", json!({})).await;
    let told = reply
        .told()
        .replace(&archive.web_url(), "http://archive/dicomweb");
    insta::assert_snapshot!("verify_connection", told);
}

#[tokio::test]
async fn a_busy_archive_is_told_by_every_tool() {
    let study = chest();
    let (archive, client) = holding(std::slice::from_ref(&study)).await;
    for matcher in [searching(), retrieving(), fetching_metadata(), rendering()] {
        archive.inject(Rule::when(matcher).then(HttpStatus::new(503)));
    }
    let image = of_class(&study, CT);
    for (tool, arguments) in [
        ("find-studies", json!({})),
        ("find-series", json!({"studyInstanceUid": image.study})),
        (
            "find-instances",
            json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series}),
        ),
        (
            "find-structured-reports",
            json!({"studyInstanceUid": image.study}),
        ),
        (
            "find-encapsulated-pdf-reports",
            json!({"studyInstanceUid": image.study}),
        ),
        ("get-structured-report-text", uids(of_class(&study, SR))),
        (
            "get-encapsulated-pdf-report-text",
            uids(of_class(&study, PDF)),
        ),
        ("get-instance-metadata", uids(image)),
        ("render-instance-frame", uids(image)),
        ("verify-connection", json!({})),
    ] {
        let refusal = client.call(tool, arguments).await.refusal();
        assert!(
            refusal.contains("503 Service Unavailable"),
            "{tool}: {refusal}"
        );
    }
}

#[tokio::test]
async fn twenty_calls_at_once_each_get_their_own_answer() {
    let studies: Vec<Study> = (1..=20)
        .map(|seed| ct("chest").size(16).slices(1).seed(seed))
        .collect();
    let (_archive, client) = holding(&studies).await;
    let calls = studies.iter().map(|study| {
        client.call(
            "find-series",
            json!({"studyInstanceUid": study.study_uid()}),
        )
    });
    let replies = futures_util::future::join_all(calls).await;
    for (study, reply) in studies.iter().zip(replies) {
        assert_eq!(
            reply.structured()["studyInstanceUid"],
            study.study_uid(),
            "{}",
            reply.text()
        );
        let series = study.series_uids();
        assert_eq!(
            reply.structured()["series"][0]["SeriesInstanceUID"],
            series[0]
        );
    }
}
