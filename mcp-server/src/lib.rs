//! An MCP server that searches, reads, shows and stores imaging data and never says more than the archive did.
//!
//! [`server::Server`] answers a client, with the tools of [`tools::all`], about the archive that a [`config::Config`] names.
//! A tool asks the archive through [`backend::Backend`] and tells what came back: none found, a part, all, or why not.
//!
//! ```
//! use dicom_mcp_server::config::Config;
//! use dicom_mcp_server::tools::{self, Session};
//!
//! let config = Config::for_host("http://127.0.0.1:8042/dicomweb")?;
//! let session = Session::new(config)?;
//! assert_eq!(session.backend.address(), "http://127.0.0.1:8042/dicomweb");
//! assert!(tools::all().iter().any(|tool| tool.name == "find-studies"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod answer;
pub mod arguments;
pub mod attribute;
pub mod backend;
pub mod client;
pub mod command;
pub mod completion;
pub mod config;
pub mod date;
pub mod deadletter;
pub mod demo;
pub mod diagnosis;
pub mod encoding;
pub mod error;
pub mod find;
pub mod guard;
pub mod http;
pub mod listing;
pub mod object;
pub mod phi;
pub mod preset;
pub mod profile;
pub mod prompt;
pub mod query;
pub mod resource;
pub mod row;
pub mod server;
pub mod settings;
pub mod sheet;
pub mod stdio;
pub mod text;
pub mod tools;
pub mod upload;
