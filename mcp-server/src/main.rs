//! The command line: settings in, a client served until it leaves.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use dicom_mcp_server::config::{Config, ConfigError, Environment, Flags, Permissions, Store};
use dicom_mcp_server::demo::Demo;
use dicom_mcp_server::server::Server;
use dicom_mcp_server::tools::{self, Session};
use dicom_mcp_server::{settings, stdio};

/// Lets an AI assistant search, read, look at and store imaging data in a DICOMweb archive, over MCP.
///
/// Every setting can also stand in the environment or in a .env file in the working directory, under the name that is shown with it;
/// flags go first. Standard output belongs to the protocol; RUST_LOG=debug says on standard error what is done, without patient data.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Serve an archive with demo patients, in this process: no other archive is needed
    #[arg(long)]
    demo: bool,
    /// Base address of the archive, as http://127.0.0.1:8042/dicomweb [DICOMWEB_HOST]
    #[arg(long, value_name = "URL", conflicts_with = "demo")]
    dicomweb_host: Option<String>,
    /// basic, bearer or none [DICOMWEB_AUTH]
    #[arg(long, value_name = "KIND")]
    dicomweb_auth: Option<String>,
    /// User for basic authentication [DICOMWEB_USER]
    #[arg(long, value_name = "NAME")]
    dicomweb_user: Option<String>,
    /// Password for basic authentication; better in the environment, where other users do not see it [DICOMWEB_PASS]
    #[arg(long, value_name = "PASSWORD")]
    dicomweb_pass: Option<String>,
    /// Token for bearer authentication; better in the environment [DICOMWEB_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    dicomweb_token: Option<String>,
    /// Longest time for an answer of the archive, in milliseconds; 30000 where nothing is said [DICOMWEB_TIMEOUT]
    #[arg(long, value_name = "MS")]
    dicomweb_timeout: Option<String>,
    /// Allow store-instances
    #[arg(long)]
    allow_store: bool,
    /// A folder that store-instances may read; may be given several times. With --demo the working directory where none is given
    #[arg(long, value_name = "FOLDER")]
    allow_path: Vec<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what the tools are, as docs/tools.md or as the JSON that clients get
    Tools {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Exit code for "not configured" and for settings that cannot be (design: as clap's own usage errors).
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Tools { json }) = cli.command {
        return print_tools(json);
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
        Ok(()) => ExitCode::SUCCESS,
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

async fn run(cli: Cli) -> anyhow::Result<()> {
    let (config, _demo) = if cli.demo {
        let demo = Demo::start()
            .await
            .map_err(anyhow::Error::from_boxed)
            .context("the demo archive does not start")?;
        let mut config = Config::for_host(&demo.address())?;
        let paths = if cli.allow_path.is_empty() {
            vec![std::env::current_dir()?]
        } else {
            cli.allow_path
        };
        config.permissions = Permissions::new(Store::On, &paths)?;
        (config, Some(demo))
    } else {
        let flags = Flags {
            host: cli.dicomweb_host,
            auth: cli.dicomweb_auth,
            user: cli.dicomweb_user,
            pass: cli.dicomweb_pass,
            token: cli.dicomweb_token,
            timeout: cli.dicomweb_timeout,
            store: if cli.allow_store {
                Store::On
            } else {
                Store::Off
            },
            paths: cli.allow_path,
            ..Flags::default()
        };
        let folder = std::env::current_dir().unwrap_or_default();
        (Config::resolve(flags, &Environment::read(&folder))?, None)
    };
    if std::io::stdin().is_terminal() {
        eprintln!(
            "Serving the archives {} over MCP: an MCP client is expected on standard input. Ctrl-D ends.",
            config
                .archives
                .iter()
                .map(|archive| archive.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    let session = Session::new(config).map_err(|failure| anyhow::anyhow!(failure.explain()))?;
    stdio::serve(
        Server::new(session),
        tokio::io::stdin(),
        tokio::io::stdout(),
    )
    .await
    .map_err(anyhow::Error::from_boxed)
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
    reason = "the answer to a question on the command line; no client is served"
)]
fn print_tools(json: bool) -> ExitCode {
    if !json {
        print!("{}", tools::markdown());
        return ExitCode::SUCCESS;
    }
    let tools: Vec<_> = tools::all().iter().map(tools::Tool::describe).collect();
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
