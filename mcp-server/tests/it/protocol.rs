//! The protocol beyond tools: resources, prompts, completions, progress, cancellation, logging, HTTP.

use std::time::Duration;

use dicom_fixtures::{Study, ct};
use dicom_mcp_server::config::{Config, Store};
use dicom_mcp_server::http::{self, Door};
use dicom_mcp_server::server::Server;
use dicom_mcp_server::tools::Session;
use dicom_mock_archive::MockArchive;
use dicom_wire::ae::AeTitle;
use serde_json::{Value as Json, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};

/// A client that writes each message itself.
pub(crate) struct Raw {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    output: WriteHalf<DuplexStream>,
    /// Notifications and requests that came between answers.
    between: Vec<Json>,
}

impl Raw {
    pub(crate) async fn of(config: Config, capabilities: Json) -> Self {
        let server = Server::new(Session::new(config).unwrap());
        let (here, there) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move {
            let (input, output) = tokio::io::split(there);
            dicom_mcp_server::stdio::serve(server, input, output)
                .await
                .unwrap();
        });
        let (input, output) = tokio::io::split(here);
        let mut raw = Self {
            lines: BufReader::new(input).lines(),
            output,
            between: Vec::new(),
        };
        raw.tell(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": {"name": "test", "version": "1"}
        }})).await;
        let hello = raw.answer(0).await;
        assert_eq!(hello["result"]["protocolVersion"], "2025-06-18", "{hello}");
        raw.tell(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        raw
    }

    pub(crate) async fn tell(&mut self, message: Json) {
        self.output
            .write_all(format!("{message}\n").as_bytes())
            .await
            .unwrap();
    }

    async fn next(&mut self) -> Json {
        let line = tokio::time::timeout(Duration::from_secs(20), self.lines.next_line())
            .await
            .unwrap();
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    }

    pub(crate) async fn answer(&mut self, id: u64) -> Json {
        loop {
            let message = self.next().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.between.push(message);
        }
    }

    pub(crate) async fn ask(&mut self, id: u64, method: &str, params: Json) -> Json {
        self.tell(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .await;
        self.answer(id).await
    }
}

fn study() -> Study {
    ct("chest").size(16).slices(3)
}

