//! One running server and one client of it, which can write whatever it wants.

use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::outcome::{Finding, Verdict};
use crate::transcript::Transcript;

use super::heard::{Log, excerpt};
use super::tamper::{Flow, Tamper};
use super::{Answer, Heard};

/// The revisions that begin with `initialize`, the oldest first.
pub const REVISIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The one that we ask for.
pub const LATEST: &str = REVISIONS[3];

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct Session {
    child: Child,
    wire: Arc<Wire>,
    reader: JoinHandle<()>,
    changed: watch::Receiver<()>,
    transcript: Transcript,
    patience: Duration,
    next: i64,
    seen: usize,
}

/// What both directions share.
#[derive(Debug)]
struct Wire {
    core: Mutex<Core>,
    input: mpsc::UnboundedSender<Input>,
    changes: watch::Sender<()>,
}

#[derive(Debug)]
struct Core {
    log: Log,
    tamper: Option<Tamper>,
    killed: bool,
}

#[derive(Debug)]
enum Input {
    Bytes(Vec<u8>),
    Close,
}

impl Wire {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Carries out what became of a piece of the conversation; whether there was room for it.
    fn carry(&self, flow: Flow) -> bool {
        let mut room = true;
        for bytes in flow.to_server {
            // A server that has ended hears nothing.
            let _ = self.input.send(Input::Bytes(bytes));
        }
        let mut core = self.core();
        for line in flow.to_client {
            room &= core.log.keep(line);
        }
        core.killed |= flow.kill;
        drop(core);
        self.changes.send_replace(());
        room
    }
}

impl Session {
    /// Starts a server. Nothing is said yet.
    ///
    /// # Errors
    /// A failure, if it cannot be run.
    pub fn start(
        mut command: Command,
        tamper: Option<Tamper>,
        transcript: Transcript,
        patience: Duration,
    ) -> Verdict<Self> {
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let mut child = command
            .spawn()
            .map_err(|error| Finding::fail(format!("cannot run {program}: {error}")))?;
        let (input, inputs) = mpsc::unbounded_channel();
        let (changes, changed) = watch::channel(());
        let wire = Arc::new(Wire {
            core: Mutex::new(Core {
                log: Log::default(),
                tamper,
                killed: false,
            }),
            input,
            changes,
        });
        if let Some(stdin) = child.stdin.take() {
            tokio::spawn(write(stdin, inputs));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(overhear(stderr, wire.clone()));
        }
        let stdout = child.stdout.take();
        let listening = wire.clone();
        let reader = tokio::spawn(async move {
            if let Some(stdout) = stdout {
                listen(stdout, &listening).await;
            }
            listening.core().log.ended = true;
            listening.changes.send_replace(());
        });
        Ok(Self {
            child,
            wire,
            reader,
            changed,
            transcript,
            patience,
            next: 1,
            seen: 0,
        })
    }

    /// The longest that an answer is waited for.
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// Says hello in the latest revision, and that it was heard.
    ///
    /// # Errors
    /// A failure, if the answer is no result.
    pub async fn greet(&mut self) -> Verdict<Value> {
        let answer = self.ask("initialize", hello(LATEST)).await?;
        let result = answer.result()?.clone();
        self.notify("notifications/initialized", json!({}));
        Ok(result)
    }

    /// Writes bytes at once, as they are.
    pub fn write(&self, bytes: &[u8]) {
        let flow = match &mut self.wire.core().tamper {
            Some(tamper) => tamper.up(bytes),
            None => Flow::up(bytes),
        };
        self.wire.carry(flow);
    }

    /// Writes a message on a line of its own.
    pub fn send(&self, message: &Value) {
        self.transcript
            .sent(excerpt(&message.to_string()), message.to_string());
        self.write(format!("{message}\n").as_bytes());
    }

