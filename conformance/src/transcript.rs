//! What went over the wire during one check.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

/// The exchanges of one check, in order. Clones write into the same transcript.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    pages: Arc<Mutex<Pages>>,
}

#[derive(Debug, Default)]
struct Pages {
    exchanges: Vec<Exchange>,
    left: BTreeSet<String>,
    /// How long what is stored may be missing from searches.
    delay: Duration,
    /// A store whose answer has not come.
    is_storing: bool,
    /// When the last store was answered.
    stored: Option<Instant>,
}

/// One request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The request in one line, without host and port.
    pub sent: String,
    /// The answer in one line.
    pub got: String,
    /// Heads, and bodies up to a cap. Credentials are not in it.
    pub detail: String,
}

/// Stands for the request of an exchange in which the archive speaks again.
pub(crate) const WAIT: &str = "(wait)";

/// Position of an exchange, to complete it when the answer comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(usize);

impl Transcript {
    /// One whose archive declares that it shows what it stored only after so long.
    pub(crate) fn with_delay(delay: Duration) -> Self {
        let transcript = Self::default();
        transcript.lock().delay = delay;
        transcript
    }

    /// Waits until what was stored has to be there: the declared delay after the last store, not at all without one.
    pub(crate) async fn settled(&self) {
        let until = {
            let pages = self.lock();
            pages.stored.map(|stored| stored + pages.delay)
        };
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Notes a request; the answer may never come.
    pub(crate) fn sent(&self, line: impl Into<String>, detail: impl Into<String>) -> Ticket {
        let exchanges = &mut self.lock().exchanges;
        exchanges.push(Exchange {
            sent: line.into(),
            got: "nothing".into(),
            detail: detail.into(),
        });
        Ticket(exchanges.len() - 1)
    }

    /// Notes the answer to it.
    pub(crate) fn got(&self, ticket: Ticket, line: impl Into<String>, detail: &str) {
        let mut pages = self.lock();
        if pages.is_storing && !pages.delay.is_zero() {
            pages.stored = Some(Instant::now());
            pages.is_storing = false;
        }
        if let Some(exchange) = pages.exchanges.get_mut(ticket.0) {
            exchange.got = line.into();
            exchange.detail.push('\n');
            exchange.detail.push_str(detail);
        }
    }

    /// All exchanges so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.clone()
    }

    /// The last request, for the case that nothing came of it.
    pub(crate) fn last_request(&self) -> Option<String> {
        let pages = self.lock();
        let requests = pages.exchanges.iter().rev();
        requests
            .map(|exchange| exchange.sent.clone())
            .find(|sent| sent != WAIT)
    }

    /// Notes that a study was sent to the archive and may be there from now on.
    pub(crate) fn leave(&self, study: &str) {
        let mut pages = self.lock();
        pages.left.insert(study.into());
        pages.is_storing = true;
    }

    /// The studies that were sent, in order.
    pub fn left(&self) -> Vec<String> {
        self.lock().left.iter().cloned().collect()
    }

    /// The whole as text, for a file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (n, exchange) in self.lock().exchanges.iter().enumerate() {
            let Exchange { sent, got, detail } = exchange;
            let _ = write!(
                text,
                "#{} {sent}\n   -> {got}\n\n{}\n\n",
                n + 1,
                detail.trim_end()
            );
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The beginning of a body as text, and how much there is of it.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    const CAP: usize = 2048;
    let head = &bytes[..bytes.len().min(CAP)];
    let printable = |byte: &u8| matches!(byte, b'\r' | b'\n' | b'\t' | 0x20..=0x7E | 0x80..);
    if std::str::from_utf8(head).is_ok() && head.iter().all(printable) || head.is_empty() {
        let dots = if bytes.len() > CAP { "..." } else { "" };
        return format!("{}{dots}", String::from_utf8_lossy(head));
    }
    let hex: Vec<_> = head
        .iter()
        .take(64)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("{} ... ({} bytes)", hex.join(" "), bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_an_answer_is_in_the_transcript() {
        let transcript = Transcript::default();
        let ticket = transcript.sent("GET /studies", "GET /studies HTTP/1.1");
        transcript.sent("GET /series", "GET /series HTTP/1.1");
        transcript.got(ticket, "200, 2 bytes", "[]");

        let lines: Vec<_> = transcript
            .exchanges()
            .into_iter()
            .map(|e| (e.sent, e.got))
            .collect();
        assert_eq!(
            lines,
            [
                ("GET /studies".to_owned(), "200, 2 bytes".to_owned()),
                ("GET /series".to_owned(), "nothing".to_owned())
            ]
        );
    }

    #[test]
    fn an_excerpt_of_bytes_is_hex_and_of_text_is_text() {
        assert_eq!(excerpt(b"[]"), "[]");
        assert_eq!(excerpt(&[0, 0xFF]), "00 FF ... (2 bytes)");
        assert!(excerpt(&[b'a'; 5000]).ends_with("..."));
    }
}
