//! What the layer costs that can slow, cut and stall connections, when it does nothing: the same bytes through it and through bare TCP.
//!
//! `cargo bench -p dicom-benches --bench line`; `-- --test` is the quick mode: a tenth of the rounds, a quarter of each. Many bytes one way, and short questions and answers.
#![allow(clippy::print_stdout)]

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use dicom_benches::{is_quick, throughput};
use dicom_mock_archive::moment::Line;
use dicom_mock_archive::socket::Socket;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Rounds: a run of each kind, one right after the other. What disturbs a machine disturbs both, and the median of the rounds is not moved by the few where it
/// did not.
const ROUNDS: usize = 101;

/// What the client does.
#[derive(Clone, Copy)]
enum Talk {
    /// Sends so many bytes and waits for one.
    Many(u64),
    /// Sends 64 bytes and waits for 64, so often.
    Short(u32),
}

fn main() -> io::Result<()> {
    let (rounds, part) = if is_quick() { (11, 4) } else { (ROUNDS, 1) };
    let runtime = Runtime::new()?;
    for (name, talk) in [
        ("64 MiB one way", Talk::Many((64 << 20) / part)),
        (
            "2,000 questions and answers",
            Talk::Short(2_000 / part as u32),
        ),
    ] {
        let (mut bare, mut layered) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            // Each goes first as often as the other.
            for is_layered in [round % 2 == 0, round % 2 == 1] {
                match is_layered {
                    false => bare.push(run(&runtime, talk, Bare)?),
                    true => layered.push(run(&runtime, talk, |stream| {
                        Socket::with_line(stream, Line::default())
                    })?),
                }
            }
        }
        let rounds = bare.iter().zip(&layered);
        let ratios = rounds.map(|(bare, layered)| layered.as_secs_f64() / bare.as_secs_f64());
        let cost = (median(ratios.collect()) - 1.0) * 100.0;
        let seconds = |took: &[Duration]| median(took.iter().map(Duration::as_secs_f64).collect());
        let [bare, layered] = [&bare, &layered].map(|took| Duration::from_secs_f64(seconds(took)));
        let met = if cost < 2.0 { "met" } else { "NOT MET" };
        println!(
            "{name}: bare {bare:.1?}, through the layer {layered:.1?}, median of the rounds {cost:+.1} %, under 2 %: {met}"
        );
        if let Talk::Many(bytes) = talk {
            println!(
                "  {} and {}",
                throughput(bytes, bare),
                throughput(bytes, layered)
            );
        }
    }
    Ok(())
}

/// A connection without the layer, with the same socket options: what has come is acknowledged once it was read.
struct Bare(TcpStream);

impl AsyncRead for Bare {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(cx, buf);
        #[cfg(target_os = "linux")]
        if read.is_ready() && buf.remaining() > 0 {
            let _ = self.0.set_quickack(true);
        }
        read
    }
}

impl AsyncWrite for Bare {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn run<S>(runtime: &Runtime, talk: Talk, layer: impl Fn(TcpStream) -> S) -> io::Result<Duration>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let client = tokio::task::spawn_blocking(move || client(address, talk));
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        serve(layer(stream), talk).await?;
        client.await.map_err(io::Error::other)?
    })
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, talk: Talk) -> io::Result<()> {
    match talk {
        Talk::Many(bytes) => {
            let mut buffer = vec![0; 256 * 1024];
            let mut left = bytes;
            while left > 0 {
                left -= stream.read(&mut buffer).await? as u64;
            }
            stream.write_all(b"!").await
        }
        Talk::Short(times) => {
            let mut question = [0; 64];
            for _ in 0..times {
                stream.read_exact(&mut question).await?;
                stream.write_all(&question).await?;
            }
            Ok(())
        }
    }
}

fn client(address: SocketAddr, talk: Talk) -> io::Result<Duration> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let began = Instant::now();
    match talk {
        Talk::Many(bytes) => {
            let chunk = vec![7; 256 * 1024];
            let mut left = bytes;
            while left > 0 {
                let most = left.min(chunk.len() as u64) as usize;
                stream.write_all(&chunk[..most])?;
                left -= most as u64;
            }
            stream.read_exact(&mut [0])?;
        }
        Talk::Short(times) => {
            for _ in 0..times {
                stream.write_all(&[7; 64])?;
                stream.read_exact(&mut [0; 64])?;
            }
        }
    }
    Ok(began.elapsed())
}
