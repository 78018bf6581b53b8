//! The binary `dicom-conformance`.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use dicom_conformance::report::Exit;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let exit = Cli::parse().execute().await.unwrap_or_else(|error| {
        eprintln!("dicom-conformance: {error:#}");
        match error.downcast_ref::<std::io::Error>() {
            Some(_) => Exit::Broken,
            None => Exit::Usage,
        }
    });
    ExitCode::from(exit as u8)
}
