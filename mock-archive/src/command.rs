//! The command line.

mod policies;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use dicom_mock_archive::rule::{Rule, Transition};
use url::Url;

pub(crate) use policies::Policies;

/// A DICOM archive for tests: DICOMweb and DIMSE, right by the standard or exactly as wrong as told.
///
/// When it is ready it prints one JSON line on stdout, with the addresses it listens on; port 0 picks a free one.
/// Faults: `dicom-mock-archive faults`, or docs/faults.md.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 120)]
pub(crate) struct Command {
    #[command(subcommand)]
    pub(crate) other: Option<Other>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What else than to serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Other {
    /// Stands between a client and a real archive, and writes what passes into a file for `--replay`.
    Record(Box<Record>),
    /// Prints the policy that these flags make, as a file for `--policy`; without any the default one.
    Policy(Box<Shown>),
    #[command(flatten)]
    List(List),
}

/// Which policy is printed, and how.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// As JSON, with defaults, values and meaning.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) policies: Policies,
}

/// How exchanges are recorded.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Base URL of the archive's DICOMweb services, such as `https://pacs.example/dicom-web`.
    #[arg(long, value_name = "URL", required_unless_present = "dimse_upstream")]
    pub(crate) upstream: Option<Url>,
    /// Where the archive takes associations.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) dimse_upstream: Option<String>,
    /// The recording; must not exist yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Address for DICOMweb clients.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8042")]
    pub(crate) http: SocketAddr,
    /// Address for DIMSE clients.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:11112")]
    pub(crate) dimse: SocketAddr,
    /// Keep the patients of the archive; otherwise others stand for them.
    #[arg(long)]
    pub(crate) as_seen: bool,
    /// A secret from which replacements are made, for recordings and replays that agree; otherwise one that nobody knows.
    #[arg(
        long,
        value_name = "TEXT",
        env = "DICOM_RECORDING_KEY",
        hide_env_values = true,
        conflicts_with = "as_seen"
    )]
    pub(crate) key: Option<String>,
    /// Bodies up to so many bytes are kept; longer ones pass all the same.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub(crate) max_body: usize,
    /// Root certificates (PEM) to trust beside the public ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
}

/// Prints a list and exits.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum List {
    /// Lists the faults.
    Faults(Form),
    /// Lists the scenarios.
    Scenarios(Form),
    /// Lists the personalities.
    Personalities(Form),
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// As JSON, with everything.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the archive runs.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address for DICOMweb.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8042")]
    pub(crate) http: SocketAddr,
    /// Address for DIMSE.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:11112")]
    pub(crate) dimse: SocketAddr,
    /// Address of the control API.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8043")]
    pub(crate) control: SocketAddr,
    /// Speak TLS on the addresses for DICOMweb and DIMSE, with this certificate chain and private key (PEM files).
    #[arg(long, value_names = ["CERT", "KEY"], num_args = 2, action = ArgAction::Set)]
    pub(crate) tls: Vec<PathBuf>,

    /// Start without any patient; otherwise with the demo patients.
    #[arg(long, conflicts_with = "load", help_heading = "Data")]
    pub(crate) empty: bool,
    /// Start with these DICOM files and folders instead of the demo patients.
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Data")]
    pub(crate) load: Vec<PathBuf>,
    /// Start with the worklist items in these DICOM files and folders instead of those of the demo patients.
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Data")]
    pub(crate) worklist: Vec<PathBuf>,
    /// Answer DICOMweb from a recording instead of what is stored.
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub(crate) replay: Option<PathBuf>,
    /// The secret that the recording was made with, to ask by the names of the patients for whom others stand in it.
    #[arg(
        long,
        value_name = "TEXT",
        env = "DICOM_RECORDING_KEY",
        hide_env_values = true,
        requires = "replay",
        help_heading = "Data"
    )]
    pub(crate) key: Option<String>,
    /// Where instances are kept: `memory`, or a folder.
    #[arg(
        long,
        value_name = "memory|DIR",
        default_value = "memory",
        help_heading = "Data"
    )]
    pub(crate) storage: PathBuf,
    /// What is kept of an instance: all of it, or only its attributes without bulk values.
    #[arg(long, value_enum, default_value_t = Retain::All, help_heading = "Data")]
    pub(crate) retain: Retain,

    /// When a file counts as kept: when the disk has it, or when the operating system has it.
    #[arg(long, value_enum, default_value_t = Sync::Always, help_heading = "Data")]
    pub(crate) sync: Sync,

    /// A fault, such as `stow.partial-200` or `delay:by=2s:service=store`; may be given again.
    #[arg(long, value_name = "NAME[:ARG]", value_parser = Rule::parse, help_heading = "What goes wrong")]
    pub(crate) fault: Vec<Rule>,
    /// Rules from a scenario that comes with the archive, or from a TOML file.
    #[arg(long, value_name = "NAME|FILE", help_heading = "What goes wrong")]
    pub(crate) scenario: Option<String>,
    /// The state to start in, for faults with `in-state=NAME`.
    #[arg(long, value_name = "STATE", help_heading = "What goes wrong")]
    pub(crate) start: Option<String>,
    /// What leads to another state, such as `busy:from=calm:service=store:times=3`; may be given again.
    #[arg(long, value_name = "STATE[:ARG]", help_heading = "What goes wrong")]
    pub(crate) transition: Vec<Transition>,
    #[command(flatten)]
    pub(crate) policies: Policies,
}

