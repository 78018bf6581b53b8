//! A small HTTP client on one kept connection: what it measures is the archive and not itself.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection.
#[derive(Debug)]
pub struct Http {
    stream: BufReader<TcpStream>,
    authority: String,
    base: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// How many bytes the body had.
    pub len: u64,
    /// The body's first 64 KiB.
    pub body: Vec<u8>,
}

impl Http {
    /// Connects to the authority of a URL, whose path stands before all paths that are asked for.
    ///
    /// # Errors
    /// If nobody listens.
    pub fn connect(url: &str) -> io::Result<Self> {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(256 * 1024, stream),
            authority: authority.to_owned(),
            base: base.to_owned(),
        })
    }

    /// Asks for a path and reads the whole answer.
    ///
    /// # Errors
    /// If the connection breaks, or the answer is none.
    pub fn get(&mut self, path: &str, accept: &str) -> io::Result<Answer> {
        self.ask("GET", path, accept)
    }

    /// The same with another method, without a body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn ask(&mut self, method: &str, path: &str, accept: &str) -> io::Result<Answer> {
        let (base, authority) = (&self.base, &self.authority);
        let request = format!(
            "{method} {base}{path} HTTP/1.1\r\nHost: {authority}\r\nAccept: {accept}\r\nContent-Length: 0\r\n\r\n"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status: u16 = status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no status in {status:?}")))?;
        let mut answer = Answer {
            status,
            len: 0,
            body: Vec::new(),
        };
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
                Some(("transfer-encoding", _)) => is_chunked = true,
                Some(_) => {}
                None if line.is_empty() => break,
                None => return Err(io::Error::other(format!("no header: {line:?}"))),
            }
        }
        if !is_chunked {
            self.take(length, &mut answer)?;
            return Ok(answer);
        }
        loop {
            let line = self.line()?;
            let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            self.take(length, &mut answer)?;
            self.line()?;
            if length == 0 {
                return Ok(answer);
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn take(&mut self, length: u64, answer: &mut Answer) -> io::Result<()> {
        let mut left = length;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let most = left.min(buffer.len() as u64) as usize;
            let read = self.stream.read(&mut buffer[..most])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let room = (64 * 1024 - answer.body.len().min(64 * 1024)).min(read);
            answer.body.extend_from_slice(&buffer[..room]);
            left -= read as u64;
        }
        answer.len += length;
        Ok(())
    }
}
