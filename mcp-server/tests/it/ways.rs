//! Further ways to an archive over DIMSE: inside TLS, and by C-MOVE to this server where there is no C-GET.

use std::path::Path;

use dicom_dictionary_std::uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET as GET;
use dicom_fixtures::{Study, ct, report_measurements};
use dicom_mcp_server::config::{Config, ConfigError, Environment, Flags};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::AnswerContexts;
use dicom_mock_archive::policy::{Destination, Policy};
use dicom_mock_archive::rule::{Rule, any};
use dicom_mock_archive::tls::{Authorities, Outgoing, Tls};
use dicom_wire::ae::AeTitle;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

use crate::client::Client;

fn study() -> Study {
    ct("chest").size(16).slices(3).and(report_measurements())
}

/// An authority, and a certificate of it for the loopback address with its key, in files.
struct Papers {
    folder: tempfile::TempDir,
    tls: Tls,
}

impl Papers {
    fn new() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new([]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = ca.self_signed(&ca_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::new(ca, ca_key))
            .unwrap()
            .pem();
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("ca.pem", &authority),
            ("certificate.pem", &certificate),
            ("key.pem", &key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let tls = Tls::from_pem(&certificate, key.serialize_pem()).unwrap();
        Self { folder, tls }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

fn flags(archive: &MockArchive) -> Flags {
    Flags {
        dimse: Some(archive.dimse_addr().to_string()),
        called: Some(archive.ae_title().to_string()),
        ..Flags::default()
    }
}

fn environment(of: &[(&str, &Path)]) -> Environment {
    let value = |name: &str| {
        let found = of.iter().find(|(known, _)| *known == name);
        found.map(|(_, path)| path.display().to_string())
    };
    Environment::from_parts(value, "")
}

#[tokio::test]
async fn dimse_goes_inside_tls_with_the_authority_that_is_named() {
    let papers = Papers::new();
    let archive = MockArchive::builder()
        .tls(papers.tls.clone())
        .start()
        .await
        .unwrap();
    archive.load(&study()).unwrap();
    let ca = papers.path("ca.pem");
    let by_environment = Config::resolve(
        flags(&archive),
        &environment(&[("DICOM_CA_FILE", ca.as_path())]),
    );
    let by_flags = Config::resolve(
        Flags {
            dimse_tls: true,
            ca_file: Some(ca),
            ..flags(&archive)
        },
        &Environment::default(),
    );
    for config in [by_environment.unwrap(), by_flags.unwrap()] {
        let client = Client::of(config).await;
        let reply = client.call("verify-connection", json!({})).await;
        assert!(!reply.is_error(), "{}", reply.text());
        let reply = client.call("find-studies", json!({})).await;
        assert!(!reply.is_error(), "{}", reply.text());
        let image = &study().instances()[0].clone();
        let uids = json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series, "sopInstanceUid": image.sop_instance});
        let reply = client.call("get-instance-metadata", uids).await;
        assert!(reply.text().contains("PatientName"), "{}", reply.text());
    }

    // Nobody vouches for it, or it is asked without TLS: an error, and soon.
    let stranger = Flags {
        dimse_tls: true,
        ..flags(&archive)
    };
    for flags in [stranger, flags(&archive)] {
        let config = Config::resolve(flags, &Environment::default()).unwrap();
        let reply = Client::of(config)
            .await
            .call("find-studies", json!({}))
            .await;
        assert!(reply.is_error(), "{}", reply.text());
    }
}

#[tokio::test]
async fn an_archive_that_asks_for_a_certificate_is_shown_ours() {
    let papers = Papers::new();
    let archive = MockArchive::builder()
        .tls(papers.tls.clone())
        .policy(Policy {
            client_ca: Some(Authorities::from_file(papers.path("ca.pem")).unwrap()),
            ..Policy::default()
        })
        .start()
        .await
        .unwrap();
    let (ca, certificate, key) = (
        papers.path("ca.pem"),
        papers.path("certificate.pem"),
        papers.path("key.pem"),
    );
    let all = [
        ("DICOM_CA_FILE", ca.as_path()),
        ("DICOM_CLIENT_CERT", certificate.as_path()),
        ("DICOM_CLIENT_KEY", key.as_path()),
    ];
    for (files, works) in [(&all[..], true), (&all[..1], false)] {
        let config = Config::resolve(flags(&archive), &environment(files)).unwrap();
        let reply = Client::of(config)
            .await
            .call("verify-connection", json!({}))
            .await;
        assert_eq!(!reply.is_error(), works, "{}", reply.text());
    }
    // Half of an identity is none.
    let half = Config::resolve(flags(&archive), &environment(&all[..2])).unwrap_err();
    assert!(half.to_string().contains("key"), "{half}");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn what_an_archive_without_c_get_has_is_moved_here() {
    let port = free_port();
    let archive = MockArchive::builder()
        .destination(
            AeTitle::parse("MCP").unwrap(),
            std::net::SocketAddr::from(([127, 0, 0, 1], port)),
        )
        .start()
        .await
        .unwrap();
    let study = study();
    archive.load(&study).unwrap();
    archive.inject(Rule::when(any()).then(AnswerContexts {
        of: vec![GET.to_owned()],
        result: 3,
        ..AnswerContexts::default()
    }));
    let folder = tempfile::tempdir().unwrap();
    let config = |receive: Option<String>| {
        let flags = Flags {
            receive,
            retrieve_to: vec![folder.path().to_owned()],
            ..flags(&archive)
        };
        Config::resolve(flags, &Environment::default()).unwrap()
    };
    let report = study.instances().last().unwrap();
    let uids = json!({"studyInstanceUid": report.study, "seriesInstanceUid": report.series, "sopInstanceUid": report.sop_instance});

    let reply = Client::of(config(None))
        .await
        .call("get-structured-report-text", uids.clone())
        .await;
    assert!(reply.is_error(), "{}", reply.text());
    for told in ["C-GET", "DICOM_RECEIVE", "MCP"] {
        assert!(reply.text().contains(told), "{told}: {}", reply.text());
    }

    let client = Client::of(config(Some(port.to_string()))).await;
    let reply = client.call("get-structured-report-text", uids).await;
    assert!(!reply.is_error(), "{}", reply.text());
    let whole = client
        .call(
            "retrieve-study",
            json!({"studyInstanceUid": study.study_uid(), "into": "here"}),
        )
        .await;
    assert!(!whole.is_error(), "{}", whole.text());
    for instance in study.instances() {
        let path = folder
            .path()
            .join("here")
            .join(format!("{}.dcm", instance.sop_instance));
        let object = dicom_object::open_file(&path).unwrap();
        assert_eq!(
            object
                .element_by_name("SOPInstanceUID")
                .unwrap()
                .to_str()
                .unwrap()
                .trim_end_matches('\0'),
            instance.sop_instance
        );
    }
    // Two at once take turns: there is one port.
    let image = &study.instances()[0];
    let uids = json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series, "sopInstanceUid": image.sop_instance});
    let (a, b) = tokio::join!(
        client.call("get-instance-metadata", uids.clone()),
        client.call("get-instance-metadata", uids)
    );
    assert!(!a.is_error() && !b.is_error(), "{}\n{}", a.text(), b.text());
    // Nobody listens between two retrievals.
    let knocking = std::net::TcpStream::connect(("127.0.0.1", port));
    assert!(knocking.is_err());
}

