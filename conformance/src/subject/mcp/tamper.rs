//! What can be put between a right server and the harness to make it look like a wrong one: the proof of the MCP checks.
//!
//! A fault sees what passes in both directions, and changes, drops or adds to it. It knows nothing of the server, so it works over any.

mod answers;
mod requests;

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Declares [`Fault`]: one line each with its name and what it does.
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident = $name:literal;)+) => {
        /// Something wrong that a server can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $fault,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$fault,)+];

            /// As it is called.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)+ }
            }
        }
    };
}

faults! {
    /// A log line goes to standard output.
    PrintlnLog = "mcp.println-log";
    /// Messages are printed over several lines.
    PrettyJson = "mcp.pretty-json";
    /// Text goes out as ISO 8859-1, question marks for the rest.
    Latin1 = "mcp.latin1";
    /// What one read brings is taken for one message.
    ChunkIsMessage = "mcp.chunk-is-message";
    /// Lines are cut after 64 KiB.
    Truncate64k = "mcp.truncate-64k";
    /// The end of the input is not noticed.
    IgnoresEof = "mcp.ignores-eof";
    /// SIGTERM is not noticed.
    IgnoresSigterm = "mcp.ignores-sigterm";
    /// A client that reads no more is not noticed.
    EpipeLoop = "mcp.epipe-loop";
    /// A line that is no JSON ends the server.
    DiesOnParseError = "mcp.dies-on-parse-error";
    /// A request whose id is null is answered with a result.
    AcceptsNullId = "mcp.accepts-null-id";
    /// An unknown method has an empty result.
    UnknownMethodResult = "mcp.unknown-method-result";
    /// Notifications are answered.
    AnswersNotification = "mcp.answers-notification";
    /// Ids come back as text.
    StringifiesId = "mcp.stringifies-id";
    /// Codes of errors are text.
    StringCode = "mcp.string-code";
    /// Of calls at the same time two get each other's answer.
    SwapsIds = "mcp.swaps-ids";
    /// Tools are listed before `initialize`.
    ServesBeforeInit = "mcp.serves-before-init";
    /// A ping before `initialize` is an error.
    PingBeforeInitError = "mcp.ping-before-init-error";
    /// The server does not say who it is.
    NoServerInfo = "mcp.no-server-info";
    /// A revision that is supported is answered with the one before it.
    FixedVersion = "mcp.fixed-version";
    /// Any revision is said to be supported.
    EchoesAnyVersion = "mcp.echoes-any-version";
    /// `initialize` is answered although it does not say who asks.
    InitUnvalidated = "mcp.init-unvalidated";
    /// A second `initialize` makes the server forget the first.
    ReinitResets = "mcp.reinit-resets";
    /// Resources are declared and not there.
    DeclaresResources = "mcp.declares-resources";
    /// Nothing is answered while a tool runs.
    BlockingLoop = "mcp.blocking-loop";
    /// A tool has no input schema.
    SchemaNull = "mcp.schema-null";
    /// A tool's name has a blank.
    NameWithSpace = "mcp.name-with-space";
    /// Tools come in another order each time.
    HashOrder = "mcp.hash-order";
    /// A cursor that was never given is overlooked.
    CursorIgnored = "mcp.cursor-ignored";
    /// A tool that is not there has a result.
    UnknownToolOk = "mcp.unknown-tool-ok";
    /// A call that is none has a result.
    MalformedOk = "mcp.malformed-ok";
    /// The archive is asked before the arguments are looked at.
    ValidatesAfterCall = "mcp.validates-after-call";
    /// What failed is told as a success.
    ErrorAsSuccess = "mcp.error-as-success";
    /// What was done in part is told as done.
    PartialAsOk = "mcp.partial-as-ok";
    /// Structured content lacks a field that its schema demands.
    StructuredMissesField = "mcp.structured-misses-field";
    /// The text says something else than the structured content.
    TextDiffers = "mcp.text-differs";
    /// A picture is labelled as another format.
    MimeLies = "mcp.mime-lies";
    /// A tool that is said to read writes.
    ReadonlyLies = "mcp.readonly-lies";
    /// A cancellation is overlooked.
    CancelIgnored = "mcp.cancel-ignored";
    /// A cancellation of what is not running is answered.
    CancelUnknownError = "mcp.cancel-unknown-error";
    /// Progress is told to those who did not ask.
    ProgressUnasked = "mcp.progress-unasked";
    /// Progress is told after the result.
    ProgressAfterResult = "mcp.progress-after-result";
    /// Log messages come from a server that has not declared logging.
    LogUndeclared = "mcp.log-undeclared";
    /// The archive's token is logged.
    LogsToken = "mcp.logs-token";
    /// A call that fails is never answered.
    NoTimeout = "mcp.no-timeout";
    /// A request of a later revision ends the server.
    DiscoverCrash = "mcp.discover-crash";
    /// A call without a greeting is not answered.
    StatelessSilent = "mcp.stateless-silent";
    /// Every search says that it found nothing.
    NoneFound = "mcp.none-found";
    /// No results, whatever is asked: a server that never asks an archive.
    EverythingIsFine = "mcp.everything-is-fine";
    /// Every call is answered as a failure: a server that never asks an archive.
    EverythingFails = "mcp.everything-fails";
    /// An ideographic name loses what is not ASCII.
    NamesAscii = "mcp.names-ascii";
    /// No match is an error.
    NoneIsError = "mcp.none-is-error";
}

