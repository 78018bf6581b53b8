//! Why a call has no answer, in words that a person or a model can act on.

use std::fmt;
use std::time::Duration;

use dicom_wire::dimse::Status;

use crate::text;

/// Why a tool could not answer. The text names what failed and the value at fault; [`Failure::advice`] says what to try.
///
/// None of these ever means "nothing was found": that is an answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// An argument that cannot be right; nothing was sent to the archive.
    #[error("{name}: {problem}")]
    Argument {
        /// The argument as the client names it.
        name: String,
        /// What is wrong with it, with the value.
        problem: String,
        /// The nearest right form.
        advice: Option<String>,
    },
    /// No connection to the archive.
    #[error("could not {doing}: no connection to {archive}: {reason}")]
    Unreachable {
        /// What was being done, as an infinitive.
        doing: String,
        /// Origin of the archive, without credentials.
        archive: String,
        /// What the network said.
        reason: String,
    },
    /// No complete answer in time.
    #[error("could not {doing}: no complete answer within {}", seconds(*after))]
    TimedOut {
        /// What was being done.
        doing: String,
        /// How long was waited.
        after: Duration,
    },
    /// The archive refused by an HTTP status.
    #[error("could not {doing}: the archive answered {status} {}", reason_phrase(*status))]
    Status {
        /// What was being done.
        doing: String,
        /// The HTTP status.
        status: u16,
        /// What the archive said about it.
        said: Option<Said>,
    },
    /// The archive did not accept the association (PS3.8 9.3.4).
    #[error("could not {doing}: {archive} rejected the association: {reason}")]
    Rejected {
        /// What was being done.
        doing: String,
        /// Address of the archive.
        archive: String,
        /// The reason that it gave.
        reason: String,
        /// The AE title that it was called by.
        called: String,
        /// The AE title that we called ourselves.
        calling: String,
        /// Whether it says that this may pass.
        passing: bool,
    },
    /// The archive accepted the association, but not the service.
    #[error("could not {doing}: the archive does not accept {class}: {reason}")]
    NotAccepted {
        /// What was being done.
        doing: String,
        /// The service, by name.
        class: String,
        /// The reason that it gave.
        reason: &'static str,
    },
    /// The archive refused by a DIMSE status (PS3.7 C).
    #[error("could not {doing}: the archive answered {status}")]
    Dimse {
        /// What was being done.
        doing: String,
        /// The status.
        status: Status,
        /// What the archive said about it.
        said: Option<Said>,
    },
    /// The settings name no way to do it.
    #[error("could not {doing}: {reason}")]
    NoWay {
        /// What was being done.
        doing: String,
        /// What is missing.
        reason: String,
        /// The setting that gives it.
        setting: String,
    },
    /// An answer came, but not one that can be relied on.
    #[error("could not {doing}: {reason}")]
    Unusable {
        /// What was being done.
        doing: String,
        /// What is wrong with the answer.
        reason: String,
        /// What the archive said, where it said something.
        said: Option<Said>,
    },
    /// An answer larger than this server takes.
    #[error("could not {doing}: the answer is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What was being done.
        doing: String,
        /// The limit.
        limit: u64,
    },
    /// The object came, but it cannot be read or shown as asked.
    #[error("could not {doing}: {reason}")]
    Content {
        /// What was being done.
        doing: String,
        /// Why the object does not allow it.
        reason: String,
        /// What to try instead.
        advice: Option<String>,
    },
    /// The archive has no such study or series.
    #[error("the archive has no {what} {uid}")]
    Absent {
        /// Study, series or instance.
        what: &'static str,
        /// Its UID.
        uid: String,
    },
    /// The configuration does not allow it.
    #[error("{what} is not allowed")]
    NotAllowed {
        /// What was asked for.
        what: String,
        /// Which setting allows it.
        setting: String,
    },
    /// A fault of this server.
    #[error("this server failed while it tried to {doing}")]
    Internal {
        /// What was being done.
        doing: String,
    },
}

/// The archive's own words, cut to a length; shown as such and never as ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    const MAX: usize = 400;

    /// The words in one line, control characters escaped; `None` where nothing was said.
    pub fn new(words: &str) -> Option<Self> {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        (!words.is_empty()).then(|| Self(text::cut(&text::escape(&words), Self::MAX)))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the archive's words: \"{}\"", self.0.replace('"', "'"))
    }
}

impl Failure {
    /// An argument error without a better form to offer.
    pub fn argument(name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Argument {
            name: name.into(),
            problem: problem.into(),
            advice: None,
        }
    }

