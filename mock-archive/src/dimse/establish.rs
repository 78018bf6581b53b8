//! How an association begins: the request, the checks, the answer (PS3.8 9.2, states 2 and 3).

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use dicom_ul::pdu::{self, AssociationRQ, Pdu, PresentationContextProposed, UserVariableItem};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{Assembler, P_DATA_TF};

use super::association::{Agreed, Association};
use super::connection::{Connection, Gone, kind};
use super::negotiate::{self, APPLICATION_CONTEXT};
use crate::archive::Archive;
use crate::moment::{Connect, ContextAnswer, Habits, Rejection, Ruling, UpperLayer};
use crate::recording::Player;
use crate::recording::dimse::Opened;
use crate::request::{Request, Service};
use crate::tls::Stream;

/// Reserved bytes of a request: of its header, after the version, and after the AE titles (PS3.8 9.3.2).
const RESERVED: [usize; 4] = [1, 8, 9, 42];
/// The last type of a sub-item of the user information that the standard has (PS3.7 D.3.3.7).
const LAST_KNOWN_ITEM: u8 = 0x59;

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
        connect: &Connect,
        player: Option<Arc<Player>>,
    ) -> Option<Self> {
        let policy = archive.policy();
        let (number, habits) = (connect.number, connect.upper);
        let connection = Connection::new(stream, policy.max_pdu, policy.into());
        let mut connection = connection.with_habits(habits);
        if connection.is_silent() {
            connection.hold().await;
            return None;
        }
        let (received, request) = first_pdu(&mut connection).await?;
        if is_unbearable(&received, &request, habits) {
            connection.abort(0, 0).await;
            return None;
        }
        let is_even = |context: &PresentationContextProposed| context.id.is_multiple_of(2);
        if habits.has(UpperLayer::EvenContextHangs)
            && request.presentation_contexts.iter().any(is_even)
        {
            connection.hold().await;
            return None;
        }
        if let Err(rejection) = check(&request, habits) {
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
        if seat.is_none() && habits.has(UpperLayer::LimitCloses) {
            return None;
        }
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
                _ if habits.has(UpperLayer::UserIgnored) => Ok(()),
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
        if let Some(merge) = admission.merge {
            archive.merge(&opening, merge).await;
        }
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
        let mut acceptance = match negotiate::acceptance(&received, &contexts, information) {
            Ok(bytes) => bytes,
            Err(error) => {
                opening.remark(format!("cannot be accepted: {error}"));
                connection.abort(0, 0).await;
                return None;
            }
        };
        opening.acceptance(&mut acceptance);
        connection.write(&acceptance).await.ok()?;
        let max_length = match habits.has(UpperLayer::PeerLimitIgnored) {
            true => 0,
            false => negotiate::max_length(&request.user_variables),
        };
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
            max_length,
            opening,
            archive,
            assembler: Assembler::default(),
            values: VecDeque::new(),
            early: VecDeque::new(),
            data_sent: 0,
            pending_sent: 0,
            is_answered: false,
            pdus: 0,
            acceptance: acceptance.into(),
            reports: VecDeque::new(),
            player,
        })
    }
}

/// The request that a new connection has to start with; anything else ends it (PS3.8 table 9-10, state 2).
async fn first_pdu(connection: &mut Connection) -> Option<(Bytes, AssociationRQ)> {
    let read = loop {
        let read = match connection.does(UpperLayer::NoArtim) {
            true => connection.read().await,
            false => connection.read_within(connection.patience().artim).await,
        };
        match &read {
            Ok(pdu) if is_passed_over(pdu.kind, connection) => {}
            _ => break read,
        }
    };
    let pdu = match read {
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
        _ if connection.does(UpperLayer::LengthsBelieved) => {
            connection.hold().await;
            None
        }
        (kind, outcome) => {
            tracing::debug!(kind, error = ?outcome.err(), "no association request");
            connection.abort(0, 0).await;
            None
        }
    }
}

/// What comes before a request and is not minded.
fn is_passed_over(kind: u8, connection: &Connection) -> bool {
    match kind {
        P_DATA_TF => connection.does(UpperLayer::DataFirst),
        kind::ASSOCIATE_RQ..=kind::ABORT => false,
        _ => connection.does(UpperLayer::UnknownPduIgnored),
    }
}

/// Whether there is something in a request that the standard allows and this archive does not.
fn is_unbearable(received: &Bytes, request: &AssociationRQ, habits: Habits<UpperLayer>) -> bool {
    let tests = habits.has(UpperLayer::ReservedTested);
    let is_reserved_used = || RESERVED.iter().any(|&at| received.get(at) != Some(&0));
    let is_unknown = |item: &UserVariableItem| matches!(item, UserVariableItem::Unknown(kind, _) if *kind > LAST_KNOWN_ITEM);
    tests && is_reserved_used()
        || habits.has(UpperLayer::UnknownItemAborts)
            && request.user_variables.iter().any(is_unknown)
}

/// The version and the application context (PS3.8 9.3.4).
fn check(request: &AssociationRQ, habits: Habits<UpperLayer>) -> Result<(), Rejection> {
    let version = request.protocol_version;
    let is_refused = match habits.has(UpperLayer::VersionOneOnly) {
        true => version != 1,
        false => version & 1 == 0 && !habits.has(UpperLayer::AnyVersion),
    };
    if is_refused {
        return Err(Rejection {
            result: 1,
            source: 2,
            reason: 2,
        });
    }
    if !habits.has(UpperLayer::AnyApplicationContext)
        && request.application_context_name.trim_matches([' ', '\0']) != APPLICATION_CONTEXT
    {
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
