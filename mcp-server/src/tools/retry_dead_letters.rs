//! retry-dead-letters: what could not be stored, once more.

use super::list_dead_letters::{chosen, no_queue};
use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::config::Store;
use crate::deadletter::Letter;
use crate::error::Failure;
use crate::upload::{self, Batch, Conflicts, Fate, Report};

pub(super) const TOOL: Tool = Tool {
    name: "retry-dead-letters",
    title: "Send again what could not be stored",
    about: "Looks up in the archive each instance of the dead-letter queue, sends again what is not there, and takes out what is stored \
            then. Use it when the reason that list-dead-letters shows is gone. It is off unless the server was started with --allow-store.",
    parameters: &[Parameter {
        name: "id",
        kind: Kind::Text(64),
        required: false,
        about: "Only the letter of this name; all of the archive where not given.",
    }],
    output: upload::schema,
    effect: Effect::Adds,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        if session.config.permissions.store != Store::On {
            return Err(Failure::NotAllowed {
                what: "storing".into(),
                setting: "start the server with --allow-store".into(),
            });
        }
        run(session, arguments.text("id")).await
    })
}

/// Sends the letters again.
pub(crate) async fn run(session: &Session, id: &str) -> Result<Answer, Failure> {
    let letters = chosen(session, id)?;
    let queue = session.queue()?.ok_or_else(no_queue)?;
    let mut notes = Vec::new();
    let paths = letters
        .iter()
        .map(|letter| letter.path.clone())
        .collect::<Vec<_>>();
    let reading = tokio::task::spawn_blocking(move || upload::read(&paths, Conflicts::Sent));
    let mut batch = reading.await.map_err(|_| Failure::Internal {
        doing: "read the files".into(),
    })?;
    // A file that holds another instance by now is not what was meant.
    let is_meant = |candidate: &upload::Candidate| {
        letters.iter().any(|letter: &Letter| {
            letter.path == candidate.part.path
                && letter.sop_instance_uid == candidate.instance.as_str()
        })
    };
    let before = batch.candidates.len();
    batch.candidates.retain(is_meant);
    if batch.candidates.len() < before {
        notes.push(format!(
            "{} files hold other instances than when they were put into the queue: not sent",
            before - batch.candidates.len()
        ));
    }
    let there = upload::already_there(session, &batch.candidates).await;
    let (known, missing): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.candidates)
        .into_iter()
        .partition(|candidate| there.contains(candidate.instance.as_str()));
    let mut fates = Vec::new();
    for candidate in known {
        let fate = Fate::Stored {
            warning: Some("it was in the archive already".into()),
        };
        queue.settle(session.backend.name(), &candidate, &fate)?;
        batch.candidates.push(candidate);
        fates.push(fate);
    }
    let (sent, further) = upload::send(session, &missing).await?;
    batch.candidates.extend(missing);
    fates.extend(sent);
    notes.extend(further);
    let report = Report {
        batch: Batch { ..batch },
        fates: Some(fates),
        notes,
    };
    Ok(report.answer(session.config.limits.text))
}
