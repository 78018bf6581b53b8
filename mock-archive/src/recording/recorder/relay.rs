//! Associations that pass: each PDU is looked at on its way and goes on as it came.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::association::{Observer, Side};
use super::writer::Inlet;

/// The longest time to wait for a connection to the archive.
const CONNECT: Duration = Duration::from_secs(10);
/// Type, a reserved byte, and the length of what follows (PS3.8 9.3.1).
const HEADER: usize = 6;
/// Longer PDUs pass without being looked at, and with them the rest of the association.
const MAX_PDU: usize = 64 << 20;

/// The associations under way.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay {
    observers: Arc<Mutex<Vec<Weak<Mutex<Observer>>>>>,
}

impl UnderWay {
    fn add(&self, observer: Observer) -> Arc<Mutex<Observer>> {
        let observer = Arc::new(Mutex::new(observer));
        let mut observers = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        observers.retain(|known| known.strong_count() > 0);
        observers.push(Arc::downgrade(&observer));
        observer
    }

    /// Writes what has not come to its end, although nobody has closed yet.
    pub(super) fn end(&self) {
        let mut observers = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for observer in observers.drain(..).filter_map(|known| known.upgrade()) {
            looking(&observer).end();
        }
    }
}

/// Relays connections until dropped.
pub(super) async fn serve(
    listener: TcpListener,
    upstream: String,
    max_body: usize,
    out: Inlet,
    under_way: UnderWay,
) {
    let mut relayed = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let observer = Observer::new(max_body, out.clone());
                    relayed.spawn(relay(client, upstream.clone(), observer, under_way.clone()));
                }
                Err(error) => {
                    tracing::debug!(%error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = relayed.join_next() => {}
        }
    }
}

async fn relay(
    mut client: TcpStream,
    upstream: String,
    mut observer: Observer,
    under_way: UnderWay,
) {
    let connected = timeout(CONNECT, TcpStream::connect(&upstream)).await;
    let archive = match connected {
        Ok(Ok(archive)) => archive,
        failed => {
            let why = match failed {
                Ok(Err(error)) => error.to_string(),
                _ => format!("no connection within {} s", CONNECT.as_secs()),
            };
            if let Ok(Ok(Read::Pdu(pdu))) = timeout(CONNECT, read(&mut client)).await {
                observer.pdu(Side::Client, &pdu);
            }
            observer.failed(&why);
            return;
        }
    };
    for stream in [&client, &archive] {
        // A PDU that waits for an acknowledgement would be slower than without us.
        let _ = stream.set_nodelay(true);
    }
    let observer = under_way.add(observer);
    let (from_client, to_client) = client.into_split();
    let (from_archive, to_archive) = archive.into_split();
    let (_, _) = tokio::join!(
        pump(from_client, to_archive, Side::Client, &observer),
        pump(from_archive, to_client, Side::Archive, &observer),
    );
    // Dropping the observer writes what has not come to its end.
}

/// Passes PDUs one way until that side closes.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    side: Side,
    observer: &Mutex<Observer>,
) -> io::Result<()> {
    loop {
        match read(&mut from).await? {
            Read::Pdu(pdu) => {
                // Before it goes on, so that no answer is seen before its question.
                looking(observer).pdu(side, &pdu);
                to.write_all(&pdu).await?;
            }
            Read::TooLong(header) => {
                looking(observer).lose();
                to.write_all(&header).await?;
                tokio::io::copy(&mut from, &mut to).await?;
            }
            Read::End(rest) => {
                to.write_all(&rest).await?;
                return to.shutdown().await;
            }
        }
    }
}

fn looking(observer: &Mutex<Observer>) -> MutexGuard<'_, Observer> {
    observer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What comes next on a connection.
enum Read {
    /// A PDU, header included.
    Pdu(Bytes),
    /// The header of one that is too long to be held.
    TooLong(Bytes),
    /// The end, with what came of a PDU before it.
    End(Bytes),
}

async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Read> {
    let mut pdu = BytesMut::with_capacity(HEADER);
    while pdu.len() < HEADER {
        let left = HEADER - pdu.len();
        if (&mut *from).take(left as u64).read_buf(&mut pdu).await? == 0 {
            return Ok(Read::End(pdu.freeze()));
        }
    }
    let length = u32::from_be_bytes([pdu[2], pdu[3], pdu[4], pdu[5]]) as usize;
    if length > MAX_PDU {
        return Ok(Read::TooLong(pdu.freeze()));
    }
    // What is declared is believed only as far as it comes.
    while pdu.len() < HEADER + length {
        let left = HEADER + length - pdu.len();
        if (&mut *from).take(left as u64).read_buf(&mut pdu).await? == 0 {
            return Ok(Read::End(pdu.freeze()));
        }
    }
    Ok(Read::Pdu(pdu.freeze()))
}
