//! The smoke run: is anybody there, and what do they offer?
//!
//! What is offered is what was seen: a service that answers 404, 405 or 501, or a SOP class whose
//! context is refused, is not offered, and its checks do not apply. Anything else, however wrong, is offered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dicom_dictionary_std::{tags, uids};

use crate::check::{Door, Known, Need};
use crate::data::{Data, Study};
use crate::identity::Identity;
use crate::outcome::{Finding, Verdict};
use crate::probe::dimse::Dimse;
use crate::probe::raw::Raw;
use crate::probe::upload::Upload;
use crate::probe::web::{DICOM_ANY, JSON, WADL, Web, XML, XML_PARTS};
use crate::subject::{self, Program, Subject};
use crate::target::{Claims, DimseTarget, Target};
use crate::transcript::Transcript;

/// What was seen of an archive.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    offers: BTreeMap<Need, Observation>,
    unreachable: Vec<(Door, String)>,
    transcript: Transcript,
}

/// Whether something is offered, and from where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What the statement says; `None` without one.
    pub declared: Option<bool>,
    /// Whether it is offered.
    pub offered: bool,
    /// The answer that says so.
    pub source: String,
}

impl Observed {
    /// Looks at the target through its doors, each for as long as the limit.
    pub async fn of(target: &Arc<Target>, identity: &Identity, limit: Duration) -> Self {
        let mut observed = Self {
            transcript: Transcript::with_delay(target.index_delay()),
            ..Self::default()
        };
        let timeout = || Finding::fail(format!("no answer within {} s", limit.as_secs_f32()));
        if let Some(program) = &target.program {
            let looked = tokio::time::timeout(limit, observed.program(program, identity)).await;
            observed.close(Door::Program, looked.unwrap_or_else(|_| Err(timeout())));
            return observed;
        }
        if let Some(base) = &target.web {
            let looked = tokio::time::timeout(limit, observed.web(base, identity)).await;
            observed.close(Door::Web, looked.unwrap_or_else(|_| Err(timeout())));
        } else {
            observed.without(Door::Web, "no web address given");
        }
        if let Some(dimse) = &target.dimse {
            let looked = tokio::time::timeout(limit, observed.dimse(dimse, target)).await;
            observed.close(Door::Dimse, looked.unwrap_or_else(|_| Err(timeout())));
        } else {
            observed.without(Door::Dimse, "no DIMSE address given");
        }
        observed.take_claims(&target.claims);
        if let Some(statement) = &target.statement {
            for (&need, seen) in &mut observed.offers {
                seen.declared = Some(statement.declares(need));
            }
        }
        observed
    }

    /// Whether it is offered.
    pub fn offers(&self, need: Need) -> bool {
        self.offers
            .get(&need)
            .is_some_and(|observation| observation.offered)
    }

    /// What is known about every need.
    pub const fn all(&self) -> &BTreeMap<Need, Observation> {
        &self.offers
    }

    /// The doors that nobody opened, with the reason.
    pub fn unreachable(&self) -> &[(Door, String)] {
        &self.unreachable
    }

