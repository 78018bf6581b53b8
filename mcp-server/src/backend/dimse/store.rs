//! C-STORE (PS3.4 B): files streamed as they are, one answer each.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::BytesMut;
use dicom_wire::dimse::pdv::Place;
use dicom_wire::dimse::{Command, Priority, StatusClass, StoreRequest};
use dicom_wire::stow::{Failed, FailureReason, Referenced, StoreResponse, WarningReason};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::association::{Association, Context, Proposal, Role};
use super::{Dimse, plain};
use crate::backend::{Certainty, Deadline, Outgoing, Part, StoreAnswer, StoreFailure};
use crate::error::Failure;

/// Context IDs are odd and below 256 (PS3.8 9.3.2.2).
const MAX_CONTEXTS: usize = 128;

impl Dimse {
    /// Sends instances over one association. What was answered before it broke stays answered.
    pub(in crate::backend) async fn store(
        &self,
        outgoing: Outgoing,
    ) -> Result<StoreAnswer, StoreFailure> {
        let doing = "store instances";
        let nothing = |failure| StoreFailure {
            failure,
            retry_after: None,
            certainty: Certainty::NothingStored,
        };
        // The bytes are never changed, so what a file is encoded in is what has to be agreed on.
        let pairs: BTreeSet<(&str, &str)> = outgoing
            .parts
            .iter()
            .map(|part| (part.class.as_str(), part.syntax.as_str()))
            .collect();
        let proposals: Vec<Proposal> = pairs
            .into_iter()
            .take(MAX_CONTEXTS)
            .map(|(class, syntax)| Proposal {
                class: class.to_owned(),
                syntaxes: vec![syntax.to_owned()],
                role: Role::Archive,
            })
            .collect();
        let opening = Association::open(&self.peer, doing, &proposals, None);
        let mut association = Deadline::after(self.timeout)
            .within(doing, opening)
            .await
            .map_err(nothing)?;
        let mut answer = StoreAnswer {
            status: 0,
            response: StoreResponse::default(),
            said: None,
            retry_after: None,
            broken: None,
        };
        for part in outgoing.parts {
            let agreed = association
                .contexts()
                .iter()
                .find(|context| {
                    context.class == part.class.as_str() && context.syntax == part.syntax.as_str()
                })
                .cloned();
            let Some(context) = agreed else {
                let any = association.context(part.class.as_str()).is_ok();
                let reason = if any {
                    FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED
                } else {
                    FailureReason::SOP_CLASS_NOT_SUPPORTED
                };
                answer.response.failed.push(failed(&part, reason));
                continue;
            };
            match self
                .send_one(&mut association, &context, &part, doing)
                .await
            {
                Ok(Sent::Answered(outcome)) => {
                    let status = outcome.status;
                    match status.class() {
                        StatusClass::Success | StatusClass::Warning => {
                            answer.response.referenced.push(Referenced {
                                sop_class: Some(part.class.clone()),
                                sop_instance: Some(part.instance.clone()),
                                retrieve_url: None,
                                warning: (status.class() == StatusClass::Warning)
                                    .then_some(WarningReason(status.0)),
                            });
                        }
                        _ => answer
                            .response
                            .failed
                            .push(failed(&part, FailureReason(status.0))),
                    }
                    if answer.said.is_none() {
                        answer.said = outcome.comment.as_deref().and_then(crate::error::Said::new);
                    }
                }
                Ok(Sent::Unreadable(error)) => {
                    // Nothing of it went out, or the association is of no use any more.
                    answer.broken = Some(Failure::Content {
                        doing: format!("send {}", part.path.display()),
                        reason: error,
                        advice: None,
                    });
                    return Ok(answer);
                }
                Err(failure) => {
                    answer.broken = Some(failure);
                    return Ok(answer);
                }
            }
        }
        association.release().await;
        Ok(answer)
    }

    async fn send_one(
        &self,
        association: &mut Association,
        context: &Context,
        part: &Part,
        doing: &str,
    ) -> Result<Sent, Failure> {
        let unreadable = |error: std::io::Error| Ok(Sent::Unreadable(error.to_string()));
        let mut file = match tokio::fs::File::open(&part.path).await {
            Ok(file) => file,
            Err(error) => return unreadable(error),
        };
        match file.metadata().await {
            Ok(about) if about.len() != part.bytes => {
                return Ok(Sent::Unreadable("it changed while it was sent".into()));
            }
            Ok(_) => {}
            Err(error) => return unreadable(error),
        }
        if let Err(error) = file.seek(std::io::SeekFrom::Start(part.data_set)).await {
            return unreadable(error);
        }
        let request = StoreRequest {
            message_id: association.message_id(),
            sop_class: part.class.clone(),
            sop_instance: part.instance.clone(),
            priority: Priority::Medium,
            originator: None,
        };
        let message_id = request.message_id;
        let limited = |what| within(self.timeout, doing, what);
        limited(association.announce(context.id, &Command::from(request))).await?;
        let mut left = part.bytes.saturating_sub(part.data_set);
        let capacity = association.capacity();
        loop {
            let length = left.min(capacity as u64) as usize;
            let mut chunk = BytesMut::zeroed(length);
            if let Err(error) = file.read_exact(&mut chunk).await {
                return unreadable(error);
            }
            left -= length as u64;
            let place = if left == 0 { Place::Last } else { Place::Inner };
            within(
                self.timeout,
                doing,
                association.data(context.id, chunk.freeze(), place),
            )
            .await?;
            if left == 0 {
                break;
            }
        }
        let (_, command, _) = within(self.timeout, doing, association.message()).await?;
        match command {
            Command::StoreRsp(response) if response.message_id == message_id => {
                Ok(Sent::Answered(response.outcome))
            }
            other => {
                Err(association.unusable(format!("the archive answered with {}", other.name())))
            }
        }
    }

    /// Which of these pairs of SOP class and transfer syntax the archive accepts, before anything is sent.
    pub(crate) async fn accepts(
        &self,
        pairs: &BTreeSet<(String, String)>,
        deadline: &Deadline,
    ) -> Result<BTreeSet<(String, String)>, Failure> {
        let doing = "ask what the archive accepts";
        let pairs: Vec<_> = pairs.iter().collect();
        let mut accepted = BTreeSet::new();
        // An association has room for so many contexts; what does not fit is asked on the next.
        for some in pairs.chunks(MAX_CONTEXTS) {
            let proposals: Vec<Proposal> = some
                .iter()
                .map(|(class, syntax)| Proposal {
                    syntaxes: vec![syntax.clone()],
                    ..plain(class)
                })
                .collect();
            let asking = async {
                let association = Association::open(&self.peer, doing, &proposals, None).await?;
                let contexts = association.contexts().to_vec();
                association.release().await;
                Ok(contexts)
            };
            let contexts = deadline.within(doing, asking).await?;
            accepted.extend(
                contexts
                    .into_iter()
                    .map(|context| (context.class, context.syntax)),
            );
        }
        Ok(accepted)
    }
}

enum Sent {
    Answered(dicom_wire::dimse::Outcome),
    Unreadable(String),
}

/// Each step renews the time: a slow transfer is no stalled one.
async fn within<T>(
    timeout: Duration,
    doing: &str,
    step: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    Deadline::after(timeout).within(doing, step).await
}

fn failed(part: &Part, reason: FailureReason) -> Failed {
    Failed {
        sop_class: Some(part.class.clone()),
        sop_instance: Some(part.instance.clone()),
        reason: Some(reason),
    }
}
