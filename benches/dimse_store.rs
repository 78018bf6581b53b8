//! How many instances a second come in over C-STORE, from clients that switch Nagle's algorithm off and from those that do not.
//!
//! `cargo bench -p dicom-benches --bench dimse_store`; `-- --test` is the quick mode: 1/16 of all. Beside our figures stand those of a bare TCP connection that
//! takes the same messages and answers each with a few bytes. dcmtk and other peers: `benches/peers/run.py`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use dicom_benches::dimse::{Association, Nagle, store_pdus};
use dicom_benches::made::Made;
use dicom_benches::process::Archive;
use dicom_benches::{is_quick, raw};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let count = if is_quick() { 64 } else { 1000 };
    let messages: Vec<Vec<Bytes>> = (0..count)
        .map(|n| store_pdus(&Made::large(n, 1), 1))
        .collect();
    let directory = tempfile::tempdir()?;
    let limit = raw::converse(&messages)?;
    println!("C-STORE of {count} x 512 KiB on one association");
    println!("  bare TCP, answered       {:>6.0}/s", rate(count, limit));
    let folder = directory.path().to_string_lossy().into_owned();
    let kept = [
        ("into files", vec!["--storage", &folder]),
        ("not synced", vec!["--storage", &folder, "--sync", "never"]),
        ("headers only", vec!["--retain", "headers"]),
        ("into memory", vec![]),
    ];
    for (storage, flags) in kept {
        for nagle in [Nagle::Off, Nagle::On] {
            let archive = Archive::start_with(&flags)?;
            let took = store(&archive, nagle, &messages)?;
            println!(
                "  {storage:<13} Nagle {:<4} {:>6.0}/s  {:.2} of bare TCP",
                format!("{nagle:?}").to_lowercase(),
                rate(count, took),
                limit.as_secs_f64() / took.as_secs_f64()
            );
            drop(archive);
            if std::path::Path::new(&folder).exists() {
                std::fs::remove_dir_all(&folder)?;
            }
        }
    }

    let archive = Archive::start_with(&[])?;
    let mut association = Association::open(&*archive.dimse, &archive.ae_title, Nagle::Off)?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("dimse_store");
    group.measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Bytes(512 * 1024));
    // From the second on it is there already, so that memory does not fill.
    group.bench_function("one of 512 KiB, known already", |bencher| {
        bencher.iter(|| {
            association
                .store(&messages[0])
                .expect("the archive answers")
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-9)
}

fn store(archive: &Archive, nagle: Nagle, messages: &[Vec<Bytes>]) -> Result<Duration> {
    let mut association = Association::open(&*archive.dimse, &archive.ae_title, nagle)?;
    let began = Instant::now();
    for message in messages {
        let status = association.store(message)?;
        if status.0 != 0 {
            return Err(format!("status {:04X}", status.0).into());
        }
    }
    Ok(began.elapsed())
}
