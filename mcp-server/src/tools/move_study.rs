//! move-study: a study to another application entity, by C-MOVE.

use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{StatusClass, SubOperations};
use dicom_wire::query::Level;
use serde_json::json;

use super::{Effect, OPTIONAL_SERIES, Pending, STUDY, Session, Tool, scope};
use crate::answer::{Answer, Outcome};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::{Moved, Scope};
use crate::client::{Consent, Progress};
use crate::error::{Failure, Said};
use crate::listing::More;
use crate::query::{Search, Terms};
use crate::{find, guard};

pub(super) const TOOL: Tool = Tool {
    name: "move-study",
    title: "Move a study to another archive",
    about: "Asks the archive to send a study, or one series of it, to another application entity (C-MOVE) and tells how many instances \
            arrived, failed or arrived with a warning, and which failed. It is off until --allow-move names the destination. It goes over \
            DIMSE only, and copies: nothing is taken out of the archive.",
    parameters: &[
        STUDY,
        OPTIONAL_SERIES,
        Parameter {
            name: "destination",
            kind: Kind::Text(16),
            required: true,
            about: "The AE title to send to, one of those of --allow-move; the archive has to know it.",
        },
    ],
    output: || {
        let count =
            |about: &str| json!({"type": ["integer", "null"], "minimum": 0, "description": about});
        json!({
            "type": "object",
            "properties": {
                "studyInstanceUid": {"type": "string"},
                "destination": {"type": "string"},
                "outcome": {"type": "string", "enum": ["all", "unchecked", "part", "nothing", "failed", "cancelled"], "description": "unchecked: the archive reports success, and no search could confirm that nothing is missing."},
                "status": {"type": "string", "description": "The final status, as 0000H."},
                "completed": count("Instances that arrived; null where the archive did not say."),
                "failed": count("Instances that did not arrive."),
                "warning": count("Instances that arrived with a warning."),
                "remaining": count("Instances that were not tried."),
                "failedInstances": {"type": "array", "items": {"type": "string"}},
                "warnings": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["studyInstanceUid", "destination", "outcome", "status", "completed", "failed", "warning", "remaining", "failedInstances", "warnings"],
            "additionalProperties": false
        })
    },
    effect: Effect::Moves,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let scope = scope(&arguments)?;
        run(session, &scope, arguments.text("destination")).await
    })
}

/// Moves what is allowed; the account of it, an error unless all arrived.
pub(crate) async fn run(
    session: &Session,
    scope: &Scope,
    destination: &str,
) -> Result<Answer, Failure> {
    let destination = guard::may_move(&session.config.permissions, destination)?;
    let question = format!(
        "Send {scope} from archive {:?} to {destination}?",
        session.backend.name()
    );
    if session.client.confirm(&question).await == Consent::Refused {
        return Err(Failure::NotAllowed {
            what: format!("moving {scope} to {destination}"),
            setting: "the person who was asked did not agree".into(),
        });
    }
    let moved = session
        .client
        .watching(async |progress| {
            let mut tell = |counts: &SubOperations| {
                let number = |count: Option<u16>| f64::from(count.unwrap_or(0));
                let done =
                    number(counts.completed) + number(counts.failed) + number(counts.warning);
                progress.send_replace(Progress {
                    done,
                    total: counts.remaining.map(|left| done + f64::from(left)),
                    message: format!("sending to {destination}"),
                });
            };
            session
                .backend
                .move_to(scope, &destination, &mut tell)
                .await
        })
        .await?;
    let listed = listed(session, scope).await;
    Ok(answer(scope, &destination, &moved, listed))
}

/// How many instances a search finds in what was moved: an archive's own account of a move is not proof.
async fn listed(session: &Session, scope: &Scope) -> Option<usize> {
    let search = Search {
        level: Level::Instance,
        study: Some(scope.study.clone()),
        series: scope.series.clone(),
        terms: Terms::default(),
    };
    let listing = find::all(&session.backend, &search, &session.deadline())
        .await
        .ok()?;
    (listing.more == More::No).then_some(listing.rows.len())
}

