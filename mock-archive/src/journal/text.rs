//! The journal as people and snapshots read it.

use std::fmt::{self, Write as _};

use dicom_wire::dimse::Status;
use dicom_wire::uid::Uid;

use super::aliases::Aliases;
use super::{Entry, Journal, Note};
use crate::archive::{Effect, Verdict};
use crate::moment::{Admission, Delivery, Manner, Moment, Ruling};
use crate::request::{Protocol, Request};

/// Parameters of a search whose values tell nothing about a patient.
const HARMLESS: [&str; 6] = [
    "limit",
    "offset",
    "includefield",
    "fuzzymatching",
    "emptyvaluematching",
    "multiplevaluematching",
];

pub(super) fn write(journal: &Journal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let aliases = Aliases::of(&journal.entries);
    if journal.dropped > 0 {
        writeln!(f, "({} older exchanges had no room)", journal.dropped)?;
    }
    for (at, entry) in journal.entries.iter().enumerate() {
        if at > 0 {
            f.write_char('\n')?;
        }
        f.write_str(&text(entry, &aliases))?;
    }
    Ok(())
}

fn text(entry: &Entry, aliases: &Aliases) -> String {
    let mut head = format!("{}. {}", entry.number, asked(&entry.request, aliases));
    let mut lines = String::new();
    let mut fired = Vec::new();
    let mut fired_above = Vec::new();
    let mut outcomes = Vec::new();
    let mut responded = Responses::default();
    for note in &entry.notes {
        match note {
            Note::Fired {
                rule,
                fault,
                moment,
            } => {
                let acted = format!("rule {rule}: {fault}");
                let line = if is_told_below(*moment) {
                    &mut fired
                } else {
                    &mut fired_above
                };
                if !line.contains(&acted) {
                    line.push(acted);
                }
            }
            Note::Admitted(admitted) => outcomes.extend(admission(admitted)),
            Note::Judged {
                instance,
                verdict,
                effect,
                because,
            } => {
                let name = instance.as_ref().map_or_else(
                    || "something unreadable".to_owned(),
                    |identity| aliases.instance(identity),
                );
                let because = because
                    .as_ref()
                    .map(|because| format!(": {}", plain(because, aliases)))
                    .unwrap_or_default();
                let _ = write!(
                    lines,
                    "\n   {name} {}{because}{}",
                    judged(*verdict, *effect),
                    by(&mut fired)
                );
            }
            Note::Found {
                keys,
                returned,
                total,
            } => {
                let keys = if entry.request.protocol == Protocol::Dimse {
                    format!(" by {}", keys.join(", "))
                } else {
                    String::new()
                };
                let _ = write!(
                    lines,
                    "\n   {returned} of {total} matches{keys}{}",
                    by(&mut fired)
                );
            }
            Note::Selected { instances } => {
                let _ = write!(lines, "\n   {instances} instances{}", by(&mut fired));
            }
            Note::Deleted { instances } => {
                let _ = write!(lines, "\n   {instances} deleted");
            }
            Note::SubOperation { instance, status } => {
                let _ = write!(
                    lines,
                    "\n   {} sent, {:04X}",
                    aliases.instance(instance),
                    status.0
                );
            }
            Note::Answered {
                status,
                delivery: how,
            } => {
                outcomes.push(status.to_string());
                outcomes.extend(delivery(how));
            }
            Note::Responded {
                status,
                times,
                delivery: how,
            } => {
                responded.add(*status, *times, &mut outcomes);
                outcomes.extend(delivery(how));
            }
            Note::Entered { state } => {
                let _ = write!(lines, "\n   the scenario is {state:?} from here on");
            }
            Note::Remark(remark) => {
                let _ = write!(lines, "\n   {}", plain(remark, aliases));
            }
        }
    }
    if entry.left_out > 0 {
        let _ = write!(lines, "\n   ({} more had no room)", entry.left_out);
    }
    if !outcomes.is_empty() {
        let _ = write!(head, " -> {}", outcomes.join(", "));
    }
    fired_above.append(&mut fired);
    head.push_str(&by(&mut fired_above));
    head + &lines
}

/// Counts responses of the same status, with sub-operations between them or not.
#[derive(Default)]
struct Responses {
    status: Option<Status>,
    times: u64,
}

impl Responses {
    /// Puts a status at the end, or counts it with the one there.
    fn add(&mut self, status: Status, times: u64, outcomes: &mut Vec<String>) {
        let told = |times| match times {
            1 => format!("{:04X}", status.0),
            _ => format!("{:04X} x{times}", status.0),
        };
        let before = (self.status == Some(status)).then(|| told(self.times));
        match outcomes
            .last_mut()
            .filter(|last| Some(&**last) == before.as_ref())
        {
            Some(last) => {
                self.times += times;
                *last = told(self.times);
            }
            None => {
                self.times = times;
                outcomes.push(told(times));
            }
        }
        self.status = Some(status);
    }
}

/// Whether what a rule does at this moment is told by the next line; otherwise it is the whole answer's.
fn is_told_below(moment: Moment) -> bool {
    matches!(
        moment,
        Moment::Judge
            | Moment::Search
            | Moment::Page
            | Moment::Rows
            | Moment::Row
            | Moment::Instances
            | Moment::SubOperation
    )
}

