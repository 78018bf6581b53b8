//! The harness as storage SCP: what an archive is told to send a study to, and what it reports storage commitment to.
//!
//! One listener serves all checks of a run. A check says how its own instances are to be answered and later asks what arrived.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dicom_dictionary_std::uids;
use dicom_wire::dimse::{
    Command, CommandSet, DataSet, EchoResponse, NService, Outcome, Status, StoreResponse,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::commitment::{self, Reported};
use super::dimse::SYNTAXES;
use super::pdu::{
    Acceptance, ContextResult, Heard, Proposal, ProposedContext, Wire, kind, message_pdus, pdu,
};
use crate::transcript::Transcript;

/// The longest that a report of storage commitment is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The one storage class that is refused in every presentation context.
pub const REFUSED_CLASS: &str = uids::BASIC_TEXT_SR_STORAGE;
/// The longest PDU that is taken.
const MAX_PDU: u32 = 32 * 1024;
/// Results of a presentation context (PS3.8 table 9-18).
const NO_ABSTRACT_SYNTAX: u8 = 3;
const NO_TRANSFER_SYNTAX: u8 = 4;

/// A storage SCP; dropping it closes the port and every association.
#[derive(Debug)]
pub struct StorageScp {
    ae_title: String,
    address: SocketAddr,
    desk: Arc<Desk>,
    _tasks: JoinSet<()>,
}

/// An instance whose answer waits; dropping it lets the answer go.
#[derive(Debug)]
pub struct Hold(Arc<Notify>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// What arrived, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// SOP Instance UID of the request.
    pub instance: String,
    /// Move Originator AE title and message ID, if given.
    pub originator: Option<(String, u16)>,
    /// Which association, from 1.
    pub association: u64,
}

#[derive(Debug, Default)]
struct Desk {
    book: Mutex<Book>,
    /// A report has come.
    report: Notify,
}

#[derive(Debug, Default)]
struct Book {
    answers: HashMap<String, Status>,
    held: Vec<Held>,
    collisions: HashMap<String, oneshot::Sender<Vec<String>>>,
    arrivals: Vec<Arrival>,
    reports: Vec<Reported>,
    associations: u64,
}

/// An instance to be held, by its place among others.
#[derive(Debug)]
struct Held {
    instances: Vec<String>,
    left: usize,
    until: Arc<Notify>,
}

impl Held {
    /// Whether this arrival is the one.
    fn is_due(&mut self, instance: &str) -> bool {
        let counts = self.left > 0 && self.instances.iter().any(|uid| uid == instance);
        self.left -= usize::from(counts);
        counts && self.left == 0
    }
}

impl StorageScp {
    /// Listens here under this AE title; port 0 picks a free one.
    ///
    /// # Errors
    /// The address is not free.
    pub async fn listen(ae_title: &str, address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, desk.clone()));
        Ok(Self {
            ae_title: ae_title.into(),
            address,
            desk,
            _tasks: tasks,
        })
    }

    /// The AE title to move to.
    pub fn ae_title(&self) -> &str {
        &self.ae_title
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this instance is answered with this status; all others with success.
    pub fn answer(&self, instance: &str, status: Status) {
        self.desk.lock().answers.insert(instance.into(), status);
    }

    /// The instance of these that comes as number `n`, from 1, is not answered before the hold is dropped.
    pub fn hold_nth(&self, instances: &[String], n: usize) -> Hold {
        let notify = Arc::new(Notify::new());
        self.desk.lock().held.push(Held {
            instances: instances.to_vec(),
            left: n,
            until: notify.clone(),
        });
        Hold(notify)
    }

    /// Once the association that brought this instance is to be released, we ask for a release too. What is heard then comes in words.
    pub fn collide_after(&self, instance: &str) -> oneshot::Receiver<Vec<String>> {
        let (tell, heard) = oneshot::channel();
        self.desk.lock().collisions.insert(instance.into(), tell);
        heard
    }

    /// The report on a transaction, if one comes within 5 s.
    pub async fn reported(&self, transaction: &str) -> Option<Reported> {
        let waiting = async {
            loop {
                let news = self.desk.report.notified();
                let mut news = std::pin::pin!(news);
                news.as_mut().enable();
                let is_meant =
                    |report: &&Reported| report.transaction.as_deref() == Some(transaction);
                let found = self.desk.lock().reports.iter().find(is_meant).cloned();
                if let Some(found) = found {
                    return found;
                }
                news.await;
            }
        };
        timeout(PATIENCE, waiting).await.ok()
    }

    /// What arrived of these instances, in order.
    pub fn arrivals(&self, instances: &[String]) -> Vec<Arrival> {
        let book = self.desk.lock();
        book.arrivals
            .iter()
            .filter(|arrival| instances.contains(&arrival.instance))
            .cloned()
            .collect()
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let mut associations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    associations.spawn(associate(socket, desk.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the storage scp stopped listening");
                    return;
                }
            },
            Some(_) = associations.join_next() => {}
        }
    }
}

