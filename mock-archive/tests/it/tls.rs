//! Both protocols over TLS, with certificates made for the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dicom_fixtures::ct;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::CutBody;
use dicom_mock_archive::moment::Manner;
use dicom_mock_archive::rule::{Rule, retrieving};
use dicom_mock_archive::tls::{Tls, TlsError};
use dicom_ul::pdu::Pdu;
use dicom_wire::dimse::Status;
use dicom_wire::stow::StoreResponse;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::dimse::peer::{Answer, Peer, bytes_of, for_storing, request};
use crate::support::{client, stow_request_of};

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

/// A CA, and a certificate of it for the loopback address with its key; all PEM.
pub(crate) struct Papers {
    ca: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Papers {
    pub(crate) fn new() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new([]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::new(ca, ca_key))
            .unwrap();
        Self {
            ca: ca_certificate.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    fn tls(&self) -> Tls {
        Tls::from_pem(&self.certificate, &self.key).unwrap()
    }

    async fn archive(&self) -> MockArchive {
        MockArchive::builder()
            .tls(self.tls())
            .start()
            .await
            .unwrap()
    }

    /// A client that trusts the CA and nobody else.
    fn trusted(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(PemObject::from_pem_slice(self.ca.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    fn https(&self) -> reqwest::Client {
        reqwest::Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(self.trusted(BOTH))
            .build()
            .unwrap()
    }

    async fn connect(
        &self,
        to: SocketAddr,
        versions: &[&'static SupportedProtocolVersion],
    ) -> std::io::Result<Peer<TlsStream<TcpStream>>> {
        let stream = TcpStream::connect(to).await?;
        let name = ServerName::IpAddress(to.ip().into());
        let connector = TlsConnector::from(Arc::new(self.trusted(versions)));
        Ok(Peer::speaking(connector.connect(name, stream).await?))
    }
}

#[tokio::test]
async fn what_is_stored_over_https_is_found_and_retrieved_at_https_urls() {
    let papers = Papers::new();
    let archive = papers.archive().await;
    let https = papers.https();
    let study = ct("chest").size(64).slices(3);
    assert!(archive.web_url().starts_with("https://127.0.0.1:"));

    let answer = stow_request_of(&https, &archive, study.instances())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let stored = StoreResponse::from_json(&answer.bytes().await.unwrap()).unwrap();
    let metadata = format!(
        "{}/studies/{}/metadata",
        archive.web_url(),
        study.study_uid()
    );
    let metadata = https.get(metadata).send().await.unwrap();
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.bytes().await.unwrap()).unwrap();

    let mut urls: Vec<_> = stored
        .referenced
        .iter()
        .map(|one| one.retrieve_url.clone().unwrap())
        .collect();
    assert_eq!(urls.len(), 3);
    let pixels = &metadata[0]["7FE00010"]["BulkDataURI"];
    urls.push(pixels.as_str().unwrap().to_owned());
    for url in urls {
        assert!(url.starts_with(&archive.web_url()), "{url}");
        let got = https
            .get(&url)
            .header("Accept", "*/*")
            .send()
            .await
            .unwrap();
        assert_eq!(got.status(), 200, "{url}");
        assert!(!got.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn dimse_is_spoken_over_tls_1_2_and_1_3() {
    let papers = Papers::new();
    let archive = papers.archive().await;
    let study = ct("chest").size(512).slices(2);
    let asked = for_storing(study.instances(), &[]);
    for (version, expected) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut peer = papers
            .connect(archive.dimse_addr(), &[version])
            .await
            .unwrap();
        assert_eq!(peer.stream().get_ref().1.protocol_version(), Some(expected));

        peer.send(&bytes_of(asked.clone())).await;
        let answer = peer.answer().await;
        assert!(matches!(answer, Answer::Pdu(Pdu::AssociationAC(_))));
        assert_eq!(peer.echo().await, Status::SUCCESS);
        for instance in study.instances() {
            let stored = peer.store(&asked, instance).await;
            assert_eq!(stored.outcome.status, Status::SUCCESS);
        }
        peer.release().await;
    }
    assert_eq!(archive.stored(), study.uids());
}

#[tokio::test]
async fn a_plain_client_is_refused_and_the_next_tls_client_is_served() {
    let papers = Papers::new();
    let archive = papers.archive().await;

    let (_, answer) = Peer::ask(&archive, request()).await;
    assert!(
        !matches!(answer, Answer::Pdu(Pdu::AssociationAC(_))),
        "{answer:?}"
    );
    let plain = archive.web_url().replace("https:", "http:") + "/studies";
    assert!(client().get(plain).send().await.is_err());
    let stranger = Papers::new();
    assert!(stranger.connect(archive.dimse_addr(), BOTH).await.is_err());
    let url = archive.web_url() + "/studies";
    assert!(stranger.https().get(&url).send().await.is_err());

    let mut peer = papers.connect(archive.dimse_addr(), BOTH).await.unwrap();
    peer.send(&bytes_of(request())).await;
    assert!(matches!(
        peer.answer().await,
        Answer::Pdu(Pdu::AssociationAC(_))
    ));
    assert_eq!(peer.echo().await, Status::SUCCESS);
    assert!(
        papers
            .https()
            .get(&url)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    assert!(archive.control_url().starts_with("http://"));
    let journal = archive.control_url() + "/journal";
    assert_eq!(client().get(journal).send().await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_shakes_hands_is_let_go_after_ten_seconds() {
    let papers = Papers::new();
    let archive = papers.archive().await;
    let web: SocketAddr = archive
        .web_url()
        .trim_start_matches("https://")
        .trim_end_matches("/dicomweb")
        .parse()
        .unwrap();
    for address in [archive.dimse_addr(), web] {
        let began = tokio::time::Instant::now();
        let mut silent = Peer::connect(address).await;
        assert!(matches!(silent.answer().await, Answer::Closed));
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}

#[tokio::test]
async fn a_client_that_has_not_shaken_hands_yet_holds_nobody_up() {
    let papers = Papers::new();
    let archive = papers.archive().await;
    let _silent = Peer::connect(archive.dimse_addr()).await;

    let served = papers.connect(archive.dimse_addr(), BOTH);

    let served = tokio::time::timeout(Duration::from_secs(5), served).await;
    assert!(served.unwrap().is_ok());
}

#[tokio::test]
async fn an_answer_that_is_cut_ends_without_the_alert_that_would_make_it_look_whole() {
    let papers = Papers::new();
    let study = ct("chest").size(64).slices(3);
    for manner in [Manner::Close, Manner::Reset] {
        let archive = papers.archive().await;
        archive.load(&study).unwrap();
        archive.inject(Rule::when(retrieving()).then(CutBody {
            after: 2000,
            manner,
        }));
        let url = format!("{}/studies/{}", archive.web_url(), study.study_uid());
        let request = papers.https().get(url).header("Accept", "*/*");

        let answer = request.send().await.unwrap();

        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "{manner:?}");
    }
}

#[test]
fn a_wrong_file_is_named_with_what_is_wrong() {
    let papers = Papers::new();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let certificate = file("certificate.pem", &papers.certificate);
    let key = file("key.pem", &papers.key);
    let other_key = file("other-key.pem", &Papers::new().key);
    let text = file("notes.txt", "not PEM at all");
    let broken = file(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
    );
    let hollow = file(
        "hollow.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let missing = folder.path().join("missing.pem");

    assert!(Tls::from_files(&certificate, &key).is_ok());
    let both = file("both.pem", &(papers.certificate.clone() + &papers.key));
    assert!(Tls::from_files(&both, &both).is_ok());
    for (certificate, key, expected) in [
        (&missing, &key, "cannot read {}/missing.pem: "),
        (&certificate, &missing, "cannot read {}/missing.pem: "),
        (&text, &key, "{}/notes.txt holds no certificate"),
        (&key, &certificate, "{}/key.pem holds no certificate"),
        (
            &certificate,
            &text,
            "{}/notes.txt holds no private key, or only an encrypted one",
        ),
        (&broken, &key, "{}/broken.pem is not PEM: "),
        (
            &hollow,
            &key,
            "{}/hollow.pem with {}/key.pem cannot be used for TLS: ",
        ),
        (
            &certificate,
            &other_key,
            "the private key in {}/other-key.pem does not belong to the first certificate in {}/certificate.pem",
        ),
    ] {
        let error = Tls::from_files(certificate, key).unwrap_err().to_string();
        let expected = expected.replace("{}", &folder.path().display().to_string());
        assert!(error.starts_with(&expected), "{error}\n{expected}");
    }
    assert!(matches!(
        Tls::from_pem("", &papers.key),
        Err(TlsError::NoCertificate { .. })
    ));
}
