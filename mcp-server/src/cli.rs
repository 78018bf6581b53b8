//! The command line: what may be said, and what it means as settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dicom_mcp_server::config::{Environment, Flags, Store};
use dicom_mcp_server::profile::Profile;
use dicom_mcp_server::upload::Conflicts;

/// Lets an AI assistant search, read, look at, store and move imaging data in DICOM archives, over MCP.
///
/// Every setting can also stand in the environment or in a .env file in the working directory, under the name that is shown with it, or in
/// a TOML file (--config), which can name any number of archives; flags go first. Standard output belongs to the protocol; RUST_LOG=debug
/// says on standard error what is done, without patient data.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// How the client is served
    #[arg(long, value_enum, default_value = "stdio")]
    pub(crate) transport: Transport,
    /// Where http is served; beyond loopback it needs DICOM_MCP_TOKEN
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8044")]
    pub(crate) listen: SocketAddr,
    /// A web page's origin that may use http, as https://app.example.com:443; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Whose tools are offered, by name and parameters
    #[arg(long, value_enum, default_value = "native")]
    pub(crate) profile: Profiles,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Which archives, as whom, and what may be done.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Serve an archive with demo patients, in this process: no other archive is needed
    #[arg(long, global = true)]
    pub(crate) demo: bool,
    /// A TOML file of settings
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Base address of the archive, as http://127.0.0.1:8042/dicomweb [DICOMWEB_HOST]
    #[arg(long, value_name = "URL", conflicts_with = "demo", global = true)]
    dicomweb_host: Option<String>,
    /// basic, bearer or none [DICOMWEB_AUTH]
    #[arg(long, value_name = "KIND", global = true)]
    dicomweb_auth: Option<String>,
    /// User for basic authentication [DICOMWEB_USER]
    #[arg(long, value_name = "NAME", global = true)]
    dicomweb_user: Option<String>,
    /// Password for basic authentication; better in the environment, where other users do not see it [DICOMWEB_PASS]
    #[arg(long, value_name = "PASSWORD", global = true)]
    dicomweb_pass: Option<String>,
    /// Token for bearer authentication; better in the environment, a file or a command [DICOMWEB_TOKEN, DICOMWEB_TOKEN_FILE, DICOMWEB_TOKEN_COMMAND]
    #[arg(long, value_name = "TOKEN", global = true)]
    dicomweb_token: Option<String>,
    /// Longest time for an answer of the archive, in milliseconds; 30000 where nothing is said [DICOMWEB_TIMEOUT]
    #[arg(long, value_name = "MS", global = true)]
    dicomweb_timeout: Option<String>,
    /// DIMSE address of the archive [DICOM_HOST, DICOM_PORT]
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "demo", global = true)]
    dimse: Option<String>,
    /// AE title of the archive [DICOM_CALLED_AE_TITLE]
    #[arg(long, value_name = "AE", global = true)]
    called: Option<String>,
    /// Our AE title [DICOM_AE_TITLE]
    #[arg(long, value_name = "AE", global = true)]
    calling: Option<String>,
    /// Ask the archive over DIMSE inside TLS [DICOM_TLS=true]
    #[arg(long, global = true)]
    dimse_tls: bool,
    /// Authorities to trust beside the usual ones, PEM, for https and for --dimse-tls [DICOMWEB_CA_FILE, DICOM_CA_FILE]
    #[arg(long, value_name = "FILE", global = true)]
    ca_file: Option<PathBuf>,
    /// The certificate that is shown to the archive, PEM [DICOMWEB_CLIENT_CERT, DICOM_CLIENT_CERT]
    #[arg(long, value_name = "FILE", requires = "client_key", global = true)]
    client_cert: Option<PathBuf>,
    /// Its key, PEM [DICOMWEB_CLIENT_KEY, DICOM_CLIENT_KEY]
    #[arg(long, value_name = "FILE", requires = "client_cert", global = true)]
    client_key: Option<PathBuf>,
    /// Where an archive without C-GET may move instances to, which has to know our AE title there; a port is one of loopback [DICOM_RECEIVE]
    #[arg(long, value_name = "PORT or HOST:PORT", global = true)]
    receive: Option<String>,
    /// Allow store-instances
    #[arg(long, global = true)]
    allow_store: bool,
    /// A folder that store-instances may read; may be given several times. With --demo the working directory where none is given
    #[arg(long, value_name = "FOLDER", global = true)]
    allow_path: Vec<PathBuf>,
    /// Store studies whose files disagree about the patient too
    #[arg(long, global = true)]
    allow_conflicts: bool,
    /// Allow retrieve-study to write into this folder; may be given several times
    #[arg(long, value_name = "FOLDER", global = true)]
    allow_retrieve_to: Vec<PathBuf>,
    /// Allow move-study to these destinations
    #[arg(long, value_name = "AE[,AE]", global = true)]
    allow_move: Vec<String>,
    /// Allow configure_dicom_server to name this host; may be given several times
    #[arg(long, value_name = "HOST", global = true)]
    allow_hosts: Vec<String>,
    /// What is shown of patients: show, mask or pseudonym [DICOM_PHI]
    #[arg(long, value_name = "MODE", global = true)]
    phi: Option<String>,
    /// The folder that keeps what could not be stored [DICOM_QUEUE]
    #[arg(long, value_name = "FOLDER", global = true)]
    queue: Option<PathBuf>,
}