#[tokio::test]
async fn studies_are_resources_and_frames_are_pictures() {
    let archive = MockArchive::start().await;
    for seed in 0..60 {
        archive
            .load(&ct("chest").size(16).slices(1).seed(seed))
            .unwrap();
    }
    let study = ct("chest").size(16).slices(1).seed(5);
    let image = &study.instances()[0];
    let mut raw = Raw::of(Config::for_host(&archive.web_url()).unwrap(), json!({})).await;
    let templates = raw.ask(1, "resources/templates/list", json!({})).await;
    assert_eq!(
        templates["result"]["resourceTemplates"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let first = raw.ask(2, "resources/list", json!({})).await;
    assert_eq!(first["result"]["resources"].as_array().unwrap().len(), 50);
    let cursor = first["result"]["nextCursor"].clone();
    let second = raw
        .ask(3, "resources/list", json!({"cursor": cursor}))
        .await;
    assert_eq!(second["result"]["resources"].as_array().unwrap().len(), 10);
    assert!(second["result"].get("nextCursor").is_none());
    let lost = raw.ask(4, "resources/list", json!({"cursor": "x"})).await;
    assert_eq!(lost["error"]["code"], -32602);

    let base = format!("dicom://default/studies/{}", image.study);
    let read = raw.ask(5, "resources/read", json!({"uri": base})).await;
    assert!(
        read["result"]["contents"][0]["text"]
            .as_str()
            .unwrap()
            .contains("Series"),
        "{read}"
    );
    let below = format!(
        "{base}/series/{}/instances/{}",
        image.series, image.sop_instance
    );
    let read = raw.ask(6, "resources/read", json!({"uri": below})).await;
    assert!(
        read["result"]["contents"][0]["text"]
            .as_str()
            .unwrap()
            .contains("PatientName"),
        "{read}"
    );
    let read = raw
        .ask(
            7,
            "resources/read",
            json!({"uri": format!("{below}/frames/1")}),
        )
        .await;
    assert_eq!(read["result"]["contents"][0]["mimeType"], "image/jpeg");
    assert!(
        read["result"]["contents"][0]["blob"]
            .as_str()
            .unwrap()
            .starts_with("/9j/")
    );
    for (id, uri) in [
        (8, format!("{below}/frames/0")),
        (9, "dicom://default/patients/1".into()),
        (10, "file:///etc/passwd".into()),
    ] {
        let read = raw.ask(id, "resources/read", json!({"uri": uri})).await;
        assert_eq!(read["error"]["code"], -32002, "{read}");
    }
    let read = raw
        .ask(
            11,
            "resources/read",
            json!({"uri": "dicom://default/studies/1.2.3"}),
        )
        .await;
    assert!(
        read["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no study 1.2.3"),
        "{read}"
    );
}

#[tokio::test]
async fn prompts_are_filled_and_arguments_completed() {
    let archive = MockArchive::start().await;
    let mut raw = Raw::of(Config::for_host(&archive.web_url()).unwrap(), json!({})).await;
    let prompts = raw.ask(1, "prompts/list", json!({})).await;
    assert_eq!(prompts["result"]["prompts"].as_array().unwrap().len(), 3);
    let prompt = raw
        .ask(
            2,
            "prompts/get",
            json!({"name": "summarise-study", "arguments": {"studyInstanceUid": "1.2.3"}}),
        )
        .await;
    assert!(
        prompt["result"]["messages"][0]["content"]["text"]
            .as_str()
            .unwrap()
            .contains("1.2.3"),
        "{prompt}"
    );
    let missing = raw
        .ask(3, "prompts/get", json!({"name": "summarise-study"}))
        .await;
    assert_eq!(missing["error"]["code"], -32602);
    for (id, argument, written, first) in [
        (4, "archive", "d", "default"),
        (5, "preset", "lu", "lung"),
        (6, "modality", "c", "CR"),
        (7, "attribute", "patientna", "PatientName"),
    ] {
        let completed = raw.ask(id, "completion/complete", json!({
            "ref": {"type": "ref/prompt", "name": "summarise-study"}, "argument": {"name": argument, "value": written}
        })).await;
        assert_eq!(
            completed["result"]["completion"]["values"][0], first,
            "{completed}"
        );
    }
}

#[tokio::test]
async fn progress_is_told_and_a_person_who_says_no_is_obeyed() {
    let destination = MockArchive::start().await;
    let title = AeTitle::parse("ELSEWHERE").unwrap();
    let archive = MockArchive::builder()
        .destination(title.clone(), destination.dimse_addr())
        .start()
        .await
        .unwrap();
    let study = study();
    archive.load(&study).unwrap();
    let mut config = Config::for_dimse(
        &archive.dimse_addr().to_string(),
        archive.ae_title().as_str(),
    )
    .unwrap();
    config.permissions.move_to = vec![title];
    let mut raw = Raw::of(config, json!({"elicitation": {}})).await;
    let call = json!({
        "name": "move-study",
        "arguments": {"studyInstanceUid": study.study_uid(), "destination": "ELSEWHERE"},
        "_meta": {"progressToken": "p"}
    });
    for (id, action) in [(1, "decline"), (2, "accept")] {
        raw.tell(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call}))
            .await;
        let asked = raw.next().await;
        assert_eq!(asked["method"], "elicitation/create", "{asked}");
        raw.tell(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": action, "content": {}}})).await;
        let answer = raw.answer(id).await;
        assert_eq!(answer["result"]["isError"], action == "decline", "{answer}");
        assert_eq!(
            destination.stored().len(),
            if action == "decline" { 0 } else { 3 }
        );
    }
    let progress: Vec<f64> = raw
        .between
        .iter()
        .filter(|message| message["method"] == "notifications/progress")
        .map(|message| message["params"]["progress"].as_f64().unwrap())
        .collect();
    assert!(!progress.is_empty() && progress.is_sorted(), "{progress:?}");
}

#[tokio::test]
async fn files_come_from_the_roots_of_the_client_and_from_nowhere_else() {
    let archive = MockArchive::start().await;
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&root, &other] {
        for instance in study().instances() {
            std::fs::write(
                folder.path().join(format!("{}.dcm", instance.sop_instance)),
                &instance.bytes,
            )
            .unwrap();
        }
    }
    let mut config = Config::for_host(&archive.web_url()).unwrap();
    config.permissions.store = Store::On;
    let mut raw = Raw::of(config, json!({"roots": {}})).await;
    for (id, folder, right) in [(1, &other, false), (2, &root, true)] {
        raw.tell(
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
                "name": "store-instances", "arguments": {"paths": [folder.path()]}
            }}),
        )
        .await;
        let asked = raw.next().await;
        assert_eq!(asked["method"], "roots/list", "{asked}");
        let uri = format!("file://{}", root.path().display());
        raw.tell(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": [{"uri": uri}]}}))
            .await;
        let answer = raw.answer(id).await;
        assert_eq!(answer["result"]["isError"], !right, "{answer}");
        assert_eq!(archive.stored().len(), if right { 3 } else { 0 });
    }
}

