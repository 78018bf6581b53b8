//! What the archive will not take, held back before a byte is sent: by the contexts that it accepts over DIMSE, by its
//! capabilities and its earlier answers over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use dicom_wire::stow::FailureReason;

use super::{Batch, Candidate, Told};
use crate::error::Failure;
use crate::text;
use crate::tools::Session;

/// SOP Class UID and Transfer Syntax UID.
pub(crate) type Kind = (String, String);

fn kind(candidate: &Candidate) -> Kind {
    (
        candidate.part.class.to_string(),
        candidate.part.syntax.to_string(),
    )
}

/// Holds back what the archive says that it will not take, before anything is sent.
///
/// # Errors
/// If the archive cannot be asked over DIMSE, and then nothing is held; over HTTP one that has no capabilities to tell takes
/// what it takes.
pub async fn hold_unwanted(session: &Session, batch: &mut Batch) -> Result<(), Failure> {
    let kinds: BTreeSet<Kind> = batch.candidates.iter().map(kind).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    let unwanted = unwanted(session, &kinds).await?;
    for candidate in std::mem::take(&mut batch.candidates) {
        match unwanted.get(&kind(&candidate)) {
            None => batch.candidates.push(candidate),
            Some(reason) => batch.held.push(candidate.held(reason.clone())),
        }
    }
    Ok(())
}

/// Why these are not taken.
async fn unwanted(
    session: &Session,
    kinds: &BTreeSet<Kind>,
) -> Result<BTreeMap<Kind, String>, Failure> {
    let told = |(class, syntax): &Kind, what: &str| {
        format!(
            "the archive {what} {} in transfer syntax {syntax}",
            text::class_name(class)
        )
    };
    match (session.backend.web(), session.backend.dimse()) {
        (Some(web), _) => {
            if !web.offers_store(&session.deadline()).await {
                let reason = "the archive's capabilities offer no store".to_owned();
                return Ok(kinds
                    .iter()
                    .map(|kind| (kind.clone(), reason.clone()))
                    .collect());
            }
            let refused = kinds.iter().filter_map(|kind| {
                let reason = session.backend.refused_before(kind)?;
                let what = told(kind, "refused");
                Some((kind.clone(), format!("{what} before: {reason}")))
            });
            Ok(refused.collect())
        }
        (None, Some(dimse)) => {
            let accepted = dimse.accepts(kinds, &session.deadline()).await?;
            let others = kinds.difference(&accepted);
            Ok(others
                .map(|kind| (kind.clone(), told(kind, "does not accept")))
                .collect())
        }
        (None, None) => Ok(BTreeMap::new()),
    }
}

/// Remembers which kinds of instances were refused as such, whatever instance it was.
pub(super) fn learn(session: &Session, all: &[Candidate], told: &BTreeMap<usize, Told>) {
    let lasting = [
        FailureReason::SOP_CLASS_NOT_SUPPORTED,
        FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED,
    ];
    for (index, told) in told {
        if let Told::Refused(Some(reason)) = told
            && lasting.contains(reason)
        {
            let kind = kind(&all[*index]);
            session.backend.note_refused(kind, reason.to_string());
        }
    }
}