/// Accepts an association and answers until the peer releases, aborts or goes away.
async fn associate(socket: TcpStream, desk: Arc<Desk>) {
    let Ok(mut wire) = Wire::over(socket, &Transcript::default()) else {
        return;
    };
    let Ok(Heard::Pdu(request)) = wire.hear().await else {
        return;
    };
    let proposal = match Proposal::read(&request.body) {
        Ok(proposal) if request.kind == kind::ASSOCIATE_RQ => proposal,
        _ => return,
    };
    let contexts: Vec<_> = proposal.contexts.iter().map(answer).collect();
    let acceptance = Acceptance::to_bytes(&request.body, &contexts, MAX_PDU);
    let accepted = pdu(kind::ASSOCIATE_AC, &acceptance);
    if wire.write(&accepted, "A-ASSOCIATE-AC").await.is_err() {
        return;
    }
    let number = {
        let mut book = desk.lock();
        book.associations += 1;
        book.associations
    };
    let mut collision: Option<oneshot::Sender<_>> = None;
    // Whatever ends the messages: a release is answered, nothing else is.
    while let Ok(message) = wire.message_or_release().await {
        let Some(message) = message else {
            if let Some(tell) = collision {
                let _ = tell.send(collide(&mut wire).await);
                return;
            }
            let _ = wire.write(&pdu(kind::RELEASE_RP, &[0; 4]), "").await;
            return;
        };
        let Ok(set) = CommandSet::from_bytes(&message.command) else {
            return;
        };
        let Ok(command) = Command::from_set(&set) else {
            return;
        };
        if let Command::StoreRq(store) = &command {
            let asked = desk.lock().collisions.remove(store.sop_instance.as_str());
            collision = asked.or(collision);
        }
        let context = contexts.iter().find(|one| one.id == message.context);
        let syntax = context.and_then(|one| one.transfer_syntaxes.first());
        let response = match &command {
            Command::NRq(event) if event.service == NService::EventReport => {
                let syntax = syntax.map_or("", String::as_str);
                let Ok(read) = Reported::read(event, message.data_set.as_ref(), syntax) else {
                    return;
                };
                desk.lock().reports.push(read);
                desk.report.notify_waiters();
                Some(Command::NRsp(commitment::answer(event)))
            }
            _ => desk.respond(&command, number).await,
        };
        let Some(response) = response else {
            return;
        };
        let response = response.to_bytes(DataSet::Absent);
        let pdus = message_pdus(message.context, &response, None, proposal.max_length);
        if wire.write(&pdus, "").await.is_err() {
            return;
        }
    }
}

/// Asks for a release where one was asked for (PS3.8 9.2, states 8 and 10): the requestor of the association answers first.
async fn collide(wire: &mut Wire) -> Vec<String> {
    let mut heard = Vec::new();
    for pdu_kind in [kind::RELEASE_RQ, kind::RELEASE_RP] {
        if wire.write(&pdu(pdu_kind, &[0; 4]), "").await.is_err() {
            break;
        }
        match wire.hear().await {
            Ok(next) => heard.push(next.words()),
            Err(_) => break,
        }
    }
    heard
}

/// Any class but one, in one of the two transfer syntaxes that everybody knows.
fn answer(proposed: &ProposedContext) -> ContextResult {
    let offered = &proposed.transfer_syntaxes;
    let chosen = offered
        .iter()
        .find(|syntax| SYNTAXES.contains(&syntax.as_str()));
    let (result, syntax) = match chosen {
        _ if proposed.abstract_syntax == REFUSED_CLASS => (NO_ABSTRACT_SYNTAX, offered.first()),
        Some(syntax) => (0, Some(syntax)),
        None => (NO_TRANSFER_SYNTAX, offered.first()),
    };
    ContextResult {
        id: proposed.id,
        result,
        transfer_syntaxes: syntax.into_iter().cloned().collect(),
    }
}

impl Desk {
    async fn respond(&self, request: &Command, association: u64) -> Option<Command> {
        let store = match request {
            Command::EchoRq(echo) => {
                return Some(Command::EchoRsp(EchoResponse {
                    message_id: echo.message_id,
                    sop_class: Some(echo.sop_class.clone()),
                    outcome: Outcome::from(Status::SUCCESS),
                }));
            }
            Command::StoreRq(store) => store,
            _ => return None,
        };
        let instance = store.sop_instance.as_str().to_owned();
        let originator = store
            .originator
            .as_ref()
            .map(|by| (by.ae_title.as_str().to_owned(), by.message_id));
        let (status, held) = {
            let mut book = self.lock();
            let status = book.answers.get(&instance).copied();
            let held = book.held.iter_mut().find_map(|held| {
                let is_due = held.is_due(&instance);
                is_due.then(|| held.until.clone())
            });
            book.arrivals.push(Arrival {
                instance,
                originator,
                association,
            });
            (status.unwrap_or(Status::SUCCESS), held)
        };
        if let Some(held) = held {
            held.notified().await;
        }
        Some(Command::StoreRsp(StoreResponse {
            message_id: store.message_id,
            sop_class: Some(store.sop_class.clone()),
            sop_instance: Some(store.sop_instance.clone()),
            outcome: Outcome::from(status),
        }))
    }
}
