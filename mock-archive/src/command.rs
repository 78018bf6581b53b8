//! The command line.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use dicom_mock_archive::fault::Reason;
use dicom_mock_archive::personality::Personality;
use dicom_mock_archive::policy::{
    Accepts, Auth, Called, Delete, Duplicates, Edition, Extension, Login, PatientConflict, Policy,
};
use dicom_mock_archive::rule::Rule;
use dicom_wire::ae::AeTitle;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use url::Url;

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
    #[command(flatten)]
    List(List),
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
    /// AE title of the archive.
    #[arg(long, value_name = "AE", default_value = "MOCK")]
    pub(crate) ae_title: AeTitle,
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

    /// A fault, such as `stow.partial-200` or `delay:by=2s:service=store`; may be given again.
    #[arg(long, value_name = "NAME[:ARG]", value_parser = Rule::parse, help_heading = "What goes wrong")]
    pub(crate) fault: Vec<Rule>,
    /// Rules from a scenario that comes with the archive, or from a TOML file.
    #[arg(long, value_name = "NAME|FILE", help_heading = "What goes wrong")]
    pub(crate) scenario: Option<String>,
    /// Mixed into the seed of every rule that acts by chance.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "What goes wrong"
    )]
    pub(crate) seed: u64,

    /// Be like another archive.
    #[arg(long, value_name = "NAME", value_parser = personality, help_heading = "Policy")]
    pub(crate) like: Option<&'static Personality>,
    /// Edition of the standard where editions contradict each other: 2024e or 2026a.
    #[arg(
        long,
        value_name = "2024e|2026a",
        default_value = "2024e",
        help_heading = "Policy"
    )]
    pub(crate) edition: Edition,
    /// Ask for credentials over HTTP.
    #[arg(
        long,
        value_name = "basic:USER:PASS|bearer:TOKEN",
        help_heading = "Policy"
    )]
    pub(crate) auth: Option<Auth>,
    /// What happens to an instance that is stored already.
    #[arg(long, value_name = "keep|overwrite|reject[:REASON]", value_parser = duplicates, help_heading = "Policy")]
    pub(crate) duplicates: Option<Duplicates>,
    /// What happens to an instance of another patient than its study.
    #[arg(long, value_name = "accept|coerce|split|reject[:REASON]", value_parser = patient_conflict, help_heading = "Policy")]
    pub(crate) patient_conflict: Option<PatientConflict>,
    /// Let studies, series and instances be deleted over HTTP.
    #[arg(long, help_heading = "Policy")]
    pub(crate) allow_delete: bool,
    /// Transfer syntaxes that can be stored, all others being refused.
    #[arg(
        long,
        value_name = "UID",
        value_delimiter = ',',
        help_heading = "Policy"
    )]
    pub(crate) transfer_syntax: Vec<Uid>,
    /// SOP classes that can be stored, all others being refused.
    #[arg(
        long,
        value_name = "UID",
        value_delimiter = ',',
        help_heading = "Policy"
    )]
    pub(crate) sop_class: Vec<Uid>,
    /// Largest body of a store request over HTTP, in bytes.
    #[arg(long, value_name = "BYTES", help_heading = "Policy")]
    pub(crate) max_request: Option<u64>,
    /// Largest instance, in bytes.
    #[arg(long, value_name = "BYTES", help_heading = "Policy")]
    pub(crate) max_instance: Option<u64>,
    /// Number of matches returned to a search that names no limit.
    #[arg(long, value_name = "N", help_heading = "Policy")]
    pub(crate) default_limit: Option<usize>,
    /// Largest number of matches returned to any search.
    #[arg(long, value_name = "N", help_heading = "Policy")]
    pub(crate) max_limit: Option<usize>,
    /// Calling AE titles that may open an association, all others being rejected.
    #[arg(
        long,
        value_name = "AE",
        value_delimiter = ',',
        help_heading = "Policy"
    )]
    pub(crate) known_ae: Vec<AeTitle>,
    /// Reject associations for another called AE title than the archive's.
    #[arg(long, help_heading = "Policy")]
    pub(crate) own_ae_only: bool,
    /// A user that may open an association, all others being rejected; may be given again.
    #[arg(long, value_name = "USER[:PASS]", help_heading = "Policy")]
    pub(crate) identity: Vec<Login>,
    /// How many associations there may be at once.
    #[arg(long, value_name = "N", help_heading = "Policy")]
    pub(crate) max_associations: Option<usize>,
    /// Extensions agreed to for C-FIND, C-MOVE and C-GET: `none`, or of relational, combined and fuzzy (which holds over HTTP too).
    #[arg(long, value_name = "none|NAME,...", value_parser = extensions, help_heading = "Policy")]
    pub(crate) extensions: Option<BTreeSet<Extension>>,
    /// Where C-MOVE can send to; may be given again.
    #[arg(long, value_name = "AE=HOST:PORT", value_parser = destination, help_heading = "Policy")]
    pub(crate) destination: Vec<(AeTitle, String)>,
}

