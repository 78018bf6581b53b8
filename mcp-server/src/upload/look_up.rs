//! What a search finds of what was sent: an archive's word alone is not believed.

use std::collections::BTreeSet;
use std::time::Duration;

use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use rand::RngExt as _;

use super::Candidate;
use crate::backend::Deadline;
use crate::error::Failure;
use crate::find;
use crate::listing::More;
use crate::query::{Search, Terms};
use crate::tools::Session;

/// The SOP Instance UIDs that a search found in a study, or why it could not.
pub(super) type Found = Result<BTreeSet<String>, String>;

/// The SOP Instance UIDs of these that a search finds; what cannot be looked up is taken as not there, and looked up
/// again before it is sent a second time.
pub async fn already_there(session: &Session, candidates: &[Candidate]) -> BTreeSet<String> {
    let studies: BTreeSet<&Uid> = candidates
        .iter()
        .map(|candidate| &candidate.study)
        .collect();
    let mut there = BTreeSet::new();
    for study in studies {
        there.extend(look_up(session, study).await.unwrap_or_default());
    }
    there
}

/// What a search finds in the study: the SOP Instance UIDs, or why that is not known. An archive that cannot search just
/// now is asked again.
pub(super) async fn look_up(session: &Session, study: &Uid) -> Found {
    let limits = &session.config.limits;
    let mut found = search(session, study).await;
    for tries in 1..limits.tries {
        if found.is_ok() {
            break;
        }
        tokio::time::sleep(backoff(limits.retry_after, tries)).await;
        found = search(session, study).await;
    }
    found
}

async fn search(session: &Session, study: &Uid) -> Found {
    let all = Search {
        level: Level::Instance,
        study: Some(study.clone()),
        series: None,
        terms: Terms::default(),
    };
    let deadline = Deadline::after(session.config.timeout);
    match find::all(&session.backend, &all, &deadline).await {
        Ok(listing) if listing.more == More::No || !listing.rows.is_empty() => Ok(listing
            .rows
            .iter()
            .filter_map(|row| row.text(tags::SOP_INSTANCE_UID))
            .collect()),
        Ok(_) => Err("the search was not complete".to_owned()),
        // Archives that know no such study say so.
        Err(Failure::Status { status: 404, .. }) => Ok(BTreeSet::new()),
        Err(failure) => Err(failure.to_string()),
    }
}

pub(super) fn is_there(there: &Found, uid: &str) -> bool {
    there.as_ref().is_ok_and(|there| there.contains(uid))
}

/// A wait that doubles with each try, and is never the same twice.
pub(super) fn backoff(first: Duration, tries: u32) -> Duration {
    let whole = first * 2u32.saturating_pow(tries - 1);
    whole.mul_f64(rand::rng().random_range(0.5..1.0))
}
