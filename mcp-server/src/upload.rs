//! Storing files: what is sent, what the archive says of it, what is found to be there, and what is sent again.
//!
//! Sent = stored + refused + unknown. An archive's "stored" is believed when a search finds the instance; what it does not
//! mention is looked up before anything is sent again; only what failed for a passing reason is.

mod batch;
mod look_up;
mod report;
mod unwanted;

use std::collections::BTreeMap;
use std::time::Duration;

use dicom_wire::stow::{FailureReason, StoreResponse, WarningReason};
use dicom_wire::uid::Uid;
use rand::RngExt as _;

use crate::backend::{Certainty, Outgoing, StoreAnswer, StoreFailure};
use crate::error::{Failure, Said};
use crate::tools::Session;

pub use batch::{Batch, Candidate, Conflicts, Held, Why, read};
pub use look_up::already_there;
pub use report::{Report, schema};
pub use unwanted::hold_unwanted;

use look_up::{Found, backoff, is_there, look_up};

/// The most instances in one request.
const MAX_PARTS: usize = 100;
/// The most bytes in one request, unless one instance is larger.
const MAX_BYTES: u64 = 1 << 30;

/// What became of one instance that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the archive: a search finds it.
    Stored {
        /// What the archive remarked.
        warning: Option<String>,
    },
    /// The archive refused it.
    Refused {
        /// Why, in words.
        reason: String,
        /// The code, where the archive gave one.
        code: Option<u16>,
    },
    /// It may be there or not.
    Unknown {
        /// Why that is not known.
        reason: String,
    },
}

/// What one try told about one instance.
#[derive(Debug, Clone)]
enum Told {
    Stored(Option<WarningReason>),
    Refused(Option<FailureReason>),
    /// The request failed as a whole.
    Failed {
        failure: Failure,
        certainty: Certainty,
    },
    /// The archive answered without a word about it.
    Nothing {
        status: u16,
        unnamed: Vec<FailureReason>,
    },
}

/// Sends the instances, study by study, and tells what became of each. What is not stored is in the dead-letter queue
/// before this returns; what is under way is written down there before it is sent.
///
/// # Errors
/// If the queue cannot be written: then nothing is sent.
pub async fn send(
    session: &Session,
    candidates: &[Candidate],
) -> Result<(Vec<Fate>, Vec<String>), Failure> {
    let mut fates = vec![None; candidates.len()];
    let mut notes = Vec::new();
    let archive = session.backend.name();
    let queue = session.queue()?;
    let job = match &queue {
        Some(queue) => Some(queue.begin(archive, candidates)?),
        None => None,
    };
    let mut done = 0;
    for batch in batches(candidates) {
        let sent = send_batch(session, candidates, &batch, &mut notes).await;
        for (index, fate) in batch.into_iter().zip(sent) {
            if let Some(queue) = &queue {
                queue.settle(archive, &candidates[index], &fate)?;
            }
            fates[index] = Some(fate);
            done += 1;
        }
        let message = format!("{done} of {} sent", candidates.len());
        session
            .client
            .progress(done as f64, Some(candidates.len() as f64), &message)
            .await;
    }
    if let Some(job) = job {
        job.end()?;
    }
    let never = || Fate::Unknown {
        reason: "it was not sent".into(),
    };
    let fates = fates.into_iter().map(|fate| fate.unwrap_or_else(never));
    Ok((fates.collect(), notes))
}

/// Indices of instances that go together: of one study, bounded in number and bytes.
fn batches(candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut studies: BTreeMap<&Uid, Vec<usize>> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        studies.entry(&candidate.study).or_default().push(index);
    }
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for indices in studies.into_values() {
        let mut batch = Vec::new();
        let mut bytes = 0;
        for index in indices {
            let length = candidates[index].part.bytes;
            if !batch.is_empty() && (batch.len() == MAX_PARTS || bytes + length > MAX_BYTES) {
                batches.push(std::mem::take(&mut batch));
                bytes = 0;
            }
            batch.push(index);
            bytes += length;
        }
        batches.push(batch);
    }
    batches
}

