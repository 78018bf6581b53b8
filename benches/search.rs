//! How long searches take while an archive grows to a million instances, over QIDO-RS and C-FIND.
//!
//! `cargo bench -p dicom-benches --bench search`, with `SEARCH_INSTANCES=100000` for another size; `-- --test` is the quick mode: 10,000. Medians over loopback,
//! one kept connection and one association, the archive in this process.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use criterion::Criterion;
use dicom_benches::dimse::{Association, Nagle, identifier};
use dicom_benches::http::Http;
use dicom_benches::made::Made;
use dicom_benches::{filling, is_quick, median, milliseconds};
use tokio::runtime::Runtime;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const JSON: &str = "application/dicom+json";

fn main() -> Result<()> {
    let most: usize = match std::env::var("SEARCH_INSTANCES") {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("SEARCH_INSTANCES={text} is no number"))?,
        Err(_) if is_quick() => 10_000,
        Err(_) => 1_000_000,
    };
    let runtime = Runtime::new()?;
    let served = runtime.block_on(filling::served())?;
    let mut there = 0;
    for size in [10_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|size| *size <= most)
    {
        filling::fill(served.archive(), there..size)?;
        there = size;
        println!("{size} instances in {} studies", size / 20);
        // A new one each time: idle connections are closed.
        searches(&mut Http::connect(&served.web_url())?, size)?;
        finds(served.dimse_addr(), served.ae_title().as_str(), size)?;
    }

    let one = exact(there);
    let mut web = Http::connect(&served.web_url())?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group(format!("search of {there}"));
    group.measurement_time(Duration::from_secs(2));
    for (name, path) in [
        ("QIDO-RS exact key", &*one),
        ("QIDO-RS 100 studies", "/studies?limit=100"),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| web.get(path, JSON)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn exact(size: usize) -> String {
    format!("/studies?PatientID={}", Made::small(size / 2).patient_id())
}

fn searches(web: &mut Http, size: usize) -> Result<()> {
    let middle = Made::small(size / 2);
    let (study, series) = (middle.study_uid(), middle.series_uid());
    let cases = [
        ("exact Patient ID", exact(size), 1.0),
        (
            "exact Study Instance UID",
            format!("/studies?StudyInstanceUID={study}"),
            1.0,
        ),
        (
            "exact accession number",
            format!("/studies?AccessionNumber=A{:07}", middle.study()),
            1.0,
        ),
        ("no match", "/studies?PatientID=NOBODY".to_owned(), 1.0),
        (
            "no match of a name",
            "/studies?PatientName=NOBODY".to_owned(),
            1.0,
        ),
        ("100 studies", "/studies?limit=100".to_owned(), 5.0),
        (
            "name wildcard, 100 of them",
            "/studies?PatientName=DOE*&limit=100".to_owned(),
            5.0,
        ),
        (
            "name wildcard in front",
            "/studies?PatientName=*77*&limit=100".to_owned(),
            5.0,
        ),
        (
            "a month, 100 of them",
            "/studies?StudyDate=20220301-20220331&limit=100".to_owned(),
            5.0,
        ),
        (
            "instances of a series",
            format!("/studies/{study}/series/{series}/instances"),
            1.5,
        ),
    ];
    for (name, path, target) in cases {
        let mut rows = 0;
        let took = median(60, || -> Result<()> {
            let answer = web.get(&path, JSON)?;
            rows = String::from_utf8_lossy(&answer.body)
                .matches("\"00081190\"")
                .count();
            match answer.status {
                200 | 204 => Ok(()),
                other => Err(format!("{path}: status {other}").into()),
            }
        })?;
        let verdict = if took.as_secs_f64() * 1000.0 < target {
            "met"
        } else {
            "NOT MET"
        };
        println!(
            "  QIDO-RS {name:<28} {:>10}  under {target} ms: {verdict}",
            milliseconds(took)
        );
    }
    Ok(())
}

fn finds(address: std::net::SocketAddr, title: &str, size: usize) -> Result<()> {
    let mut association = Association::open(address, title, Nagle::Off)?;
    let keyed = Made::small(size / 2).patient_id();
    let level = (0x0008, 0x0052, "STUDY");
    let uid = (0x0020, 0x000D, "");
    let one = identifier(&[level, (0x0010, 0x0020, &keyed), uid]);
    let month = identifier(&[
        (0x0008, 0x0020, "20220301-20220331"),
        level,
        (0x0010, 0x0020, ""),
        uid,
    ]);
    let took = median(60, || association.find(&one).map(drop))?;
    let met = |is_met: bool| if is_met { "met" } else { "NOT MET" };
    println!(
        "  C-FIND keyed                         {:>10}  under 0.5 ms: {}",
        milliseconds(took),
        met(took < Duration::from_micros(500))
    );
    let mut matches = 0;
    let all = median(9, || association.find(&month).map(|found| matches = found))?;
    let each = all.saturating_sub(took) / (matches.max(2) as u32 - 1);
    println!(
        "  C-FIND each of {matches:>5} results         {:>10}  under 0.03 ms: {}",
        milliseconds(each),
        met(each < Duration::from_micros(30))
    );
    Ok(())
}
