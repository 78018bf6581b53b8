//! The command line: settings in, a client served until it leaves.

mod cli;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use dicom_mcp_server::config::{Config, ConfigError, Environment, Store};
use dicom_mcp_server::demo::Demo;
use dicom_mcp_server::server::Server;
use dicom_mcp_server::tools::{self, Session};
use dicom_mcp_server::{command, http, settings, stdio};

use cli::{Cli, Command, Letters, Transport};

/// Exit code for "not configured" and for settings that cannot be (design: as clap's own usage errors).
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Tools { json }) = cli.command {
        return print_tools(cli.profile.into(), json);
    }
    log();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("dicom-mcp-server: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(cli));
    // A read of standard input cannot be cancelled, and nothing else is worth waiting for.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dicom-mcp-server: {error:#}");
            match error.downcast_ref::<ConfigError>() {
                Some(ConfigError::NoArchive) => {
                    if std::io::stdin().is_terminal() {
                        eprintln!("\n{}", settings::for_clients());
                    }
                    ExitCode::from(USAGE)
                }
                Some(_) => ExitCode::from(USAGE),
                None => ExitCode::FAILURE,
            }
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let folder = std::env::current_dir().unwrap_or_default();
    let environment = Environment::read(&folder);
    let demo = if cli.settings.demo {
        let demo = Demo::start()
            .await
            .map_err(anyhow::Error::from_boxed)
            .context("the demo archive does not start")?;
        Some(demo)
    } else {
        None
    };
    let mut flags = cli.settings.flags(&environment);
    let config = match &demo {
        None => Config::resolve(flags, &environment)?,
        Some(demo) => {
            // Only what the process itself offers: a demo never talks to an archive that happens to be configured.
            flags.host = Some(demo.address());
            flags.dimse = Some(demo.dimse_address());
            flags.called = Some(demo.ae_title());
            flags.store = Store::On;
            if flags.paths.is_empty() {
                flags.paths = vec![folder];
            }
            Config::resolve(flags, &Environment::default())?
        }
    };
    let mut session = Session::new(config).map_err(told)?;
    if let Some(demo) = &demo {
        session = session.once(demo.ready());
    }
    match cli.command {
        None => {
            serve(
                session,
                cli.transport,
                cli.listen,
                cli.allow_origin,
                cli.profile.into(),
                &environment,
            )
            .await
        }
        Some(Command::Tools { .. }) => Ok(ExitCode::SUCCESS),
        Some(Command::Store {
            paths,
            dry_run,
            archive,
        }) => {
            let session = session.for_archive(&archive).map_err(told)?.on_terminal();
            let paths: Vec<PathBuf> = paths;
            print(
                command::store(&session, &paths, dry_run)
                    .await
                    .map_err(told)?,
            )
        }
        Some(Command::DeadLetters { action, archive }) => {
            let session = session.for_archive(&archive).map_err(told)?.on_terminal();
            let said = match action.unwrap_or(Letters::List) {
                Letters::List => command::list(&session).await,
                Letters::Show { id } => command::show(&session, &id),
                Letters::Retry { id } => command::retry(&session, &id).await,
            };
            print(said.map_err(told)?)
        }
        Some(Command::Doctor) => print(command::doctor(&session).await),
    }
}

fn told(failure: dicom_mcp_server::error::Failure) -> anyhow::Error {
    anyhow::anyhow!(failure.explain())
}

async fn serve(
    session: Session,
    transport: Transport,
    listen: std::net::SocketAddr,
    origins: Vec<String>,
    profile: dicom_mcp_server::profile::Profile,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let server = Server::new(session.clone()).with_profile(profile);
    match transport {
        Transport::Stdio => {
            if std::io::stdin().is_terminal() {
                eprintln!(
                    "Serving {} over MCP: an MCP client is expected on standard input. Ctrl-D ends.",
                    session.names()
                );
            }
            stdio::serve(server, tokio::io::stdin(), tokio::io::stdout())
                .await
                .map_err(anyhow::Error::from_boxed)?;
        }
        Transport::Http => {
            let door = http::Door {
                listen,
                origins,
                token: environment.token(),
            };
            let open = http::open(server, door).await?;
            eprintln!(
                "Serving {} over MCP at http://{}/mcp",
                session.names(),
                open.address()
            );
            open.serve().await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// To standard error, and only what this program says itself: libraries below log what they carry, and that is patient data.
fn log() {
    use tracing_subscriber::filter::{EnvFilter, filter_fn};
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
    use tracing_subscriber::util::SubscriberInitExt as _;
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let ours = filter_fn(|metadata| metadata.target().starts_with("dicom_mcp_server"));
    let output = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(level)
        .with_filter(ours);
    tracing_subscriber::registry().with(output).init();
}

#[expect(
    clippy::print_stdout,
    reason = "the answer to a command on the command line; no client is served"
)]
fn print(said: command::Said) -> anyhow::Result<ExitCode> {
    println!("{}", said.text);
    Ok(match said.outcome {
        dicom_mcp_server::answer::Outcome::Done => ExitCode::SUCCESS,
        dicom_mcp_server::answer::Outcome::NotAllDone => ExitCode::FAILURE,
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the answer to a question on the command line; no client is served"
)]
fn print_tools(profile: dicom_mcp_server::profile::Profile, json: bool) -> ExitCode {
    if !json {
        print!("{}", tools::markdown());
        return ExitCode::SUCCESS;
    }
    let tools: Vec<_> = profile
        .tools()
        .iter()
        .map(|tool| profile.describe(tool))
        .collect();
    match serde_json::to_string_pretty(&tools) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("dicom-mcp-server: {error}");
            ExitCode::FAILURE
        }
    }
}
