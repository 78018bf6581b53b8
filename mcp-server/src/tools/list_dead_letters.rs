//! list-dead-letters: what could not be stored, and why.

use serde_json::{Value as Json, json};

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::deadletter::{Letter, State};
use crate::error::Failure;
use crate::text;

/// The most letters of one answer.
const MOST: usize = 500;

pub(super) const TOOL: Tool = Tool {
    name: "list-dead-letters",
    title: "List what could not be stored",
    about: "Lists the instances that store-instances could not store in the archive, the oldest first, each with its file, reason and \
            number of tries. Use it after a store that was not complete; retry-dead-letters sends them again. It changes nothing.",
    parameters: &[Parameter {
        name: "id",
        kind: Kind::Text(64),
        required: false,
        about: "Only the letter of this name.",
    }],
    output: schema,
    effect: Effect::Reads,
    call,
};

fn schema() -> Json {
    json!({
        "type": "object",
        "properties": {
            "returned": {"type": "integer", "minimum": 0},
            "total": {"type": "integer", "minimum": 0},
            "letters": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string"},
                        "archive": {"type": "string"},
                        "sopInstanceUid": {"type": "string"},
                        "studyInstanceUid": {"type": "string"},
                        "file": {"type": "string"},
                        "state": {"type": "string", "enum": ["refused", "unknown"]},
                        "reason": {"type": "string"},
                        "tries": {"type": "integer", "minimum": 1},
                    },
                    "required": ["id", "archive", "sopInstanceUid", "studyInstanceUid", "file", "state", "reason", "tries"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["returned", "total", "letters"],
        "additionalProperties": false
    })
}

/// The letters of the call's archive, or the one that it names.
pub(super) fn chosen(session: &Session, id: &str) -> Result<Vec<Letter>, Failure> {
    let queue = session.queue()?.ok_or_else(no_queue)?;
    if id.is_empty() {
        let mut letters = queue.list()?;
        letters.retain(|letter| letter.archive == session.backend.name());
        return Ok(letters);
    }
    match queue.letter(id)? {
        Some(letter) => Ok(vec![letter]),
        None => Err(Failure::Argument {
            name: "id".into(),
            problem: format!("no letter is called {:?}", text::cut(&text::escape(id), 64)),
            advice: Some("list-dead-letters shows their names".into()),
        }),
    }
}

pub(super) fn no_queue() -> Failure {
    Failure::NoWay {
        doing: "look into the dead-letter queue".into(),
        reason: "no folder for it is set".into(),
        setting: "start the server with --queue FOLDER".into(),
    }
}

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let letters = chosen(session, arguments.text("id"))?;
        let shown = &letters[..letters.len().min(MOST)];
        let mut lines = vec![match letters.len() {
            0 => "No dead letters for this archive.".to_owned(),
            1 => "1 dead letter.".to_owned(),
            count if count > MOST => format!("{count} dead letters, the first {MOST}:"),
            count => format!("{count} dead letters."),
        }];
        if !shown.is_empty() {
            lines.push("id | state | tries | SOPInstanceUID | file | reason".to_owned());
        }
        let file = |letter: &Letter| letter.path.display().to_string();
        for letter in shown {
            lines.push(format!(
                "{} | {} | {} | {} | {} | {}",
                letter.id,
                state(letter),
                letter.tries,
                letter.sop_instance_uid,
                text::cell(&file(letter)),
                text::cell(&letter.reason)
            ));
        }
        let told: Vec<Json> = shown
            .iter()
            .map(|letter| {
                json!({
                    "id": letter.id,
                    "archive": letter.archive,
                    "sopInstanceUid": letter.sop_instance_uid,
                    "studyInstanceUid": letter.study_instance_uid,
                    "file": file(letter),
                    "state": state(letter),
                    "reason": letter.reason,
                    "tries": letter.tries,
                })
            })
            .collect();
        Ok(Answer::done(
            lines.join("\n"),
            json!({"returned": told.len(), "total": letters.len(), "letters": told}),
        ))
    })
}

fn state(letter: &Letter) -> &'static str {
    match letter.state {
        State::Refused => "refused",
        State::Unknown => "unknown",
    }
}