/// What is kept of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Retain {
    /// All of it.
    All,
    /// Its attributes, without bulk values.
    Headers,
}

/// When what was written to a directory counts as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sync {
    /// When the disk has it: it outlives a loss of power.
    Always,
    /// When the operating system has it: it outlives the process.
    Never,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;
    use dicom_mock_archive::policy::{Called, Delete, Duplicates, Extension, PatientConflict};
    use dicom_wire::stow::FailureReason;

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        Command::try_parse_from([&["dicom-mock-archive"], arguments].concat())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    #[test]
    fn flags_make_the_policy() {
        let command = parsed(&[
            "--patient-conflict",
            "reject",
            "--duplicates",
            "reject:0111",
            "--destination",
            "WS=127.0.0.1:11113",
            "--extensions",
            "relational,fuzzy",
            "--identity",
            "anna:secret",
            "--max-associations",
            "2",
            "--like",
            "strict",
            "--allow-delete",
        ]);
        let policy = command.unwrap().serve.policies.policy();

        assert_eq!(
            policy.patient_conflict,
            PatientConflict::Reject(FailureReason(0xA778))
        );
        assert_eq!(policy.duplicates, Duplicates::Reject(FailureReason(0x0111)));
        assert_eq!(policy.called, Called::Own);
        assert_eq!(policy.delete, Delete::Allowed);
        assert_eq!(policy.destinations.len(), 1);
        assert!(policy.logins[0].matches(b"anna", Some(b"secret")));
        assert_eq!(policy.max_associations, Some(2));
        assert_eq!(
            policy.extensions,
            BTreeSet::from([Extension::Relational, Extension::Fuzzy])
        );
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_choices() {
        for (arguments, named) in [
            (&["--fault", "stow.partial-20"][..], "stow.partial-200"),
            (&["--like", "orthank"], "strict"),
            (&["--edition", "2023"], "2024e"),
            (
                &["--destinations", "WS"],
                "--destinations: \"WS\" is not AE=HOST:PORT",
            ),
            (&["--coerce", "PixelData=1"], "it is no text"),
            (&["--coerce", "StudyInstanceUID=1"], "filed under it"),
            (&["--policy", "no-such-file.toml"], "no-such-file.toml"),
            (&["--auth", "anna"], "basic:USER:PASS"),
            (&["--ae-title", "A TITLE THAT IS TOO LONG"], "16"),
            (&["--duplicates", "drop"], "replace"),
            (&["--extensions", "phonetic"], "relational"),
            (&["--identity", ":secret"], "USER:PASS"),
        ] {
            let error = parsed(arguments).unwrap_err();
            assert!(error.contains(named), "{arguments:?}: {error}");
        }
    }
}
