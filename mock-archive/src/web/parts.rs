//! Bodies of several parts, or of one part bare.

use std::io::{self, Write};

use axum::response::Response;
use dicom_wire::media::MediaType;
use dicom_wire::multipart::{Boundary, Headers, Writer};

use crate::sink::Sink;
use crate::web::accept::Form;
use crate::web::produce;
use crate::web::wado::set_type;

/// The form of a body that is made part by part.
pub(crate) struct Parts {
    pub(crate) form: Form,
    pub(crate) boundary: Boundary,
    /// Type of the first part.
    pub(crate) part: MediaType,
}

/// Writes one part: its type, its Content-Location, then what makes its bytes.
pub(crate) type WritePart<'a> =
    dyn FnMut(&MediaType, &str, &mut dyn FnMut(&mut Sink) -> io::Result<()>) -> io::Result<()> + 'a;

impl Parts {
    /// Answers with what `make` writes, while it writes.
    pub(crate) fn respond(
        self,
        make: impl FnOnce(&mut WritePart<'_>) -> io::Result<()> + Send + 'static,
    ) -> Response {
        let Parts {
            form,
            boundary,
            part,
        } = self;
        let whole = match form {
            Form::Multipart => boundary.content_type(part.essence()),
            Form::Single => part,
        };
        let mut response = Response::new(produce::body(move |sink| {
            if form == Form::Single {
                return make(&mut |_, _, bytes| bytes(sink));
            }
            let mut writer = Writer::new(boundary);
            make(&mut |part, location, bytes| {
                let headers = Headers::new()
                    .with("Content-Type", part.to_string())
                    .with("Content-Location", location);
                sink.write_all(&writer.part_head(&headers))?;
                bytes(sink)
            })?;
            sink.write_all(&writer.close())
        }));
        set_type(&mut response, &whole);
        response
    }
}
