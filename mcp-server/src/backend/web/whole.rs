//! WADO-RS of a whole study or series (PS3.18 10.4), part by part into files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dicom_wire::multipart::{Decoder, Event};
use dicom_wire::part10;
use http::{Method, header};
use tokio::io::AsyncWriteExt as _;

use super::{Web, content_type, ended_early};
use crate::backend::{Deadline, Scope};
use crate::error::Failure;

/// What came before a retrieve ended.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The files that were written, each whole.
    pub(crate) written: Vec<PathBuf>,
    /// Parts that were no DICOM file.
    pub(crate) faulty: usize,
    /// Why it ended before its end.
    pub(crate) broken: Option<Failure>,
}

impl Web {
    /// Writes every instance into a file of `folder`, named by its SOP Instance UID; `progress` sees the number so far.
    ///
    /// # Errors
    /// If the archive does not begin to answer with instances.
    pub(crate) async fn retrieve_all(
        &self,
        scope: &Scope,
        folder: &Path,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Files, Failure> {
        let doing = format!("retrieve {scope}");
        let mut path = format!("/studies/{}", scope.study);
        if let Some(series) = &scope.series {
            path.push_str(&format!("/series/{series}"));
        }
        let request = self.request(Method::GET, &path).header(
            header::ACCEPT,
            "multipart/related; type=\"application/dicom\"; transfer-syntax=*",
        );
        let patience = Deadline::after(self.timeout);
        let mut answer = match patience.within(&doing, self.send(&doing, request)).await {
            Err(Failure::Status {
                status: 400 | 406 | 415,
                ..
            }) => {
                let request = self.request(Method::GET, &path).header(
                    header::ACCEPT,
                    "multipart/related; type=\"application/dicom\"",
                );
                let patience = Deadline::after(self.timeout);
                patience.within(&doing, self.send(&doing, request)).await?
            }
            other => other?,
        };
        let kind = content_type(answer.headers());
        let faulty = |error: String| Failure::Unusable {
            doing: doing.clone(),
            reason: format!(
                "the archive's answer of type {kind:?} is no multipart answer: {error}"
            ),
            said: None,
        };
        let mut decoder =
            Decoder::from_content_type(&kind).map_err(|error| faulty(error.to_string()))?;
        let mut files = Files::default();
        let mut part: Option<Writing> = None;
        loop {
            let chunk = match chunk(&mut answer, &doing, self.timeout).await {
                Ok(chunk) => chunk,
                Err(failure) => {
                    files.broken = Some(failure);
                    break;
                }
            };
            let ended = chunk.is_none();
            let fed = match chunk {
                Some(chunk) => {
                    decoder.push(chunk);
                    Ok(())
                }
                None => decoder.finish(),
            };
            let mut fed = fed.map_err(|error| faulty(error.to_string()));
            while fed.is_ok() {
                match decoder.poll() {
                    Ok(None) => break,
                    Ok(Some(Event::PartStart(_))) => {
                        part =
                            Some(Writing::begin(folder, files.written.len() + files.faulty).await?);
                    }
                    Ok(Some(Event::Data(data))) => {
                        if let Some(part) = &mut part {
                            part.write(&data).await?;
                        }
                    }
                    Ok(Some(Event::PartEnd)) => {
                        if let Some(done) = part.take() {
                            match done.end(folder).await? {
                                Some(path) => files.written.push(path),
                                None => files.faulty += 1,
                            }
                            progress(files.written.len());
                        }
                    }
                    Ok(Some(Event::End)) => {}
                    Err(error) => fed = Err(faulty(error.to_string())),
                }
            }
            if let Err(failure) = fed {
                files.broken = Some(failure);
            }
            if ended || files.broken.is_some() {
                break;
            }
        }
        if let Some(part) = part {
            part.discard().await;
        }
        Ok(files)
    }
}

/// The next bytes; each renews the time, so that a slow transfer is no stalled one.
async fn chunk(
    answer: &mut reqwest::Response,
    doing: &str,
    timeout: Duration,
) -> Result<Option<bytes::Bytes>, Failure> {
    Deadline::after(timeout)
        .within(doing, async {
            answer
                .chunk()
                .await
                .map_err(|error| ended_early(doing, &error))
        })
        .await
}

/// A file under way, under a name that tells so.
struct Writing {
    path: PathBuf,
    file: tokio::fs::File,
}

impl Writing {
    async fn begin(folder: &Path, number: usize) -> Result<Self, Failure> {
        let path = folder.join(format!(".{number}.part"));
        let file = tokio::fs::File::create(&path)
            .await
            .map_err(|error| disk(&path, &error))?;
        Ok(Self { path, file })
    }

    async fn write(&mut self, data: &[u8]) -> Result<(), Failure> {
        self.file
            .write_all(data)
            .await
            .map_err(|error| disk(&self.path, &error))
    }

    /// The file under the name of its instance; `None` where it is none.
    async fn end(mut self, folder: &Path) -> Result<Option<PathBuf>, Failure> {
        self.file
            .flush()
            .await
            .map_err(|error| disk(&self.path, &error))?;
        let path = self.path.clone();
        let instance = tokio::task::spawn_blocking(move || instance_of(&path)).await;
        let Ok(Some(uid)) = instance else {
            self.discard().await;
            return Ok(None);
        };
        let to = folder.join(format!("{uid}.dcm"));
        tokio::fs::rename(&self.path, &to)
            .await
            .map_err(|error| disk(&to, &error))?;
        Ok(Some(to))
    }

    async fn discard(self) {
        // What cannot be taken away is under a name that says what it is.
        let _ = tokio::fs::remove_file(&self.path).await;
    }
}

fn instance_of(path: &Path) -> Option<dicom_wire::uid::Uid> {
    let mut file = std::io::BufReader::new(std::fs::File::open(path).ok()?);
    let mut start = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, 132), &mut start).ok()?;
    if start.get(128..132) != Some(b"DICM") {
        return None;
    }
    std::io::Seek::rewind(&mut file).ok()?;
    let layout = part10::scan(&mut file, &part10::Limits::default()).ok()?;
    let header = part10::header(&mut file, &layout).ok()?;
    let text = header
        .get(dicom_dictionary_std::tags::SOP_INSTANCE_UID)?
        .to_str()
        .ok()?
        .into_owned();
    dicom_wire::uid::Uid::from_padded(&text).ok()
}

fn disk(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Content {
        doing: format!("write {}", path.display()),
        reason: error.to_string(),
        advice: Some("check the folder of --allow-retrieve-to".to_owned()),
    }
}
