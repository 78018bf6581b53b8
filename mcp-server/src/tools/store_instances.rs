//! store-instances: files into the archive, with what became of each.

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::client::Consent;
use crate::config::{Permissions, Store};
use crate::error::Failure;
use crate::guard;
use crate::upload::{self, Report};

pub(super) const TOOL: Tool = Tool {
    name: "store-instances",
    title: "Store files in the archive",
    about: "Sends DICOM files to the archive as they are and tells for each instance whether it is stored, refused and why, or unknown, \
            confirmed by a search. What fails for a passing reason is tried again. Files of one study with different patients are held back. \
            Use dryRun to see what would be sent. It is off unless the server was started with --allow-store, and reads only inside the allowed folders.",
    parameters: &[
        Parameter {
            name: "paths",
            kind: Kind::Texts,
            required: true,
            about: "Files, or folders with all they contain, inside the allowed folders.",
        },
        Parameter {
            name: "dryRun",
            kind: Kind::Switch,
            required: false,
            about: "Only tell what would be sent.",
        },
    ],
    output: upload::schema,
    effect: Effect::Adds,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let mut permissions = session.config.permissions.clone();
        if permissions.paths.is_empty() && permissions.store == Store::On {
            permissions.paths = session.client.roots().await.unwrap_or_default();
        }
        guard::may_store(&permissions)?;
        let paths = arguments.texts("paths");
        let dry = arguments.is_on("dryRun");
        run(session, permissions, paths, dry).await
    })
}

/// Reads, checks and sends what the paths name.
pub(crate) async fn run(
    session: &Session,
    permissions: Permissions,
    paths: Vec<String>,
    dry: bool,
) -> Result<Answer, Failure> {
    let conflicts = permissions.conflicts;
    let reading = tokio::task::spawn_blocking(move || {
        let files = guard::files(&permissions, &paths)?;
        Ok(upload::read(&files, conflicts))
    });
    let mut batch = reading.await.unwrap_or_else(|_| {
        Err(Failure::Internal {
            doing: "read the files".into(),
        })
    })?;
    match upload::hold_unwanted(session, &mut batch).await {
        // It says that it cannot be asked just now: the instances themselves are tried, as often as they are over HTTP. One that
        // says nothing is not waited for again with each of them.
        Err(failure)
            if !dry && failure.is_transient() && !matches!(failure, Failure::TimedOut { .. }) => {}
        asked => asked?,
    }
    let (fates, notes) = if dry {
        (None, Vec::new())
    } else {
        let question = format!(
            "Store {} instances in archive {:?} ({})?",
            batch.candidates.len(),
            session.backend.name(),
            session.backend.address()
        );
        if session.client.confirm(&question).await == Consent::Refused {
            return Err(Failure::NotAllowed {
                what: "storing".into(),
                setting: "the person who was asked did not agree".into(),
            });
        }
        let (fates, notes) = upload::send(session, &batch.candidates).await?;
        (Some(fates), notes)
    };
    let report = Report {
        batch,
        fates,
        notes,
    };
    Ok(report.answer(session.config.limits.text))
}
