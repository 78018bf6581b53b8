//! The bytes between the parts.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Boundary, Headers};

/// Writes a multipart body: a head before each part's data, and a close at the end.
///
/// ```
/// use dicom_wire::multipart::{Boundary, Headers, Writer};
///
/// let mut writer = Writer::new(Boundary::parse("b")?);
/// let mut body = writer.part_head(&Headers::new().with("Content-Type", "text/plain")).to_vec();
/// body.extend_from_slice(b"data");
/// body.extend_from_slice(&writer.close());
/// assert_eq!(body, b"--b\r\nContent-Type: text/plain\r\n\r\ndata\r\n--b--\r\n");
/// # Ok::<(), dicom_wire::multipart::BoundaryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Writer {
    boundary: Boundary,
    started: Started,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Started {
    No,
    Yes,
}

impl Writer {
    /// Begins a body.
    pub fn new(boundary: Boundary) -> Writer {
        Writer {
            boundary,
            started: Started::No,
        }
    }

    /// The boundary, for the Content-Type of the body.
    pub fn boundary(&self) -> &Boundary {
        &self.boundary
    }

    /// What stands before the next part's data.
    pub fn part_head(&mut self, headers: &Headers) -> Bytes {
        let mut head = self.delimiter();
        head.put_slice(b"\r\n");
        for (name, value) in headers.iter() {
            head.put_slice(name.as_bytes());
            head.put_slice(b": ");
            head.put_slice(value.as_bytes());
            head.put_slice(b"\r\n");
        }
        head.put_slice(b"\r\n");
        head.freeze()
    }

    /// What stands after the last part's data.
    pub fn close(mut self) -> Bytes {
        let mut close = self.delimiter();
        close.put_slice(b"--\r\n");
        close.freeze()
    }

    /// How many bytes [`Writer::close`] will give after a first part.
    pub fn close_length(&self) -> u64 {
        self.boundary.as_str().len() as u64 + 8
    }

    fn delimiter(&mut self) -> BytesMut {
        let mut bytes = BytesMut::with_capacity(256);
        if std::mem::replace(&mut self.started, Started::Yes) == Started::Yes {
            bytes.put_slice(b"\r\n");
        }
        bytes.put_slice(b"--");
        bytes.put_slice(self.boundary.as_str().as_bytes());
        bytes
    }
}