fn answer(scope: &Scope, destination: &AeTitle, moved: &Moved, listed: Option<usize>) -> Answer {
    let counts = moved.counts;
    let number = |count: Option<u16>| count.unwrap_or(0);
    let arrived = u32::from(number(counts.completed)) + u32::from(number(counts.warning));
    let failed = u32::from(number(counts.failed)).max(moved.failed.len() as u32);
    let status = moved.outcome.status;
    let outcome = match status.class() {
        StatusClass::Cancel => "cancelled",
        StatusClass::Success | StatusClass::Warning if failed > 0 && arrived > 0 => "part",
        StatusClass::Success | StatusClass::Warning if failed > 0 => "failed",
        // Many archives leave the numbers out; only a count that is there and zero says "nothing".
        StatusClass::Success if counts.completed.is_none() => "unchecked",
        StatusClass::Success | StatusClass::Warning if arrived == 0 => "nothing",
        StatusClass::Success if listed.is_some_and(|listed| listed != arrived as usize) => "part",
        StatusClass::Success if listed.is_none() => "unchecked",
        StatusClass::Success => "all",
        StatusClass::Warning => "part",
        _ if arrived > 0 => "part",
        _ => "failed",
    };
    let mut text = match outcome {
        "all" => format!("All of {scope} arrived at {destination}: {arrived} instances."),
        "unchecked" if counts.completed.is_none() => format!(
            "The archive ended the move of {scope} to {destination} with {status}, and does not say how many instances arrived."
        ),
        "unchecked" => format!(
            "The archive counts {arrived} instances of {scope} that arrived at {destination}."
        ),
        "part" => format!(
            "Only a part of {scope} arrived at {destination}: {arrived} arrived, {failed} failed."
        ),
        "nothing" => format!(
            "Nothing was sent to {destination}: the archive ended with {status} and counts no instance that arrived; perhaps {scope} is not there."
        ),
        "cancelled" => format!(
            "The move of {scope} to {destination} was cancelled: {arrived} instances had arrived."
        ),
        _ => format!(
            "The move of {scope} to {destination} failed with {status}: nothing arrived, {failed} failed."
        ),
    };
    let warning = match listed {
        _ if status.class() != StatusClass::Success => None,
        _ if counts.completed.is_none() => Some("nobody counted what arrived".to_owned()),
        Some(listed) if listed == arrived as usize => None,
        Some(listed) => Some(format!(
            "the archive counts {arrived} instances that arrived, and a search of it finds {listed}: which of them arrived is not certain"
        )),
        None => Some(
            "whether these are all could not be checked: the archive did not list them to the end"
                .to_owned(),
        ),
    };
    if let Some(warning) = &warning {
        text.push_str(&format!("\nWarning: {warning}."));
    }
    if let Some(comment) = moved.outcome.comment.as_deref().and_then(Said::new) {
        text.push_str(&format!("\n{comment}"));
    }
    if number(counts.warning) > 0 {
        text.push_str(&format!(
            "\n{} of them with a warning of {destination}.",
            number(counts.warning)
        ));
    }
    if !moved.failed.is_empty() {
        text.push_str("\nFailed: ");
        text.push_str(&moved.failed.join(", "));
    }
    Answer {
        text,
        structured: json!({
            "studyInstanceUid": scope.study.as_str(),
            "destination": destination.as_str(),
            "outcome": outcome,
            "status": format!("{:04X}H", status.0),
            "completed": counts.completed,
            "failed": counts.failed,
            "warning": counts.warning,
            "remaining": counts.remaining,
            "failedInstances": moved.failed,
            "warnings": Vec::from_iter(warning),
        }),
        picture: None,
        outcome: if matches!(outcome, "all" | "unchecked") {
            Outcome::Done
        } else {
            Outcome::NotAllDone
        },
    }
}
