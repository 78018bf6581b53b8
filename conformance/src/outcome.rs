//! How a check ends.

use std::fmt;

use serde::Serialize;

/// What a check's function gives back: nothing to object to, or a finding.
pub type Verdict<T = ()> = Result<T, Finding>;

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The archive did something that the clause does not allow.
    Fail(Difference),
    /// Allowed, but not what the clause recommends.
    Warn(Difference),
    /// The archive does not have what the check is about.
    NotApplicable(String),
    /// The situation that the check judges did not come up.
    NotObserved(String),
    /// Something that the check builds on failed first. Counts as a failure.
    Untestable {
        /// The check that judges what failed.
        because: &'static str,
        /// What happened.
        reason: String,
    },
    /// The harness broke. Never counts against the archive.
    Error(String),
}

/// What was wanted and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where the general sentence of the check is not precise enough.
    pub expected: Option<String>,
    /// What the archive did.
    pub got: String,
}

impl Finding {
    /// A failure against what the check accepts in general.
    pub fn fail(got: impl Into<String>) -> Self {
        Self::Fail(Difference {
            expected: None,
            got: got.into(),
        })
    }

    /// A failure against a value that only this run knows.
    pub fn differs(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Fail(Difference {
            expected: Some(expected.into()),
            got: got.into(),
        })
    }

    /// The same after something that had gone well: `200, and then 404`.
    pub fn after(self, before: &str) -> Self {
        match self {
            Self::Fail(difference) => Self::Fail(Difference {
                got: format!("{before}, and then {}", difference.got),
                ..difference
            }),
            other => other,
        }
    }

    /// Something that the harness itself could not do.
    pub fn error(what: impl fmt::Display) -> Self {
        Self::Error(what.to_string())
    }
}

/// Ends the check as failed unless the condition holds; the rest says what was got.
macro_rules! ensure {
    ($condition:expr, $($got:tt)+) => {
        if !$condition {
            return Err($crate::outcome::Finding::fail(format!($($got)+)));
        }
    };
}
pub(crate) use ensure;

/// The outcome as it is counted and written into reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As the clause says.
    Pass,
    /// Against the clause.
    Fail,
    /// Against a recommendation.
    Warn,
    /// The archive does not have what the check is about.
    NotApplicable,
    /// The situation did not come up.
    NotObserved,
    /// A prerequisite failed.
    Untestable,
    /// Failed as a waiver expected.
    Waived,
    /// The harness broke.
    Error,
}

impl Outcome {
    /// All of them, in the order of summaries.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Fail,
        Self::Untestable,
        Self::Warn,
        Self::NotApplicable,
        Self::NotObserved,
        Self::Waived,
        Self::Error,
    ];

    /// Whether it makes the run fail.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Untestable)
    }

    /// Whether the archive was judged at all.
    pub const fn is_judged(self) -> bool {
        !matches!(self, Self::NotApplicable | Self::NotObserved | Self::Error)
    }

    /// As in the JSON report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::NotApplicable => "not-applicable",
            Self::NotObserved => "not-observed",
            Self::Untestable => "untestable",
            Self::Waived => "waived",
            Self::Error => "error",
        }
    }

    /// As in a summary: "2 failed".
    pub const fn counted(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Fail => "failed",
            Self::Warn => "with a warning",
            Self::NotApplicable => "not applicable",
            Self::NotObserved => "not observed",
            Self::Untestable => "untestable",
            Self::Waived => "waived",
            Self::Error => "broke the harness",
        }
    }

    /// One character for the bar of a group; the second form is plain ASCII.
    pub const fn glyph(self, ascii: Ascii) -> char {
        match (self, ascii) {
            (Self::Pass, Ascii::No) => '•',
            (Self::Pass, Ascii::Yes) => '.',
            (Self::Fail, Ascii::No) => '✗',
            (Self::Fail, Ascii::Yes) => 'F',
            (Self::Untestable, _) => 'U',
            (Self::Warn, _) => '!',
            (Self::NotApplicable, _) => '-',
            (Self::NotObserved, _) => '?',
            (Self::Waived, _) => 'w',
            (Self::Error, _) => 'E',
        }
    }
}

/// Whether only ASCII may be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ascii {
    /// Plain ASCII.
    Yes,
    /// Anything.
    No,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