/// How a client is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// One client over standard input and output
    Stdio,
    /// Any number over HTTP, each request for itself
    Http,
}

/// Names of profiles.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Profiles {
    Native,
    DicomwebMcpServer,
    DicomMcp,
    DicomHl7Mcp,
}

impl From<Profiles> for Profile {
    fn from(name: Profiles) -> Self {
        match name {
            Profiles::Native => Self::Native,
            Profiles::DicomwebMcpServer => Self::DicomwebMcpServer,
            Profiles::DicomMcp => Self::DicomMcp,
            Profiles::DicomHl7Mcp => Self::DicomHl7Mcp,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what the tools are, as docs/tools.md or as the JSON that clients get
    Tools {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Store files in the archive and tell what became of each; exits 1 unless all are stored
    Store {
        /// Files, or folders with all they contain
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Only tell what would be sent
        #[arg(long)]
        dry_run: bool,
        /// Another archive than the first, by name
        #[arg(long, value_name = "NAME", default_value = "")]
        archive: String,
    },
    /// What could not be stored: list it, show one, send it again
    DeadLetters {
        #[command(subcommand)]
        action: Option<Letters>,
        /// Another archive than the first, by name
        #[arg(long, value_name = "NAME", default_value = "", global = true)]
        archive: String,
    },
    /// Tell what each archive can do, and what it gets wrong
    Doctor,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Letters {
    /// List all
    List,
    /// Show one as it lies on disk
    Show {
        /// Its name
        id: String,
    },
    /// Send one or all again; exits 1 unless all are stored
    Retry {
        /// Its name; all where not given
        #[arg(default_value = "")]
        id: String,
    },
}

impl Settings {
    /// The flags as settings; where the queue is kept if nothing is said.
    pub(crate) fn flags(self, environment: &Environment) -> Flags {
        Flags {
            host: self.dicomweb_host,
            auth: self.dicomweb_auth,
            user: self.dicomweb_user,
            pass: self.dicomweb_pass,
            token: self.dicomweb_token,
            timeout: self.dicomweb_timeout,
            store: if self.allow_store {
                Store::On
            } else {
                Store::Off
            },
            paths: self.allow_path,
            dimse: self.dimse,
            called: self.called,
            calling: self.calling,
            dimse_tls: self.dimse_tls,
            ca_file: self.ca_file,
            client_certificate: self.client_cert,
            client_key: self.client_key,
            receive: self.receive,
            retrieve_to: self.allow_retrieve_to,
            move_to: self.allow_move,
            hosts: self.allow_hosts,
            conflicts: if self.allow_conflicts {
                Conflicts::Sent
            } else {
                Conflicts::Held
            },
            phi: self.phi,
            queue: self.queue.or_else(|| environment.queue()),
            file: self.config,
        }
    }
}
