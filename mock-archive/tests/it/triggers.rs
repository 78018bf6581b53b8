//! When a rule acts: by what is asked, by where it comes in its connection, after how much, in which state.

use std::time::Duration;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{
    ClockSkew, HttpStatus, MetadataLag, RefuseInstance, SearchLag, Span, Trickle,
};
use dicom_mock_archive::policy::{FaultHeader, Policy};
use dicom_mock_archive::request::Protocol;
use dicom_mock_archive::rule::{After, Matcher, Rule, any, searching, storing};
use dicom_wire::dimse::{Command, FindRequest, Priority};
use dicom_wire::uid::Uid;

use crate::dimse::peer::{EXPLICIT, Peer, STUDY_FIND, for_storing, identifier};
use crate::support::{CHEST, c_store, client, stow};

const BUSY: u16 = 503;

/// The status of a GET.
async fn get(archive: &MockArchive, path: &str, accept: &str) -> u16 {
    let url = archive.web_url() + path;
    let request = client().get(url).header("Accept", accept);
    request.send().await.unwrap().status().as_u16()
}

async fn busy(when: Matcher) -> MockArchive {
    let archive = MockArchive::start().await;
    archive.inject(Rule::when(when).then(HttpStatus::new(BUSY)));
    archive
}

#[tokio::test]
async fn a_search_key_is_matched_by_name_and_by_value_as_it_is_meant() {
    let archive = busy(
        searching()
            .query_key("PatientName", "Müller*")
            .over(Protocol::Web),
    )
    .await;
    for (query, status) in [
        ("?PatientName=M%C3%BCller%5EJ", BUSY),
        ("?patientname=M%C3%BCller", BUSY),
        ("?PatientName=Meier", 204),
        ("?StudyDescription=M%C3%BCller", 204),
        ("", 204),
    ] {
        let path = format!("/studies{query}");
        assert_eq!(
            get(&archive, &path, "application/dicom+json").await,
            status,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_key_of_an_identifier_is_matched_as_one_of_a_url() {
    let archive = MockArchive::start().await;
    archive.load(&CHEST).unwrap();
    let when = searching().query_key("PatientName", "DOE*");
    let rule = archive.inject(Rule::when(when).then(dicom_mock_archive::fault::DropRow::default()));
    let asked = for_storing(&[], &[STUDY_FIND]);
    let context = Peer::context_of(&asked, STUDY_FIND, EXPLICIT);
    let (mut peer, _) = Peer::associate(&archive, asked).await;
    let mut found = Vec::new();
    for name in ["DOE^JOHN", "*"] {
        let find = FindRequest {
            message_id: 1,
            sop_class: Uid::parse(STUDY_FIND).unwrap(),
            priority: Priority::Medium,
        };
        let keys = [
            (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
            (tags::PATIENT_NAME, VR::PN, name),
        ];
        peer.say(
            context,
            Command::FindRq(find),
            Some(identifier(&keys)),
            16_384,
        )
        .await;
        let mut rows = 0;
        while let (_, Some(_)) = peer.message().await {
            rows += 1;
        }
        found.push(rows);
    }
    peer.release().await;

    assert_eq!(found, [0, 1]);
    archive.verify(rule, 1).unwrap();
}

#[tokio::test]
async fn the_media_type_asked_for_is_matched_whatever_its_parameters() {
    let archive = busy(any().media_type("application/dicom+*")).await;
    for (accept, status) in [
        ("application/dicom+json", BUSY),
        ("text/html, application/dicom+xml;q=0.5", BUSY),
        ("multipart/related; type=\"application/dicom+xml\"", BUSY),
        ("*/*", 204),
    ] {
        assert_eq!(get(&archive, "/studies", accept).await, status, "{accept}");
    }
}

#[tokio::test]
async fn connections_and_the_requests_on_them_are_counted() {
    let archive = busy(any().nth_of_connection(2)).await;
    let client = client();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = client
            .get(archive.web_url() + "/studies")
            .send()
            .await
            .unwrap();
        statuses.push(answer.status().as_u16());
        answer.bytes().await.unwrap();
    }
    assert_eq!(statuses, [204, BUSY, 204]);

    let archive = busy(any().connection(2)).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&archive, "/studies", "*/*").await);
    }
    assert_eq!(statuses, [204, BUSY, 204]);
}