    /// What the smoke run sent and got.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    async fn program(&mut self, program: &Program, identity: &Identity) -> Verdict {
        self.without(Door::Program, "another kind of program");
        match program.subject {
            Subject::Client => {
                let (need, source) = subject::client::door(program);
                self.offer(need, true, source);
            }
            _ => {
                let (_, seen) = subject::mcp::observe(program, identity, &self.transcript).await?;
                for (need, offered, source) in seen {
                    self.offer(need, offered, &source);
                }
            }
        }
        Ok(())
    }

    async fn web(&mut self, base: &url::Url, identity: &Identity) -> Verdict {
        let web = Web::new(base, self.transcript.clone())?;
        let search = match base.scheme() {
            "http" => {
                let raw = Raw::new(base, self.transcript.clone())?;
                let accept = format!("Accept: {JSON}");
                raw.head("GET", "/studies?limit=1", &[&accept])
                    .await?
                    .status
            }
            _ => web.get("/studies?limit=1", JSON).await?.status,
        };
        self.service(Need::Web, "GET /studies?limit=1", search, false);
        let study = Data::new(identity, "smoke").study(1).build();
        let instances: Vec<_> = study.instances.iter().collect();
        let stored = web.store("/studies", &instances).await?.status;
        self.service(Need::Store, "POST /studies", stored, is_absent(stored));
        let retrieved = web.get(&study.instances[0].path(), DICOM_ANY).await?.status;
        // 404 is the right answer if the store has failed.
        self.service(
            Need::Retrieve,
            "GET of an instance",
            retrieved,
            matches!(retrieved, 405 | 501),
        );
        let path = format!("{}/rendered", study.instances[0].path());
        let rendered = web.get(&path, "image/jpeg").await?.status;
        // Any refusal of what can be retrieved means that there are no pictures.
        let absent = matches!(rendered, 405 | 501) || (retrieved == 200 && rendered != 200);
        self.service(
            Need::Rendered,
            "GET of a rendered instance",
            rendered,
            absent,
        );
        // One resource that is missing does not mean that there are no searches.
        let below = format!("/studies/{}/series", study.uid);
        let (request, search) = match is_absent(search) {
            true => (below.clone(), web.get(&below, JSON).await?.status),
            false => ("/studies?limit=1".to_owned(), search),
        };
        self.service(
            Need::Search,
            &format!("GET {request}"),
            search,
            is_absent(search),
        );
        if !is_absent(search) {
            self.searched(&web, &study).await?;
        }
        let path = format!("{}/thumbnail", study.instances[0].path());
        let thumbnail = web.get(&path, "image/jpeg").await?.status;
        self.service(
            Need::Thumbnail,
            "GET of a thumbnail",
            thumbnail,
            thumbnail != 200,
        );
        self.described(&web, &study.uid).await?;

        let headers = [("Content-Type", METADATA_TYPE), ("Accept", JSON)];
        let described = web.request("POST", "/studies", &headers, "--b--\r\n".into());
        let described = described.await?.status;
        if !self.offers(Need::StoreMetadata) {
            self.service(
                Need::StoreMetadata,
                "POST of metadata",
                described,
                described == 415 || is_absent(described),
            );
        }
        let upload = Upload::of(&instances).accept(XML);
        let stored = web.upload("/studies", &upload).await?.status;
        self.service(
            Need::StoreXml,
            "POST /studies for an answer in XML",
            stored,
            stored == 406 || is_absent(stored),
        );
        Ok(())
    }

    /// What its searches can do beyond the beginnings.
    async fn searched(&mut self, web: &Web, study: &Study) -> Verdict {
        let status = web.get("/instances?limit=1", JSON).await?.status;
        self.service(
            Need::Relational,
            "GET /instances?limit=1",
            status,
            status == 400 || is_absent(status),
        );
        let status = web.get("/studies?limit=1", XML_PARTS).await?.status;
        self.service(
            Need::SearchXml,
            "GET /studies?limit=1 for XML",
            status,
            status == 406 || is_absent(status),
        );

        // Finding the right value is not enough: who ignores the key finds everything.
        let mut found = Vec::new();
        for value in ["private%20text", "another%20text"] {
            let path = format!(
                "/studies/{}/series/{}/instances?00090010=CONFORMANCE%201.0&00091001={value}",
                study.uid, study.instances[0].series
            );
            found.push(web.search(&path).await.map_or(0, |rows| rows.len()));
        }
        let source = format!(
            "{} rows for a stored private value, {} for another",
            found[0], found[1]
        );
        self.offer(Need::SearchPrivate, found == [1, 0], &source);

        let mut rows = 0;
        for name in unlike(study) {
            let path = format!("/studies?PatientName={name}&fuzzymatching=true");
            rows += web.search(&path).await.map_or(0, |rows| rows.len());
        }
        let source = format!("{rows} rows for names that only fuzzy matching finds");
        self.offer(Need::NoFuzzy, rows == 0, &source);
        Ok(())
    }

    /// What the archive says of itself, in its capabilities and in Allow headers.
    async fn described(&mut self, web: &Web, study: &str) -> Verdict {
        let document = web
            .request("OPTIONS", "/", &[("Accept", WADL)], "".into())
            .await?;
        self.service(
            Need::Capabilities,
            "OPTIONS of the base",
            document.status,
            is_absent(document.status),
        );
        if String::from_utf8_lossy(&document.body).contains(METADATA_PART) {
            self.offer(Need::StoreMetadata, true, "the capabilities document");
        }
        let path = format!("/studies/{study}");
        let methods = web.request("OPTIONS", &path, &[("Accept", "*/*")], "".into());
        let methods = methods.await?;
        let allow = methods.headers.get(http::header::ALLOW);
        let allow = allow.and_then(|value| value.to_str().ok());
        let deletes = allow.is_some_and(|methods| methods.contains("DELETE"));
        let source = match allow {
            Some(methods) => format!("the Allow header of a study is {methods:?}"),
            None => "a study has no Allow header".to_owned(),
        };
        self.offer(Need::NoDelete, !deletes, &source);
        Ok(())
    }

    fn offer(&mut self, need: Need, offered: bool, source: &str) {
        let source = source.to_owned();
        self.offers.insert(need, Observation::of(offered, source));
    }

    async fn dimse(&mut self, door: &DimseTarget, target: &Target) -> Verdict {
        let login = target.claims.get(&Need::UserIdentity).map(String::as_str);
        let dimse = Dimse::new(door.clone(), self.transcript.clone()).named(login);
        let has_destination = target.destination.is_some();
        let classes = [
            (Need::Echo, uids::VERIFICATION),
            (Need::CStore, uids::CT_IMAGE_STORAGE),
            (
                Need::CFind,
                uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
            ),
            (
                Need::CMove,
                uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE,
            ),
            (
                Need::CGet,
                uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET,
            ),
            (Need::Commit, uids::STORAGE_COMMITMENT_PUSH_MODEL),
        ];
        let mut association = dimse.associate(&classes.map(|(_, class)| class)).await?;
        for (need, class) in classes {
            let offered = association.context(class).is_some();
            let source = format!(
                "its presentation context was {}",
                if offered { "accepted" } else { "not accepted" }
            );
            self.offers.insert(need, Observation::of(offered, source));
        }
        self.offers.insert(
            Need::Dimse,
            Observation::of(true, "an association was accepted"),
        );
        let source = if has_destination {
            "as told on the command line"
        } else {
            "no --move-destination given"
        };
        self.offers.insert(
            Need::MoveDestination,
            Observation::of(has_destination, source),
        );
        if association.context(uids::VERIFICATION).is_some() {
            let status = association.echo().await?;
            if status != 0 {
                return Err(Finding::fail(format!("C-ECHO was answered {status:04X}H")));
            }
        }
        // How an association ends is the question of a check.
        let _ = association.release().await;
        Ok(())
    }

    fn service(&mut self, need: Need, request: &str, status: u16, absent: bool) {
        let source = format!("{request} was answered {status}");
        self.offers.insert(need, Observation::of(!absent, source));
    }

    /// Takes over what is claimed, where nothing can be seen. A door that nobody gave stays shut.
    fn take_claims(&mut self, claims: &Claims) {
        let claimed = Need::ALL.iter().copied();
        for need in claimed.filter(|need| need.known() == Known::Claimed) {
            let is_open = self
                .offers
                .get(&need)
                .is_none_or(|observation| observation.offered);
            let offered = is_open && claims.contains_key(&need);
            let source = match offered {
                true => "as claimed",
                false => "not claimed",
            };
            self.offers.insert(need, Observation::of(offered, source));
        }
        if self.offers(Need::Delete) {
            self.offer(Need::NoDelete, false, "the opposite is claimed");
        }
    }

    fn close(&mut self, door: Door, looked: Verdict) {
        let reason = match looked {
            Ok(()) => return,
            Err(Finding::Fail(difference)) => difference.got,
            Err(other) => format!("{other:?}"),
        };
        for &need in Need::ALL.iter().filter(|need| need.door() == door) {
            // Not seen is not the same as not there: its checks are untestable.
            self.offers
                .insert(need, Observation::of(true, reason.as_str()));
        }
        self.unreachable.push((door, reason));
    }

    fn without(&mut self, door: Door, reason: &str) {
        for &need in Need::ALL.iter().filter(|need| need.door() == door) {
            self.offers.insert(need, Observation::of(false, reason));
        }
    }
}

/// The media type of a store of metadata.
const METADATA_TYPE: &str = "multipart/related; type=\"application/dicom+json\"; boundary=b";

/// How a capabilities document names it.
const METADATA_PART: &str = "type=&quot;application/dicom+json&quot;";

/// Forms of the patient's name that no literal matching finds: in another order, and without the beginning of a word.
fn unlike(study: &Study) -> [String; 2] {
    let name = study.instances[0].value(tags::PATIENT_NAME);
    let mut words: Vec<_> = name.split(['^', ' ']).collect();
    words.reverse();
    [words.join("%20"), words.join("%5E")]
}

impl Observation {
    fn of(offered: bool, source: impl Into<String>) -> Self {
        Self {
            declared: None,
            offered,
            source: source.into(),
        }
    }
}

/// Whether a status says that there is no such service.
const fn is_absent(status: u16) -> bool {
    matches!(status, 404 | 405 | 501)
}
