//! What the MCP server adds to an archive: calls of its tools beside the same searches made by hand, in this process.
//!
//! `cargo bench -p dicom-benches --bench mcp_call`. The calls go through the checks of the arguments and make the whole answer; the
//! framing of the protocol and the client are left out.
#![allow(clippy::print_stdout)]

use std::hint::black_box;

use criterion::Criterion;
use dicom_benches::http::Http;
use dicom_benches::{filling, is_quick, median, milliseconds};
use dicom_fixtures::ct;
use dicom_mcp_server::config::Config;
use dicom_mcp_server::tools::{self, Session};
use dicom_mock_archive::MockArchive;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Calls of which the median is told.
const CALLS: usize = 50;

fn main() -> Result<()> {
    let runtime = Runtime::new()?;
    // Pictures need the pixels, which the archives of the other benches do not keep.
    let served = runtime.block_on(MockArchive::start());
    let slices = if is_quick() { 4 } else { 16 };
    let study = ct("chest").size(512).slices(slices);
    served.load(&study)?;
    filling::fill(served.archive(), 0..2_000)?;
    let image = study
        .instances()
        .first()
        .ok_or("a study without instances")?;
    let web =
        Session::new(Config::for_host(&served.web_url())?).map_err(|failure| failure.explain())?;
    let dimse = Config::for_dimse(&served.dimse_addr().to_string(), served.ae_title().as_str())?;
    let dimse = Session::new(dimse).map_err(|failure| failure.explain())?;
    let uids = json!({
        "studyInstanceUid": image.study, "seriesInstanceUid": image.series, "sopInstanceUid": image.sop_instance
    });
    let series =
        json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series, "tiles": 16});

    let mut by_hand = Http::connect(&served.web_url())?;
    let raw = median(CALLS, || {
        by_hand
            .get("/studies?limit=51", "application/dicom+json")
            .map(drop)
    })?;
    println!("the search by hand               {}", milliseconds(raw));
    for (name, session, tool, arguments) in [
        (
            "find-studies over DICOMweb, 50 rows",
            &web,
            "find-studies",
            json!({}),
        ),
        (
            "find-studies over DIMSE, 50 rows",
            &dimse,
            "find-studies",
            json!({}),
        ),
        (
            "render-instance-frame by the archive",
            &web,
            "render-instance-frame",
            uids.clone(),
        ),
        (
            "render-instance-frame here",
            &dimse,
            "render-instance-frame",
            uids,
        ),
        (
            "render-series-overview, 16 tiles",
            &web,
            "render-series-overview",
            series,
        ),
    ] {
        let took = median(CALLS, || call(&runtime, session, tool, &arguments))?;
        println!("{name:<37} {}", milliseconds(took));
    }

    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("mcp call");
    group.bench_function("find-studies", |bencher| {
        bencher.iter(|| call(&runtime, &web, "find-studies", &json!({})));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn call(runtime: &Runtime, session: &Session, tool: &str, arguments: &Value) -> Result<()> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let answer = runtime.block_on(tools::invoke(session, tool, arguments));
    black_box(answer.map_err(|failure| failure.explain())?);
    Ok(())
}
