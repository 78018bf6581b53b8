//! How fast frames and whole instances come back over WADO-RS.
//!
//! `cargo bench -p dicom-benches --bench retrieve`; `-- --test` is the quick mode: 1/16 of all.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use dicom_benches::http::Http;
use dicom_benches::made::{Made, pieces};
use dicom_benches::process::Archive;
use dicom_benches::raw::{self, Sink};
use dicom_benches::{is_quick, median, milliseconds, throughput, upload};
use dicom_wire::multipart::Boundary;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";
const HALF_MIB: u64 = 512 * 1024;

fn main() -> Result<()> {
    let part = if is_quick() { 16 } else { 1 };
    let directory = tempfile::tempdir()?;
    let (single, many, big) = (
        Made::large(0, 1),
        Made::large(20, 100),
        Made::large(40, 2048 / part),
    );
    let folder = directory.path().to_string_lossy().into_owned();
    let kept = [("files", vec!["--storage", &folder]), ("memory", vec![])];
    for (storage, flags) in &kept {
        let archive = Archive::start_with(flags)?;
        store(&archive, vec![single, many, big])?;
        let mut web = Http::connect(&archive.web)?;
        println!("from {storage}");
        for (name, made, frame) in [
            ("raw frame of 512 KiB", single, 1),
            ("frame 1 of 100", many, 1),
            ("frame 50 of 100", many, 50),
            ("frame 100 of 100", many, 100),
        ] {
            let path = format!("{}/frames/{frame}", path(&made));
            let took = median(100, || whole(&mut web, &path, OCTETS, HALF_MIB))?;
            println!(
                "  {name:<22} {:>10}, {:>5.0}/s",
                milliseconds(took),
                1.0 / took.as_secs_f64()
            );
        }
        let limit = raw::send(big.pixel_chunks(), Sink::Nothing)?;
        let began = Instant::now();
        whole(
            &mut web,
            &path(&big),
            "application/dicom; transfer-syntax=*",
            big.pixels(),
        )?;
        let took = began.elapsed();
        println!(
            "  instance of {} MiB     {}, {:.2} of bare TCP",
            big.pixels() >> 20,
            throughput(big.pixels(), took),
            limit.as_secs_f64() / took.as_secs_f64()
        );
    }

    let archive = Archive::start_with(&[])?;
    store(&archive, vec![single, many])?;
    let mut web = Http::connect(&archive.web)?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("retrieve");
    group.measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Bytes(HALF_MIB));
    for (name, made, frame) in [("raw frame", single, 1), ("frame 100 of 100", many, 100)] {
        let path = format!("{}/frames/{frame}", path(&made));
        group.bench_function(name, |bencher| {
            bencher.iter(|| web.get(&path, OCTETS).expect("the archive answers"));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn path(made: &Made) -> String {
    format!(
        "/studies/{}/series/{}/instances/{}",
        made.study_uid(),
        made.series_uid(),
        made.uid()
    )
}

/// Reads an answer to its end and makes sure that there is enough of it.
fn whole(web: &mut Http, path: &str, accept: &str, least: u64) -> Result<()> {
    let answer = web.get(path, accept)?;
    if answer.status != 200 || answer.len < least {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(format!(
            "{path}: status {}, {} bytes: {text:.200}",
            answer.status, answer.len
        )
        .into());
    }
    Ok(())
}

fn store(archive: &Archive, instances: Vec<Made>) -> Result<()> {
    let boundary = Boundary::seeded(1);
    let body = || pieces(instances.clone(), &boundary);
    let (status, answer) = upload::store(&archive.web, &boundary, body)?;
    match status {
        200 => Ok(()),
        other => Err(format!("status {other}: {answer:.300}").into()),
    }
}
