//! What became of every file, one line each.

use serde_json::{Value as Json, json};

use super::batch::{Batch, Candidate, Held, Why};
use super::{Fate, count};
use crate::answer::{Answer, Outcome};
use crate::text;

/// The outcome of a call of store-instances.
#[derive(Debug)]
pub struct Report {
    /// The files.
    pub batch: Batch,
    /// What became of each candidate; `None` for a dry run.
    pub fates: Option<Vec<Fate>>,
    /// What has to be said beyond the instances.
    pub notes: Vec<String>,
}

/// One line of the report.
struct Line {
    outcome: &'static str,
    instance: Option<String>,
    study: Option<String>,
    file: String,
    reason: Option<String>,
    code: Option<u16>,
}

impl Report {
    /// The report as an answer of at most about `characters` characters of text.
    pub fn answer(&self, characters: usize) -> Answer {
        let mut lines = self.lines();
        // What needs attention comes first and is cut last.
        const ORDER: [&str; 6] = ["refused", "unknown", "held", "stored", "ready", "skipped"];
        lines.sort_by_key(|line| ORDER.iter().position(|outcome| *outcome == line.outcome));
        let number = |outcome: &str| lines.iter().filter(|line| line.outcome == outcome).count();
        let [refused, unknown, held, stored, ready, skipped] = ORDER.map(number);
        let sent = stored + refused + unknown;

        let mut text = match (&self.fates, sent) {
            (None, _) => format!("Dry run: {} could be sent, nothing was.", count(ready)),
            (Some(_), 0) => "Nothing was sent.".to_owned(),
            (Some(_), _) if stored == sent => {
                format!("All that was sent is stored: {}.", count(sent))
            }
            (Some(_), _) => {
                format!(
                    "Not all is stored: of {} sent, {stored} stored, {refused} refused, {unknown} unknown.",
                    count(sent)
                )
            }
        };
        if held > 0 {
            text.push_str(&format!(" {held} held back and not sent."));
        }
        if skipped > 0 {
            text.push_str(&format!(" {skipped} skipped: no DICOM files."));
        }
        for note in &self.notes {
            text.push_str(&format!("\nNote: {note}"));
        }
        if !lines.is_empty() {
            text.push_str("\noutcome | SOPInstanceUID | file | reason");
        }
        let mut told = 0;
        for line in &lines {
            let next = format!(
                "\n{} | {} | {} | {}",
                line.outcome,
                line.instance.as_deref().unwrap_or("-"),
                text::cell(&line.file),
                text::cell(line.reason.as_deref().unwrap_or("-")),
            );
            if text.len() + next.len() > characters {
                text.push_str(&format!(
                    "\n… {} more lines, the first of them {}",
                    lines.len() - told,
                    line.outcome
                ));
                break;
            }
            text.push_str(&next);
            told += 1;
        }
        let structured = json!({
            "dryRun": self.fates.is_none(),
            "sent": sent,
            "stored": stored,
            "refused": refused,
            "unknown": unknown,
            "held": held,
            "skipped": skipped,
            "notes": self.notes,
            "instances": lines.iter().take(told).map(Line::json).collect::<Vec<_>>(),
            "instancesLeftOut": lines.len() - told,
        });
        let all = refused + unknown + held == 0 && (sent > 0 || self.fates.is_none() && ready > 0);
        let outcome = if all {
            Outcome::Done
        } else {
            Outcome::NotAllDone
        };
        Answer {
            text,
            structured,
            picture: None,
            outcome,
        }
    }

    fn lines(&self) -> Vec<Line> {
        let fates = self
            .batch
            .candidates
            .iter()
            .enumerate()
            .map(|(index, candidate)| {
                line(
                    candidate,
                    self.fates.as_ref().and_then(|fates| fates.get(index)),
                )
            });
        fates.chain(self.batch.held.iter().map(held_line)).collect()
    }
}

fn line(candidate: &Candidate, fate: Option<&Fate>) -> Line {
    let (outcome, reason, code) = match fate {
        None => ("ready", None, None),
        Some(Fate::Stored { warning }) => ("stored", warning.clone(), None),
        Some(Fate::Refused { reason, code }) => ("refused", Some(reason.clone()), *code),
        Some(Fate::Unknown { reason }) => ("unknown", Some(reason.clone()), None),
    };
    Line {
        outcome,
        instance: Some(candidate.instance.to_string()),
        study: Some(candidate.study.to_string()),
        file: candidate.file.clone(),
        reason,
        code,
    }
}

fn held_line(held: &Held) -> Line {
    Line {
        outcome: if held.why == Why::NotDicom {
            "skipped"
        } else {
            "held"
        },
        instance: held.instance.clone(),
        study: None,
        file: held.file.clone(),
        reason: Some(held.reason.clone()),
        code: None,
    }
}

impl Line {
    fn json(&self) -> Json {
        let members = [
            ("outcome", Some(json!(self.outcome))),
            (
                "sopInstanceUid",
                self.instance.as_ref().map(|uid| json!(uid)),
            ),
            (
                "studyInstanceUid",
                self.study.as_ref().map(|uid| json!(uid)),
            ),
            ("file", Some(json!(self.file))),
            ("reason", self.reason.as_ref().map(|reason| json!(reason))),
            (
                "failureReason",
                self.code.map(|code| json!(format!("{code:04X}"))),
            ),
        ];
        Json::Object(
            members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
        )
    }
}

/// The JSON schema of a report.
pub fn schema() -> Json {
    let number = |about: &str| json!({"type": "integer", "minimum": 0, "description": about});
    json!({
        "type": "object",
        "properties": {
            "dryRun": {"type": "boolean"},
            "sent": number("Instances sent: stored + refused + unknown."),
            "stored": number("Instances that are in the archive."),
            "refused": number("Instances that the archive did not take."),
            "unknown": number("Instances of which it is not known whether they are in the archive."),
            "held": number("DICOM files not sent, because something is wrong with them."),
            "skipped": number("Files that are no DICOM files."),
            "notes": {"type": "array", "items": {"type": "string"}},
            "instances": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "outcome": {"type": "string", "enum": ["stored", "refused", "unknown", "held", "skipped", "ready"]},
                        "sopInstanceUid": {"type": "string"},
                        "studyInstanceUid": {"type": "string"},
                        "file": {"type": "string"},
                        "reason": {"type": "string"},
                        "failureReason": {"type": "string", "description": "Failure Reason (0008,1197) in hexadecimal digits."}
                    },
                    "required": ["outcome", "file"],
                    "additionalProperties": false
                }
            },
            "instancesLeftOut": number("Instances not listed, to keep the answer short.")
        },
        "required": ["dryRun", "sent", "stored", "refused", "unknown", "held", "skipped", "notes", "instances", "instancesLeftOut"],
        "additionalProperties": false
    })
}