/// The rules that acted since the last line.
fn by(fired: &mut Vec<String>) -> String {
    if fired.is_empty() {
        return String::new();
    }
    format!(" [{}]", std::mem::take(fired).join("; "))
}

fn asked(request: &Request, aliases: &Aliases) -> String {
    match request.protocol {
        Protocol::Web => {
            let alias = |text: &str| aliased(text, aliases);
            let path: Vec<_> = request.path.split('/').map(alias).collect();
            let query = query(&request.query, alias);
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{} {}{mark}{query}", request.method, path.join("/"))
        }
        Protocol::Dimse => {
            let calling = request
                .calling
                .as_ref()
                .map(|title| format!(" from {title}"))
                .unwrap_or_default();
            let scope = Some(aliases.scope(&request.scope))
                .filter(|scope| !scope.is_empty())
                .map(|scope| format!(" {scope}"));
            format!("{}{calling}{}", request.method, scope.unwrap_or_default())
        }
    }
}

fn aliased(text: &str, aliases: &Aliases) -> String {
    match aliases.short(text) {
        Some(alias) => alias.to_owned(),
        None if Uid::parse(text).is_ok() && text.contains('.') => "unknown-uid".to_owned(),
        None => text.to_owned(),
    }
}

/// A text in which every known UID goes by its alias.
fn plain(text: &str, aliases: &Aliases) -> String {
    let is_uid = |c: char| c.is_ascii_digit() || c == '.';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_uid) {
        let len = rest[start..]
            .find(|c| !is_uid(c))
            .unwrap_or(rest.len() - start);
        let word = &rest[start..start + len];
        let uid = word.trim_end_matches('.');
        out.push_str(&rest[..start]);
        out.push_str(aliases.short(uid).unwrap_or(uid));
        out.push_str(&word[uid.len()..]);
        rest = &rest[start + len..];
    }
    out + rest
}

/// A query string with its UIDs shown by `alias` and every value that may be a patient's left out.
pub(super) fn query(query: &str, alias: impl Fn(&str) -> String) -> String {
    let parameters = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return parameter.to_owned();
            };
            let shown = if value
                .split(',')
                .all(|value| Uid::parse(value).is_ok() && value.contains('.'))
            {
                value.split(',').map(&alias).collect::<Vec<_>>().join(",")
            } else if HARMLESS.contains(&name) {
                value.to_owned()
            } else {
                "…".to_owned()
            };
            format!("{name}={shown}")
        });
    parameters.collect::<Vec<_>>().join("&")
}

fn judged(verdict: Verdict, effect: Effect) -> String {
    let told = match verdict {
        Verdict::Stored => "stored".to_owned(),
        Verdict::Warned(reason) => format!("stored with warning {:04X}", reason.0),
        Verdict::Refused(reason) => format!("refused {:04X}", reason.0),
        Verdict::Unlisted => "not mentioned".to_owned(),
    };
    let done = match (effect, matches!(verdict, Verdict::Refused(_))) {
        (Effect::Added, false) | (Effect::Nothing, true) => "",
        (Effect::Added, true) => ", but kept",
        (Effect::Nothing, false) => ", but lost",
        (Effect::Replaced, _) => ", in place of the first",
        (Effect::AlreadyThere, _) => ", the first one kept",
    };
    told + done
}

pub(super) fn admission(admission: &Admission) -> Option<String> {
    let ruling = match &admission.ruling {
        Ruling::Proceed => None,
        Ruling::Answer(_) => Some("at once".to_owned()),
        Ruling::Reject(rejection) => Some(format!("rejected, {rejection}")),
        Ruling::Fail(status) => Some(format!("failed at once with {:04X}", status.0)),
        Ruling::Silence => Some("no answer".to_owned()),
        Ruling::Abort { source, reason } => {
            Some(format!("aborted, source {source} reason {reason}"))
        }
    };
    let delay = (!admission.delay.is_zero())
        .then(|| format!("delayed by {} ms", admission.delay.as_millis()));
    match (delay, ruling) {
        (Some(delay), Some(ruling)) => Some(format!("{delay}, {ruling}")),
        (one, other) => one.or(other),
    }
}

pub(super) fn delivery(delivery: &Delivery) -> Option<String> {
    let mut words = Vec::new();
    if !delivery.delay.is_zero() {
        words.push(format!("delayed by {} ms", delivery.delay.as_millis()));
    }
    if let Some(cut) = delivery.cut {
        let manner = match cut.manner {
            Manner::Close => "closed",
            Manner::Reset => "reset",
            Manner::Stall => "stalled",
        };
        words.push(format!("{manner} after {} bytes", cut.after));
    }
    if delivery.instead.is_some() {
        words.push("another body".to_owned());
    }
    if delivery.replace.is_some() {
        words.push("a text replaced".to_owned());
    }
    if let Some(rate) = delivery.bytes_per_second {
        words.push(format!("at {rate} bytes a second"));
    }
    if delivery.withheld {
        words.push("withheld".to_owned());
    }
    if let Some((source, reason)) = delivery.abort {
        words.push(format!("aborted, source {source} reason {reason}"));
    }
    (!words.is_empty()).then(|| words.join(", "))
}
