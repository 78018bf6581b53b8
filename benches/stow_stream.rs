//! How fast a study of any size is stored over STOW-RS, and how much memory that takes.
//!
//! `cargo bench -p dicom-benches --bench stow_stream`, with `STOW_GIB=4` for another size and `STOW_DIR` for another disk than that of temporary files. `-- --test`
//! is the quick mode: 1/16 GiB once.
//!
//! Prints one run in full: throughput, the same bytes over bare TCP (into nothing, and into a file of the same directory), and the peak resident memory of
//! the archive's process, which does not grow with the upload. Then criterion measures 64 MiB requests.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, Throughput};
use dicom_benches::process::Archive;
use dicom_benches::raw::{self, Sink};
use dicom_benches::{throughput, upload};
use dicom_fixtures::{Big, big};
use dicom_wire::multipart::Boundary;
use tokio::runtime::Runtime;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const MIB: u64 = 1024 * 1024;

fn main() -> Result<()> {
    let quick = std::env::args().any(|arg| arg == "--test" || arg == "--quick");
    let gib: f64 = match std::env::var("STOW_GIB") {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("STOW_GIB={text} is no number"))?,
        Err(_) if quick => 0.0625,
        Err(_) => 1.0,
    };
    let directory = match std::env::var_os("STOW_DIR") {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let runtime = Runtime::new()?;
    in_full(&runtime, directory.path(), big((gib * 1024.0) as u64 * MIB))?;

    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    measured(&mut criterion, &runtime, directory.path())?;
    criterion.final_summary();
    Ok(())
}

/// One upload, once, with all that can be told about it.
fn in_full(runtime: &Runtime, directory: &Path, study: Big) -> Result<()> {
    let bytes = study.len();
    let raw = |sink| raw::send(upload::pieces(&study, &Boundary::seeded(1)), sink);
    let nothing = raw(Sink::Nothing)?;
    let file = raw(Sink::FileIn(directory))?;
    let archive = Archive::start(directory)?;
    let before = archive.peak_resident();
    let took = store(runtime, &archive, &study)?;
    println!(
        "stow_stream: {} MiB in {} instances, one request",
        bytes / MIB,
        study.count()
    );
    println!("  STOW-RS into files   {:>11}", throughput(bytes, took));
    let ratio = |other: Duration| other.as_secs_f64() / took.as_secs_f64() * 100.0;
    println!(
        "  bare TCP             {:>11}  ({:.0} % of it reached)",
        throughput(bytes, nothing),
        ratio(nothing)
    );
    println!(
        "  bare TCP into a file {:>11}  ({:.0} % of it reached)",
        throughput(bytes, file),
        ratio(file)
    );
    match (before, archive.peak_resident()) {
        (Some(before), Some(peak)) => {
            println!(
                "  peak resident memory {:>7} MiB  ({} MiB before)",
                peak / MIB,
                before / MIB
            );
        }
        _ => println!("  peak resident memory is not told by this system"),
    }
    Ok(())
}

/// Many requests of 64 MiB; the instances are there from the second on, so that the disk does not fill.
fn measured(criterion: &mut Criterion, runtime: &Runtime, directory: &Path) -> Result<()> {
    let archive = Archive::start(&directory.join("measured"))?;
    let study = big(64 * MIB).frames_per_instance(16);
    let mut failed = None;
    let mut group = criterion.benchmark_group("stow_stream");
    group.sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Bytes(study.len()));
    group.bench_function("64 MiB", |bencher| {
        bencher.iter_custom(|times| {
            let took = (0..times).map(|_| store(runtime, &archive, &study));
            took.sum::<Result<Duration>>().unwrap_or_else(|error| {
                failed = Some(error);
                Duration::from_nanos(1)
            })
        });
    });
    group.finish();
    failed.map_or(Ok(()), Err)
}

/// Stores a study and makes sure that it was stored.
fn store(runtime: &Runtime, archive: &Archive, study: &Big) -> Result<Duration> {
    let client = upload::client()?;
    let started = Instant::now();
    let (status, answer) = runtime.block_on(upload::store(&client, &archive.web, study))?;
    let took = started.elapsed();
    // One item of Referenced SOP Sequence (0008,1199) for each instance.
    let stored = answer.matches("\"00081155\"").count() as u64;
    if status != 200 || stored != study.count() {
        return Err(format!(
            "{stored} of {} instances stored, status {status}: {answer:.500}",
            study.count()
        )
        .into());
    }
    Ok(took)
}
