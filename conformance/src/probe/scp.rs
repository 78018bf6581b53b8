//! The harness as storage SCP: what an archive is told to send a study to.
//!
//! One listener serves all checks of a run. A check says how its own instances are to be answered and later asks what arrived.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use dicom_dictionary_std::uids;
use dicom_ul::association::server::{AsyncServerAssociation, ServerAssociationOptions};
use dicom_ul::pdu::Pdu;
use dicom_wire::dimse::{
    Collector, Command, EchoResponse, Message, Outcome, Status, StoreResponse,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The longest data set that is taken.
const DATA_SET_LIMIT: usize = 64 * 1024 * 1024;

/// A storage SCP; dropping it closes the port and every association.
#[derive(Debug)]
pub struct StorageScp {
    ae_title: String,
    address: SocketAddr,
    desk: Arc<Desk>,
    _tasks: JoinSet<()>,
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
}

#[derive(Debug, Default)]
struct Book {
    answers: HashMap<String, Status>,
    arrivals: Vec<Arrival>,
    associations: u64,
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
        tasks.spawn(accept(listener, ae_title.to_owned(), desk.clone()));
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

async fn accept(listener: TcpListener, ae_title: String, desk: Arc<Desk>) {
    let mut associations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    let _ = socket.set_nodelay(true);
                    associations.spawn(associate(socket, ae_title.clone(), desk.clone()));
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

async fn associate(socket: TcpStream, ae_title: String, desk: Arc<Desk>) {
    let options = ServerAssociationOptions::new()
        .accept_any()
        .ae_title(ae_title)
        .promiscuous(true)
        .strict(false)
        .with_transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .with_transfer_syntax(uids::IMPLICIT_VR_LITTLE_ENDIAN);
    match options.establish_async(socket).await {
        Ok(association) => {
            let number = {
                let mut book = desk.lock();
                book.associations += 1;
                book.associations
            };
            serve(association, number, &desk).await;
        }
        Err(error) => {
            tracing::debug!(%error, "an association with the storage scp was not established")
        }
    }
}

/// Answers until the peer releases, aborts or goes away.
async fn serve(mut association: AsyncServerAssociation<TcpStream>, number: u64, desk: &Desk) {
    let mut collector = Collector::new(DATA_SET_LIMIT);
    loop {
        let data = match association.receive().await {
            Ok(Pdu::PData { data }) => data,
            Ok(Pdu::ReleaseRQ) => {
                let _ = association.send(&Pdu::ReleaseRP).await;
                return;
            }
            Ok(_) | Err(_) => return,
        };
        for value in data {
            let Ok(message) = collector.push(super::dimse::value(value)) else {
                return;
            };
            let Some(message) = message else { continue };
            let Ok(command) = Command::from_set(&message.command) else {
                return;
            };
            let Some(response) = desk.respond(&command, number) else {
                return;
            };
            let response = Message {
                context: message.context,
                command: response,
                data_set: None,
            };
            let bytes = response.to_pdus(association.requestor_max_pdu_length());
            if association.inner_stream().write_all(&bytes).await.is_err() {
                return;
            }
        }
    }
}

impl Desk {
    fn respond(&self, request: &Command, association: u64) -> Option<Command> {
        match request {
            Command::EchoRq(echo) => Some(Command::EchoRsp(EchoResponse {
                message_id: echo.message_id,
                sop_class: Some(echo.sop_class.clone()),
                outcome: Outcome::from(Status::SUCCESS),
            })),
            Command::StoreRq(store) => {
                let mut book = self.lock();
                let instance = store.sop_instance.as_str().to_owned();
                let status = book
                    .answers
                    .get(&instance)
                    .copied()
                    .unwrap_or(Status::SUCCESS);
                let originator = store
                    .originator
                    .as_ref()
                    .map(|by| (by.ae_title.as_str().to_owned(), by.message_id));
                book.arrivals.push(Arrival {
                    instance,
                    originator,
                    association,
                });
                Some(Command::StoreRsp(StoreResponse {
                    message_id: store.message_id,
                    sop_class: Some(store.sop_class.clone()),
                    sop_instance: Some(store.sop_instance.clone()),
                    outcome: Outcome::from(status),
                }))
            }
            _ => None,
        }
    }
}
