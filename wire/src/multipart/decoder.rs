//! The push decoder.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use memchr::memmem;

use super::{Boundary, BoundaryError, Headers};

/// The most that the header fields of one part may take, in bytes.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The most blanks that may follow a boundary on its line (RFC 2046 calls them padding).
pub const MAX_PADDING_BYTES: usize = 256;

/// What a body says, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A part begins.
    PartStart(Headers),
    /// Some of the part's data; never empty. How data is cut into events means nothing.
    Data(Bytes),
    /// The part's data is complete: its delimiter has been seen.
    PartEnd,
    /// The close delimiter has been seen; what may follow is ignored.
    End,
}

/// A body that is not multipart, and where that shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset} of the body)")]
pub struct Error {
    /// Bytes from the start of the body.
    pub offset: u64,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No bytes at all.
    #[error("the body is empty")]
    Empty,
    /// The boundary never stands at the beginning of a line.
    #[error("the body holds no line --{0}")]
    NoDelimiter(String),
    /// A boundary's line, or a line of a part's header, ends in LF alone.
    #[error("a line ends in a bare LF where CRLF is required")]
    BareLineFeed,
    /// More blanks after a boundary than anyone writes.
    #[error("more than {MAX_PADDING_BYTES} blanks after a boundary")]
    Padding,
    /// Header fields without end.
    #[error("the header of part {part} is longer than {MAX_HEADER_BYTES} bytes")]
    HeaderTooLong {
        /// The part's number, from 1.
        part: u64,
    },
    /// A header line without a colon or with an odd name.
    #[error("the header of part {part} holds the line {line:?}, which is no field")]
    BadHeader {
        /// The part's number, from 1.
        part: u64,
        /// The line, cut after 80 characters.
        line: String,
    },
    /// The body ends inside a part's header.
    #[error("the body ends inside the header of part {part}")]
    TruncatedHeader {
        /// The part's number, from 1.
        part: u64,
    },
    /// The body ends inside a part's data.
    #[error(
        "the body ends inside part {part}, after {length} bytes of its data, without a close delimiter"
    )]
    TruncatedPart {
        /// The part's number, from 1.
        part: u64,
        /// How much of its data was seen, in bytes.
        length: u64,
    },
}

/// Reads a multipart body as it arrives.
///
/// Push bytes, then poll until `None`; after the last bytes call [`Decoder::finish`]. Data comes
/// as slices of what was pushed. What is held back is less than a delimiter with its padding, or
/// the header of one part; pushed bytes that were not polled yet wait uncopied.
///
/// ```
/// use dicom_wire::multipart::{Decoder, Event};
///
/// let mut decoder = Decoder::from_content_type("multipart/related; boundary=b")?;
/// decoder.push("--b\r\n\r\nhello\r\n--b--".into());
/// let mut text = Vec::new();
/// while let Some(event) = decoder.poll()? {
///     if let Event::Data(data) = event {
///         text.extend_from_slice(&data);
///     }
/// }
/// decoder.finish()?;
/// assert_eq!(text, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    /// CRLF, two hyphens, the boundary. Only its first byte is a CR, so a match that fails can
    /// begin anew at the failing byte only.
    delimiter: Bytes,
    finder: memmem::Finder<'static>,
    input: VecDeque<Bytes>,
    /// Bytes taken from the input so far.
    offset: u64,
    state: State,
    /// Where data goes: the preamble is thrown away.
    inside: Inside,
    part: u64,
    part_length: u64,
    queue: VecDeque<Event>,
    failed: Option<Error>,
}

#[derive(Debug)]
enum State {
    /// Within data (or preamble); the first `matched` bytes of the delimiter have been seen, of
    /// which the first `borrowed` belong to what came before and are not data.
    Data { matched: usize, borrowed: usize },
    /// After a whole delimiter: the rest of its line.
    Line { borrowed: usize, rest: Vec<u8> },
    /// Within a part's header, seen so far.
    Header(Vec<u8>),
    /// After the close delimiter.
    Epilogue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Preamble,
    Part,
}

