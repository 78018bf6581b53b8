//! Multipart bodies as an archive hears them that does not keep to RFC 2046: what a dialect makes of the bytes before they are decoded.

use bytes::{Bytes, BytesMut};
use dicom_wire::media::MediaType;
use dicom_wire::multipart::Boundary;
use memchr::memmem;

use super::Stopped;
use crate::moment::multipart::{
    Boundaries, Broken, Characters, Delimiters, LineFeeds, Multipart, Padding, PartEnd, Preamble,
};
use crate::web::problem::Problem;

/// The boundary of a Content-Type, as far as the dialect understands it.
///
/// # Errors
/// 400 or 415 where it does not, or where there is none.
pub(super) fn boundary(content_type: &str, dialect: &Multipart) -> Result<Boundary, Problem> {
    let boundary = Boundary::from_content_type(content_type).map_err(Problem::bad_request)?;
    let media = MediaType::parse(content_type).map_err(Problem::bad_request)?;
    let text = media.parameter("boundary").unwrap_or_default();
    let is_quoted = content_type.to_ascii_lowercase().contains("boundary=\"");
    let wrong_form = match dialect.boundary {
        Boundaries::Any => false,
        Boundaries::Quoted => !is_quoted,
        Boundaries::Unquoted => is_quoted,
    };
    if wrong_form || dialect.longest.is_some_and(|longest| text.len() > longest) {
        return Err(Problem::bad_request(format!(
            "boundary {text:?} is not understood"
        )));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match dialect.characters {
        Characters::Token if !text.chars().all(is_plain) => Err(Problem::unsupported_media_type(
            format!("boundary {text:?}"),
        )),
        Characters::UpToBlank => {
            let seen = text.split(' ').next().unwrap_or_default();
            Boundary::parse(seen).map_err(Problem::bad_request)
        }
        Characters::All | Characters::Token => Ok(boundary),
    }
}

/// The bytes of a body on their way to the decoder.
pub(super) struct Hearing {
    dialect: Multipart,
    token: Vec<u8>,
    /// The first bytes, until there are enough to tell whether a delimiter stands there.
    first: Vec<u8>,
    /// The last bytes that were passed on, one less than a token has.
    tail: BytesMut,
}

impl Hearing {
    pub(super) fn new(boundary: &Boundary, dialect: Multipart) -> Hearing {
        Hearing {
            dialect,
            token: format!("--{boundary}").into_bytes(),
            first: Vec::new(),
            tail: BytesMut::new(),
        }
    }

    /// What the decoder gets in their place.
    ///
    /// # Errors
    /// White space after a boundary where that is refused, or a bare line feed where that is waited out.
    pub(super) fn hear(&mut self, bytes: Bytes) -> Result<Bytes, Stopped> {
        if self.dialect == Multipart::default() {
            return Ok(bytes);
        }
        let wanted = self.token.len() - self.first.len();
        self.first
            .extend_from_slice(&bytes[..wanted.min(bytes.len())]);
        let mut heard = bytes;
        if self.dialect.delimiters == Delimiters::InOnePiece {
            heard = self.without_split(heard);
        }
        let seen = [&self.tail[..], &heard[..]].concat();
        let odd =
            memmem::find_iter(&seen, &self.token).any(|at| match seen.get(at + self.token.len()) {
                Some(b' ' | b'\t') => self.dialect.padding == Padding::Refused,
                Some(b'\n') => {
                    self.dialect.broken == Broken::WaitedFor
                        || self.dialect.line_feeds == LineFeeds::WaitedFor
                }
                _ => false,
            });
        if odd {
            return Err(match self.dialect.line_feeds {
                LineFeeds::WaitedFor => Stopped::LeftWaiting,
                LineFeeds::Refused => Stopped::NotUnderstood,
            });
        }
        self.tail.extend_from_slice(&heard);
        let more = self.tail.len().saturating_sub(self.token.len());
        let _ = self.tail.split_to(more);
        Ok(heard)
    }

    /// Whether what came before the first delimiter is taken for a part.
    pub(super) fn has_preamble(&self) -> bool {
        self.dialect.preamble == Preamble::Part && self.first != self.token
    }

    /// Spoils a delimiter that began in the piece before.
    fn without_split(&self, bytes: Bytes) -> Bytes {
        let seen = [&self.tail[..], &bytes[..]].concat();
        let split = memmem::find_iter(&seen, &self.token)
            .find(|at| *at < self.tail.len() && at + self.token.len() > self.tail.len());
        match split {
            None => bytes,
            Some(_) => {
                let mut spoilt = bytes.to_vec();
                spoilt[0] ^= 0x20;
                spoilt.into()
            }
        }
    }
}

/// The end of a part, held back where line ends there are no content.
pub(super) struct End {
    rule: PartEnd,
    held: Vec<u8>,
}

impl End {
    pub(super) fn new(rule: PartEnd) -> End {
        End {
            rule,
            held: Vec::new(),
        }
    }

    /// Bytes of a part that are known not to be its end.
    pub(super) fn pass(&mut self, bytes: Bytes) -> Bytes {
        if self.rule == PartEnd::Kept {
            return bytes;
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(&bytes);
        let is_content = |byte: &u8| !matches!(byte, b'\r' | b'\n');
        let kept = all.iter().rposition(is_content).map_or(0, |last| last + 1);
        self.held = all.split_off(kept);
        all.into()
    }

    /// Forgets the end of a part that is over.
    pub(super) fn over(&mut self) {
        self.held.clear();
    }
}