    /// Sends a notification.
    pub fn notify(&self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request and gives its id.
    pub fn begin(&mut self, method: &str, params: Value) -> Value {
        let id = json!(self.next);
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// Sends a call of a tool and gives its id.
    pub fn begin_call(&mut self, tool: &str, arguments: &Map<String, Value>) -> Value {
        self.begin("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// A request and its answer.
    ///
    /// # Errors
    /// A failure, if none comes.
    pub async fn ask(&mut self, method: &str, params: Value) -> Verdict<Answer> {
        let id = self.begin(method, params);
        self.answer(&id).await
    }

    /// A call of a tool and its answer.
    ///
    /// # Errors
    /// A failure, if none comes.
    pub async fn call(&mut self, tool: &str, arguments: &Map<String, Value>) -> Verdict<Answer> {
        let id = self.begin_call(tool, arguments);
        self.answer(&id).await
    }

    /// The answer with this id.
    ///
    /// # Errors
    /// A failure, if the server ends before or takes too long.
    pub async fn answer(&mut self, id: &Value) -> Verdict<Answer> {
        self.answer_within(id, self.patience).await
    }

    /// The same with another limit.
    ///
    /// # Errors
    /// A failure, if the server ends before or takes too long.
    pub async fn answer_within(&mut self, id: &Value, limit: Duration) -> Verdict<Answer> {
        let found = tokio::time::timeout(limit, self.position(id)).await;
        match found {
            Ok(Some(position)) => {
                let message = self.wire.core().log.lines[position].message.clone();
                self.seen = self.seen.max(position + 1);
                let answer = Answer(message.unwrap_or_default());
                let ticket = self.transcript.sent(crate::transcript::WAIT, "");
                self.transcript
                    .got(ticket, answer.summary(), &excerpt(&answer.0.to_string()));
                Ok(answer)
            }
            Ok(None) => Err(Finding::fail(format!(
                "the server ended without an answer to request {id}{}",
                self.last_words()
            ))),
            Err(_) => Err(Finding::fail(format!(
                "no answer to request {id} within {} s",
                limit.as_secs_f32()
            ))),
        }
    }

    /// Where among the lines the answer with this id is; waits for it, and gives nothing if the server ends before.
    async fn position(&mut self, id: &Value) -> Option<usize> {
        loop {
            self.changed.borrow_and_update();
            let (found, ended) = {
                let core = self.wire.core();
                let mut lines = core.log.lines.iter();
                let found = lines.position(|line| line.answers() == Some(id));
                (found, core.log.ended || core.killed)
            };
            if found.is_some() || ended {
                return found;
            }
            if self.changed.changed().await.is_err() {
                return None;
            }
        }
    }

    /// Whether a request was answered, or nobody is there to answer it.
    pub fn is_over(&self, id: &Value) -> bool {
        let core = self.wire.core();
        let mut lines = core.log.lines.iter();
        core.log.ended || core.killed || lines.any(|line| line.answers() == Some(id))
    }

    /// The next line, of whatever kind.
    ///
    /// # Errors
    /// A failure, if none comes.
    pub async fn next_line(&mut self) -> Verdict<Heard> {
        self.next("a line", |_| true).await
    }

    /// The next line that is an answer, or no message at all.
    ///
    /// # Errors
    /// A failure, if none comes.
    pub async fn next_answer(&mut self) -> Verdict<Heard> {
        let likes = |line: &Heard| line.answers().is_some() || line.message.is_none();
        self.next("an answer", likes).await
    }

    async fn next(&mut self, what: &str, likes: impl Fn(&Heard) -> bool) -> Verdict<Heard> {
        let waiting = async {
            loop {
                self.changed.borrow_and_update();
                let (found, ended) = {
                    let core = self.wire.core();
                    let unread = core.log.lines.iter().enumerate().skip(self.seen);
                    let found = unread
                        .filter(|(_, line)| likes(line))
                        .map(|(at, line)| (at, line.clone()));
                    (found.take(1).next(), core.log.ended || core.killed)
                };
                if let Some((at, line)) = found {
                    self.seen = at + 1;
                    return Some(line);
                }
                if ended || self.changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        match tokio::time::timeout(self.patience, waiting).await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(Finding::fail(format!("the server ended without {what}"))),
            Err(_) => Err(Finding::fail(format!(
                "no {what} within {} s",
                self.patience.as_secs()
            ))),
        }
    }

    /// Every line so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.wire.core().log.lines.clone()
    }

    /// Sends something, and then a ping: what the server said before the answer to the ping, without that answer.
    ///
    /// # Errors
    /// A failure, if the ping is not answered.
    pub async fn said_before_ping(&mut self, bytes: &[u8]) -> Verdict<Vec<Heard>> {
        let before = self.wire.core().log.lines.len();
        let ticket = self
            .transcript
            .sent(excerpt(&String::from_utf8_lossy(bytes)), "");
        self.write(bytes);
        let id = self.begin("ping", json!({}));
        let pong = self.answer(&id).await?;
        pong.result()?;
        let mut news = self.wire.core().log.lines[before..].to_vec();
        news.retain(|line| line.answers() != Some(&id));
        let said = news.iter().map(Heard::excerpt).collect::<Vec<_>>();
        self.transcript.got(ticket, said.join(" "), "");
        Ok(news)
    }

    /// What came on standard error so far.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.wire.core().log.errors).into_owned()
    }

    fn last_words(&self) -> String {
        let errors = self.errors();
        let last = errors.lines().rev().find(|line| !line.trim().is_empty());
        last.map_or_else(String::new, |line| format!("; it said {:?}", excerpt(line)))
    }

    /// Closes the server's standard input.
    pub fn close(&self) {
        let passes = match &self.wire.core().tamper {
            Some(tamper) => tamper.passes_end(),
            None => true,
        };
        if passes {
            // A server that has ended does not need to be told.
            let _ = self.wire.input.send(Input::Close);
        }
    }

    /// Closes our end of the server's standard output.
    pub fn stop_listening(&self) {
        let passes = match &self.wire.core().tamper {
            Some(tamper) => tamper.passes_gone(),
            None => true,
        };
        if passes {
            self.reader.abort();
        }
    }

    /// Sends SIGTERM.
    ///
    /// # Errors
    /// The harness's own, if that cannot be done here.
    pub async fn terminate(&self) -> Verdict {
        let passes = match &self.wire.core().tamper {
            Some(tamper) => tamper.passes_signal(),
            None => true,
        };
        let Some(id) = self.child.id().filter(|_| passes) else {
            return Ok(());
        };
        let sent = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await;
        match sent {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Finding::error("cannot send SIGTERM")),
        }
    }

    /// How the server ends, if it does within the limit.
    ///
    /// # Errors
    /// The harness's own, if it cannot wait.
    pub async fn ended(&mut self, limit: Duration) -> Verdict<Option<ExitStatus>> {
        match tokio::time::timeout(limit, self.child.wait()).await {
            Ok(status) => status.map(Some).map_err(Finding::error),
            Err(_) => Ok(None),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// The parameters of `initialize`.
pub(crate) fn hello(revision: &str) -> Value {
    json!({
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "dicom-conformance", "version": env!("CARGO_PKG_VERSION")},
    })
}

async fn write(mut stdin: ChildStdin, mut inputs: mpsc::UnboundedReceiver<Input>) {
    while let Some(Input::Bytes(bytes)) = inputs.recv().await {
        if stdin.write_all(&bytes).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

async fn listen(stdout: impl tokio::io::AsyncRead + Unpin, wire: &Wire) {
    /// A longer line ends the conversation.
    const LONGEST: u64 = 128 << 20;
    let mut stdout = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let mut line = Vec::new();
        let read = (&mut stdout)
            .take(LONGEST)
            .read_until(b'\n', &mut line)
            .await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        let flow = match &mut wire.core().tamper {
            Some(tamper) => tamper.down(line),
            None => Flow::down(line),
        };
        if !wire.carry(flow) {
            return;
        }
    }
}

async fn overhear(mut stderr: impl tokio::io::AsyncRead + Unpin, wire: Arc<Wire>) {
    let mut chunk = vec![0; 1 << 16];
    while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
        wire.core().log.keep_error(&chunk[..count]);
    }
}
