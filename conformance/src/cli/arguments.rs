//! The arguments of `run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use dicom_wire::ae::AeTitle;
use url::Url;

use super::telling::ReportArguments;
use dicom_conformance::check::{Edition, Known, Need};
use dicom_conformance::target::embedded::CALLING;

/// Which archive.
#[derive(Args, Debug)]
pub(super) struct TargetArguments {
    /// Base URL of DICOMweb, the part before /studies.
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Target",
        conflicts_with = "start"
    )]
    pub(super) web: Option<Url>,
    /// Address of DIMSE.
    #[arg(
        long,
        value_name = "HOST:PORT",
        help_heading = "Target",
        conflicts_with = "start"
    )]
    pub(super) dimse: Option<String>,
    /// AE title of the archive; else what the statement says, else ANY-SCP.
    #[arg(long, value_name = "AE", help_heading = "Target")]
    pub(super) called: Option<String>,
    /// Our AE title.
    #[arg(long, value_name = "AE", default_value = CALLING, help_heading = "Target")]
    pub(super) calling: String,
    /// Start a server that prints {"dicomweb":URL,"dimse":"HOST:PORT","ae_title":AE} when it is ready, and end it afterwards.
    #[arg(long, value_name = "CMD", help_heading = "Target")]
    pub(super) start: Option<String>,
    /// AE title and port under which the archive knows us as a C-MOVE destination; we listen there during the run.
    #[arg(long, value_name = "AE=PORT", value_parser = destination, help_heading = "Target")]
    pub(super) move_destination: Option<(String, u16)>,
    /// What the archive does that cannot be seen from outside, with a value for some: checks-called, max-assoc=4.
    #[arg(long, value_name = "NEED[=VALUE]", value_parser = claim, help_heading = "Target")]
    pub(super) claim: Vec<(Need, String)>,
    /// A fault of the built-in archive, to see what a broken archive looks like.
    #[arg(long, value_name = "NAME", help_heading = "Target", conflicts_with_all = ["web", "dimse", "start"])]
    pub(super) fault: Vec<String>,
    /// What the vendor declares, as TOML (`statement init` drafts one): judged is what is declared, and what is offered undeclared is reported.
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub(super) statement: Option<PathBuf>,
}

/// What to judge it by, and where to tell.
#[derive(Args, Debug)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) target: TargetArguments,

    /// Only these checks: an id, the beginning of one, or a clause such as PS3.18/10.5.
    #[arg(long, value_name = "ID|GROUP|CLAUSE", help_heading = "Selection")]
    pub(super) only: Vec<String>,
    /// Not these.
    #[arg(long, value_name = "ID|GROUP|CLAUSE", help_heading = "Selection")]
    pub(super) skip: Vec<String>,
    /// Only the checks of these profiles; not to pass one fails the run, also where a check of it does not apply.
    #[arg(long, value_name = "PROFILE", help_heading = "Selection")]
    pub(super) profile: Vec<String>,
    /// Edition of the standard.
    #[arg(long, default_value = "2026a", help_heading = "Selection")]
    pub(super) edition: Edition,
    /// Known failures, as TOML: each with a reason and an owner. One that is not needed any more fails the run.
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    pub(super) waivers: Option<PathBuf>,
    /// Interoperability checks, and what is offered undeclared, fail the run.
    #[arg(long, help_heading = "Selection")]
    pub(super) strict: bool,

    /// Seed of data and order; taken from the clock if not given.
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub(super) seed: Option<u64>,
    /// How many checks run at once; those that count associations or measure times run alone.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Run")]
    pub(super) jobs: u8,
    /// The longest that a check may take, in seconds.
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds, help_heading = "Run")]
    pub(super) timeout: Duration,
    /// The longest that the run may take, in seconds.
    #[arg(long, value_name = "S", default_value = "600", value_parser = seconds, help_heading = "Run")]
    pub(super) run_limit: Duration,

    #[command(flatten)]
    pub(super) reports: ReportArguments,
}

fn destination(text: &str) -> Result<(String, u16), String> {
    let wrong = || format!("{text:?} is not AE=PORT");
    let (title, port) = text.split_once('=').ok_or_else(wrong)?;
    let title = AeTitle::parse(title).map_err(|error| error.to_string())?;
    Ok((
        title.as_str().to_owned(),
        port.parse().map_err(|_| wrong())?,
    ))
}

fn claim(text: &str) -> Result<(Need, String), String> {
    let (word, value) = text.split_once('=').unwrap_or((text, ""));
    match word.parse::<Need>()? {
        need if need.known() == Known::Claimed => Ok((need, value.to_owned())),
        need => Err(format!("{need} is seen, not claimed")),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|&seconds: &f64| seconds > 0.0 && seconds < 1e6);
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("{text:?} is not a number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_values_are_named() {
        assert_eq!(destination("CONF=104"), Ok(("CONF".into(), 104)));
        assert!(destination("CONF").unwrap_err().contains("\"CONF\""));
        assert!(destination("CONF=x").is_err());
        assert_eq!(
            claim("max-assoc=4"),
            Ok((Need::MaxAssociations, "4".into()))
        );
        assert!(claim("c-find").unwrap_err().contains("c-find"));
        assert!(claim("speed").unwrap_err().contains("\"speed\""));
        assert!(seconds("0").unwrap_err().contains("\"0\""));
    }
}
