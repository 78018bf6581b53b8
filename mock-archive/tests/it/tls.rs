//! Both protocols over TLS, with certificates made for the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_fixtures::ct;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::CutBody;
use dicom_mock_archive::moment::Manner;
use dicom_mock_archive::policy::{Destination, Policy};
use dicom_mock_archive::rule::{Rule, retrieving};
use dicom_mock_archive::tls::{Authorities, Outgoing, Tls, TlsError};
use dicom_ul::pdu::Pdu;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{MoveRequest, Priority, Status};
use dicom_wire::stow::StoreResponse;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::WantsClientCert;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{
    ClientConfig, ConfigBuilder, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::dimse::peer::{
    Answer, EXPLICIT, Peer, STUDY_MOVE, bytes_of, context, for_storing, holding, identifier,
    request, uid, with_contexts,
};
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
        self.believing(versions).with_no_client_auth()
    }

    fn believing(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let mut roots = RootCertStore::empty();
        roots
            .add(PemObject::from_pem_slice(self.ca.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
    }

    fn https(&self) -> reqwest::Client {
        https(self.trusted(BOTH))
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

fn https(config: ClientConfig) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(config)
        .build()
        .unwrap()
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

/// Moves a study from one archive to another; the status and what the other has then.
async fn moved(from: Destination, to: &MockArchive) -> (Status, usize) {
    let study = ct("chest").size(32).slices(2);
    let title = AeTitle::parse("SAFE").unwrap();
    let builder = MockArchive::builder().destination(title.clone(), from);
    let archive = holding(builder, &[&study]).await;
    let asked = with_contexts(vec![context(1, STUDY_MOVE, &[EXPLICIT])]);
    let (mut peer, _) = Peer::associate(&archive, asked).await;
    let request = MoveRequest {
        message_id: 1,
        sop_class: uid(STUDY_MOVE),
        priority: Priority::Medium,
        destination: title,
    };
    let wanted = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, study.study_uid()),
    ]);
    peer.say(1, request, Some(wanted), 0).await;
    loop {
        let (command, _) = peer.message().await;
        let status = command.status().unwrap();
        if status != Status::PENDING {
            return (status, to.stored().len());
        }
    }
}

#[tokio::test]
async fn a_move_goes_over_tls_where_the_destination_is_reached_so() {
    let papers = Papers::new();
    let ours = Papers::new();
    let ca = Authorities::from_pem(&papers.ca).unwrap();
    let policy = Policy {
        client_ca: Some(Authorities::from_pem(&ours.ca).unwrap()),
        ..Policy::default()
    };
    let builder = MockArchive::builder().tls(papers.tls());
    let safe = builder.policy(policy).start().await.unwrap();
    let stranger = Papers::new();
    let believing = || Outgoing::default().believing(ca.clone()).unwrap();
    for (tls, status, stored) in [
        (None, Status::CANNOT_PERFORM_SUB_OPERATIONS, 0),
        (
            Some(Outgoing::default()),
            Status::CANNOT_PERFORM_SUB_OPERATIONS,
            0,
        ),
        (Some(believing()), Status::CANNOT_PERFORM_SUB_OPERATIONS, 0),
        (
            Some(
                believing()
                    .proving_pem(&stranger.certificate, &stranger.key)
                    .unwrap(),
            ),
            Status::CANNOT_PERFORM_SUB_OPERATIONS,
            0,
        ),
        (
            Some(
                believing()
                    .proving_pem(&ours.certificate, &ours.key)
                    .unwrap(),
            ),
            Status::SUCCESS,
            2,
        ),
    ] {
        let address = Destination::from(safe.dimse_addr());
        let destination = match tls {
            Some(tls) => address.over(tls),
            None => address,
        };
        assert_eq!(moved(destination, &safe).await, (status, stored));
    }
}

#[tokio::test]
async fn a_certificate_that_is_believed_itself_needs_no_ca_and_no_name() {
    let signed = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]).unwrap();
    let (certificate, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    let tls = Tls::from_pem(&certificate, &key).unwrap();
    let safe = MockArchive::builder().tls(tls).start().await.unwrap();
    let believed = Authorities::from_pem(&certificate).unwrap();
    let tls = Outgoing::default().believing(believed).unwrap();
    let destination = Destination::from(safe.dimse_addr()).over(tls);
    assert_eq!(moved(destination, &safe).await, (Status::SUCCESS, 2));
}

#[tokio::test]
async fn clients_without_a_certificate_get_no_handshake_where_one_is_asked_for() {
    let papers = Papers::new();
    let policy = Policy {
        client_ca: Some(Authorities::from_pem(&papers.ca).unwrap()),
        ..Policy::default()
    };
    let builder = MockArchive::builder().tls(papers.tls()).policy(policy);
    let archive = builder.start().await.unwrap();
    let studies = format!("{}/studies", archive.web_url());

    assert!(papers.https().get(&studies).send().await.is_err());
    // In TLS 1.3 a client learns what is thought of it after its part of the handshake.
    let mut peer = papers.connect(archive.dimse_addr(), BOTH).await.unwrap();
    let _ = peer.try_send(&bytes_of(request())).await;
    assert!(!matches!(peer.pdu().await, Ok(Some(_))));

    let certificate = PemObject::from_pem_slice(papers.certificate.as_bytes()).unwrap();
    let key = PemObject::from_pem_slice(papers.key.as_bytes()).unwrap();
    let proving = papers
        .believing(BOTH)
        .with_client_auth_cert(vec![certificate], key);
    let known = https(proving.unwrap());
    assert_eq!(known.get(&studies).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn certificates_of_clients_need_tls() {
    let policy = Policy {
        client_ca: Some(Authorities::from_pem(Papers::new().ca).unwrap()),
        ..Policy::default()
    };
    let refused = MockArchive::builder().policy(policy).start().await;
    assert!(refused.unwrap_err().to_string().contains("client-ca"));
}

#[tokio::test]
async fn a_handshake_goes_wrong_as_it_is_told_and_right_without_the_rule() {
    let papers = Papers::new();
    let archive = papers.archive().await;
    for (fault, said) in [
        ("tls.plain", ""),
        ("tls.old-version", "protocol"),
        ("tls.unknown-issuer", "certificate"),
        ("tls.expired", "certificate"),
        ("tls.wrong-host", "certificate"),
    ] {
        let rule = archive.inject(Rule::parse(fault).unwrap());
        let connected = papers.connect(archive.dimse_addr(), BOTH).await;
        let error = connected.err().unwrap().to_string().to_lowercase();
        assert!(error.contains(said), "{fault}: {error}");
        assert!(archive.archive().withdraw(rule));
    }
    let rule = archive.inject(Rule::parse("tls.silent").unwrap());
    let waiting = papers.connect(archive.dimse_addr(), BOTH);
    let waited = tokio::time::timeout(Duration::from_millis(200), waiting).await;
    assert!(waited.is_err(), "nothing comes");
    assert!(archive.archive().withdraw(rule));

    assert!(papers.connect(archive.dimse_addr(), BOTH).await.is_ok());
}
