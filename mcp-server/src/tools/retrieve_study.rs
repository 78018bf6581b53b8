//! retrieve-study: a study into files of an allowed folder.

use std::collections::BTreeSet;
use std::path::PathBuf;

use dicom_dictionary_std::tags;
use dicom_wire::dimse::{StatusClass, SubOperations};
use dicom_wire::query::Level;
use serde_json::json;

use super::{Effect, OPTIONAL_SERIES, Pending, STUDY, Session, Tool, scope};
use crate::answer::{Answer, Outcome};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::{Scope, Sink};
use crate::client::Progress;
use crate::error::Failure;
use crate::listing::More;
use crate::query::{Search, Terms};
use crate::{find, guard};

pub(super) const TOOL: Tool = Tool {
    name: "retrieve-study",
    title: "Retrieve a study into files",
    about: "Writes every instance of a study, or of one series, into a file of a folder on this machine and tells how many came and \
            whether any is missing, compared with what a search finds. It is off until --allow-retrieve-to names the folder. It does \
            not change the archive.",
    parameters: &[
        STUDY,
        OPTIONAL_SERIES,
        Parameter {
            name: "into",
            kind: Kind::Text(4096),
            required: true,
            about: "A folder inside the one of --allow-retrieve-to; it is made where it is not there.",
        },
    ],
    output: || {
        json!({
            "type": "object",
            "properties": {
                "studyInstanceUid": {"type": "string"},
                "folder": {"type": "string"},
                "files": {"type": "integer", "minimum": 0, "description": "Files written."},
                "expected": {"type": ["integer", "null"], "minimum": 0, "description": "Instances that a search finds; null where it could not tell."},
                "missing": {"type": "array", "items": {"type": "string"}, "description": "Instances that a search finds and that did not come."},
                "complete": {"type": ["boolean", "null"], "description": "Whether all came; null where that is not known."},
                "notes": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["studyInstanceUid", "folder", "files", "expected", "missing", "complete", "notes"],
            "additionalProperties": false
        })
    },
    effect: Effect::Writes,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let scope = scope(&arguments)?;
        let folder = guard::folder_for(&session.config.permissions, arguments.text("into"))?;
        let expected = expected(session, &scope).await?;
        let mut notes = Vec::new();
        let written = written(session, &scope, &folder, &expected, &mut notes).await?;
        Ok(answer(&scope, &folder, expected, &written, notes))
    })
}

/// What a search finds: SOP Instance and SOP Class UIDs, and whether these are all.
struct Expected {
    instances: Vec<(String, String)>,
    all: Result<(), String>,
}

async fn expected(session: &Session, scope: &Scope) -> Result<Expected, Failure> {
    let search = Search {
        level: Level::Instance,
        study: Some(scope.study.clone()),
        series: scope.series.clone(),
        terms: Terms::default(),
    };
    let deadline = session.deadline();
    let mut instances = Vec::new();
    let mut all = Ok(());
    let listing = find::all(&session.backend, &search, &deadline).await?;
    if listing.rows.is_empty() {
        find::scope_exists(&session.backend, &search, &deadline).await?;
    }
    match &listing.more {
        More::No => {}
        More::Yes => all = Err("the study has more instances than were gone through".to_owned()),
        More::Unknown(why) => all = Err(why.clone()),
    }
    for row in &listing.rows {
        if let Some(uid) = row.text(tags::SOP_INSTANCE_UID) {
            instances.push((uid, row.text(tags::SOP_CLASS_UID).unwrap_or_default()));
        }
    }
    Ok(Expected { instances, all })
}