/// An archive inside TLS without C-GET, that moves to this server at a port inside TLS if `Outgoing` says so.
async fn moving(papers: &Papers, port: u16, tls: Option<Outgoing>) -> MockArchive {
    let mut here = Destination::from(format!("127.0.0.1:{port}"));
    if let Some(tls) = tls {
        here = here.over(tls);
    }
    let archive = MockArchive::builder()
        .tls(papers.tls.clone())
        .destination(AeTitle::parse("MCP").unwrap(), here)
        .start()
        .await
        .unwrap();
    archive.load(&study()).unwrap();
    archive.inject(Rule::when(any()).then(AnswerContexts {
        of: vec![GET.to_owned()],
        result: 3,
        ..AnswerContexts::default()
    }));
    archive
}

#[tokio::test]
async fn an_archive_inside_tls_moves_here_inside_tls() {
    let papers = Papers::new();
    let strangers = Papers::new();
    let ours = || {
        Outgoing::default()
            .believing(Authorities::from_file(papers.path("ca.pem")).unwrap())
            .unwrap()
    };
    let proving = |papers: &Papers| {
        ours()
            .proving_files(papers.path("certificate.pem"), papers.path("key.pem"))
            .unwrap()
    };
    let report = study().instances().last().unwrap().clone();
    let uids = json!({"studyInstanceUid": report.study, "seriesInstanceUid": report.series, "sopInstanceUid": report.sop_instance});
    for (what, tls, works) in [
        ("it shows no certificate", Some(ours()), true),
        (
            "it shows one of our authority",
            Some(proving(&papers)),
            true,
        ),
        ("it shows one of another", Some(proving(&strangers)), false),
        ("it comes without TLS", None, false),
    ] {
        let port = free_port();
        let archive = moving(&papers, port, tls).await;
        let config = Config::resolve(
            Flags {
                dimse_tls: true,
                ca_file: Some(papers.path("ca.pem")),
                client_certificate: Some(papers.path("certificate.pem")),
                client_key: Some(papers.path("key.pem")),
                receive: Some(port.to_string()),
                ..flags(&archive)
            },
            &Environment::default(),
        );
        let client = Client::of(config.unwrap()).await;
        let reply = client
            .call("get-structured-report-text", uids.clone())
            .await;
        assert_eq!(!reply.is_error(), works, "{what}: {}", reply.text());
    }
}

#[test]
fn nothing_is_received_without_tls_from_an_archive_inside_tls() {
    let flags = Flags {
        dimse: Some("archive:11112".into()),
        dimse_tls: true,
        receive: Some("11113".into()),
        ..Flags::default()
    };
    let refused = Config::resolve(flags, &Environment::default()).unwrap_err();
    assert!(
        matches!(
            refused,
            ConfigError::Invalid {
                setting: "DICOM_RECEIVE",
                ..
            }
        ),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("DICOM_CLIENT_CERT"),
        "{refused}"
    );
}
