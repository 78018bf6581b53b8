//! Where long answers are written to piece by piece, over both protocols: memory does not grow with them.

use std::io::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::mpsc;

/// Written bytes go out in pieces of this size; ready pieces as they are.
const PIECE: usize = 64 * 1024;

/// How many pieces may wait for a slow reader.
const AHEAD: usize = 4;

/// What long answers are written to: a [`Sink`], or what changes bytes on their way to one.
pub(crate) trait Output: Write {
    /// Writes bytes that are ready, without copying them where that can be.
    fn hand(&mut self, piece: Bytes) -> io::Result<()> {
        self.write_all(&piece)
    }
}

/// Where the maker of an answer writes to. Blocks while the reader is slow, fails once it is gone.
pub(crate) struct Sink {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    gathered: BytesMut,
    /// What waits until its length is known.
    held: Option<Held>,
    is_whole: bool,
}

struct Held {
    pieces: Vec<Bytes>,
    length: usize,
    /// What goes before it if it gets too long to wait for.
    head: Bytes,
}

/// The most that is held back to know its length.
const MAX_HELD: usize = 64 * 1024 * 1024;

/// What `make` writes on a thread for blocking work, an error last if there was one. The thread ends when all is written or the
/// receiver is dropped.
pub(crate) fn pieces(
    make: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
) -> mpsc::Receiver<io::Result<Bytes>> {
    let (pieces, waiting) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut sink = Sink {
            pieces,
            gathered: BytesMut::new(),
            held: None,
            is_whole: false,
        };
        let made = make(&mut sink).and_then(|()| sink.flush());
        sink.is_whole = made.is_ok();
        if let Err(error) = made {
            sink.fail(error);
        }
    });
    waiting
}

impl Output for Sink {
    fn hand(&mut self, piece: Bytes) -> io::Result<()> {
        Sink::hand(self, piece)
    }
}

impl Sink {
    /// Hands on bytes that are ready, without copying them.
    pub(crate) fn hand(&mut self, piece: Bytes) -> io::Result<()> {
        if piece.len() < PIECE / 4 {
            return self.write_all(&piece);
        }
        self.flush()?;
        self.send(piece)
    }

    /// Lets `make` write, and before that goes out what `head` says of its length, unless that is more than 64 MiB.
    pub(crate) fn headed(
        &mut self,
        head: impl Fn(Option<usize>) -> Bytes,
        make: &mut dyn FnMut(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.flush()?;
        self.held = Some(Held {
            pieces: Vec::new(),
            length: 0,
            head: head(None),
        });
        make(self)?;
        self.flush()?;
        match self.held.take() {
            Some(held) => {
                let head = head(Some(held.length));
                self.let_go(Held { head, ..held })
            }
            None => Ok(()),
        }
    }

    fn let_go(&mut self, held: Held) -> io::Result<()> {
        self.send_now(held.head)?;
        held.pieces
            .into_iter()
            .try_for_each(|piece| self.send_now(piece))
    }

    /// The reader sees an answer without its end. Where it is gone already, nobody minds.
    fn fail(&mut self, error: io::Error) {
        self.is_whole = true;
        let _ = self.pieces.blocking_send(Err(error));
    }

    fn send(&mut self, piece: Bytes) -> io::Result<()> {
        let Some(mut held) = self.held.take() else {
            return self.send_now(piece);
        };
        held.length += piece.len();
        held.pieces.push(piece);
        if held.length > MAX_HELD {
            return self.let_go(held);
        }
        self.held = Some(held);
        Ok(())
    }

    fn send_now(&mut self, piece: Bytes) -> io::Result<()> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.pieces.blocking_send(Ok(piece)).map_err(gone)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.put_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = self.gathered.split().freeze();
        self.send(piece)
    }
}

/// A maker that panics must not look like one that has finished.
impl Drop for Sink {
    fn drop(&mut self) {
        if !self.is_whole {
            self.fail(io::Error::other("making ended before its time"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that `make` writes.
    async fn gather(
        make: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Bytes> {
        let mut waiting = pieces(make);
        let mut all = BytesMut::new();
        while let Some(piece) = waiting.recv().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all.freeze())
    }

    #[tokio::test]
    async fn what_is_written_is_gathered() {
        let all = gather(|sink| {
            sink.write_all(b"a")?;
            sink.hand(Bytes::from(vec![b'b'; PIECE]))
        });
        let all = all.await.unwrap();
        assert_eq!((all.len(), all[0], all[PIECE]), (PIECE + 1, b'a', b'b'));
    }

    #[tokio::test]
    async fn what_has_a_head_is_preceded_by_its_length() {
        let all = gather(|sink| {
            sink.write_all(b"<")?;
            let head = |length: Option<usize>| Bytes::from(format!("{length:?}:"));
            sink.headed(head, &mut |sink| sink.write_all(b"abc"))?;
            sink.write_all(b">")
        });
        assert_eq!(all.await.unwrap(), "<Some(3):abc>");
    }

    #[tokio::test]
    async fn what_is_too_long_to_wait_for_goes_out_without_its_length() {
        let all = gather(|sink| {
            let head = |length: Option<usize>| Bytes::from(format!("{length:?}:"));
            sink.headed(head, &mut |sink| {
                sink.hand(Bytes::from(vec![b'b'; MAX_HELD + 1]))
            })
        });
        let all = all.await.unwrap();
        assert_eq!((&all[..5], all.len()), (&b"None:"[..], MAX_HELD + 6));
    }

    #[tokio::test]
    async fn an_error_and_a_panic_are_no_end() {
        let torn = gather(|sink| {
            sink.write_all(b"a")?;
            Err(io::Error::other("the disk is gone"))
        });
        assert_eq!(torn.await.unwrap_err().to_string(), "the disk is gone");
        let panicked = gather(|_| panic!("on purpose"));
        assert!(panicked.await.is_err());
    }
}
