//! The binary `dicom-conformance`.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use dicom_conformance::report::Exit;
use dicom_conformance::target::embedded::EmbeddedError;
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
        let broken = match error.downcast_ref::<EmbeddedError>() {
            Some(error) => !matches!(error, EmbeddedError::Fault(_)),
            None => error.is::<std::io::Error>(),
        };
        if broken { Exit::Broken } else { Exit::Usage }
    });
    ExitCode::from(exit as u8)
}
