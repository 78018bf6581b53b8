//! STOW-RS requests of any size, made while they are sent, by the same writes as those of bare TCP.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use bytes::Bytes;
use dicom_wire::media::DICOM;
use dicom_wire::multipart::Boundary;

/// Stores the instances of a multipart/related body in one request; the status and the body of the answer.
///
/// # Errors
/// If the connection breaks, or the answer is none.
pub fn store<P: Iterator<Item = Bytes>>(
    web: &str,
    boundary: &Boundary,
    pieces: impl Fn() -> P,
) -> io::Result<(u16, String)> {
    let rest = web.strip_prefix("http://").unwrap_or(web);
    let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let length: u64 = pieces().map(|piece| piece.len() as u64).sum();
    let mut stream = TcpStream::connect(authority)?;
    write!(
        stream,
        "POST {base}/studies HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {length}\r\nAccept: application/dicom+json\r\n\
         Content-Type: multipart/related; type=\"{DICOM}\"; boundary={boundary}\r\nConnection: close\r\n\r\n"
    )?;
    for piece in pieces() {
        stream.write_all(&piece)?;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    match (status, answer.split_once("\r\n\r\n")) {
        (Some(status), Some((_, body))) => Ok((status, body.to_owned())),
        _ => Err(io::Error::other(format!("no answer: {answer:.80}"))),
    }
}