/// Sends one batch, again where that can help, and settles what became of each instance in it.
async fn send_batch(
    session: &Session,
    all: &[Candidate],
    batch: &[usize],
    notes: &mut Vec<String>,
) -> Vec<Fate> {
    let limits = &session.config.limits;
    let mut told: BTreeMap<usize, Told> = BTreeMap::new();
    let mut pending = batch.to_vec();
    let mut there;
    let mut tries = 0;
    loop {
        tries += 1;
        let parts = pending
            .iter()
            .map(|index| all[*index].part.clone())
            .collect();
        let seed = rand::rng().random();
        let result = session.backend.store(Outgoing { parts, seed }).await;
        let asked = take(result, all, &pending, &mut told, notes);
        unwanted::learn(session, all, &told);
        there = look_up(session, &all[batch[0]].study).await;
        pending.retain(|index| {
            told.get(index).is_some_and(may_pass)
                && !is_there(&there, all[*index].instance.as_str())
                && can_be_sent_again(&told[index], &there)
        });
        if pending.is_empty() || tries >= limits.tries {
            break;
        }
        let wait = asked.unwrap_or_else(|| backoff(limits.retry_after, tries));
        if wait > limits.longest_wait {
            notes.push(format!(
                "the archive asks to wait {} s before another try: not waited for",
                wait.as_secs()
            ));
            break;
        }
        notes.push(format!(
            "{} sent again, try {}",
            count(pending.len()),
            tries + 1
        ));
        tokio::time::sleep(wait).await;
    }
    batch
        .iter()
        .map(|index| settle(told.remove(index), &there, all[*index].instance.as_str()))
        .collect()
}

fn count(instances: usize) -> String {
    if instances == 1 {
        "1 instance".to_owned()
    } else {
        format!("{instances} instances")
    }
}

/// Notes what a try told about each pending instance; how long the archive asks to wait.
fn take(
    result: Result<StoreAnswer, StoreFailure>,
    all: &[Candidate],
    pending: &[usize],
    told: &mut BTreeMap<usize, Told>,
    notes: &mut Vec<String>,
) -> Option<Duration> {
    match result {
        Ok(answer) => {
            match &answer.said {
                Some(said) => notes.push(words(answer.status, said)),
                None if !matches!(answer.status, 0 | 200) => {
                    notes.push(format!("the archive answered {}", answer.status))
                }
                None => {}
            }
            for index in pending {
                let uid = Some(&all[*index].instance);
                let response = &answer.response;
                let refused = response
                    .failed
                    .iter()
                    .find(|item| item.sop_instance.as_ref() == uid);
                let stored = response
                    .referenced
                    .iter()
                    .find(|item| item.sop_instance.as_ref() == uid);
                let now = match (refused, stored) {
                    // Named in both: the refusal is believed, and a search tells what is there.
                    (Some(item), _) => Told::Refused(item.reason),
                    (None, Some(item)) => Told::Stored(item.warning),
                    (None, None) if answer.broken.is_some() => Told::Failed {
                        failure: answer.broken.clone().unwrap_or(Failure::Internal {
                            doing: "store instances".into(),
                        }),
                        certainty: Certainty::Unknown,
                    },
                    (None, None) => Told::Nothing {
                        status: answer.status,
                        unnamed: unnamed(response),
                    },
                };
                told.insert(*index, now);
            }
            answer.retry_after
        }
        Err(StoreFailure {
            failure,
            retry_after,
            certainty,
        }) => {
            for index in pending {
                told.insert(
                    *index,
                    Told::Failed {
                        failure: failure.clone(),
                        certainty,
                    },
                );
            }
            retry_after
        }
    }
}

