//! A small picture of a verdict: `core-web 2026a: 118/118`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::catalogue;
use crate::check::ProfileVerdict;
use crate::outcome::Outcome;
use crate::subject::Subject;

use super::{ProfileResult, Report};

/// What a badge says: a label, a message and a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The left half.
    pub label: String,
    /// The right half.
    pub message: String,
    /// Its colour, `#rrggbb`.
    pub colour: &'static str,
}

/// Why there is no badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBadge {
    /// The run was not about all checks of any profile.
    #[error("no badge: the run does not hold a whole profile")]
    Filtered,
    /// Nobody was there, or the harness broke.
    #[error("no badge: the archive was not judged")]
    NotJudged,
}

const GREEN: &str = "#2b6e2f";
const RED: &str = "#a32020";

/// The badge of the cores that were judged whole, or else of the other profiles.
///
/// # Errors
/// A run of a selection, or one without a judgement.
pub fn badge(report: &Report) -> Result<Badge, NoBadge> {
    if report.exit() > super::Exit::Failed {
        return Err(NoBadge::NotJudged);
    }
    if let Some(program) = &report.target.program {
        return of_program(report, program.subject);
    }
    let whole = |it: &ProfileResult| it.is_whole;
    let mut shown: Vec<_> = report.profiles().into_iter().filter(whole).collect();
    let is_core = |it: &ProfileResult| it.profile.word().starts_with("core-");
    if shown.iter().any(is_core) {
        shown.retain(is_core);
    }
    if shown.is_empty() {
        return Err(NoBadge::Filtered);
    }
    let parts: Vec<_> = (shown.iter())
        .map(|it| format!("{} {}/{}", it.profile, it.passed, it.checks))
        .collect();
    let passed = shown.iter().all(|it| it.verdict == ProfileVerdict::Pass);
    Ok(Badge {
        label: format!("dicom-conformance {}", report.edition),
        message: parts.join(", "),
        colour: if passed { GREEN } else { RED },
    })
}

/// The badge of a program: everything that applies to it.
fn of_program(report: &Report, subject: Subject) -> Result<Badge, NoBadge> {
    if report.checks.len() < catalogue::of(subject).len() {
        return Err(NoBadge::Filtered);
    }
    let beside = [Outcome::NotApplicable, Outcome::NotObserved].map(|it| report.count(it));
    let judged = report.checks.len() - beside.iter().sum::<usize>();
    let passed = report.count(Outcome::Pass);
    let green = report.exit() == super::Exit::Passed;
    Ok(Badge {
        label: "dicom-conformance".into(),
        message: format!("{} {passed}/{judged}", subject.word()),
        colour: if green { GREEN } else { RED },
    })
}

impl Badge {
    /// As badge services read it.
    pub fn json(&self) -> Value {
        json!({"schemaVersion": 1, "label": self.label, "message": self.message, "color": self.colour})
    }

    /// As a picture.
    pub fn svg(&self) -> String {
        // DejaVu Sans of 11 pixels is about seven wide; textLength makes it fit whatever font there is.
        let width = |text: &str| text.chars().count() * 7;
        let (left, right) = (width(&self.label) + 12, width(&self.message) + 12);
        let (label, message) = (escaped(&self.label), escaped(&self.message));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"20\" role=\"img\" aria-label=\"{label}: {message}\">\n\
             <title>{label}: {message}</title>\n\
             <rect width=\"{left}\" height=\"20\" fill=\"#444\"/>\n\
             <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/>\n\
             <g fill=\"#fff\" font-family=\"DejaVu Sans,Verdana,sans-serif\" font-size=\"11\">\n",
            all = left + right,
            colour = self.colour,
        );
        for (x, text, length) in [(6, &label, left - 12), (left + 6, &message, right - 12)] {
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"14\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>"
            );
        }
        svg.push_str("</g>\n</svg>\n");
        svg
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_a_picture_that_says_its_text_to_those_who_cannot_see_it() {
        let badge = Badge {
            label: "a<b".into(),
            message: "1/2".into(),
            colour: RED,
        };
        let svg = badge.svg();
        assert!(svg.contains("aria-label=\"a&lt;b: 1/2\""), "{svg}");
        assert!(quick_xml::Reader::from_str(&svg).read_event().is_ok());
    }
}
