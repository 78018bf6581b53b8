//! The archive as a program.

mod command;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::archive::Unloadable;
use dicom_mock_archive::personality::Personality;
use dicom_mock_archive::policy::{Field, Policy};
use dicom_mock_archive::recording::mask::Mask;
use dicom_mock_archive::recording::{Recorder, Recording, Relay, Settings};
use dicom_mock_archive::scenario::Scenario;
use dicom_mock_archive::store::Storage;
use dicom_mock_archive::tls::Tls;
use dicom_mock_archive::{admin, fault};
use tracing_subscriber::EnvFilter;

use command::{Command, List, Other, Record, Retain, Serve, Shown, Sync};

/// 0 = ended when asked to, 1 = could not start or run, 2 = wrong command line.
#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let command = Command::parse();
    let done = match command.other {
        Some(Other::Record(settings)) => record(*settings).await,
        Some(Other::Policy(shown)) => show_policy(&shown),
        Some(Other::List(list)) => print(list),
        None => serve(command.serve).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "dicom-mock-archive: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(serve: Serve) -> anyhow::Result<()> {
    let scenario = serve.scenario.as_deref().map(Scenario::find).transpose()?;
    let mut builder = MockArchive::builder()
        .web(serve.http)
        .dimse(serve.dimse)
        .control(serve.control)
        .policy(serve.policies.policy())
        .storage(storage(&serve)?)
        .rules(serve.policies.rules())
        .rules(serve.fault.iter().cloned());
    if let Some(scenario) = scenario {
        builder = builder.scenario(scenario);
    }
    builder = builder.scenario(Scenario {
        about: "What the command line says of states.".to_owned(),
        start: serve.start.clone(),
        rules: Vec::new(),
        transitions: serve.transition.clone(),
    });
    if let [certificates, key] = &serve.tls[..] {
        builder = builder.tls(Tls::from_files(certificates, key)?);
    }
    if let Some(path) = &serve.replay {
        let mask = serve.key.as_deref().map(Mask::with_key);
        builder = builder.replay(Recording::read(path)?, mask);
    }
    let archive = builder.start().await?;
    if !serve.load.is_empty() {
        read_all(&serve.load, |path| archive.load_file(path))?;
    } else if !serve.empty {
        archive.load_demo()?;
    }
    if !serve.worklist.is_empty() {
        read_all(&serve.worklist, |path| archive.schedule_file(path))?;
    } else if serve.load.is_empty() && !serve.empty {
        archive.archive().schedule_follow_ups();
    }
    announce(&archive, &serve)?;
    ended().await;
    Ok(())
}

/// Records until asked to end.
async fn record(settings: Record) -> anyhow::Result<()> {
    let mask = match (settings.as_seen, &settings.key) {
        (true, _) => None,
        (false, Some(key)) => Some(Mask::with_key(key)),
        (false, None) => Some(Mask::random()),
    };
    let patients = match mask {
        Some(_) => {
            "others stand for its patients; what is burned into pixels or said in reports stays"
        }
        None => "its patients as they are",
    };
    let out = settings.out.display().to_string();
    let recorder = Recorder::start(Settings {
        web: settings.upstream.map(|upstream| Relay {
            listen: settings.http,
            upstream,
        }),
        dimse: settings.dimse_upstream.map(|upstream| Relay {
            listen: settings.dimse,
            upstream,
        }),
        out: settings.out,
        mask,
        max_body: settings.max_body,
        roots: settings.root,
    })
    .await?;
    let (web, dimse) = (recorder.web_url(), recorder.dimse_addr());
    let places = web
        .iter()
        .cloned()
        .chain(dimse.map(|address| address.to_string()));
    writeln!(
        std::io::stderr(),
        "What passes {} is written to {out}: {patients}.\nCtrl-C ends it.",
        places.collect::<Vec<_>>().join(" and ")
    )?;
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "{}",
        serde_json::json!({ "dicomweb": web, "dimse": dimse })
    )?;
    stdout.flush()?;
    drop(stdout);
    ended().await;
    Ok(())
}

