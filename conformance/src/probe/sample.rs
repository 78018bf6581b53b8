//! A wide sample of requests, good and bad, for what has to hold of every answer.

use bytes::Bytes;

use crate::context::Context;
use crate::data::Study;
use crate::outcome::{Verdict, ensure};

use super::raw::Whole;
use super::upload::Upload;
use super::web::{DICOM, JSON};

/// Stores a study, and gives the answers to the store and to requests of every kind around it, each with the request in a line.
///
/// # Errors
/// A failure if the archive does not store and find the study, or if no answer comes.
pub async fn answers(context: &Context, study: &Study) -> Verdict<Vec<(String, Whole)>> {
    let raw = context.raw()?;
    let instances: Vec<_> = study.instances.iter().collect();
    let upload = Upload::of(&instances);
    context.transcript().leave(&study.uid);
    let path = instances[0].path();
    let of_study = format!("/studies/{}", study.uid);
    let search = format!("/studies?StudyInstanceUID={}", study.uid);
    let nothing = "/studies?StudyInstanceUID=2.25.1".to_owned();
    let requests: [(&str, &str, &str, Bytes); 14] = [
        ("POST", "/studies", JSON, upload.body()),
        ("GET", &search, JSON, Bytes::new()),
        ("GET", &nothing, JSON, Bytes::new()),
        ("GET", &format!("{of_study}/metadata"), JSON, Bytes::new()),
        ("GET", &path, DICOM, Bytes::new()),
        ("GET", "/studies/2.25.1", DICOM, Bytes::new()),
        ("GET", "/studies?limit=abc", JSON, Bytes::new()),
        ("GET", &search, "image/png", Bytes::new()),
        ("GET", "/nowhere", JSON, Bytes::new()),
        ("PATCH", "/studies", JSON, Bytes::new()),
        ("OPTIONS", "/", "application/json", Bytes::new()),
        ("HEAD", &search, JSON, Bytes::new()),
        ("POST", &of_study, JSON, Bytes::from_static(b"--x--")),
        ("POST", "/studies/2.25.1", JSON, upload.body()),
    ];
    let mut answers = Vec::new();
    for (method, path, accept, body) in requests {
        let accept = format!("Accept: {accept}");
        let kind = match body.len() {
            5 => "Content-Type: text/plain".to_owned(),
            _ => format!("Content-Type: {}", upload.content_type()),
        };
        let headers = match body.is_empty() {
            true => vec![&accept[..]],
            false => vec![&accept[..], &kind[..]],
        };
        let pieces = [body];
        let body = if pieces[0].is_empty() {
            &[][..]
        } else {
            &pieces
        };
        let whole = raw.exchange(method, path, &headers, body).await?;
        answers.push((format!("{method} {path}"), whole));
    }
    for n in [0, 1] {
        let (request, whole) = &answers[n];
        ensure!(
            whole.head.status == 200,
            "{} to {request}, which is a good request",
            whole.summary()
        );
    }
    let found = String::from_utf8_lossy(&answers[1].1.body).contains(&study.uid);
    ensure!(found, "a search that does not find what was stored");
    Ok(answers)
}
