//! How an association begins: the request, the checks, the answer (PS3.8 9.2, states 2 and 3).

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use dicom_ul::pdu::{self, AssociationRQ, Pdu};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::Assembler;

use super::ARTIM;
use super::association::{Agreed, Association};
use super::connection::{Connection, Gone, kind};
use super::negotiate::{self, APPLICATION_CONTEXT};
use crate::archive::Archive;
use crate::moment::{ContextAnswer, Rejection, Ruling};
use crate::recording::Player;
use crate::recording::dimse::Opened;
use crate::request::{Request, Service};
use crate::tls::Stream;

/// Result, source and reason for one association too many (PS3.8 9.3.4): rejected for now, local limit exceeded.
const LIMIT_EXCEEDED: Rejection = Rejection {
    result: 2,
    source: 3,
    reason: 2,
};

impl Association {
    /// Takes the request of a new connection and answers it. `None` if no association came of it.
    pub(super) async fn accept(
        stream: Stream,
        archive: Archive,
        number: u64,
        player: Option<Arc<Player>>,
    ) -> Option<Self> {
        let policy = archive.policy();
        let mut connection = Connection::new(stream, policy.max_pdu);
        if connection.is_silent() {
            connection.hold().await;
            return None;
        }
        let (received, request) = first_pdu(&mut connection).await?;
        if let Err(rejection) = check(&request) {
            reject(&mut connection, rejection).await;
            return None;
        }
        let (calling, called) = match titles(&request) {
            Ok(titles) => titles,
            Err(rejection) => {
                reject(&mut connection, rejection).await;
                return None;
            }
        };
        let opened = Request::dimse(
            Service::Associate,
            "A-ASSOCIATE",
            calling.clone(),
            called.clone(),
        );
        let lines = player.as_ref().and_then(|player| player.dimse.as_ref());
        let recorded = lines.and_then(|lines| lines.opening(&calling, &called));
        let seat = archive.seat();
        let refused = match &seat {
            None => Err(LIMIT_EXCEEDED),
            Some(_) => match recorded.map(|known| &known.outcome) {
                Some(&Opened::Rejected {
                    result,
                    source,
                    reason,
                }) => Err(Rejection {
                    result,
                    source,
                    reason,
                }),
                _ => negotiate::identify(&request, policy),
            },
        };
        let opened = match refused {
            Ok(()) => opened,
            Err(rejection) => opened.refused(rejection),
        };
        let opening = archive.exchange(opened.on_connection(number));
        let admission = opening.admit();
        let seat = seat.filter(|_| matches!(admission.ruling, Ruling::Proceed));
        super::wait(admission.delay).await;
        match admission.ruling {
            Ruling::Proceed => {}
            Ruling::Reject(rejection) => {
                reject(&mut connection, rejection).await;
                return None;
            }
            // A status of HTTP or DIMSE has no place here: come again later.
            Ruling::Answer(_) | Ruling::Fail(_) => {
                reject(
                    &mut connection,
                    Rejection {
                        result: 2,
                        source: 3,
                        reason: 1,
                    },
                )
                .await;
                return None;
            }
            Ruling::Silence => {
                connection.hold().await;
                return None;
            }
            Ruling::Abort { source, reason } => {
                connection.abort(source, reason).await;
                return None;
            }
        }
        let mut contexts = negotiate::answers(&request, policy);
        if let Some(recorded) = recorded {
            recorded.answer(&mut contexts);
        }
        opening.contexts(&mut contexts);
        let roles = negotiate::roles(&request, &contexts);
        let extended = negotiate::extended(&request, &contexts, policy);
        let information = negotiate::user_information(&request, &roles, &extended, policy);
        let acceptance = match negotiate::acceptance(&received, &contexts, information) {
            Ok(bytes) => bytes,
            Err(error) => {
                opening.remark(format!("cannot be accepted: {error}"));
                connection.abort(0, 0).await;
                return None;
            }
        };
        connection.write(&acceptance).await.ok()?;
        let agreed = contexts
            .into_iter()
            .filter_map(|context| match context.answer {
                ContextAnswer::Accepted(transfer_syntax) => {
                    let agreed = Agreed {
                        id: context.id,
                        abstract_syntax: context.abstract_syntax,
                        transfer_syntax,
                    };
                    Some((context.id, agreed))
                }
                ContextAnswer::Refused(_) => None,
            });
        Some(Self {
            connection,
            seat,
            number,
            calling,
            called,
            contexts: agreed.collect(),
            roles,
            extended,
            max_length: negotiate::max_length(&request.user_variables),
            opening,
            archive,
            assembler: Assembler::default(),
            values: VecDeque::new(),
            early: VecDeque::new(),
            data_sent: 0,
            reports: VecDeque::new(),
            player,
        })
    }
}

/// The request that a new connection has to start with; anything else ends it (PS3.8 table 9-10, state 2).
async fn first_pdu(connection: &mut Connection) -> Option<(Bytes, AssociationRQ)> {
    let pdu = match connection.read_within(ARTIM).await {
        Ok(pdu) => pdu,
        Err(Gone::TooLong { .. }) => {
            connection.abort(0, 0).await;
            return None;
        }
        Err(gone) => {
            tracing::debug!(%gone, "no association was requested");
            return None;
        }
    };
    match (
        pdu.kind,
        pdu::read_pdu(&pdu.bytes[..], pdu::MAXIMUM_PDU_SIZE, false),
    ) {
        (_, Ok(Some(Pdu::AssociationRQ(request)))) => Some((pdu.bytes, request)),
        (kind::ABORT, _) => None,
        (kind, outcome) => {
            tracing::debug!(kind, error = ?outcome.err(), "no association request");
            connection.abort(0, 0).await;
            None
        }
    }
}

/// The version and the application context (PS3.8 9.3.4).
fn check(request: &AssociationRQ) -> Result<(), Rejection> {
    if request.protocol_version & 1 == 0 {
        return Err(Rejection {
            result: 1,
            source: 2,
            reason: 2,
        });
    }
    if request.application_context_name.trim_matches([' ', '\0']) != APPLICATION_CONTEXT {
        return Err(Rejection {
            result: 1,
            source: 1,
            reason: 2,
        });
    }
    Ok(())
}

/// The calling and the called AE title.
fn titles(request: &AssociationRQ) -> Result<(AeTitle, AeTitle), Rejection> {
    let title = |text: &str, reason| {
        AeTitle::parse(text).map_err(|_| Rejection {
            result: 1,
            source: 1,
            reason,
        })
    };
    Ok((
        title(&request.calling_ae_title, 3)?,
        title(&request.called_ae_title, 7)?,
    ))
}

async fn reject(connection: &mut Connection, rejection: Rejection) {
    if connection
        .write(&negotiate::rejection(rejection))
        .await
        .is_ok()
    {
        connection.linger().await;
    }
}