    /// What to try next.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Argument { advice, .. } | Self::Content { advice, .. } => advice.clone(),
            Self::Unreachable { .. } => {
                Some("check the address and that the archive runs; verify-connection tells whether it answers".into())
            }
            Self::TimedOut { .. } => {
                Some("narrow the request, or raise DICOMWEB_TIMEOUT (milliseconds)".into())
            }
            Self::Status { status: 401 | 403 | 407, .. } => Some(
                "check DICOMWEB_AUTH with DICOMWEB_USER and DICOMWEB_PASS, or DICOMWEB_TOKEN".into(),
            ),
            Self::Status { status: 404 | 410, .. } => {
                Some("check the UIDs with find-studies, find-series or find-instances; if nothing is found anywhere, check DICOMWEB_HOST".into())
            }
            Self::Status { status: 408 | 429 | 502 | 503 | 504, .. } => {
                Some("the archive is busy or down: try again later".into())
            }
            Self::Rejected { called, calling, .. } => Some(format!(
                "the archive has to know the AE title {calling:?} (DICOM_AE_TITLE) and be called by its own, here {called:?} (DICOM_CALLED_AE_TITLE)"
            )),
            Self::NotAccepted { .. } => Some("get-archive-capabilities tells which services the archive accepts".into()),
            Self::Dimse { status, .. } if *status == Status::UNKNOWN_DESTINATION => {
                Some("the archive has to know the destination's AE title and address; whoever runs the archive can add it".into())
            }
            Self::Dimse { status, .. } if *status == Status::NOT_AUTHORIZED => {
                Some("the archive has to allow it for this AE title (DICOM_AE_TITLE)".into())
            }
            Self::Dimse { status: Status(0xA700..=0xA7FF), .. } => {
                Some("the archive is out of resources: try again later, or ask for less".into())
            }
            Self::NoWay { setting, .. } => Some(setting.clone()),
            Self::Dimse { .. } | Self::Status { .. } | Self::Internal { .. } => None,
            Self::Unusable { .. } => {
                Some("try again; if it stays so, check that DICOMWEB_HOST is the DICOMweb base address, as http://host:8042/dicom-web".into())
            }
            Self::TooLarge { .. } => Some("ask for less: a narrower query, one instance, one frame".into()),
            Self::Absent { .. } => Some("find-studies shows the studies that are there, find-series their series, find-instances their instances".into()),
            Self::NotAllowed { setting, .. } => Some(setting.clone()),
        }
    }

    /// What the archive said.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Status { said, .. } | Self::Unusable { said, .. } | Self::Dimse { said, .. } => {
                said.as_ref()
            }
            _ => None,
        }
    }

    /// The whole text for a person: what failed, the archive's own words, what to try next.
    pub fn explain(&self) -> String {
        let mut text = self.to_string();
        if let Some(said) = self.said() {
            text.push_str(&format!("\n{said}"));
        }
        if let Some(advice) = self.advice() {
            text.push_str(&format!("\nTry: {advice}"));
        }
        text
    }

    /// What happened without what was being done, with the archive's words: for a sentence that has said that already.
    pub fn brief(&self) -> String {
        let what = match self {
            Self::Status { status, .. } => {
                format!("it answered {status} {}", reason_phrase(*status))
            }
            Self::Unusable { reason, .. } => reason.clone(),
            Self::Dimse { status, .. } => format!("it answered {status}"),
            other => other.to_string(),
        };
        match self.said() {
            Some(said) => format!("{what}; {said}"),
            None => what,
        }
    }

    /// Whether the same request may succeed later: connection, time, 408, 429, 502, 503, 504.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 502 | 503 | 504),
            Self::Rejected { passing, .. } => *passing,
            Self::Dimse { status, .. } => matches!(status.0, 0xA700..=0xA7FF | 0x0213),
            _ => false,
        }
    }

    /// The same failure without the archive's own words, which may name a patient.
    pub fn without_words(mut self) -> Self {
        match &mut self {
            Self::Status { said, .. } | Self::Unusable { said, .. } | Self::Dimse { said, .. } => {
                *said = None;
            }
            _ => {}
        }
        self
    }

    /// The same failure of something that is named more exactly.
    pub fn while_doing(mut self, name: impl FnOnce(&str) -> String) -> Self {
        match &mut self {
            Self::Unreachable { doing, .. }
            | Self::TimedOut { doing, .. }
            | Self::Status { doing, .. }
            | Self::Rejected { doing, .. }
            | Self::NotAccepted { doing, .. }
            | Self::Dimse { doing, .. }
            | Self::NoWay { doing, .. }
            | Self::Unusable { doing, .. }
            | Self::TooLarge { doing, .. }
            | Self::Content { doing, .. }
            | Self::Internal { doing } => *doing = name(doing),
            Self::Argument { .. } | Self::Absent { .. } | Self::NotAllowed { .. } => {}
        }
        self
    }
}

fn reason_phrase(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("(a status without a name)")
}

fn seconds(duration: Duration) -> String {
    if duration.as_millis().is_multiple_of(1000) {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archives_words_are_one_marked_line_without_control_characters() {
        let said = Said::new("disk\n full\u{1b}[31m \"now\"").expect("words");
        assert_eq!(
            said.to_string(),
            "the archive's words: \"disk full\\u{1b}[31m 'now'\""
        );
        assert_eq!(Said::new(" \n "), None);
    }

    #[test]
    fn a_refused_password_names_the_settings() {
        let failure = Failure::Status {
            doing: "search studies".into(),
            status: 401,
            said: None,
        };
        assert_eq!(
            failure.explain(),
            "could not search studies: the archive answered 401 Unauthorized\n\
             Try: check DICOMWEB_AUTH with DICOMWEB_USER and DICOMWEB_PASS, or DICOMWEB_TOKEN"
        );
    }
}