impl Fault {
    /// The fault with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

/// What becomes of a piece of the conversation.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Goes on to the server.
    pub(super) to_server: Vec<Vec<u8>>,
    /// Lines that go on to the client.
    pub(super) to_client: Vec<Vec<u8>>,
    /// Whether the server is as good as dead from now on.
    pub(super) kill: bool,
}

impl Flow {
    pub(super) fn up(bytes: &[u8]) -> Self {
        Self {
            to_server: vec![bytes.to_vec()],
            ..Self::default()
        }
    }

    pub(super) fn down(line: Vec<u8>) -> Self {
        Self {
            to_client: vec![line],
            ..Self::default()
        }
    }

    fn reply(message: &Value) -> Self {
        Self::down(message.to_string().into_bytes())
    }
}

/// A fault at work in one session.
#[derive(Debug)]
pub struct Tamper {
    fault: Fault,
    /// Requests that are not answered yet, by their ids as text.
    open: BTreeMap<String, Value>,
    /// Calls that came while another one ran.
    waiting: Vec<Vec<u8>>,
    /// Answers that are held back.
    held: Option<Value>,
    /// Whether the server was greeted, and how often.
    greeted: u32,
    /// How many lists of tools went out.
    lists: usize,
    dead: bool,
    extra: Extra,
}

/// What faults send of themselves.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Parameters of a call that only reads.
    pub read: Value,
    /// Parameters of a call that writes.
    pub write: Value,
    /// The archive's token.
    pub secret: String,
    /// The tools that move and store.
    pub writers: Vec<String>,
    /// The tool that finds studies.
    pub finder: String,
}

impl Tamper {
    /// A fault, and what it may need.
    pub fn new(fault: Fault, extra: Extra) -> Self {
        Self {
            fault,
            open: BTreeMap::new(),
            waiting: Vec::new(),
            held: None,
            greeted: 0,
            lists: 0,
            dead: false,
            extra,
        }
    }

    /// What becomes of bytes on their way to the server.
    pub(super) fn up(&mut self, bytes: &[u8]) -> Flow {
        if self.dead {
            return Flow::default();
        }
        if self.fault == Fault::ChunkIsMessage {
            let newlines = bytes.iter().filter(|&&byte| byte == b'\n').count();
            if newlines != 1 || bytes.last() != Some(&b'\n') {
                return Flow::default();
            }
        }
        let whole = bytes.last() == Some(&b'\n');
        let message = serde_json::from_slice::<Value>(bytes);
        if self.fault == Fault::DiesOnParseError && whole && message.is_err() {
            self.dead = true;
            return Flow {
                kill: true,
                ..Flow::default()
            };
        }
        match message {
            Ok(message) if message.is_object() => self.request(&message, bytes),
            _ => Flow::up(bytes),
        }
    }

    /// What becomes of a line of the server.
    pub(super) fn down(&mut self, line: Vec<u8>) -> Flow {
        if self.dead {
            return Flow::default();
        }
        match serde_json::from_slice::<Value>(&line) {
            Ok(message) if message.is_object() => self.answer(message, line),
            _ => Flow::down(line),
        }
    }

    /// Whether the server learns that its input has ended.
    pub(super) fn passes_end(&self) -> bool {
        self.fault != Fault::IgnoresEof
    }

    /// Whether the server learns that nobody reads.
    pub(super) fn passes_gone(&self) -> bool {
        self.fault != Fault::EpipeLoop
    }

    /// Whether a signal reaches the server.
    pub(super) fn passes_signal(&self) -> bool {
        self.fault != Fault::IgnoresSigterm
    }
}

/// A request of the fault's own; its answer is dropped.
fn own(params: &Value) -> Vec<u8> {
    let call = json!({"jsonrpc": "2.0", "id": OWN, "method": "tools/call", "params": params});
    format!("{call}\n").into_bytes()
}

/// The id of requests of a fault's own.
const OWN: &str = "a fault's own";

#[cfg(test)]
mod tests {
    use super::*;

    fn tamper(fault: Fault) -> Tamper {
        Tamper::new(fault, Extra::default())
    }

    #[test]
    fn names_are_found_again() {
        for &fault in Fault::ALL {
            assert_eq!(Fault::find(fault.name()), Some(fault));
        }
        assert_eq!(Fault::find("mcp.no-such"), None);
    }

    #[test]
    fn a_fault_touches_only_what_it_is_about() {
        let line = br#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_vec();
        for &fault in Fault::ALL {
            if matches!(fault, Fault::PrettyJson | Fault::StringifiesId) {
                continue;
            }
            let mut tamper = tamper(fault);
            tamper.up(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}\n");
            let flow = tamper.down(line.clone());
            assert_eq!(flow.to_client, std::slice::from_ref(&line), "{fault:?}");
        }
    }

    #[test]
    fn an_id_becomes_text() {
        let flow =
            tamper(Fault::StringifiesId).down(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_vec());
        let message: Value = serde_json::from_slice(&flow.to_client[0]).unwrap();
        assert_eq!(message["id"], "1");
    }

    #[test]
    fn calls_wait_for_each_other_where_the_loop_blocks() {
        let mut tamper = tamper(Fault::BlockingLoop);
        let call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{}}\n";
        assert_eq!(tamper.up(call.as_bytes()).to_server.len(), 1);
        let ping = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n";
        assert!(tamper.up(ping.as_bytes()).to_server.is_empty());
        let flow = tamper.down(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_vec());
        assert_eq!((flow.to_client.len(), flow.to_server.len()), (1, 1));
    }
}
