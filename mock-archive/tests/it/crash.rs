//! The real binary, killed at any moment under load: what it acknowledged is there, and nothing else is half there.
//!
//! `ARCHIVE_KILLS=1000` kills more often, `ARCHIVE_SEED=7` at other moments.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dicom_wire::dimse::{self, Message, Priority, StoreRequest};
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::part10::FileMeta;
use dicom_wire::stow::StoreResponse;
use dicom_wire::uid::Uid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::binary::{FREE_PORTS, PROGRAM};
use crate::dimse::peer::{Answer, Peer, bytes_of, context, with_contexts};
use crate::support::client;

/// How many instances each client sends again and again.
const OWN: u64 = 20;
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.7";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// The same numbers for the same seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % end
    }
}

/// An instance and one of the contents that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    instance: u64,
    content: u64,
}

impl Version {
    fn uid(self) -> String {
        format!("2.25.7.{}", self.instance)
    }

    fn series(self) -> String {
        format!("2.25.8.{}", self.instance % 5)
    }

    fn study(self) -> String {
        format!("2.25.9.{}", self.instance % 3)
    }

    /// Some are held in memory while they arrive, some are not.
    fn data_set(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut element = |group: u16, element: u16, vr: &str, value: &str| {
            let mut value = value.as_bytes().to_vec();
            if value.len() % 2 == 1 {
                value.push(if vr == "UI" { 0 } else { b' ' });
            }
            bytes.extend(group.to_le_bytes());
            bytes.extend(element.to_le_bytes());
            bytes.extend(vr.as_bytes());
            bytes.extend((value.len() as u16).to_le_bytes());
            bytes.extend(value);
        };
        element(0x0008, 0x0016, "UI", CLASS);
        element(0x0008, 0x0018, "UI", &self.uid());
        element(0x0010, 0x0020, "LO", "CRASH");
        element(0x0020, 0x000D, "UI", &self.study());
        element(0x0020, 0x000E, "UI", &self.series());
        let mut chance = Chance(self.instance << 32 | self.content);
        let most = [2_000, 2_000, 40_000, 600_000][chance.below(4) as usize];
        let pixels = chance.below(most) / 8 * 8;
        bytes.extend(b"\xE0\x7F\x10\x00OB\0\0");
        bytes.extend((pixels as u32).to_le_bytes());
        let pattern = chance.below(u64::MAX).to_le_bytes();
        bytes.extend(pattern.repeat(pixels as usize / 8));
        bytes
    }

    fn file(self) -> Vec<u8> {
        let uid = |text: &str| Uid::parse(text).unwrap();
        let meta = FileMeta::new(uid(CLASS), uid(&self.uid()), uid(EXPLICIT));
        [meta.to_bytes(), self.data_set()].concat()
    }

    fn is(self, file: &[u8]) -> bool {
        file.ends_with(&self.data_set())
    }
}

/// What is known about an instance.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// What was acknowledged last; nothing if its deletion was, or if it never came.
    certain: Option<Version>,
    /// What was sent since then.
    possible: Option<Option<Version>>,
}

#[derive(Default)]
struct Model {
    instances: BTreeMap<u64, Known>,
    contents: u64,
}

impl Model {
    fn sent(&mut self, instance: u64, what: Option<Version>) {
        self.instances.entry(instance).or_default().possible = Some(what);
    }

    fn acknowledged(&mut self, instance: u64) {
        let known = self.instances.entry(instance).or_default();
        if let Some(what) = known.possible.take() {
            known.certain = what;
        }
    }

    fn refused(&mut self, instance: u64) {
        self.instances.entry(instance).or_default().possible = None;
    }

    fn another(&mut self, instance: u64) -> Version {
        self.contents += 1;
        let content = self.contents;
        let version = Version { instance, content };
        self.sent(instance, Some(version));
        version
    }
}

/// The binary, and the moment at which it is killed.
struct Victim {
    child: Mutex<Child>,
    web: String,
    dimse: String,
    control: String,
    sent: AtomicU64,
    dies_after: u64,
}

impl Victim {
    fn start(directory: &Path, dies_after: u64) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(FREE_PORTS)
            .args(["--empty", "--duplicates", "overwrite", "--allow-delete"])
            .arg("--storage")
            .arg(directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self {
            child: Mutex::new(child),
            web: text("dicomweb"),
            dimse: text("dimse"),
            control: text("control"),
            sent: AtomicU64::new(0),
            dies_after,
        }
    }

