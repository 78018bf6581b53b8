//! The destination of a C-MOVE: it takes what it is told to take, and answers what it is told to answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dicom_ul::pdu::{
    self, AssociationAC, Pdu, PresentationContextResult, PresentationContextResultReason as Reason,
};
use dicom_wire::dimse::{Command, Status, StoreRequest, StoreResponse};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::peer::{Answer, Peer};

/// One C-STORE that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) calling: String,
    pub(crate) called: String,
    pub(crate) request: StoreRequest,
    pub(crate) transfer_syntax: String,
    pub(crate) data_set: Bytes,
}

/// What it takes and answers.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    /// Contexts with these classes are refused.
    pub(crate) refused_classes: Vec<String>,
    /// Only contexts with these transfer syntaxes are accepted; none = all.
    pub(crate) transfer_syntaxes: Vec<String>,
    /// Answers to these instances; the others get success.
    pub(crate) statuses: BTreeMap<String, Status>,
    /// Close the connection instead of answering the C-STORE with this number, counted from 0.
    pub(crate) leaves_at: Option<usize>,
    /// Ask for release at the same time as the archive does.
    pub(crate) collides: bool,
}

pub(crate) struct Receiver {
    pub(crate) addr: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    released: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    pub(crate) async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let shared = received.clone();
        let released = Arc::<AtomicUsize>::default();
        let counted = released.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serve(Peer::over(stream), &manners, &shared, &counted).await;
            }
        });
        Self {
            addr,
            received,
            released,
            _tasks: tasks,
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// How many associations were released in order, from both sides where they collided.
    pub(crate) fn released(&self) -> usize {
        self.released.load(Ordering::SeqCst)
    }

    /// SOP Instance UIDs in the order they came.
    pub(crate) fn instances(&self) -> Vec<String> {
        self.received()
            .iter()
            .map(|one| one.request.sop_instance.to_string())
            .collect()
    }
}

const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const RELEASE_RP: [u8; 10] = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];

async fn serve(
    mut peer: Peer,
    manners: &Manners,
    received: &Mutex<Vec<Received>>,
    released: &AtomicUsize,
) {
    let Answer::Pdu(Pdu::AssociationRQ(asked)) = peer.answer().await else {
        return;
    };
    let result = |context: &pdu::PresentationContextProposed| {
        let syntax = context.transfer_syntaxes[0].clone();
        let reason = if manners.refused_classes.contains(&context.abstract_syntax) {
            Reason::AbstractSyntaxNotSupported
        } else if manners.transfer_syntaxes.is_empty()
            || manners.transfer_syntaxes.contains(&syntax)
        {
            Reason::Acceptance
        } else {
            Reason::TransferSyntaxesNotSupported
        };
        PresentationContextResult {
            id: context.id,
            reason,
            transfer_syntax: syntax,
        }
    };
    let accepted = AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title.clone(),
        called_ae_title: asked.called_ae_title.clone(),
        application_context_name: asked.application_context_name.clone(),
        presentation_contexts: asked.presentation_contexts.iter().map(result).collect(),
        user_variables: vec![pdu::UserVariableItem::MaxLength(4096)],
    };
    let mut bytes = Vec::new();
    pdu::write_pdu(&mut bytes, &Pdu::AssociationAC(accepted)).unwrap();
    peer.send(&bytes).await;
    loop {
        let (context, command, data_set) = match peer.message_or_end().await {
            Ok(message) => message,
            Err(Answer::Pdu(Pdu::ReleaseRQ)) => {
                if manners.collides {
                    // The acceptor waits for its answer before it gives one (PS3.8 9.2, state 10).
                    peer.send(&RELEASE_RQ).await;
                    let answer = peer.answer().await;
                    assert!(matches!(answer, Answer::Pdu(Pdu::ReleaseRP)), "{answer:?}");
                }
                released.fetch_add(1, Ordering::SeqCst);
                peer.send(&RELEASE_RP).await;
                return;
            }
            Err(_) => return,
        };
        let Command::StoreRq(request) = command else {
            panic!("{command}")
        };
        let proposed = asked
            .presentation_contexts
            .iter()
            .find(|c| c.id == context)
            .unwrap();
        let number = {
            let mut all = received.lock().unwrap();
            all.push(Received {
                calling: asked.calling_ae_title.clone(),
                called: asked.called_ae_title.clone(),
                request: request.clone(),
                transfer_syntax: proposed.transfer_syntaxes[0].clone(),
                data_set: data_set.unwrap(),
            });
            all.len() - 1
        };
        if manners.leaves_at == Some(number) {
            return;
        }
        let status = manners
            .statuses
            .get(request.sop_instance.as_str())
            .copied()
            .unwrap_or(Status::SUCCESS);
        let response = StoreResponse {
            message_id: request.message_id,
            sop_class: Some(request.sop_class),
            sop_instance: Some(request.sop_instance),
            outcome: status.into(),
        };
        peer.say(context, response, None, 0).await;
    }
}
