//! Servers that answer without being an archive.

use std::sync::Arc;

use dicom_conformance::target::{Claims, DimseTarget, Target};
use dicom_ul::association::server::ServerAssociationOptions;
use dicom_ul::pdu::Pdu;
use dicom_wire::dimse::{
    Collector, Command, EchoResponse, FindResponse, Message, Outcome, RetrieveResponse, Status,
    StoreResponse, SubOperations,
    pdv::{Kind, Pdv, Place},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// What a web liar answers to a request: method, content type of the request, body.
pub(crate) type Answer = fn(&Request) -> Option<Response>;

/// A request as far as a liar looks at it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// An answer; `None` in its place is to say nothing at all.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Option<Self> {
        Some(Self {
            status,
            content_type: content_type.into(),
            body: body.into(),
        })
    }
}

/// What a DIMSE liar does with an association.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Accepts everything and answers success to everything.
    Agree,
    /// Accepts and aborts at the first message.
    Abort,
    /// Reads and says nothing.
    Silence,
}

/// A running liar; dropping it ends it.
pub(crate) struct Liar {
    pub(crate) target: Target,
    _tasks: JoinSet<()>,
}

impl Liar {
    pub(crate) async fn start(answer: Answer, manner: Manner) -> Self {
        let mut tasks = JoinSet::new();
        let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dimse = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target {
            web: Some(Url::parse(&format!("http://{}/web", web.local_addr().unwrap())).unwrap()),
            dimse: Some(DimseTarget {
                address: dimse.local_addr().unwrap().to_string(),
                called: "LIAR".into(),
                calling: "CONFORMANCE".into(),
            }),
            destination: Some(Arc::new(
                dicom_conformance::probe::scp::StorageScp::listen(
                    "CONF_SCP",
                    "127.0.0.1:0".parse().unwrap(),
                )
                .await
                .unwrap(),
            )),
            claims: Claims::new(),
            statement: None,
            arguments: "--web http://liar.example/web".into(),
            program: None,
        };
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = web.accept().await.unwrap();
                connections.spawn(http(socket, answer));
            }
        });
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = dimse.accept().await.unwrap();
                connections.spawn(associate(socket, manner));
            }
        });
        Self {
            target,
            _tasks: tasks,
        }
    }
}

async fn http(mut socket: TcpStream, answer: Answer) {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let header = |name: &str| {
        let line = head
            .lines()
            .find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let length = header("content-length").map_or(0, |text| text.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let request = Request {
        method: head.split(' ').next().unwrap().to_owned(),
        content_type: header("content-type").unwrap_or_default(),
        body: bytes.split_off(head_end + 4),
    };
    let Some(Response {
        status,
        content_type,
        body,
    }) = answer(&request)
    else {
        // Says nothing until the other side gives up.
        let _ = socket.read_buf(&mut bytes).await;
        return;
    };
    let kind = match content_type.as_str() {
        "" => String::new(),
        kind => format!("Content-Type: {kind}\r\n"),
    };
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
}

async fn associate(mut socket: TcpStream, manner: Manner) {
    if let Manner::Silence = manner {
        let mut bytes = Vec::new();
        while socket.read_buf(&mut bytes).await.unwrap_or(0) > 0 {
            bytes.clear();
        }
        return;
    }
    let options = ServerAssociationOptions::new()
        .accept_any()
        .promiscuous(true)
        .with_transfer_syntax("1.2.840.10008.1.2.1")
        .with_transfer_syntax("1.2.840.10008.1.2");
    let Ok(mut association) = options.establish_async(socket).await else {
        return;
    };
    let mut collector = Collector::new(8 << 20);
    loop {
        let data = match association.receive().await {
            Ok(Pdu::PData { data }) => data,
            Ok(Pdu::ReleaseRQ) => {
                let _ = association.send(&Pdu::ReleaseRP).await;
                return;
            }
            _ => return,
        };
        if let Manner::Abort = manner {
            let _ = association.abort().await;
            return;
        }
        for value in data {
            let value = Pdv {
                context: value.presentation_context_id,
                kind: match value.value_type {
                    dicom_ul::pdu::PDataValueType::Command => Kind::Command,
                    dicom_ul::pdu::PDataValueType::Data => Kind::DataSet,
                },
                place: if value.is_last {
                    Place::Last
                } else {
                    Place::Inner
                },
                data: value.data.into(),
            };
            let Some(message) = collector.push(value).unwrap() else {
                continue;
            };
            let request = Command::from_set(&message.command).unwrap();
            let response = Message {
                context: message.context,
                command: agree(&request),
                data_set: None,
            };
            let bytes = response.to_pdus(association.requestor_max_pdu_length());
            if association.inner_stream().write_all(&bytes).await.is_err() {
                return;
            }
        }
    }
}

/// Success, whatever was asked; always to message 1, as one that does not look would say.
fn agree(request: &Command) -> Command {
    let outcome = Outcome::from(Status::SUCCESS);
    let message_id = 1;
    match request {
        Command::EchoRq(_) => Command::EchoRsp(EchoResponse {
            message_id: request.message_id(),
            sop_class: None,
            outcome,
        }),
        Command::StoreRq(_) => Command::StoreRsp(StoreResponse {
            message_id: request.message_id(),
            sop_class: None,
            sop_instance: None,
            outcome,
        }),
        Command::MoveRq(_) => Command::MoveRsp(RetrieveResponse {
            message_id: request.message_id(),
            sop_class: None,
            sub_operations: SubOperations::default(),
            outcome,
        }),
        _ => Command::FindRsp(FindResponse {
            message_id,
            sop_class: None,
            outcome,
        }),
    }
}