/// What is kept of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Retain {
    /// All of it.
    All,
    /// Its attributes, without bulk values.
    Headers,
}

impl Serve {
    /// The policy that the flags ask for, over that of the personality.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy {
            ae_title: self.ae_title.clone(),
            edition: self.edition,
            auth: self.auth.clone(),
            ..Policy::default()
        };
        if let Some(personality) = self.like {
            personality.apply(&mut policy);
        }
        policy.seed = self.seed;
        policy.duplicates = self.duplicates.unwrap_or(policy.duplicates);
        policy.patient_conflict = self.patient_conflict.unwrap_or(policy.patient_conflict);
        if self.allow_delete {
            policy.delete = Delete::Allowed;
        }
        if !self.transfer_syntax.is_empty() {
            policy.transfer_syntaxes =
                Accepts::Only(self.transfer_syntax.iter().cloned().collect());
        }
        if !self.sop_class.is_empty() {
            policy.sop_classes = Accepts::Only(self.sop_class.iter().cloned().collect());
        }
        policy.max_request_bytes = self.max_request.or(policy.max_request_bytes);
        policy.max_instance_bytes = self.max_instance.or(policy.max_instance_bytes);
        policy.default_limit = self.default_limit.or(policy.default_limit);
        policy.max_limit = self.max_limit.or(policy.max_limit);
        if !self.known_ae.is_empty() {
            policy.known_callers = Some(self.known_ae.iter().cloned().collect());
        }
        if self.own_ae_only {
            policy.called = Called::Own;
        }
        if !self.identity.is_empty() {
            policy.logins = self.identity.clone();
        }
        policy.max_associations = self.max_associations.or(policy.max_associations);
        if let Some(extensions) = &self.extensions {
            policy.extensions = extensions.clone();
        }
        policy.destinations.extend(self.destination.iter().cloned());
        policy
    }
}

fn personality(name: &str) -> Result<&'static Personality, String> {
    Personality::find(name).map_err(|error| error.to_string())
}

fn duplicates(text: &str) -> Result<Duplicates, String> {
    match text.split_once(':').unwrap_or((text, "0111")) {
        ("keep", _) => Ok(Duplicates::Keep),
        ("overwrite", _) => Ok(Duplicates::Overwrite),
        ("reject", code) => reason(code).map(Duplicates::Reject),
        _ => Err("expected keep, overwrite or reject[:REASON]".to_owned()),
    }
}

fn patient_conflict(text: &str) -> Result<PatientConflict, String> {
    match text.split_once(':').unwrap_or((text, "A778")) {
        ("accept", _) => Ok(PatientConflict::Accept),
        ("coerce", _) => Ok(PatientConflict::Coerce),
        ("split", _) => Ok(PatientConflict::Split),
        ("reject", code) => reason(code).map(PatientConflict::Reject),
        _ => Err("expected accept, coerce, split or reject[:REASON]".to_owned()),
    }
}

fn reason(text: &str) -> Result<FailureReason, String> {
    text.parse::<Reason>().map(|reason| reason.0)
}

fn extensions(text: &str) -> Result<BTreeSet<Extension>, String> {
    match text {
        "none" => Ok(BTreeSet::new()),
        names => names.split(',').map(str::parse).collect(),
    }
}

fn destination(text: &str) -> Result<(AeTitle, String), String> {
    let (title, address) = text.split_once('=').ok_or("expected AE=HOST:PORT")?;
    let title = title
        .parse::<AeTitle>()
        .map_err(|error| error.to_string())?;
    let port = address
        .rsplit_once(':')
        .and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
    port.map(|_| (title, address.to_owned()))
        .ok_or_else(|| format!("{address:?} is not HOST:PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

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
        let policy = command.unwrap().serve.policy();

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
            (&["--destination", "WS"], "AE=HOST:PORT"),
            (&["--auth", "none"], "basic:USER:PASS"),
            (&["--ae-title", "A TITLE THAT IS TOO LONG"], "16"),
            (&["--duplicates", "drop"], "overwrite"),
            (&["--extensions", "phonetic"], "relational"),
            (&["--identity", ":secret"], "USER:PASS"),
        ] {
            let error = parsed(arguments).unwrap_err();
            assert!(error.contains(named), "{arguments:?}: {error}");
        }
    }
}
