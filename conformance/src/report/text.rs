//! The report for a terminal.

use std::fmt::Write;

use crate::check::{Need, ProfileVerdict};
use crate::outcome::{Ascii, Outcome};

use super::{Judged, Report};

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Only ASCII characters.
    pub ascii: Ascii,
    /// Colours for a terminal.
    pub colour: Colour,
    /// A line for each check.
    pub detail: Detail,
}

/// Whether to print escape sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Yes.
    On,
    /// No.
    Off,
}

/// How much to print of what went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A line for each group.
    Groups,
    /// A line for each check.
    Checks,
}

impl Style {
    /// Neither colours nor details.
    pub const PLAIN: Self = Self {
        ascii: Ascii::No,
        colour: Colour::Off,
        detail: Detail::Groups,
    };

    fn paint(&self, outcome: Outcome, text: impl std::fmt::Display) -> String {
        let code = match outcome {
            _ if self.colour == Colour::Off => return text.to_string(),
            Outcome::Pass => 32,
            Outcome::Fail | Outcome::Untestable | Outcome::Error => 31,
            Outcome::Warn => 33,
            Outcome::NotApplicable | Outcome::NotObserved | Outcome::Waived => 90,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Times are left out of snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Shown.
    Shown,
    /// Left out.
    Hidden,
}

/// The whole report.
pub fn render(report: &Report, style: Style, times: Times) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "dicom-conformance {}, edition {}, seed {}, {}",
        env!("CARGO_PKG_VERSION"),
        report.edition,
        report.identity.seed(),
        declared(report)
    );
    if times == Times::Shown {
        let _ = writeln!(out, "{}", report.target.line());
    }
    for (door, reason) in report.observed.unreachable() {
        let _ = writeln!(
            out,
            "\n{} {door:?} is not reachable: {reason}",
            style.paint(Outcome::Error, "SMOKE")
        );
    }
    out.push('\n');
    match style.detail {
        Detail::Groups => groups(&mut out, report, style, times),
        Detail::Checks => checks(&mut out, report, style, times),
    }
    for judged in &report.checks {
        if matches!(
            judged.outcome,
            Outcome::Fail | Outcome::Warn | Outcome::Error
        ) {
            finding(&mut out, report, judged, style);
        }
    }
    collapsed(&mut out, report, style);
    rarely_met(&mut out, report);
    declarations(&mut out, report, style);
    waivers(&mut out, report, style);
    summary(&mut out, report, style, times);
    out
}

fn declared(report: &Report) -> String {
    match &report.target.statement {
        None => "nothing declared: what is offered was observed".to_owned(),
        Some(statement) => {
            let product = statement.product();
            let name = line(&format!("{} {}", product.name, product.version));
            let digest = statement.digest().get(..12).unwrap_or_default();
            format!("{} (statement {digest})", name.trim())
        }
    }
}

fn groups(out: &mut String, report: &Report, style: Style, times: Times) {
    for (group, members) in report.groups() {
        let bar: String = members
            .iter()
            .map(|judged| style.paint(judged.outcome, judged.outcome.glyph(style.ascii)))
            .collect();
        let blanks = " ".repeat(24_usize.saturating_sub(members.len()));
        let mut counts = Vec::new();
        for outcome in Outcome::ALL {
            let count = members
                .iter()
                .filter(|judged| judged.outcome == outcome)
                .count();
            if count > 0 {
                counts.push(format!("{count} {}", outcome.counted()));
            }
        }
        let took: f64 = members.iter().map(|judged| judged.took.as_secs_f64()).sum();
        let time = if times == Times::Shown {
            format!("  {took:.2} s")
        } else {
            String::new()
        };
        let _ = writeln!(out, "{group:<8}{bar}{blanks}{}{time}", counts.join(", "));
    }
}

fn checks(out: &mut String, report: &Report, style: Style, times: Times) {
    for judged in &report.checks {
        let word = style.paint(judged.outcome, format!("{:<14}", judged.outcome));
        let time = match times {
            Times::Shown => format!("{:>6} ms  ", judged.took.as_millis()),
            Times::Hidden => String::new(),
        };
        let reason = match judged.outcome {
            Outcome::NotApplicable | Outcome::NotObserved | Outcome::Untestable => {
                format!(" ({})", judged.got())
            }
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "{word} {time}{:<36} {}{reason}",
            judged.check.id, judged.check.title
        );
    }
}

/// The five lines of a failure.
fn finding(out: &mut String, report: &Report, judged: &Judged, style: Style) {
    let check = judged.check;
    let word = match judged.outcome {
        Outcome::Fail => "FAIL ",
        Outcome::Warn => "WARN ",
        _ => "ERROR",
    };
    let word = style.paint(judged.outcome, word);
    let _ = writeln!(
        out,
        "\n{word} {:<49} {:<7} {}",
        check.id, check.level, check.clauses[0]
    );
    let _ = writeln!(out, "      sent      {}", line(check.sends));
    let _ = writeln!(out, "      expected  {}", line(judged.expected()));
    let _ = writeln!(out, "      got       {}", line(judged.got()));
    let _ = writeln!(
        out,
        "      repeat    {}",
        report.target.repeat(check, &report.identity)
    );
}