/// Reads files and folders; only a file that was named itself has to be readable.
fn read_all(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> Result<(), Unloadable>,
) -> anyhow::Result<()> {
    for path in files(paths)? {
        match read(&path) {
            Err(error) if paths.contains(&path) => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "not loaded"),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn storage(serve: &Serve) -> anyhow::Result<Storage> {
    let storage = if serve.storage == Path::new("memory") {
        Storage::memory()
    } else {
        Storage::directory(&serve.storage)
            .with_context(|| format!("cannot keep instances in {}", serve.storage.display()))?
    };
    let storage = storage.synced(match serve.sync {
        Sync::Always => dicom_mock_archive::store::Sync::Always,
        Sync::Never => dicom_mock_archive::store::Sync::Never,
    });
    Ok(storage.retaining(match serve.retain {
        Retain::All => dicom_mock_archive::store::Retain::All,
        Retain::Headers => dicom_mock_archive::store::Retain::Headers,
    }))
}

/// On stderr how a person gets going, then the ready line on stdout.
fn announce(archive: &MockArchive, serve: &Serve) -> anyhow::Result<()> {
    let ready = archive.ready();
    let address = archive.dimse_addr();
    // A stranger's certificate is no obstacle to a first look.
    let (curl, findscu) = if serve.tls.is_empty() {
        ("curl", "findscu")
    } else {
        ("curl -k", "findscu +tla -ic")
    };
    writeln!(
        std::io::stderr(),
        "{instances} instances are ready.\n\
         \x20 DICOMweb     {web}    {curl} '{web}/studies'\n\
         \x20 DIMSE        {dimse}, AE title {title}    {findscu} -S -k QueryRetrieveLevel=STUDY -k PatientName -aec {title} {host} {port}\n\
         \x20 control API  {control}    curl {control}/journal\n\
         Ctrl-C ends it.",
        instances = archive.stored().len(),
        web = ready.dicomweb,
        dimse = ready.dimse,
        title = ready.ae_title,
        host = address.ip(),
        port = address.port(),
        control = ready.control,
    )?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&ready)?)?;
    stdout.flush()?;
    Ok(())
}

/// All files under these paths, in the order of their names.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path)
                .with_context(|| format!("cannot read folder {}", path.display()))?;
            let mut inside = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<_>, _>>()?;
            inside.sort();
            found.extend(files(&inside)?);
        } else {
            anyhow::ensure!(path.exists(), "there is no file {}", path.display());
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// Waits for Ctrl-C, or on Unix for SIGTERM.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// The policy that the flags make, all of it.
fn show_policy(shown: &Shown) -> anyhow::Result<()> {
    let policy = shown.policies.policy();
    let text = if shown.json {
        let row = |field: &Field| {
            let mut row = serde_json::to_value(field)?;
            row["is"] = field.show(&policy).into();
            Ok(row)
        };
        let rows: Result<Vec<_>, serde_json::Error> = Policy::FIELDS.iter().map(row).collect();
        serde_json::to_string_pretty(&rows?)? + "\n"
    } else {
        policy.as_toml()
    };
    let mut stdout = std::io::stdout().lock();
    unless_gone(stdout.write_all(text.as_bytes()))
}

/// A reader that has seen enough (`| head`) is no failure.
fn unless_gone(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn print(list: List) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = match list {
        List::Faults(form) if form.json => writeln!(
            stdout,
            "{}",
            serde_json::to_string_pretty(&fault::catalogue())?
        ),
        List::Faults(_) => fault::catalogue().iter().try_for_each(|entry| {
            let first = entry
                .meaning
                .split_once("\n\n")
                .map_or(entry.meaning.as_str(), |(first, _)| first)
                .replace('\n', " ");
            writeln!(stdout, "{:<30} {first}", entry.name)
        }),
        List::Scenarios(form) if form.json => writeln!(
            stdout,
            "{}",
            serde_json::to_string_pretty(&admin::scenarios())?
        ),
        List::Scenarios(_) => admin::scenarios().iter().try_for_each(|scenario| {
            writeln!(
                stdout,
                "{:<30} {}",
                scenario["name"].as_str().unwrap_or_default(),
                scenario["about"].as_str().unwrap_or_default()
            )
        }),
        List::Personalities(form) if form.json => writeln!(
            stdout,
            "{}",
            serde_json::to_string_pretty(Personality::all())?
        ),
        List::Personalities(_) => Personality::all().iter().try_for_each(|one| {
            writeln!(
                stdout,
                "{:<18} {} ({} facts)",
                one.name,
                one.about,
                one.facts.len()
            )
        }),
    };
    unless_gone(written)
}