impl Decoder {
    /// A decoder for a body with that boundary.
    pub fn new(boundary: &Boundary) -> Decoder {
        let delimiter = Bytes::from(format!("\r\n--{boundary}"));
        Decoder {
            finder: memmem::Finder::new(&delimiter).into_owned(),
            delimiter,
            input: VecDeque::new(),
            offset: 0,
            // A delimiter on the very first line has no line break before it.
            state: State::Data {
                matched: 2,
                borrowed: 2,
            },
            inside: Inside::Preamble,
            part: 0,
            part_length: 0,
            queue: VecDeque::new(),
            failed: None,
        }
    }

    /// A decoder for a body with that Content-Type.
    pub fn from_content_type(text: &str) -> Result<Decoder, BoundaryError> {
        Ok(Decoder::new(&Boundary::from_content_type(text)?))
    }

    /// Takes more of the body.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.input.push_back(bytes);
        }
    }

    /// The next event; `None` when more bytes are needed, and after [`Event::End`]. An error stays.
    pub fn poll(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(Some(event));
            }
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let Some(mut chunk) = self.input.pop_front() else {
                return Ok(None);
            };
            let before = chunk.len();
            let result = self.advance(&mut chunk);
            self.offset += (before - chunk.len()) as u64;
            if !chunk.is_empty() {
                self.input.push_front(chunk);
            }
            if let Err(kind) = result {
                self.failed = Some(Error {
                    offset: self.offset,
                    kind,
                });
            }
        }
    }

    /// Says that no more bytes come. Everything pushed must have been polled.
    pub fn finish(&mut self) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let part = self.part;
        let kind = match (&self.state, self.inside) {
            (State::Epilogue, _) => return Ok(()),
            (State::Header(_), _) => ErrorKind::TruncatedHeader { part },
            (_, Inside::Preamble) if self.offset == 0 => ErrorKind::Empty,
            (_, Inside::Preamble) => {
                let text = String::from_utf8_lossy(&self.delimiter[4..]);
                ErrorKind::NoDelimiter(text.into_owned())
            }
            (State::Data { matched, borrowed }, Inside::Part) => ErrorKind::TruncatedPart {
                part,
                length: self.part_length + (matched.saturating_sub(*borrowed)) as u64,
            },
            (State::Line { .. }, Inside::Part) => ErrorKind::TruncatedPart {
                part,
                length: self.part_length,
            },
        };
        let error = Error {
            offset: self.offset,
            kind,
        };
        self.failed = Some(error.clone());
        Err(error)
    }

    /// Whether the close delimiter has been seen.
    pub fn is_closed(&self) -> bool {
        self.failed.is_none() && matches!(self.state, State::Epilogue)
    }

    /// Takes something off the chunk, or all of it.
    fn advance(&mut self, chunk: &mut Bytes) -> Result<(), ErrorKind> {
        match std::mem::replace(&mut self.state, State::Epilogue) {
            State::Data { matched: 0, .. } => self.search(chunk),
            State::Data { matched, borrowed } => self.resume(chunk, matched, borrowed),
            State::Line { borrowed, rest } => return self.line(chunk, borrowed, rest),
            State::Header(seen) => return self.header(chunk, seen),
            State::Epilogue => chunk.clear(),
        }
        Ok(())
    }

    /// Looks for the delimiter in a chunk that begins within data.
    fn search(&mut self, chunk: &mut Bytes) {
        if let Some(at) = self.finder.find(chunk) {
            self.data(chunk.split_to(at));
            chunk.advance(self.delimiter.len());
            self.state = State::Line {
                borrowed: 0,
                rest: Vec::new(),
            };
            return;
        }
        // The end of the chunk may be the beginning of a delimiter.
        let tail = chunk.len().saturating_sub(self.delimiter.len() - 1);
        let matched = memchr::memrchr(b'\r', &chunk[tail..])
            .map(|at| chunk.len() - tail - at)
            .filter(|length| chunk.ends_with(&self.delimiter[..*length]))
            .unwrap_or(0);
        self.data(chunk.split_to(chunk.len() - matched));
        chunk.clear();
        self.state = State::Data {
            matched,
            borrowed: 0,
        };
    }

    /// Goes on with a delimiter that began in an earlier chunk.
    fn resume(&mut self, chunk: &mut Bytes, matched: usize, borrowed: usize) {
        let expected = &self.delimiter[matched..];
        let same = expected
            .iter()
            .zip(chunk.iter())
            .take_while(|(a, b)| a == b)
            .count();
        chunk.advance(same);
        let matched = matched + same;
        self.state = if matched == self.delimiter.len() {
            State::Line {
                borrowed,
                rest: Vec::new(),
            }
        } else if chunk.is_empty() {
            State::Data { matched, borrowed }
        } else {
            self.data(self.delimiter.slice(borrowed..matched));
            State::Data {
                matched: 0,
                borrowed: 0,
            }
        };
    }

    /// Reads the rest of a boundary's line: a close, blanks and CRLF, or proof that it is data.
    fn line(
        &mut self,
        chunk: &mut Bytes,
        borrowed: usize,
        mut rest: Vec<u8>,
    ) -> Result<(), ErrorKind> {
        while let Some(&byte) = chunk.first() {
            let expected = match (rest.last(), byte) {
                (None, b'-') | (None | Some(b' ' | b'\t'), b' ' | b'\t' | b'\r') => {
                    if rest.len() >= MAX_PADDING_BYTES {
                        return Err(ErrorKind::Padding);
                    }
                    None
                }
                (Some(b'-'), b'-') => Some(State::Epilogue),
                (Some(b'\r'), b'\n') => Some(State::Header(Vec::new())),
                (None | Some(b' ' | b'\t'), b'\n') => return Err(ErrorKind::BareLineFeed),
                _ => {
                    self.data(self.delimiter.slice(borrowed..));
                    self.data(rest.into());
                    // The byte itself is looked at again: it may be the CR of the next delimiter.
                    self.state = State::Data {
                        matched: 0,
                        borrowed: 0,
                    };
                    return Ok(());
                }
            };
            chunk.advance(1);
            match expected {
                None => rest.push(byte),
                Some(next) => {
                    self.delimited(next);
                    return Ok(());
                }
            }
        }
        self.state = State::Line { borrowed, rest };
        Ok(())
    }

    /// A delimiter is complete: ends the part before it, begins what follows.
    fn delimited(&mut self, next: State) {
        if self.inside == Inside::Part {
            self.queue.push_back(Event::PartEnd);
        }
        match next {
            State::Epilogue => self.queue.push_back(Event::End),
            _ => {
                self.part += 1;
                self.part_length = 0;
                self.inside = Inside::Part;
            }
        }
        self.state = next;
    }

    /// Collects a part's header up to its blank line.
    fn header(&mut self, chunk: &mut Bytes, mut seen: Vec<u8>) -> Result<(), ErrorKind> {
        let part = self.part;
        while let Some(at) = memchr::memchr(b'\n', chunk) {
            seen.extend_from_slice(&chunk.split_to(at + 1));
            if !seen.ends_with(b"\r\n") {
                return Err(ErrorKind::BareLineFeed);
            }
            if seen.len() > MAX_HEADER_BYTES {
                return Err(ErrorKind::HeaderTooLong { part });
            }
            if seen == b"\r\n" || seen.ends_with(b"\r\n\r\n") {
                let headers = parse_headers(&seen, part)?;
                self.queue.push_back(Event::PartStart(headers));
                self.state = State::Data {
                    matched: 2,
                    borrowed: 2,
                };
                return Ok(());
            }
        }
        if seen.len() + chunk.len() > MAX_HEADER_BYTES {
            return Err(ErrorKind::HeaderTooLong { part });
        }
        seen.extend_from_slice(&std::mem::take(chunk));
        self.state = State::Header(seen);
        Ok(())
    }

    fn data(&mut self, data: Bytes) {
        if self.inside == Inside::Part && !data.is_empty() {
            self.part_length += data.len() as u64;
            self.queue.push_back(Event::Data(data));
        }
    }
}

/// Reads the lines of a header, folded ones too (RFC 2822 2.2.3).
fn parse_headers(bytes: &[u8], part: u64) -> Result<Headers, ErrorKind> {
    let text = String::from_utf8_lossy(bytes);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = fields.last_mut()
        {
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let bad = || ErrorKind::BadHeader {
            part,
            line: line.chars().take(80).collect(),
        };
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let name = name.trim_end();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad());
        }
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(fields.into_iter().collect())
}
