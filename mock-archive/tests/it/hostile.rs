//! Files that lie or are extreme: each gets a verdict, none ends the archive.

use std::sync::LazyLock;

use bytes::Bytes;
use dicom_fixtures::hostile::{self, Hostile, Nature};
use dicom_mock_archive::MockArchive;
use dicom_wire::dimse::{Priority, StoreRequest};
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::stow::StoreResponse;
use dicom_wire::uid::Uid;

use crate::dimse::peer::{Peer, context, with_contexts};
use crate::support::{CHEST, client, stow};

static FILES: LazyLock<Vec<Hostile>> = LazyLock::new(hostile::all);

/// Stores one part, whatever it is; the status and the account.
async fn store(archive: &MockArchive, part: &Bytes) -> (u16, StoreResponse) {
    let mut writer = Writer::new(Boundary::seeded(9));
    let content_type = writer
        .boundary()
        .content_type("application/dicom")
        .to_string();
    let mut body = writer
        .part_head(&Headers::new().with("Content-Type", "application/dicom"))
        .to_vec();
    body.extend_from_slice(part);
    body.extend_from_slice(&writer.close());
    let answer = client()
        .post(archive.web_url() + "/studies")
        .header("Content-Type", content_type)
        .header("Accept", "application/dicom+json")
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let account = StoreResponse::from_json(&answer.bytes().await.unwrap()).unwrap();
    (status, account)
}

#[tokio::test]
async fn every_hostile_file_gets_a_verdict_and_what_is_kept_can_be_asked_for() {
    let archive = MockArchive::start().await;
    for file in FILES.iter() {
        let (status, account) = store(&archive, &file.bytes).await;
        let stored = account.referenced.len();
        let refused = account.failed.len() + account.other_failures.len();
        assert_eq!(stored + refused, 1, "{}: {account:?}", file.name);
        assert_eq!(status, if stored == 1 { 200 } else { 409 }, "{}", file.name);
        assert!(
            file.nature != Nature::Valid || stored == 1,
            "{} is valid and was refused",
            file.name
        );
        for referenced in &account.referenced {
            let url = referenced.retrieve_url.as_deref().unwrap();
            for resource in ["", "/metadata", "/rendered", "/frames/1", "/frames/2"] {
                let answer = client()
                    .get(format!("{url}{resource}"))
                    .header("Accept", "*/*")
                    .send()
                    .await
                    .unwrap();
                let status = answer.status().as_u16();
                assert!(
                    matches!(status, 200 | 404 | 406),
                    "{}{resource}: {status}",
                    file.name
                );
                // A body may only end early where pixels behind the first frame turn out to be wrong.
                let whole = answer.bytes().await.is_ok();
                assert!(
                    whole || file.nature == Nature::BadPixels,
                    "{}{resource} is cut",
                    file.name
                );
            }
        }
        archive.reset();
    }
    assert_eq!(stow(&archive, CHEST.instances()).await.0, 200);
}

#[tokio::test]
async fn every_hostile_data_set_gets_a_status_over_c_store() {
    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
    let archive = MockArchive::start().await;
    let contexts = vec![context(1, CT, &[EXPLICIT_LITTLE])];
    let (mut peer, _) = Peer::associate(&archive, with_contexts(contexts)).await;
    for (number, file) in (1..).zip(FILES.iter()) {
        // Whatever stands behind the first file's 132 bytes of preamble: often no data set at all.
        let bytes = file.bytes.slice(file.bytes.len().min(132)..);
        if bytes.is_empty() {
            continue;
        }
        let request = StoreRequest {
            message_id: number,
            sop_class: Uid::parse(CT).unwrap(),
            sop_instance: Uid::parse("1.2.3").unwrap(),
            priority: Priority::Medium,
            originator: None,
        };
        peer.say(1, request, Some(bytes), 16_384).await;
        let status = peer.status().await;
        assert!(status.is_listed(), "{}: {status}", file.name);
    }
    peer.release().await;
}
