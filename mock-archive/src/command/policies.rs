//! The flags of policies: one for each line of the library's table.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use dicom_mock_archive::personality::Personality;
use dicom_mock_archive::policy::{Policy, PolicyChanges};
use dicom_mock_archive::rule::Rule;

/// Other names of flags: one value where there may be several, and what they were called before.
const ALIASES: &[(&str, &str)] = &[
    ("destinations", "destination"),
    ("known-callers", "known-ae"),
    ("logins", "identity"),
    ("max-instance-bytes", "max-instance"),
    ("max-request-bytes", "max-request"),
    ("sop-classes", "sop-class"),
    ("transfer-syntaxes", "transfer-syntax"),
];

/// Short for a policy with a value.
const SHORTHANDS: &[(&str, &str, &str)] = &[
    ("allow-delete", "delete", "allowed"),
    ("allow-fault-header", "fault-header", "allowed"),
    ("own-ae-only", "called", "own"),
];

/// What the archive declares, by flags over a file over a personality.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    like: Vec<&'static Personality>,
    file: PolicyChanges,
    flags: PolicyChanges,
}

impl Policies {
    /// All of it together.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        for personality in &self.like {
            personality.apply(&mut policy);
        }
        self.file.apply(&mut policy);
        self.flags.apply(&mut policy);
        policy
    }

    /// The rules of the personalities.
    pub(crate) fn rules(&self) -> impl Iterator<Item = Rule> {
        self.like.iter().flat_map(|one| one.rules())
    }
}

/// The personalities of these names: one archive at most, overlays last.
fn chosen<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<&'static Personality>, String> {
    let found: Result<Vec<_>, _> = names.map(Personality::find).collect();
    let mut found = found.map_err(|error| error.to_string())?;
    found.sort_by_key(|one| one.overlay);
    match &found[..] {
        [one, another, ..] if !another.overlay => Err(format!(
            "--like {} and --like {}: an archive is like one other, and overlays go with it",
            one.name, another.name
        )),
        _ => Ok(found),
    }
}

impl Args for Policies {
    fn augment_args(command: Command) -> Command {
        let first = Policy::FIELDS.first().map_or("Policy", |field| field.group);
        let names: Vec<_> = Personality::all().iter().map(|one| one.name).collect();
        let like = Arg::new("like")
            .long("like")
            .value_name("NAME")
            .value_parser(PossibleValuesParser::new(names))
            .action(ArgAction::Append)
            .value_delimiter(',')
            .hide_possible_values(true)
            .help(
                "Be like another archive, or like one behind an overlay; `dicom-mock-archive personalities` tells which there are",
            )
            .help_heading(first);
        let file = Arg::new("policy")
            .long("policy")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Policies from a TOML file, with the names of the flags; `dicom-mock-archive policy` prints one")
            .help_heading(first);
        let flags = Policy::FIELDS.iter().map(|field| {
            let default = Some(field.default()).filter(|default| !default.is_empty());
            let default = default.unwrap_or_else(|| "none".to_owned());
            let again = if field.is_list {
                "; may be given again"
            } else {
                ""
            };
            let about = field.about();
            let about = about.trim_end_matches('.');
            let aliases = ALIASES.iter().filter(|(name, _)| *name == field.name);
            Arg::new(field.name)
                .long(field.name)
                .aliases(aliases.map(|(_, alias)| *alias))
                .value_name(field.value)
                .action(ArgAction::Append)
                .help(format!("{about}{again} [default: {default}]"))
                .help_heading(field.group)
        });
        let shorthands = SHORTHANDS.iter().map(|(name, ..)| {
            Arg::new(*name)
                .long(*name)
                .action(ArgAction::SetTrue)
                .hide(true)
        });
        command.args([like, file]).args(flags).args(shorthands)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Policies {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let wrong = |error: String| clap::Error::raw(ErrorKind::ValueValidation, error + "\n");
        let like = matches.get_many::<String>("like").into_iter().flatten();
        let like = chosen(like.map(String::as_str)).map_err(wrong)?;
        let file = matches.get_one::<PathBuf>("policy");
        let file = file.map(|path| PolicyChanges::from_file(path)).transpose();
        let mut flags = PolicyChanges::default();
        for field in Policy::FIELDS {
            if let Some(words) = matches.get_many::<String>(field.name) {
                // Of a policy that takes one value, the last counts.
                let skipped = if field.is_list { 0 } else { words.len() - 1 };
                flags
                    .set(field.name, words.skip(skipped))
                    .map_err(|error| wrong(format!("--{error}")))?;
            }
        }
        for (name, field, word) in SHORTHANDS {
            if matches.get_flag(name) {
                flags
                    .set(field, [word])
                    .map_err(|error| wrong(error.to_string()))?;
            }
        }
        Ok(Self {
            like,
            file: file
                .map_err(|error| wrong(error.to_string()))?
                .unwrap_or_default(),
            flags,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
