//! What the tests share: an HTTP client, and a store over each protocol.

use std::io::Cursor;
use std::sync::{LazyLock, Once};

use bytes::{Bytes, BytesMut};
use dicom_fixtures::{Instance, Study};
use dicom_mock_archive::MockArchive;
use dicom_wire::dimse::{Priority, Status, StoreRequest};
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::part10::{self, Limits};
use dicom_wire::stow::StoreResponse;
use dicom_wire::uid::Uid;

use crate::dimse::peer::{Peer, context, with_contexts};

/// Ten small CT slices, drawn once.
pub(crate) static CHEST: LazyLock<Study> =
    LazyLock::new(|| dicom_fixtures::ct("chest").size(32).slices(10));

/// An HTTP client that never goes through a proxy.
pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Stores instances in one STOW-RS request.
pub(crate) async fn stow<'a>(
    archive: &MockArchive,
    instances: impl IntoIterator<Item = &'a Instance>,
) -> (u16, StoreResponse) {
    let answer = stow_request(archive, instances).send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, StoreResponse::from_json(&body).unwrap())
}

/// A STOW-RS request that was not sent yet.
pub(crate) fn stow_request<'a>(
    archive: &MockArchive,
    instances: impl IntoIterator<Item = &'a Instance>,
) -> reqwest::RequestBuilder {
    stow_request_of(&client(), archive, instances)
}

/// A STOW-RS request of this client that was not sent yet.
pub(crate) fn stow_request_of<'a>(
    client: &reqwest::Client,
    archive: &MockArchive,
    instances: impl IntoIterator<Item = &'a Instance>,
) -> reqwest::RequestBuilder {
    stow_request_to(client, &archive.web_url(), instances)
}

/// A STOW-RS request of this client to the service of this URL that was not sent yet.
pub(crate) fn stow_request_to<'a>(
    client: &reqwest::Client,
    web_url: &str,
    instances: impl IntoIterator<Item = &'a Instance>,
) -> reqwest::RequestBuilder {
    let mut writer = Writer::new(Boundary::seeded(1));
    let content_type = writer
        .boundary()
        .content_type("application/dicom")
        .to_string();
    let part = Headers::new().with("Content-Type", "application/dicom");
    let mut body = BytesMut::new();
    for instance in instances {
        body.extend_from_slice(&writer.part_head(&part));
        body.extend_from_slice(&instance.bytes);
    }
    body.extend_from_slice(&writer.close());
    client
        .post(format!("{web_url}/studies"))
        .header("Content-Type", content_type)
        .header("Accept", "application/dicom+json")
        .body(body.freeze())
}

/// Stores instances over one association, one C-STORE each; the statuses in order.
pub(crate) async fn c_store<'a>(
    archive: &MockArchive,
    instances: impl IntoIterator<Item = &'a Instance>,
) -> Vec<Status> {
    let instances: Vec<_> = instances.into_iter().collect();
    let Some(first) = instances.first() else {
        return Vec::new();
    };
    let contexts = vec![context(1, &first.sop_class, &[&first.transfer_syntax])];
    let (mut peer, _) = Peer::associate(archive, with_contexts(contexts)).await;
    let mut statuses = Vec::new();
    for (number, instance) in (1..).zip(instances) {
        let request = StoreRequest {
            message_id: number,
            sop_class: Uid::parse(&instance.sop_class).unwrap(),
            sop_instance: Uid::parse(&instance.sop_instance).unwrap(),
            priority: Priority::Medium,
            originator: None,
        };
        peer.say(1, request, Some(data_set(instance)), 16_384).await;
        statuses.push(peer.status().await);
    }
    peer.release().await;
    statuses
}

/// The bytes behind the file meta information.
fn data_set(instance: &Instance) -> Bytes {
    let layout = part10::scan(Cursor::new(&instance.bytes), &Limits::default()).unwrap();
    let range = layout.data_set.start as usize..layout.data_set.end as usize;
    instance.bytes.slice(range)
}
