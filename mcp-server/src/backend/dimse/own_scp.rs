//! Retrieval from an archive without C-GET: it moves the instances to this server, which takes them as a Storage SCP of its
//! own (PS3.4 B, C.4.2) for as long as the move lasts, inside TLS where it asks the archive so.

use std::time::Duration;

use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Command, DataSet, StoreRequest, SubOperations};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Dimse;
use super::association::Association;
use super::receive::{SYNTAXES, Sink, agreed, receive};
use super::retrieve::Moved;
use super::stream::Stream;
use crate::backend::Deadline;
use crate::error::Failure;
use dicom_wire::dimse::pdv::Event;

/// How long the archive may take to close its association once the move is done.
const GRACE: Duration = Duration::from_secs(2);

impl Dimse {
    /// Retrieves by a C-MOVE to this server; `why` is what the archive said to a C-GET.
    pub(super) async fn by_move(
        &self,
        doing: &str,
        identifier: &InMemDicomObject,
        classes: &[String],
        sink: &mut Sink,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
        why: &str,
    ) -> Result<Moved, Failure> {
        let title = &self.peer.settings.calling;
        let no_way = |reason: String| Failure::NoWay {
            doing: doing.to_owned(),
            reason,
            setting: format!(
                "set DICOM_RECEIVE to a free port; the archive has to know AE title {title} at it, and moves there what it cannot give"
            ),
        };
        let Some(address) = self.peer.settings.receive else {
            return Err(no_way(format!("the archive does not accept C-GET: {why}")));
        };
        // There is one port, so one retrieval at a time.
        let _turn = self.turn.lock().await;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| no_way(format!("{address} cannot be listened on: {error}")))?;
        let (idle, mut is_idle) = watch::channel(true);
        let landing = async {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                idle.send_replace(false);
                let landed = self.land(stream, doing, classes, sink).await;
                idle.send_replace(true);
                // What else goes wrong on an association, the archive counts as failed, or a stranger tried.
                match landed {
                    Ok(()) => {}
                    Err(failure @ Failure::TooLarge { .. }) => return failure,
                    Err(failure) => {
                        tracing::warn!(%failure, "an association to the receiving port")
                    }
                }
            }
        };
        tokio::pin!(landing);
        let moving = self.send_move(doing, identifier, title, progress);
        let moved = tokio::select! {
            moved = moving => moved?,
            failure = &mut landing => return Err(failure),
        };
        let closed = async {
            tokio::select! {
                _ = is_idle.wait_for(|idle| *idle) => {}
                _ = &mut landing => {}
            }
        };
        let _ = tokio::time::timeout(GRACE, closed).await;
        Ok(moved)
    }

    /// Takes what one association brings.
    async fn land(
        &self,
        stream: TcpStream,
        doing: &str,
        classes: &[String],
        sink: &mut Sink,
    ) -> Result<(), Failure> {
        let title = self.peer.settings.calling.as_str();
        let answering = async {
            let stream = Stream::accept(stream, self.taking.as_ref()).await;
            let stream = stream.map_err(|error| Failure::Unusable {
                doing: doing.to_owned(),
                reason: format!("no TLS with who connects to the receiving port: {error}"),
                said: None,
            })?;
            Association::answer(stream, doing, title, classes, &SYNTAXES).await
        };
        let mut association = self.in_time(doing, answering).await?;
        loop {
            // Each message renews the time: whoever connects and says nothing goes.
            let event = match self.in_time(doing, association.event()).await {
                Ok(event) => event,
                Err(_) if association.is_released().await => return Ok(()),
                Err(failure) => return Err(failure),
            };
            let Event::Command {
                context,
                set,
                data_set: DataSet::Present,
            } = event
            else {
                return Err(association.unusable("no C-STORE came".into()));
            };
            let Ok(Command::StoreRq(request)) = Command::from_set(&set) else {
                return Err(association.unusable("no C-STORE came".into()));
            };
            let agreed = agreed(&association, context)?;
            if !self.is_asked_for(&request, &agreed.class) {
                return Err(association.unusable("an instance came that nobody asked for".into()));
            }
            // The move's own time runs out where the archive sends nothing for long.
            receive(&mut association, &agreed, request, sink, doing).await?;
        }
    }

    /// A sub-operation names who asked for it, where it names anybody (PS3.7 9.1.1.1): that is this server.
    fn is_asked_for(&self, request: &StoreRequest, class: &str) -> bool {
        let is_ours = request
            .originator
            .as_ref()
            .is_none_or(|originator| originator.ae_title == self.peer.settings.calling);
        is_ours && request.sop_class.as_str() == class
    }

    async fn in_time<T>(
        &self,
        doing: &str,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        Deadline::after(self.timeout).within(doing, step).await
    }
}