#[tokio::test]
async fn a_rule_waits_until_so_much_has_happened_since_it_came_into_force() {
    let four = &CHEST.instances()[..4];
    let bytes: u64 = four[..2].iter().map(|one| one.bytes.len() as u64).sum();
    for after in [After::instances(2), After::bytes(bytes)] {
        let archive = MockArchive::start().await;
        stow(&archive, &CHEST.instances()[5..8]).await;
        archive.inject(
            Rule::when(storing())
                .then(RefuseInstance::default())
                .after(after),
        );
        let (_, account) = stow(&archive, four).await;
        assert_eq!(
            (account.referenced.len(), account.failed.len()),
            (2, 2),
            "{after:?}"
        );
    }

    let archive = MockArchive::start().await;
    archive.inject(
        Rule::when(any())
            .then(HttpStatus::new(BUSY))
            .after(After::exchanges(2)),
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&archive, "/studies", "*/*").await);
    }
    assert_eq!(statuses, [204, 204, BUSY, BUSY]);

    let archive = MockArchive::start().await;
    let after = After::time(Duration::from_millis(100));
    archive.inject(Rule::when(any()).then(HttpStatus::new(BUSY)).after(after));
    let began = std::time::Instant::now();
    while get(&archive, "/studies", "*/*").await != BUSY {}
    assert!(began.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_rule_acts_in_its_state_and_brings_the_scenario_into_another() {
    let archive = MockArchive::start().await;
    archive.inject(
        Rule::when(any())
            .then(HttpStatus::new(BUSY))
            .in_state("down")
            .to_state("up"),
    );
    assert_eq!(get(&archive, "/studies", "*/*").await, 204);

    archive.archive().enter_state("down");

    assert_eq!(get(&archive, "/studies", "*/*").await, BUSY);
    assert_eq!(archive.archive().scenario_state(), "up");
    assert_eq!(get(&archive, "/studies", "*/*").await, 204);
    assert!(
        archive
            .journal()
            .to_string()
            .contains("the scenario is \"up\" from here on")
    );
}

#[tokio::test]
async fn a_request_may_name_faults_for_itself_where_policy_allows_it() {
    let policy = Policy {
        fault_header: FaultHeader::Allowed,
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let url = archive.web_url() + "/studies";
    let status = |fault: Option<&'static str>| {
        let request = client().get(&url);
        let request = match fault {
            Some(fault) => request.header("Mock-Fault", fault),
            None => request,
        };
        async { request.send().await.unwrap() }
    };
    assert_eq!(status(Some("http-status:status=418")).await.status(), 418);
    assert_eq!(status(None).await.status(), 204);
    let refused = status(Some("http-statu")).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("http-status"));
    assert!(archive.rules().is_empty());

    let deaf = MockArchive::start().await;
    let request = client().get(deaf.web_url() + "/studies");
    let answer = request
        .header("Mock-Fault", "http-status:status=418")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
}

/// How many instances a search finds, a retrieve gives, and metadata tells.
async fn seen(archive: &MockArchive) -> [u16; 3] {
    let series = format!(
        "/studies/{}/series/{}",
        CHEST.study_uid(),
        CHEST.instances()[0].series
    );
    let number = |path: String, accept: &'static str| async move {
        let answer = client()
            .get(path)
            .header("Accept", accept)
            .send()
            .await
            .unwrap();
        let body = answer.bytes().await.unwrap();
        match accept {
            "application/dicom+json" if body.is_empty() => 0,
            "application/dicom+json" => serde_json::from_slice::<Vec<serde_json::Value>>(&body)
                .map_or(0, |rows| rows.len() as u16),
            _ => body
                .windows(8)
                .filter(|window| window.starts_with(b"\0\0DICM"))
                .count() as u16,
        }
    };
    let base = archive.web_url() + &series;
    [
        number(format!("{base}/instances"), "application/dicom+json").await,
        number(
            base.clone(),
            "multipart/related; type=\"application/dicom\"; transfer-syntax=*",
        )
        .await,
        number(format!("{base}/metadata"), "application/dicom+json").await,
    ]
}

#[tokio::test]
async fn what_is_stored_is_missed_by_searches_by_metadata_or_by_all_for_a_while() {
    let lag = Span(Duration::from_secs(3600));
    let cases: [(Rule, [u16; 3]); 3] = [
        (Rule::when(storing()).then(SearchLag { by: lag }), [0, 3, 3]),
        (
            Rule::when(storing()).then(MetadataLag { by: lag }),
            [3, 3, 0],
        ),
        (
            Rule::when(storing()).then(Trickle { every: lag }),
            [0, 0, 0],
        ),
    ];
    for (rule, expected) in cases {
        for over in [Protocol::Web, Protocol::Dimse] {
            let archive = MockArchive::start().await;
            archive.inject(rule.clone());
            let three = &CHEST.instances()[..3];
            match over {
                Protocol::Web => assert_eq!(stow(&archive, three).await.0, 200),
                Protocol::Dimse => assert!(
                    c_store(&archive, three)
                        .await
                        .iter()
                        .all(|status| status.0 == 0)
                ),
            }
            assert_eq!(seen(&archive).await, expected, "{rule:?} {over:?}");
            assert_eq!(archive.stored().len(), 3);
        }
    }
}

#[tokio::test]
async fn an_upload_that_trickles_in_is_there_one_by_one_and_in_the_end_whole() {
    let archive = MockArchive::start().await;
    let every = Span(Duration::from_millis(60));
    archive.inject(Rule::when(storing()).then(Trickle { every }));
    let began = std::time::Instant::now();
    stow(&archive, &CHEST.instances()[..3]).await;
    let mut counts = vec![0];
    while counts.last() != Some(&3) {
        let [found, ..] = seen(&archive).await;
        if counts.last() != Some(&found) {
            counts.push(found);
        }
    }
    assert!(began.elapsed() >= Duration::from_millis(180));
    assert!(counts.is_sorted(), "{counts:?}");
}

#[tokio::test]
async fn a_skewed_clock_shows_in_the_date() {
    let archive = MockArchive::start().await;
    archive.inject(Rule::when(any()).then(ClockSkew {
        seconds: -86_400 * 3_650,
    }));
    let answer = client()
        .get(archive.web_url() + "/studies")
        .send()
        .await
        .unwrap();
    let dates: Vec<_> = answer.headers().get_all("Date").iter().collect();
    assert_eq!(dates.len(), 1);
    let year: u32 = dates[0].to_str().unwrap()[12..16].parse().unwrap();
    assert!(year < 2020, "{dates:?}");
}