    /// Notes that bytes went to it, and kills it in the middle of them when it is time.
    fn sent(&self, bytes: usize) {
        let before = self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        if before < self.dies_after && before + bytes as u64 >= self.dies_after {
            self.kill();
        }
    }

    /// SIGKILL: nothing of the process runs after it.
    fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends bytes in small pieces; an error when the archive is gone.
async fn trickle(stream: &mut TcpStream, victim: &Victim, bytes: &[u8]) -> std::io::Result<()> {
    for piece in bytes.chunks(8 * 1024) {
        stream.write_all(piece).await?;
        victim.sent(piece.len());
    }
    Ok(())
}

/// One HTTP request on a connection of its own; status and body of a whole answer.
async fn ask(
    victim: &Victim,
    head: &str,
    path: &str,
    body: &[u8],
) -> std::io::Result<(u16, Vec<u8>)> {
    let address = victim.web.trim_start_matches("http://");
    let (address, base) = address.split_at(address.find('/').unwrap());
    let mut stream = TcpStream::connect(address).await?;
    let (method, headers) = head.split_once('\n').unwrap();
    let head = format!(
        "{method} {base}{path} HTTP/1.1\r\nHost: archive\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    trickle(&mut stream, victim, head.as_bytes()).await?;
    trickle(&mut stream, victim, body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let split = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(gone)?;
    let head = String::from_utf8_lossy(&answer[..split]).into_owned();
    let body = answer[split + 4..].to_vec();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    if length.is_some_and(|length| length != body.len()) {
        return Err(gone());
    }
    Ok((head[9..12].parse().unwrap(), body))
}

/// Stores, stores again and deletes over DICOMweb until the archive is gone.
async fn web_client(victim: Arc<Victim>, model: Arc<Mutex<Model>>, mut chance: Chance, own: u64) {
    loop {
        let done = if chance.below(5) == 0 {
            delete(&victim, &model, &mut chance, own).await
        } else {
            stow(&victim, &model, &mut chance, own).await
        };
        if done.is_err() {
            return;
        }
    }
}

async fn stow(
    victim: &Victim,
    model: &Mutex<Model>,
    chance: &mut Chance,
    own: u64,
) -> std::io::Result<()> {
    let chosen: BTreeSet<u64> = (0..=chance.below(OWN / 2))
        .map(|_| own + chance.below(OWN))
        .collect();
    let versions: Vec<Version> = {
        let mut model = model.lock().unwrap();
        chosen
            .iter()
            .map(|instance| model.another(*instance))
            .collect()
    };
    let mut writer = Writer::new(Boundary::seeded(chance.below(1_000)));
    let content_type = writer
        .boundary()
        .content_type("application/dicom")
        .to_string();
    let mut body = Vec::new();
    for version in &versions {
        body.extend(writer.part_head(&Headers::new().with("Content-Type", "application/dicom")));
        body.extend(version.file());
    }
    body.extend(writer.close());
    let head = format!("POST\nContent-Type: {content_type}\r\nAccept: application/dicom+json\r\n");
    let (status, body) = ask(victim, &head, "/studies", &body).await?;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let account = StoreResponse::from_json(&body).unwrap();
    assert_eq!(account.referenced.len(), versions.len());
    let mut model = model.lock().unwrap();
    chosen
        .iter()
        .for_each(|instance| model.acknowledged(*instance));
    Ok(())
}

async fn delete(
    victim: &Victim,
    model: &Mutex<Model>,
    chance: &mut Chance,
    own: u64,
) -> std::io::Result<()> {
    let instance = own + chance.below(OWN);
    model.lock().unwrap().sent(instance, None);
    let one = Version {
        instance,
        content: 0,
    };
    let path = format!(
        "/studies/{}/series/{}/instances/{}",
        one.study(),
        one.series(),
        one.uid()
    );
    let (status, body) = ask(victim, "DELETE\n", &path, b"").await?;
    assert!(
        matches!(status, 204 | 404),
        "{status} {}",
        String::from_utf8_lossy(&body)
    );
    model.lock().unwrap().acknowledged(instance);
    Ok(())
}

/// Stores over one association until the archive is gone.
async fn dimse_client(
    victim: Arc<Victim>,
    model: Arc<Mutex<Model>>,
    mut chance: Chance,
    own: u64,
) -> Option<()> {
    let stream = TcpStream::connect(&victim.dimse).await.ok()?;
    let mut peer = Peer::over(stream);
    let asked = with_contexts(vec![context(1, CLASS, &[EXPLICIT])]);
    peer.try_send(&bytes_of(asked)).await.ok()?;
    let Answer::Pdu(_) = peer.answer().await else {
        return None;
    };
    for number in 1.. {
        let instance = own + chance.below(OWN);
        let version = model.lock().unwrap().another(instance);
        let message = Message {
            context: 1,
            command: dimse::Command::from(StoreRequest {
                message_id: number,
                sop_class: Uid::parse(CLASS).unwrap(),
                sop_instance: Uid::parse(&version.uid()).unwrap(),
                priority: Priority::Medium,
                originator: None,
            }),
            data_set: Some(Bytes::from(version.data_set())),
        };
        for piece in message.to_pdus(16_384).chunks(8 * 1024) {
            peer.try_send(piece).await.ok()?;
            victim.sent(piece.len());
        }
        let (_, command, _) = peer.message_or_end().await.ok()?;
        let mut model = model.lock().unwrap();
        match command.status() {
            Some(dimse::Status::SUCCESS) => model.acknowledged(instance),
            _ => model.refused(instance),
        }
    }
    None
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Asks the archive that was started again; then what it holds is certain.
async fn prove(victim: &Victim, directory: &Path, model: &mut Model) {
    let stored = client()
        .get(format!("{}/stored", victim.control))
        .send()
        .await
        .unwrap();
    let stored: BTreeSet<String> = serde_json::from_slice(&stored.bytes().await.unwrap()).unwrap();
    let files = files(directory);
    let hidden = files
        .iter()
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "{files:?}");
    assert_eq!(files.len(), stored.len(), "{files:?}");

    let client = client();
    let mut listed = 0;
    for (instance, known) in &mut model.instances {
        let one = Version {
            instance: *instance,
            content: 0,
        };
        let path = format!(
            "/studies/{}/series/{}/instances/{}",
            one.study(),
            one.series(),
            one.uid()
        );
        let candidates = [Some(known.certain), known.possible];
        let mut candidates = candidates.into_iter().flatten();
        let there = if stored.contains(&one.uid()) {
            listed += 1;
            let answer = client
                .get(victim.web.clone() + &path)
                .header("Accept", "application/dicom; transfer-syntax=*")
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let file = answer.bytes().await.unwrap();
            let on_disk = std::fs::read(directory.join(format!(
                "{}/{}/{}.dcm",
                one.study(),
                one.series(),
                one.uid()
            )));
            assert!(on_disk.unwrap() == file, "{path}");
            candidates.flatten().find(|version| version.is(&file)).map_or_else(
                || panic!("{path} has neither what was acknowledged nor what was sent after it: {known:?}"),
                Some,
            )
        } else {
            assert!(
                candidates.any(|version| version.is_none()),
                "{path} is gone: {known:?}"
            );
            None
        };
        *known = Known {
            certain: there,
            possible: None,
        };
    }
    assert_eq!(listed, stored.len(), "something is there that nobody sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_killed_what_was_acknowledged_is_there_and_nothing_is_half_there() {
    let kills = from_environment("ARCHIVE_KILLS", 25);
    let seed = from_environment("ARCHIVE_SEED", 1);
    let directory = tempfile::tempdir().unwrap();
    let model = Arc::new(Mutex::new(Model::default()));
    let mut chance = Chance(seed);
    for _ in 0..kills {
        let victim = Arc::new(Victim::start(directory.path(), 1 + chance.below(1_500_000)));
        let mut known = std::mem::take(&mut *model.lock().unwrap());
        prove(&victim, directory.path(), &mut known).await;
        *model.lock().unwrap() = known;
        let mut clients = JoinSet::new();
        for own in [0, 1_000] {
            let chance = Chance(chance.below(u64::MAX));
            clients.spawn(web_client(victim.clone(), model.clone(), chance, own));
        }
        for own in [2_000, 3_000] {
            let chance = Chance(chance.below(u64::MAX));
            let storing = dimse_client(victim.clone(), model.clone(), chance, own);
            clients.spawn(async { storing.await.unwrap_or_default() });
        }
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
    }
    let victim = Victim::start(directory.path(), u64::MAX);
    let mut known = std::mem::take(&mut *model.lock().unwrap());
    prove(&victim, directory.path(), &mut known).await;
    let there = known
        .instances
        .values()
        .filter(|known| known.certain.is_some());
    assert!(
        there.count() > 20,
        "the archive was killed before it did anything"
    );
}