/// Reasons that the archive gave without saying for which instance.
fn unnamed(response: &StoreResponse) -> Vec<FailureReason> {
    let nameless = response
        .failed
        .iter()
        .filter(|item| item.sop_instance.is_none())
        .filter_map(|item| item.reason);
    nameless
        .chain(response.other_failures.iter().copied().flatten())
        .collect()
}

fn words(status: u16, said: &Said) -> String {
    match status {
        0 => said.to_string(),
        status => format!("the archive answered {status}; {said}"),
    }
}

/// Whether the reason is one that may pass: connection, time, 408, 429, 502, 503, 504, out of resources (A7xx).
fn may_pass(told: &Told) -> bool {
    match told {
        Told::Stored(_) | Told::Nothing { .. } => false,
        Told::Refused(reason) => reason.is_some_and(FailureReason::is_transient),
        Told::Failed { failure, .. } => {
            failure.is_transient() || matches!(failure, Failure::Unusable { .. })
        }
    }
}

/// Whether it is certain that the archive does not have it: what may be there is not sent twice.
fn can_be_sent_again(told: &Told, there: &Found) -> bool {
    match told {
        Told::Refused(_)
        | Told::Failed {
            certainty: Certainty::NothingStored,
            ..
        } => true,
        _ => there.is_ok(),
    }
}

/// The last word on an instance, from what the archive said and what a search found.
fn settle(told: Option<Told>, there: &Found, uid: &str) -> Fate {
    let found = there
        .as_ref()
        .map(|there| there.contains(uid))
        .map_err(Clone::clone);
    match told {
        Some(Told::Stored(warning)) => match found {
            Ok(true) => Fate::Stored {
                warning: warning.map(|warning| warning.to_string()),
            },
            Ok(false) => Fate::Unknown {
                reason: "the archive said that it stored it, but a search does not find it".into(),
            },
            Err(why) => Fate::Unknown {
                reason: format!(
                    "the archive said that it stored it, which could not be confirmed: {why}"
                ),
            },
        },
        Some(Told::Refused(reason)) => {
            let mut words = reason.map_or("the archive gave no reason".to_owned(), |reason| {
                reason.to_string()
            });
            if found == Ok(true) {
                words.push_str("; an instance with this UID is in the archive");
            }
            Fate::Refused {
                reason: words,
                code: reason.map(|reason| reason.0),
            }
        }
        Some(Told::Failed { failure, certainty }) => match (found, certainty) {
            (Ok(true), _) => Fate::Stored {
                warning: Some(format!("found by a search, though: {failure}")),
            },
            (Ok(false), _) | (Err(_), Certainty::NothingStored) => Fate::Refused {
                reason: failure_in_words(&failure),
                code: None,
            },
            (Err(why), Certainty::Unknown) => Fate::Unknown {
                reason: format!(
                    "{}; it could not be looked up: {why}",
                    failure_in_words(&failure)
                ),
            },
        },
        Some(Told::Nothing { status, unnamed }) => {
            let silent = format!("the archive answered {status} and did not mention it");
            match found {
                Ok(true) => Fate::Stored {
                    warning: Some(format!("{silent}, but a search finds it")),
                },
                Ok(false) => {
                    let mut reasons: Vec<String> =
                        unnamed.iter().map(ToString::to_string).collect();
                    reasons.dedup();
                    let reason = match reasons.as_slice() {
                        [] => format!("{silent}; a search does not find it"),
                        reasons => format!(
                            "{silent}; for instances that it does not name it says: {}",
                            reasons.join(", ")
                        ),
                    };
                    Fate::Refused { reason, code: None }
                }
                Err(why) => Fate::Unknown {
                    reason: format!("{silent}; it could not be looked up: {why}"),
                },
            }
        }
        None => Fate::Unknown {
            reason: "it was not sent".into(),
        },
    }
}

fn failure_in_words(failure: &Failure) -> String {
    match failure.said() {
        Some(said) => format!("{failure}; {said}"),
        None => failure.to_string(),
    }
}
