//! The program itself: what goes in and comes out, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dicom-mcp-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DICOM")) {
        command.env_remove(name);
    }
    command
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir();
        let mut child = command()
            .args(arguments)
            .current_dir(folder)
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        // Read on, so that a full pipe never stops the program.
        let mut errors = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
        });
        let mut process = Self {
            child,
            input,
            output,
        };
        let hello = process.ask("initialize", json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}
        }));
        assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
        assert_eq!(hello["result"]["serverInfo"]["name"], "dicom-mcp-server");
        process.tell(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        process
    }

    fn tell(&mut self, message: Json) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{message}").unwrap();
        input.flush().unwrap();
    }

    fn ask(&mut self, method: &str, params: Json) -> Json {
        self.tell(json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params}));
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Json =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(answer["id"], method);
        answer
    }

    /// Closes the input and waits for the end; every further line has to be a message.
    fn end(mut self) -> Duration {
        let started = Instant::now();
        drop(self.input.take());
        let status = self.child.wait().unwrap();
        let took = started.elapsed();
        assert!(status.success(), "{status}");
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        for line in rest.lines() {
            serde_json::from_str::<Json>(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        }
        took
    }
}

#[test]
fn the_demo_answers_over_stdio_and_ends_with_its_input() {
    let mut process = Process::start(&["--demo"]);
    let list = process.ask("tools/list", json!({}));
    assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 22);
    let found = process.ask(
        "tools/call",
        json!({"name": "find-studies", "arguments": {"query": "limit=2"}}),
    );
    assert_eq!(found["result"]["isError"], false, "{found:#}");
    assert_eq!(
        found["result"]["structuredContent"]["returned"], 2,
        "{found:#}"
    );
    let refused = process.ask(
        "tools/call",
        json!({"name": "find-studies", "arguments": {"query": "PaitentName=X"}}),
    );
    assert_eq!(refused["result"]["isError"], true, "{refused:#}");
    let unknown = process.ask("no/such", json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    assert!(process.end() < Duration::from_secs(2));
}

#[test]
fn input_that_ends_during_a_call_ends_the_program() {
    // An archive that accepts and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}/dicomweb", silent.local_addr().unwrap());
    let mut process = Process::start(&["--dicomweb-host", &host]);
    process.tell(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find-studies", "arguments": {}}}));
    let pong = process.ask("ping", json!({}));
    assert_eq!(pong["result"], json!({}));
    let took = process.end();
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn nothing_configured_is_said_and_exits_2() {
    let folder = tempfile::tempdir().unwrap();
    let output = command().current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("set DICOMWEB_HOST") && said.contains("--demo"),
        "{said}"
    );
}

#[test]
fn a_setting_that_cannot_be_is_named_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "DICOMWEB_HOST=ftp://reader:canary-secret@host/\n",
    )
    .unwrap();
    let output = command().current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("DICOMWEB_HOST") && !said.contains("canary"),
        "{said}"
    );
}

#[test]
fn the_tools_can_be_printed() {
    let output = command().args(["tools", "--json"]).output().unwrap();
    let tools: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(tools.as_array().unwrap().len(), 22);
}
