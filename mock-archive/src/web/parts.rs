//! Bodies of several parts, or of one part bare.

use std::io::{self, Write};

use axum::response::Response;
use bytes::Bytes;
use dicom_wire::media::MediaType;
use dicom_wire::multipart::{Boundary, Headers, Writer};

use crate::moment::{Label, MultipartStyle, PartForm};
use crate::sink::Sink;
use crate::web::Asked;
use crate::web::accept::Form;
use crate::web::produce;
use crate::web::wado::{boundary, set_type};

/// A body that is made part by part.
pub(crate) struct Parts {
    style: MultipartStyle,
    form: Form,
    boundary: Boundary,
    first: MediaType,
}

/// Writes one part: its type, its Content-Location, then what makes its bytes.
pub(crate) type WritePart<'a> =
    dyn FnMut(&MediaType, &str, &mut dyn FnMut(&mut Sink) -> io::Result<()>) -> io::Result<()> + 'a;

impl Parts {
    /// A body of this form, as a rule does not want another one; `first` is the type of the first part.
    pub(crate) fn new(asked: &Asked, form: Form, first: MediaType) -> Parts {
        Parts::styled(asked, asked.exchange.multipart(), form, first)
    }

    /// The same in a style that was asked for before.
    pub(crate) fn styled(
        asked: &Asked,
        style: MultipartStyle,
        form: Form,
        first: MediaType,
    ) -> Parts {
        let form = match style.form {
            None => form,
            Some(PartForm::Single) => Form::Single,
            Some(PartForm::Multipart) => Form::Multipart,
        };
        let told = style.boundary.as_deref();
        let boundary = told
            .and_then(|text| Boundary::parse(text).ok())
            .unwrap_or_else(|| boundary(asked));
        Parts {
            style,
            form,
            boundary,
            first,
        }
    }

    /// Answers with what `make` writes, while it writes.
    pub(crate) fn respond(
        self,
        make: impl FnOnce(&mut WritePart<'_>) -> io::Result<()> + Send + 'static,
    ) -> Response {
        let whole = self.whole();
        let Parts {
            style,
            form,
            boundary,
            ..
        } = self;
        let mut response = Response::new(produce::body(move |sink| {
            let mut writer = Writer::new(boundary);
            let mut number = 0;
            make(&mut |part, location, bytes| {
                number += 1;
                match form {
                    Form::Single if number > 1 => return Ok(()),
                    Form::Single => return bytes(sink),
                    Form::Multipart if style.skipped == Some(number - 1) => return Ok(()),
                    Form::Multipart => {}
                }
                let headers = style.headers(part, location);
                if !style.lengths {
                    sink.write_all(&writer.part_head(&headers))?;
                    return bytes(sink);
                }
                let head = writer.part_head(&headers.with("Content-Length", UNKNOWN));
                sink.headed(|length| with_length(&head, length), bytes)
            })?;
            match form == Form::Single || style.open_end {
                true => Ok(()),
                false => sink.write_all(&writer.close()),
            }
        }));
        set_type(&mut response, &whole);
        response
    }

    /// The Content-Type of the answer.
    fn whole(&self) -> MediaType {
        if self.form == Form::Single {
            return self.first.clone();
        }
        let announced = self.style.announced.as_deref();
        let announced = announced.and_then(|text| Boundary::parse(text).ok());
        let boundary = announced.as_ref().unwrap_or(&self.boundary);
        match self.style.label {
            Label::InsideType | Label::AlsoInsideType => {
                boundary.content_type(&self.first.to_string())
            }
            _ => boundary.content_type(self.first.essence()),
        }
    }
}

/// Stands for a length in the head of a part until it is known.
const UNKNOWN: &str = "not known yet";

/// The head of a part with its length in the place for it.
fn with_length(head: &[u8], length: Option<usize>) -> Bytes {
    let head = String::from_utf8_lossy(head);
    let field = format!("Content-Length: {UNKNOWN}\r\n");
    let said = length.map_or_else(String::new, |length| {
        format!("Content-Length: {length}\r\n")
    });
    Bytes::from(head.replacen(&field, &said, 1))
}

impl MultipartStyle {
    fn headers(&self, part: &MediaType, location: &str) -> Headers {
        let label = match &self.label {
            Label::True | Label::AlsoInsideType => part.to_string(),
            Label::Missing | Label::InsideType => part.essence().to_owned(),
            Label::Star => format!("{}; transfer-syntax=*", part.essence()),
            Label::Other(uid) => format!("{}; transfer-syntax={uid}", part.essence()),
        };
        let fields = [
            ("Content-Type", label),
            ("Content-Location", location.to_owned()),
        ];
        let is_kept = |name: &str| !self.without.contains(&name.to_ascii_lowercase());
        let kept = fields.into_iter().filter(|(name, _)| is_kept(name));
        let added = self
            .with
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        let all = added.chain(kept);
        all.fold(Headers::new(), |headers, (name, value)| {
            headers.with(name, value)
        })
    }
}
