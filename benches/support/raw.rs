//! The same bytes over a bare TCP connection: what this machine can do at all.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;

/// Where the bytes go at the other end.
#[derive(Debug, Clone, Copy)]
pub enum Sink<'a> {
    /// Nowhere.
    Nothing,
    /// Into a file of this directory, which is removed afterwards.
    FileIn(&'a Path),
}

/// Sends messages one by one over loopback to an end that answers each with a few bytes once it is there whole; how long that took.
///
/// # Errors
/// If a socket fails.
pub fn converse(messages: &[Vec<Bytes>]) -> io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let lengths: Vec<usize> = messages
        .iter()
        .map(|pieces| pieces.iter().map(Bytes::len).sum())
        .collect();
    let receiver = std::thread::spawn(move || -> io::Result<()> {
        let (mut socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        let mut buffer = vec![0; 256 * 1024];
        for length in lengths {
            let mut left = length;
            while left > 0 {
                let most = left.min(buffer.len());
                match socket.read(&mut buffer[..most])? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    read => left -= read,
                }
            }
            socket.write_all(&[0; 128])?;
        }
        Ok(())
    });
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let started = Instant::now();
    for message in messages {
        for piece in message {
            socket.write_all(piece)?;
        }
        socket.read_exact(&mut [0; 128])?;
    }
    let took = started.elapsed();
    receiver
        .join()
        .map_err(|_| io::Error::other("the receiver panicked"))??;
    Ok(took)
}

/// Sends the pieces over loopback and waits until the other end has them all; how long that took.
///
/// # Errors
/// If a socket or the file fails.
pub fn send(pieces: impl Iterator<Item = Bytes>, sink: Sink<'_>) -> io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut out: Box<dyn Write + Send> = match sink {
        Sink::Nothing => Box::new(io::sink()),
        Sink::FileIn(directory) => Box::new(tempfile::tempfile_in(directory)?),
    };
    let receiver = std::thread::spawn(move || -> io::Result<()> {
        let (mut socket, _) = listener.accept()?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match socket.read(&mut buffer)? {
                0 => return socket.write_all(b"!"),
                read => out.write_all(&buffer[..read])?,
            }
        }
    });
    let started = Instant::now();
    let mut socket = TcpStream::connect(address)?;
    for piece in pieces {
        socket.write_all(&piece)?;
    }
    socket.shutdown(std::net::Shutdown::Write)?;
    socket.read_exact(&mut [0])?;
    let took = started.elapsed();
    receiver
        .join()
        .map_err(|_| io::Error::other("the receiver panicked"))??;
    Ok(took)
}