#[tokio::test]
async fn a_client_hears_the_levels_that_it_set() {
    let archive = MockArchive::start().await;
    let mut raw = Raw::of(Config::for_host(&archive.web_url()).unwrap(), json!({})).await;
    raw.ask(
        1,
        "tools/call",
        json!({"name": "find-studies", "arguments": {}}),
    )
    .await;
    assert!(raw.between.is_empty(), "{:?}", raw.between);
    raw.ask(2, "logging/setLevel", json!({"level": "info"}))
        .await;
    raw.ask(
        3,
        "tools/call",
        json!({"name": "find-studies", "arguments": {"query": "PatientName=CANARY"}}),
    )
    .await;
    let logged: Vec<&Json> = raw
        .between
        .iter()
        .filter(|message| message["method"] == "notifications/message")
        .collect();
    assert_eq!(logged.len(), 1, "{:?}", raw.between);
    assert!(!logged[0].to_string().contains("CANARY"), "{logged:?}");
    raw.between.clear();
    raw.ask(4, "logging/setLevel", json!({"level": "error"}))
        .await;
    raw.ask(
        5,
        "tools/call",
        json!({"name": "find-studies", "arguments": {}}),
    )
    .await;
    assert!(raw.between.is_empty(), "{:?}", raw.between);
}

async fn post(address: &str, headers: &[(&str, &str)], message: Json) -> (u16, String) {
    let mut request = reqwest::Client::builder()
        .tls_backend_preconfigured(
            rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(
                rustls::crypto::ring::default_provider(),
            ))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth(),
        )
        .build()
        .unwrap()
        .post(address)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(message.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn over_http(archive: &MockArchive, token: Option<&str>) -> String {
    let session = Session::new(Config::for_host(&archive.web_url()).unwrap()).unwrap();
    let door = Door {
        listen: "127.0.0.1:0".parse().unwrap(),
        origins: vec!["https://app.example.com:443".into()],
        token: token.map(str::to_owned),
    };
    let open = http::open(Server::new(session), door).await.unwrap();
    let address = format!("http://{}/mcp", open.address());
    tokio::spawn(open.serve());
    address
}

#[tokio::test]
async fn each_request_over_http_stands_for_itself_whichever_process_it_meets() {
    let archive = MockArchive::start().await;
    archive.load(&study()).unwrap();
    // Two processes behind a balancer that sends every second request to the other.
    let doors = [
        over_http(&archive, None).await,
        over_http(&archive, None).await,
    ];
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}
    }});
    let (status, body) = post(&doors[0], &[], hello).await;
    assert!(
        status == 200 && body.contains("dicom-mcp-server"),
        "{status} {body}"
    );
    for n in 0..8 {
        let call = json!({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": "find-studies", "arguments": {}}});
        let (status, body) = post(
            &doors[n % 2],
            &[("mcp-protocol-version", "2025-06-18")],
            call,
        )
        .await;
        assert!(
            status == 200 && body.contains("\"returned\":1"),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn strangers_do_not_come_in_over_http() {
    let archive = MockArchive::start().await;
    let address = over_http(&archive, Some("right")).await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let version = ("mcp-protocol-version", "2025-06-18");
    let (status, _) = post(&address, &[version], list.clone()).await;
    assert_eq!(status, 401);
    let (status, _) = post(
        &address,
        &[version, ("authorization", "Bearer wrong")],
        list.clone(),
    )
    .await;
    assert_eq!(status, 401);
    let right = ("authorization", "Bearer right");
    let (status, body) = post(&address, &[version, right], list.clone()).await;
    assert_eq!(status, 200, "{body}");
    let (status, _) = post(
        &address,
        &[version, right, ("origin", "https://evil.example.com")],
        list.clone(),
    )
    .await;
    assert_eq!(status, 403);
    let (status, body) = post(
        &address,
        &[version, right, ("origin", "https://app.example.com")],
        list.clone(),
    )
    .await;
    assert_eq!(status, 200, "{body}");
    let own = address.trim_end_matches("/mcp");
    let (status, body) = post(&address, &[version, right, ("origin", own)], list.clone()).await;
    assert_eq!(status, 200, "{body}");
    let other_port = ("origin", "http://127.0.0.1:1");
    let (status, _) = post(&address, &[version, right, other_port], list.clone()).await;
    assert_eq!(status, 403);
    let (status, _) = post(
        &address,
        &[version, right, ("host", "evil.example.com")],
        list,
    )
    .await;
    assert_eq!(status, 403);

    let session = Session::new(Config::for_host(&archive.web_url()).unwrap()).unwrap();
    let door = Door {
        listen: "0.0.0.0:0".parse().unwrap(),
        origins: Vec::new(),
        token: None,
    };
    let refused = http::open(Server::new(session), door).await.unwrap_err();
    assert!(refused.to_string().contains("DICOM_MCP_TOKEN"), "{refused}");
}
