//! From start to ready, and from reset to empty: what a test pays before it begins.
//!
//! `cargo bench -p dicom-benches --bench start`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use criterion::Criterion;
use dicom_benches::http::Http;
use dicom_benches::process::Archive;
use dicom_benches::{filling, median_of, milliseconds};
use tokio::runtime::Runtime;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let folder = directory.path().to_string_lossy().into_owned();
    // Once before, so that the binary is built and in memory.
    drop(Archive::start_with(&[])?);
    for (name, flags) in [
        ("in memory", vec![]),
        ("with a directory", vec!["--storage", &folder]),
    ] {
        let mut running = None;
        let took = median_of(21, || -> Result<Duration> {
            // Of two, the second may not have the directory.
            running.take();
            let began = Instant::now();
            running = Some(Archive::start_with(&flags)?);
            Ok(began.elapsed())
        })?;
        println!("start to ready, {name:<17} {:>10}", milliseconds(took));
    }

    let runtime = Runtime::new()?;
    let served = runtime.block_on(filling::served())?;
    let mut control = Http::connect(&served.control_url())?;
    for size in [0, 20, 1_000, 10_000, 100_000] {
        let took = median_of(5, || -> Result<Duration> {
            filling::fill(served.archive(), 0..size)?;
            let began = Instant::now();
            let status = control.ask("POST", "/reset", "*/*")?.status;
            match status {
                200..=299 => Ok(began.elapsed()),
                other => Err(format!("status {other}").into()),
            }
        })?;
        println!(
            "reset of {size:>6} instances         {:>10}",
            milliseconds(took)
        );
    }

    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    criterion.bench_function("start to ready and end, in memory", |bencher| {
        bencher.iter(|| Archive::start_with(&[]).expect("the archive starts"));
    });
    criterion.bench_function("reset of an empty archive", |bencher| {
        bencher.iter(|| control.ask("POST", "/reset", "*/*").expect("it is reset"));
    });
    criterion.final_summary();
    Ok(())
}
