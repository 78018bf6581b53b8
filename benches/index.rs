//! How many small instances a second are indexed while an archive grows to a million of them, and what they take in memory.
//!
//! `cargo bench -p dicom-benches --bench index`, with `INDEX_INSTANCES=100000` for another size; `-- --test` is the quick mode: 10,000. Instances go through
//! the archive's real store path, without a network: spool, scan, policy, rules, index, journal. Only headers are retained.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use criterion::Criterion;
use dicom_benches::process::resident;
use dicom_benches::{filling, is_quick};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let most: usize = match std::env::var("INDEX_INSTANCES") {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("INDEX_INSTANCES={text} is no number"))?,
        Err(_) if is_quick() => 10_000,
        Err(_) => 1_000_000,
    };
    let archive = filling::archive();
    let before = resident().unwrap_or_default();
    let step = most / 10;
    println!("indexing up to {most} small instances, ten to a series, twenty to a study");
    for done in (0..most).step_by(step.max(1)) {
        let began = Instant::now();
        filling::fill(&archive, done..done + step)?;
        let rate = step as f64 / began.elapsed().as_secs_f64();
        let grown = resident().unwrap_or_default().saturating_sub(before);
        println!(
            "  up to {:>8}: {rate:>7.0}/s, {:>5} MiB resident, {:>5} bytes an instance",
            done + step,
            grown / (1024 * 1024),
            grown / (done + step) as u64
        );
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("index");
    group.measurement_time(Duration::from_secs(2));
    let mut next = most;
    group.bench_function(format!("one more after {most}"), |bencher| {
        bencher.iter(|| {
            next += 1;
            filling::fill(&archive, next..next + 1)
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