async fn written(
    session: &Session,
    scope: &Scope,
    folder: &std::path::Path,
    expected: &Expected,
    notes: &mut Vec<String>,
) -> Result<Vec<PathBuf>, Failure> {
    let total = expected.instances.len() as f64;
    let message = format!("retrieving {scope}");
    if let Some(web) = session.backend.web() {
        let files = session
            .client
            .watching(async |progress| {
                let mut tell = |count: usize| {
                    progress.send_replace(Progress {
                        done: count as f64,
                        total: Some(total),
                        message: message.clone(),
                    });
                };
                web.retrieve_all(scope, folder, &mut tell).await
            })
            .await?;
        if files.faulty > 0 {
            notes.push(format!(
                "{} parts of the answer were no DICOM files",
                files.faulty
            ));
        }
        if let Some(failure) = files.broken {
            notes.push(format!("the answer ended early: {}", failure.brief()));
        }
        return Ok(files.written);
    }
    let Some(dimse) = session.backend.dimse() else {
        return Err(Failure::NoWay {
            doing: message,
            reason: "the archive has no address".into(),
            setting: "set DICOMWEB_HOST, or DICOM_HOST and DICOM_PORT".into(),
        });
    };
    let classes: BTreeSet<&String> = expected.instances.iter().map(|(_, class)| class).collect();
    let classes: Vec<String> = classes
        .into_iter()
        .filter(|class| !class.is_empty())
        .cloned()
        .collect();
    let mut sink = Sink::Folder {
        folder: folder.to_owned(),
        written: Vec::new(),
    };
    let ended = session
        .client
        .watching(async |progress| {
            let mut tell = |counts: &SubOperations| {
                progress.send_replace(Progress {
                    done: f64::from(counts.completed.unwrap_or(0)),
                    total: Some(total),
                    message: message.clone(),
                });
            };
            dimse.get_all(scope, &classes, &mut sink, &mut tell).await
        })
        .await;
    let Sink::Folder { written, .. } = sink else {
        return Err(Failure::Internal { doing: message });
    };
    match ended {
        Err(failure) if written.is_empty() => return Err(failure),
        Err(failure) => notes.push(format!("the retrieval ended early: {}", failure.brief())),
        Ok(moved) => {
            if moved.outcome.status.class() != StatusClass::Success {
                notes.push(format!(
                    "the archive ended the C-GET with {}",
                    moved.outcome.status
                ));
            }
            if !moved.failed.is_empty() {
                notes.push(format!(
                    "the archive could not send {}",
                    moved.failed.join(", ")
                ));
            }
        }
    }
    Ok(written)
}

fn answer(
    scope: &Scope,
    folder: &std::path::Path,
    expected: Expected,
    written: &[PathBuf],
    mut notes: Vec<String>,
) -> Answer {
    let came: BTreeSet<String> = written
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let missing: Vec<String> = expected
        .instances
        .iter()
        .map(|(uid, _)| uid.clone())
        .filter(|uid| !came.contains(uid))
        .collect();
    let found = expected
        .instances
        .iter()
        .map(|(uid, _)| uid)
        .collect::<BTreeSet<_>>();
    let foreign = came.iter().filter(|uid| !found.contains(uid)).count();
    if foreign > 0 {
        notes.push(format!(
            "{foreign} files are of instances that the search does not find"
        ));
    }
    let complete = match &expected.all {
        _ if !missing.is_empty() => Some(false),
        Ok(()) => Some(true),
        Err(why) => {
            notes.push(format!("whether all came is not known: {why}"));
            None
        }
    };
    let mut text = match complete {
        Some(true) => format!(
            "All of {scope} is in {}: {} files.",
            folder.display(),
            came.len()
        ),
        Some(false) => format!(
            "Not all of {scope} came: {} files in {}, {} instances are missing.",
            came.len(),
            folder.display(),
            missing.len()
        ),
        None => format!(
            "{} files of {scope} are in {}.",
            came.len(),
            folder.display()
        ),
    };
    for note in &notes {
        text.push_str(&format!("\nNote: {note}"));
    }
    let cut = missing.len().min(100);
    if cut > 0 {
        text.push_str(&format!("\nMissing: {}", missing[..cut].join(", ")));
    }
    Answer {
        text,
        structured: json!({
            "studyInstanceUid": scope.study.as_str(),
            "folder": folder.display().to_string(),
            "files": came.len(),
            "expected": expected.all.is_ok().then_some(expected.instances.len()),
            "missing": missing,
            "complete": complete,
            "notes": notes,
        }),
        picture: None,
        outcome: if complete == Some(true) {
            Outcome::Done
        } else {
            Outcome::NotAllDone
        },
    }
}
