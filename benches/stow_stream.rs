//! How fast instances of any size are stored over STOW-RS, and how much memory that takes.
//!
//! `cargo bench -p dicom-benches --bench stow_stream`, with `STOW_DIR` for another disk than that of temporary files. `-- --test` is the quick mode: 1/16 of all.
//!
//! Prints single requests in full, into files, into memory and with `--retain headers`: throughput, the same bytes over bare TCP (into nothing, and into a file
//! of the same directory), and by how much the peak of resident memory grew. Then criterion measures 64 MiB requests.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, Throughput};
use dicom_benches::made::{Made, pieces};
use dicom_benches::process::Archive;
use dicom_benches::raw::{self, Sink};
use dicom_benches::{is_quick, throughput, upload};
use dicom_wire::multipart::Boundary;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const MIB: u64 = 1024 * 1024;

fn main() -> Result<()> {
    let part = if is_quick() { 16 } else { 1 };
    let directory = match std::env::var_os("STOW_DIR") {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let slices: Vec<Made> = (0..2048 / part).map(|n| Made::large(n, 1)).collect();
    let loops = [2048, 8191].map(|frames| vec![Made::large(0, frames / part as u32)]);
    let [one, four] = loops;
    for (name, instances, keeps) in [
        ("1 GiB of slices", &slices, 4),
        ("one instance of 1 GiB", &one, 4),
        ("one instance of 4 GiB", &four, 3),
    ] {
        in_full(directory.path(), name, instances, keeps)?;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    measured(&mut criterion, directory.path())?;
    criterion.final_summary();
    Ok(())
}

/// The same upload, once each, into files, headers only and memory (so many of these), with all that can be told about it.
fn in_full(directory: &Path, name: &str, instances: &[Made], keeps: usize) -> Result<()> {
    let body = || pieces(instances.to_vec(), &Boundary::seeded(1));
    let bytes: u64 = body().map(|piece| piece.len() as u64).sum();
    println!(
        "{name}: {} MiB in {} instances, one request",
        bytes / MIB,
        instances.len()
    );
    let (nothing, file) = (
        raw::send(body(), Sink::Nothing)?,
        raw::send(body(), Sink::FileIn(directory))?,
    );
    println!(
        "  bare TCP {}, into a file {}",
        throughput(bytes, nothing),
        throughput(bytes, file)
    );
    let folder = directory.join("kept");
    let folder = folder.to_string_lossy().into_owned();
    let kept = [
        ("into files", vec!["--storage", &folder]),
        ("not synced", vec!["--storage", &folder, "--sync", "never"]),
        ("headers only", vec!["--retain", "headers"]),
        ("into memory", vec![]),
    ];
    for (storage, flags) in kept.into_iter().take(keeps) {
        let archive = Archive::start_with(&flags)?;
        let before = archive.peak_resident().unwrap_or_default();
        let took = store(&archive, instances)?;
        let growth = archive
            .peak_resident()
            .unwrap_or_default()
            .saturating_sub(before);
        let of = |other: Duration| other.as_secs_f64() / took.as_secs_f64();
        println!(
            "  {storage:<13} {:>11}  {:.2} of TCP, {:.2} of TCP into a file, +{} MiB resident",
            throughput(bytes, took),
            of(nothing),
            of(file),
            growth / MIB
        );
        drop(archive);
        if Path::new(&folder).exists() {
            std::fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

/// Many requests of 64 MiB; the instances are there from the second on, so that the disk does not fill.
fn measured(criterion: &mut Criterion, directory: &Path) -> Result<()> {
    let archive = Archive::start(&directory.join("measured"))?;
    let instances: Vec<Made> = (0..128).map(|n| Made::large(n, 1)).collect();
    let mut failed = None;
    let mut group = criterion.benchmark_group("stow_stream");
    group.sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Bytes(64 * MIB));
    group.bench_function("64 MiB", |bencher| {
        bencher.iter_custom(|times| {
            let took = (0..times).map(|_| store(&archive, &instances));
            took.sum::<Result<Duration>>().unwrap_or_else(|error| {
                failed = Some(error);
                Duration::from_nanos(1)
            })
        });
    });
    group.finish();
    failed.map_or(Ok(()), Err)
}

/// Stores instances and makes sure that they were stored.
fn store(archive: &Archive, instances: &[Made]) -> Result<Duration> {
    let boundary = Boundary::seeded(1);
    let body = || pieces(instances.to_vec(), &boundary);
    let started = Instant::now();
    let (status, answer) = upload::store(&archive.web, &boundary, body)?;
    let took = started.elapsed();
    // One item of Referenced SOP Sequence (0008,1199) for each instance.
    let stored = answer.matches("\"00081155\"").count();
    if status != 200 || stored != instances.len() {
        let wanted = instances.len();
        return Err(format!(
            "{stored} of {wanted} instances stored, status {status}: {answer:.500}"
        )
        .into());
    }
    Ok(took)
}
