//! Bodies of STOW-RS requests with everything open that a sender may choose, and some that it may not.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::stream;

use crate::data::Instance;

use super::web::JSON;

/// The boundary of our own bodies, where a check does not choose another one.
const BOUNDARY: &str = "conformance-boundary-7d1f";

/// A request body to be stored.
#[derive(Clone, Debug)]
pub struct Upload {
    boundary: String,
    content_type: Option<String>,
    part_head: String,
    parts: Vec<(Option<String>, Bytes)>,
    preamble: &'static str,
    epilogue: &'static str,
    padding: &'static str,
    line_end: &'static str,
    cut: usize,
    accept: &'static str,
    pieces: Option<usize>,
    studies: BTreeSet<String>,
    instances: usize,
}

impl Upload {
    /// A body of instances, one a part.
    pub fn of(instances: &[&Instance]) -> Self {
        Self {
            boundary: BOUNDARY.into(),
            content_type: None,
            part_head: "Content-Type: application/dicom".into(),
            parts: (instances.iter())
                .map(|instance| (None, instance.file.clone()))
                .collect(),
            preamble: "",
            epilogue: "",
            padding: "",
            line_end: "\r\n",
            cut: 0,
            accept: JSON,
            pieces: None,
            studies: (instances.iter())
                .map(|instance| instance.study.clone())
                .collect(),
            instances: instances.len(),
        }
    }

    /// One more part that is no instance of ours.
    pub fn part(mut self, content: impl Into<Bytes>) -> Self {
        self.parts.push((None, content.into()));
        self
    }

    /// One more part under header lines of its own, without a line end after the last.
    pub fn part_with(mut self, head: &str, content: impl Into<Bytes>) -> Self {
        self.parts.push((Some(head.into()), content.into()));
        self
    }

    /// Another boundary, sent quoted.
    pub fn boundary(mut self, boundary: &str) -> Self {
        self.boundary = boundary.into();
        self
    }

    /// This Content-Type, whatever the boundary.
    pub fn typed(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// These header lines for every part that has none of its own, without a line end after the last; nothing: parts without a head.
    pub fn part_head(mut self, head: &str) -> Self {
        self.part_head = head.into();
        self
    }

    /// Text before the first delimiter and after the last.
    pub fn surrounded(mut self, preamble: &'static str, epilogue: &'static str) -> Self {
        self.preamble = preamble;
        self.epilogue = epilogue;
        self
    }

    /// White space between a boundary and the end of its line.
    pub fn padded(mut self, padding: &'static str) -> Self {
        self.padding = padding;
        self
    }

    /// Another line end than CRLF.
    pub fn line_end(mut self, line_end: &'static str) -> Self {
        self.line_end = line_end;
        self
    }

    /// Without so many bytes at its end.
    pub fn cut(mut self, bytes: usize) -> Self {
        self.cut = bytes;
        self
    }

    /// The media type of the answer that is asked for.
    pub fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// In chunks of so many bytes, without a length.
    pub fn chunked(mut self, bytes: usize) -> Self {
        self.pieces = Some(bytes);
        self
    }

    /// The whole body.
    pub fn body(&self) -> Bytes {
        let (end, mut body) = (self.line_end, Vec::new());
        body.extend(self.preamble.bytes());
        for (head, content) in &self.parts {
            let head = head.as_ref().unwrap_or(&self.part_head);
            body.extend(format!("--{}{}{end}", self.boundary, self.padding).bytes());
            if !head.is_empty() {
                body.extend(format!("{head}{end}").bytes());
            }
            body.extend(end.bytes());
            body.extend(content);
            body.extend(end.bytes());
        }
        body.extend(format!("--{}--{}{end}", self.boundary, self.padding).bytes());
        body.extend(self.epilogue.bytes());
        body.truncate(body.len().saturating_sub(self.cut));
        body.into()
    }

    /// The Content-Type that goes with it.
    pub fn content_type(&self) -> String {
        self.content_type.clone().unwrap_or_else(|| {
            format!(
                "multipart/related; type=\"application/dicom\"; boundary=\"{}\"",
                self.boundary
            )
        })
    }

    pub(super) const fn accepted(&self) -> &'static str {
        self.accept
    }

    pub(super) fn studies(&self) -> impl Iterator<Item = &str> {
        self.studies.iter().map(String::as_str)
    }

    pub(super) fn summary(&self) -> String {
        let others = self.parts.len().saturating_sub(self.instances);
        let instances = match self.instances {
            1 => "1 instance".to_owned(),
            count => format!("{count} instances"),
        };
        match (self.instances, others) {
            (0, 0) => "no part".to_owned(),
            (_, 0) => instances,
            (0, count) => format!("{count} parts that are no instance of ours"),
            (_, count) => format!("{instances} and {count} more parts"),
        }
    }

    pub(super) fn stream(&self, body: Bytes) -> reqwest::Body {
        let Some(size) = self.pieces else {
            return body.into();
        };
        let pieces: Vec<_> = (0..body.len())
            .step_by(size.max(1))
            .map(|at| Ok::<_, std::io::Error>(body.slice(at..body.len().min(at + size))))
            .collect();
        reqwest::Body::wrap_stream(stream::iter(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;
    use crate::identity::Identity;
    use crate::probe::body::parts;

    #[test]
    fn a_body_is_read_back_whatever_its_form() {
        let study = Data::new(&Identity::new(1), "a.b")
            .study(1)
            .instances(2)
            .build();
        let plain = Upload::of(&study.instances.iter().collect::<Vec<_>>());
        for upload in [
            plain.clone(),
            plain.clone().boundary("x y"),
            plain.clone().surrounded("before\r\n", "after"),
            plain.clone().padded(" \t"),
        ] {
            let read = parts(&upload.content_type(), &upload.body()).unwrap();
            let contents: Vec<_> = read.into_iter().map(|part| part.content).collect();
            assert_eq!(
                contents,
                [&study.instances[0].file, &study.instances[1].file]
            );
        }
        assert!(parts(&plain.content_type(), &plain.cut(6).body()).is_err());
    }
}
