//! WADO-RS (PS3.18 10.4): metadata, whole instances, rendered frames; each checked to be what was asked for.

use bytes::{Bytes, BytesMut};
use dicom_wire::json;
use dicom_wire::multipart::{Decoder, Event};
use http::{Method, header};
use reqwest::Response;

use super::{Web, body, content_type, ended_early, said};
use crate::backend::{Deadline, Format, Instance, Metadata, Rendered};
use crate::encoding;
use crate::error::Failure;

/// How an instance is asked for: the first that the archive does not refuse (many take one form only).
const INSTANCE_FORMS: [&str; 3] = [
    "multipart/related; type=\"application/dicom\"",
    "multipart/related; type=\"application/dicom\"; transfer-syntax=*",
    "application/dicom",
];

/// The preamble and prefix that a Part 10 file starts with (PS3.10 7.1).
const PREFIX: std::ops::Range<usize> = 128..132;

impl Web {
    pub(in crate::backend) async fn metadata(
        &self,
        of: &Instance,
        deadline: &Deadline,
    ) -> Result<Metadata, Failure> {
        let doing = format!("read the metadata of instance {}", of.instance);
        let path = format!("{}/metadata", resource(of));
        let request = self
            .request(Method::GET, &path)
            .header(header::ACCEPT, "application/dicom+json");
        deadline
            .within(&doing, async {
                let answer = self.send(&doing, request).await?;
                let headers = answer.headers().clone();
                let bytes = body(&doing, answer, self.limits.answer_bytes).await?;
                let unusable = |reason: String| Failure::Unusable {
                    doing: doing.clone(),
                    reason,
                    said: said::of(&headers, &bytes),
                };
                if bytes.trim_ascii().is_empty() {
                    return Err(Failure::Unusable {
                        doing: doing.clone(),
                        reason: "the archive's answer is empty".into(),
                        said: None,
                    });
                }
                let parsed = json::parse(&bytes).map_err(|error| {
                    let kind = content_type(&headers);
                    unusable(format!(
                        "the archive's answer of type {kind:?} is not DICOM JSON: {error}"
                    ))
                })?;
                let parsed = parsed
                    .into_iter()
                    .next()
                    .ok_or_else(|| unusable("the archive's answer holds no instance".into()))?;
                crate::object::is_the_one(&doing, of, &parsed.object)?;
                let mut warnings = encoding::of_metadata(&parsed);
                let mut object = parsed.object;
                warnings.extend(encoding::understood(&mut object));
                Ok(Metadata { object, warnings })
            })
            .await
    }

    pub(in crate::backend) async fn retrieve(
        &self,
        of: &Instance,
        deadline: &Deadline,
    ) -> Result<Bytes, Failure> {
        let doing = format!("retrieve instance {}", of.instance);
        deadline
            .within(&doing, async {
                let mut refused = None;
                for form in INSTANCE_FORMS {
                    let request = self
                        .request(Method::GET, &resource(of))
                        .header(header::ACCEPT, form);
                    match self.send(&doing, request).await {
                        Ok(answer) => return self.first_part(&doing, answer).await,
                        Err(
                            failure @ Failure::Status {
                                status: 400 | 406 | 415,
                                ..
                            },
                        ) => {
                            refused.get_or_insert(failure);
                        }
                        Err(failure) => return Err(failure),
                    }
                }
                Err(refused.unwrap_or(Failure::Internal {
                    doing: doing.clone(),
                }))
            })
            .await
    }

    /// The bytes of the first part, or of the body where it is none of parts. The parts have to end as they should.
    async fn first_part(&self, doing: &str, mut answer: Response) -> Result<Bytes, Failure> {
        let limit = self.limits.instance_bytes;
        let kind = content_type(answer.headers());
        let unusable = |reason: String| Failure::Unusable {
            doing: doing.to_owned(),
            reason,
            said: None,
        };
        if !kind.to_ascii_lowercase().starts_with("multipart/") {
            let headers = answer.headers().clone();
            let bytes = body(doing, answer, limit).await?;
            return if bytes.get(PREFIX) == Some(b"DICM") {
                Ok(bytes)
            } else {
                Err(Failure::Unusable {
                    doing: doing.to_owned(),
                    reason: format!("the archive's answer of type {kind:?} is not a DICOM file"),
                    said: said::of(&headers, &bytes[..bytes.len().min(super::MAX_ERROR_BODY)]),
                })
            };
        }
        let faulty =
            |error: String| unusable(format!("the archive's multipart answer is faulty: {error}"));
        let mut decoder =
            Decoder::from_content_type(&kind).map_err(|error| faulty(error.to_string()))?;
        let mut file = BytesMut::new();
        let mut parts = 0;
        loop {
            let chunk = answer
                .chunk()
                .await
                .map_err(|error| ended_early(doing, &error))?;
            let ended = chunk.is_none();
            match chunk {
                Some(chunk) => decoder.push(chunk),
                None => decoder
                    .finish()
                    .map_err(|error| faulty(error.to_string()))?,
            }
            while let Some(event) = decoder.poll().map_err(|error| faulty(error.to_string()))? {
                match event {
                    Event::PartStart(_) => parts += 1,
                    Event::Data(data) if parts == 1 => {
                        if (file.len() + data.len()) as u64 > limit {
                            return Err(Failure::TooLarge {
                                doing: doing.to_owned(),
                                limit,
                            });
                        }
                        file.extend_from_slice(&data);
                    }
                    Event::Data(_) | Event::PartEnd | Event::End => {}
                }
            }
            if ended {
                break;
            }
        }
        if parts == 0 {
            return Err(unusable(
                "the archive's multipart answer has no part".into(),
            ));
        }
        Ok(file.freeze())
    }

    pub(in crate::backend) async fn render(
        &self,
        of: &Instance,
        frame: u32,
        format: Format,
        window: Option<(f64, f64)>,
        deadline: &Deadline,
    ) -> Result<Rendered, Failure> {
        let doing = format!("render frame {frame} of instance {}", of.instance);
        let mut path = format!("{}/frames/{frame}/rendered", resource(of));
        if let Some((center, width)) = window {
            path.push_str(&format!("?window={center},{width},linear"));
        }
        let request = self
            .request(Method::GET, &path)
            .header(header::ACCEPT, format.mime());
        deadline
            .within(&doing, async {
                let answer = self.send(&doing, request).await?;
                let headers = answer.headers().clone();
                let bytes = body(&doing, answer, self.limits.answer_bytes).await?;
                match Format::of_bytes(&bytes) {
                    Some(format) => Ok(Rendered { bytes, format }),
                    None => Err(Failure::Unusable {
                        doing: doing.clone(),
                        reason: format!(
                            "the archive's answer of type {:?} is neither a JPEG nor a PNG file",
                            content_type(&headers)
                        ),
                        said: if bytes.is_ascii() {
                            said::of(&headers, &bytes[..bytes.len().min(4096)])
                        } else {
                            None
                        },
                    }),
                }
            })
            .await
    }
}

fn resource(of: &Instance) -> String {
    format!(
        "/studies/{}/series/{}/instances/{}",
        of.study, of.series, of.instance
    )
}
