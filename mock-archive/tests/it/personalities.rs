//! Personalities as a plain client meets them: each fact with the request that shows it, and the same requests to all of them.

mod asked;
mod associated;
mod held;
mod table;

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::personality::{Fact, Personality, Seen};
use dicom_mock_archive::policy::Policy;
use dicom_wire::ae::AeTitle;

use held::Held;

/// Facts that no request of a moment can show.
const NOT_AT_ONCE: &[(&str, &str)] = &[(
    "hospital-proxy",
    "Closes what has been silent for a minute, an answer that takes longer included.",
)];

/// What came: its status, and head and body as text.
#[derive(Debug, Default)]
struct Came {
    gives: String,
    text: String,
}

impl Came {
    fn new(gives: impl ToString, text: impl Into<String>) -> Self {
        Self {
            gives: gives.to_string(),
            text: text.into(),
        }
    }

    fn is_as(&self, seen: &Seen) -> bool {
        self.gives == seen.gives
            && seen.has.iter().all(|text| self.text.contains(text))
            && !seen.lacks.iter().any(|text| self.text.contains(text))
    }
}

/// An archive like another, or as it is.
async fn like(personality: Option<&Personality>, held: &Held, seen: Option<&Seen>) -> MockArchive {
    let mut builder = MockArchive::builder();
    if let Some(personality) = personality {
        builder = builder.like(personality);
    }
    // Where nobody listens: what it is for does not come to that.
    builder = builder.destination(AeTitle::parse("ITSELF").unwrap(), "127.0.0.1:9");
    let archive = builder.start().await.unwrap();
    held.load(&archive, seen);
    archive
}

async fn ask(archive: &MockArchive, held: &Held, seen: &Seen) -> Came {
    if let Some(upload) = &seen.after {
        let before = Seen {
            ask: "POST /studies".to_owned(),
            with: [("accept".to_owned(), "application/dicom+json".to_owned())].into(),
            send: Some(upload.clone()),
            after: None,
            gives: String::new(),
            has: Vec::new(),
            lacks: Vec::new(),
        };
        let stored = asked::web(archive, held, &before).await;
        assert!(stored.gives.starts_with('2'), "{stored:?}");
    }
    match seen.ask.chars().next() {
        Some(first) if first.is_ascii_uppercase() => asked::web(archive, held, seen).await,
        _ => associated::dimse(archive, held, seen).await,
    }
}

/// Whether nothing is done for it: the archive does it anyway.
fn holds_anyway(fact: &Fact) -> bool {
    fact.rules.is_empty() && fact.policy.is_empty()
}

async fn show_all(name: &str) {
    let personality = Personality::find(name).unwrap();
    let held = Held::new();
    let mut wrong = Vec::new();
    for fact in &personality.facts {
        let Some(seen) = &fact.seen else {
            let known = NOT_AT_ONCE.contains(&(name, fact.what.as_str()));
            let compared = ["orthanc-1.10", "dcmqrscp"].contains(&name);
            assert!(known || compared, "{:?} is not shown", fact.what);
            continue;
        };
        let archive = like(Some(personality), &held, Some(seen)).await;
        let came = ask(&archive, &held, seen).await;
        if !came.is_as(seen) {
            wrong.push(format!(
                "{}\n  not shown by {seen:?}\n  {came:?}",
                fact.what
            ));
        }
        if !holds_anyway(fact) {
            let plain = like(None, &held, Some(seen)).await;
            let came = ask(&plain, &held, seen).await;
            if came.is_as(seen) {
                wrong.push(format!(
                    "{}\n  shown by an archive like none, too: {came:?}",
                    fact.what
                ));
            }
        }
    }
    let cut = |text: &String| text.chars().take(1500).collect::<String>();
    let wrong: Vec<_> = wrong.iter().map(cut).collect();
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n\n"));
}

macro_rules! shown {
    ($($test:ident $name:literal,)*) => {
        $(#[tokio::test]
        async fn $test() {
            show_all($name).await;
        })*

        #[test]
        fn no_personality_is_left_out() {
            let shown = [$($name),*];
            assert!(Personality::all().iter().map(|one| one.name).eq(shown));
        }
    };
}

shown! {
    strict_shows_every_fact "strict",
    orthanc_1_10_shows_every_fact "orthanc-1.10",
    orthanc_1_12_shows_every_fact "orthanc-1.12",
    dcm4chee_shows_every_fact "dcm4chee-5",
    google_shows_every_fact "google-healthcare",
    azure_shows_every_fact "azure-dicom",
    aws_shows_every_fact "aws-healthimaging",
    static_files_show_every_fact "static-dicomweb",
    dcmqrscp_shows_every_fact "dcmqrscp",
    an_old_pacs_shows_every_fact "pacs-2005",
    a_proxy_shows_every_fact "hospital-proxy",
}

#[tokio::test]
async fn an_overlay_comes_over_another_personality() {
    let held = Held::new();
    let azure = Personality::find("azure-dicom").unwrap();
    let proxy = Personality::find("hospital-proxy").unwrap();
    let builder = MockArchive::builder().like(azure).like(proxy);
    let archive = builder.start().await.unwrap();
    held.load(&archive, None);
    let get = |ask: &str| Seen {
        ask: ask.to_owned(),
        with: [("accept".to_owned(), "application/dicom+json".to_owned())].into(),
        after: None,
        send: None,
        gives: String::new(),
        has: Vec::new(),
        lacks: Vec::new(),
    };

    let refused = ask(&archive, &held, &get("GET /studies?limit=201")).await;
    let found = ask(&archive, &held, &get("GET /studies?PatientID={patient}")).await;
    let no_dimse = ask(&archive, &held, &get("associate")).await;

    assert_eq!(refused.gives, "200", "the proxy makes 200 of Azure's 400");
    assert!(refused.text.contains("refused"), "{refused:?}");
    assert!(
        found.text.contains("http://archive.internal:8080/"),
        "{found:?}"
    );
    assert!(
        !found.text.contains("\"00080061\""),
        "Azure's attributes: {found:?}"
    );
    assert_eq!(no_dimse.gives, "reset");
    assert_eq!(
        archive.archive().policy().max_request_bytes,
        Some(1_048_576)
    );
}

#[test]
fn a_personality_leaves_alone_what_it_says_nothing_about() {
    for personality in Personality::all() {
        let mut policy = Policy::default();
        personality.apply(&mut policy);
        assert_eq!(policy.seed, Policy::default().seed, "{}", personality.name);
        assert_eq!(policy.auth, None, "{}", personality.name);
    }
}