/// Untestable checks by what they wait for, and the others without a judgement.
fn collapsed(out: &mut String, report: &Report, style: Style) {
    let untestable: Vec<_> = report
        .checks
        .iter()
        .filter(|judged| judged.outcome == Outcome::Untestable)
        .collect();
    let mut causes: Vec<_> = untestable
        .iter()
        .filter_map(|judged| judged.because)
        .collect();
    causes.sort_unstable();
    causes.dedup();
    for cause in causes {
        let members: Vec<_> = untestable
            .iter()
            .filter(|judged| judged.because == Some(cause))
            .collect();
        let word = style.paint(Outcome::Untestable, format!("{} untestable", members.len()));
        let ids: Vec<_> = members.iter().map(|judged| judged.check.id).collect();
        let _ = writeln!(
            out,
            "\n{word} because {cause} failed: {}",
            line(members[0].got())
        );
        let _ = writeln!(out, "      {}", ids.join(", "));
    }
    if style.detail == Detail::Checks {
        return;
    }
    for outcome in [Outcome::NotApplicable, Outcome::NotObserved] {
        let members = report
            .checks
            .iter()
            .filter(|judged| judged.outcome == outcome);
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for judged in members {
            match reasons
                .iter_mut()
                .find(|(reason, _)| *reason == judged.got())
            {
                Some((_, ids)) => ids.push(judged.check.id),
                None => reasons.push((judged.got(), vec![judged.check.id])),
            }
        }
        for (reason, ids) in reasons {
            let word = style.paint(outcome, format!("{} {}", ids.len(), outcome.counted()));
            let _ = writeln!(out, "\n{word}: {}\n      {}", line(reason), ids.join(", "));
        }
    }
}

/// Failures that this archive shares with almost all others.
fn rarely_met(out: &mut String, report: &Report) {
    let failed = (report.checks.iter())
        .filter(|judged| judged.check.is_rarely_met() && judged.outcome.is_failure());
    let ids: Vec<_> = failed.map(|judged| judged.check.id).collect();
    if !ids.is_empty() {
        let _ = writeln!(
            out,
            "\nrarely met by any archive, and in no core profile: {}",
            ids.join(", ")
        );
    }
}

/// What is offered and not declared.
fn declarations(out: &mut String, report: &Report, style: Style) {
    let undeclared: Vec<_> = report.undeclared().into_iter().map(Need::word).collect();
    if !undeclared.is_empty() {
        let word = style.paint(Outcome::Warn, format!("{} undeclared", undeclared.len()));
        let _ = writeln!(
            out,
            "\n{word}: offered, and not in the statement\n      {}",
            undeclared.join(", ")
        );
    }
}

/// Known failures with their reason, and waivers that do not hold.
fn waivers(out: &mut String, report: &Report, style: Style) {
    for judged in &report.checks {
        if let Some(waiver) = &judged.waiver {
            let word = style.paint(Outcome::Waived, "WAIVED");
            let _ = writeln!(
                out,
                "\n{word} {}: {} ({})\n      got       {}",
                judged.check.id,
                line(&waiver.reason),
                line(&waiver.owner),
                line(judged.got())
            );
        }
    }
    for (id, (failed, times)) in &report.rates {
        let _ = writeln!(out, "\nflaky: {id} failed {failed} times of {times}");
    }
    for objection in &report.objections {
        let word = style.paint(Outcome::Fail, "WAIVER");
        let _ = writeln!(out, "\n{word} {}: {}", objection.id, objection.what);
    }
}

fn summary(out: &mut String, report: &Report, style: Style, times: Times) {
    let counts = report.counts();
    let passed =
        (counts.is_empty() || report.count(Outcome::Pass) == 0).then(|| "0 passed".to_owned());
    let failed = (report.count(Outcome::Fail) == 0).then_some(Outcome::Fail);
    let mut parts: Vec<_> = passed.into_iter().collect();
    for outcome in Outcome::ALL {
        let count = report.count(outcome);
        if count > 0 {
            parts.push(style.paint(outcome, format!("{count} {}", outcome.counted())));
        } else if failed == Some(outcome) {
            parts.push("0 failed".into());
        }
    }
    let time = if times == Times::Shown {
        format!(" in {:.1} s", report.took.as_secs_f64())
    } else {
        String::new()
    };
    let _ = writeln!(out, "\n{}{time}", parts.join(", "));
    for it in report.profiles() {
        let outcome = match it.verdict {
            ProfileVerdict::Pass => Outcome::Pass,
            ProfileVerdict::Fail => Outcome::Fail,
            ProfileVerdict::Incomplete => Outcome::NotObserved,
        };
        let verdict = style.paint(outcome, format!("{:<10}", it.verdict.word()));
        let _ = writeln!(
            out,
            "profile {:<14} {verdict} {} of {}",
            it.profile, it.passed, it.checks
        );
    }
    if report.target.program.is_some() {
        // The archive was ours, and is gone.
        return;
    }
    let left = report.leftovers().len();
    let prefix = report.identity.patient_prefix();
    let _ = writeln!(
        out,
        "left in the archive: at most {left} studies of patients {prefix}*"
    );
}

/// One line of it, without what a terminal would act upon.
fn line(text: &str) -> String {
    const WIDTH: usize = 400;
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match clean.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}...", &clean[..end]),
        None => clean,
    }
}
