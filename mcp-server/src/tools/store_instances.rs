//! store-instances: files into the archive, with what became of each.

use super::{Effect, Pending, Session, Tool};
use crate::arguments::{Arguments, Kind, Parameter};
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
        guard::may_store(&session.config.permissions)?;
        let permissions = session.config.permissions.clone();
        let paths = arguments.texts("paths");
        let reading = tokio::task::spawn_blocking(move || {
            let files = guard::files(&permissions, &paths)?;
            Ok(upload::read(&files))
        });
        let batch = reading.await.unwrap_or_else(|_| {
            Err(Failure::Internal {
                doing: "read the files".into(),
            })
        })?;
        let (fates, notes) = if arguments.is_on("dryRun") {
            (None, Vec::new())
        } else {
            let (fates, notes) = upload::send(session, &batch.candidates).await;
            (Some(fates), notes)
        };
        Ok(Report {
            batch,
            fates,
            notes,
        }
        .answer(session.config.limits.text))
    })
}
