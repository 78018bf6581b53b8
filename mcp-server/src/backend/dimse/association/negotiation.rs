//! What is agreed on when an association begins (PS3.8 7.1, PS3.7 D): by the one that asks, and by the one that is asked.

use std::sync::Arc;

use dicom_ul::pdu::{
    self, AssociationAC, AssociationRJ, AssociationRJResult, AssociationRJServiceUserReason,
    AssociationRJSource, AssociationRQ, Pdu, PresentationContextProposed,
    PresentationContextResult, PresentationContextResultReason as Reason, RequestorRoles,
    UserVariableItem,
};
use dicom_wire::part10::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

use super::{ABORT, Association, MAX_PDU};
use crate::backend::dimse::receive::STORAGE;
use crate::backend::dimse::stream::Stream;
use crate::config::DimseSettings;
use crate::error::Failure;

/// PS3.7 A.2.1.
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";

const ASSOCIATE_RQ: u8 = 0x01;
const ASSOCIATE_AC: u8 = 0x02;
const ASSOCIATE_RJ: u8 = 0x03;

/// The archive: where it is, as whom it is called, and what secures the connection.
#[derive(Debug, Clone)]
pub(in crate::backend::dimse) struct Peer {
    pub(in crate::backend::dimse) settings: DimseSettings,
    pub(in crate::backend::dimse) tls: Option<Arc<rustls::ClientConfig>>,
}

/// A context to propose: one abstract syntax, and the transfer syntaxes that may be chosen for it.
#[derive(Debug, Clone)]
pub(in crate::backend::dimse) struct Proposal {
    pub(in crate::backend::dimse) class: String,
    pub(in crate::backend::dimse) syntaxes: Vec<String>,
    pub(in crate::backend::dimse) role: Role,
}

/// Who performs the operations of a context (PS3.7 D.3.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend::dimse) enum Role {
    /// The archive: the default.
    Archive,
    /// This server: the C-STOREs of a C-GET come to it.
    Us,
}

/// A context that the archive accepted.
#[derive(Debug, Clone)]
pub(in crate::backend::dimse) struct Context {
    pub(in crate::backend::dimse) id: u8,
    pub(in crate::backend::dimse) class: String,
    pub(in crate::backend::dimse) syntax: String,
}

impl Association {
    /// Connects and negotiates.
    pub(in crate::backend::dimse) async fn open(
        peer: &Peer,
        doing: &str,
        proposals: &[Proposal],
        extended: Option<(&str, Vec<u8>)>,
    ) -> Result<Self, Failure> {
        let settings = &peer.settings;
        let unreachable = |reason: String| Failure::Unreachable {
            doing: doing.to_owned(),
            archive: settings.address.clone(),
            reason,
        };
        let stream = Stream::connect(&settings.address, peer.tls.as_ref())
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        let mut association = Self::over(stream, doing);
        let request = Pdu::AssociationRQ(AssociationRQ {
            protocol_version: 1,
            calling_ae_title: settings.calling.to_string(),
            called_ae_title: settings.called.to_string(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: (0u8..)
                .zip(proposals)
                .map(|(number, proposal)| PresentationContextProposed {
                    id: number.saturating_mul(2) | 1,
                    abstract_syntax: proposal.class.clone(),
                    transfer_syntaxes: proposal.syntaxes.clone(),
                })
                .collect(),
            user_variables: variables(proposals, extended),
        });
        association.put(&request).await?;
        association.open = true;
        association.accepted(settings, proposals).await?;
        Ok(association)
    }

    async fn accepted(
        &mut self,
        settings: &DimseSettings,
        proposals: &[Proposal],
    ) -> Result<(), Failure> {
        let (kind, bytes) = self.pdu().await?;
        match kind {
            ASSOCIATE_AC | ASSOCIATE_RJ => {}
            ABORT => return Err(self.aborted(&bytes)),
            other => {
                return Err(self.unusable(format!(
                    "the archive answered the association request with a PDU of type {other:02X}H"
                )));
            }
        }
        match pdu::read_pdu(&bytes[..], pdu::MAXIMUM_PDU_SIZE, false) {
            Ok(Some(Pdu::AssociationAC(accepted))) => {
                for result in &accepted.presentation_contexts {
                    let Some(proposal) = proposals.get(usize::from(result.id / 2)) else {
                        continue;
                    };
                    // A syntax that was not proposed cannot be agreed on.
                    let known = proposal.syntaxes.iter().find(|syntax| {
                        **syntax == result.transfer_syntax.trim_end_matches(['\0', ' '])
                    });
                    match (&result.reason, known) {
                        (Reason::Acceptance, Some(syntax)) => self.contexts.push(Context {
                            id: result.id,
                            class: proposal.class.clone(),
                            syntax: syntax.clone(),
                        }),
                        (reason, _) => self.refused.push((proposal.class.clone(), reason.clone())),
                    }
                }
                for item in accepted.user_variables {
                    match item {
                        UserVariableItem::MaxLength(length) => self.max_length = length,
                        UserVariableItem::SopClassExtendedNegotiationSubItem(class, bytes) => {
                            self.extended.push((class, bytes));
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Ok(Some(Pdu::AssociationRJ(rejected))) => {
                self.open = false;
                Err(Failure::Rejected {
                    doing: self.doing.clone(),
                    archive: settings.address.clone(),
                    reason: rejected.source.to_string(),
                    called: settings.called.to_string(),
                    calling: settings.calling.to_string(),
                    passing: rejected.result == AssociationRJResult::Transient,
                })
            }
            _ => Err(self
                .unusable("the archive's answer to the association request is malformed".into())),
        }
    }

    /// Answers an association request that came in: these classes are taken, in one of these syntaxes, for our AE title.
    pub(in crate::backend::dimse) async fn answer(
        stream: Stream,
        doing: &str,
        title: &str,
        classes: &[String],
        syntaxes: &[&str],
    ) -> Result<Self, Failure> {
        let mut association = Self::over(stream, doing);
        let (kind, bytes) = association.pdu().await?;
        let request = match pdu::read_pdu(&bytes[..], pdu::MAXIMUM_PDU_SIZE, false) {
            Ok(Some(Pdu::AssociationRQ(request))) if kind == ASSOCIATE_RQ => request,
            _ => return Err(association.unusable("no association was asked for".into())),
        };
        if request.called_ae_title.trim() != title {
            let rejected = Pdu::AssociationRJ(AssociationRJ {
                result: AssociationRJResult::Permanent,
                source: AssociationRJSource::ServiceUser(
                    AssociationRJServiceUserReason::CalledAETitleNotRecognized,
                ),
            });
            association.put(&rejected).await?;
            return Err(association.unusable("another AE title was called".into()));
        }
        // Where no class is known to come, any Storage SOP class may.
        let is_wanted = |class: &str| match classes {
            [] => class.starts_with(STORAGE),
            some => some.iter().any(|wanted| wanted == class),
        };
        let mut results = Vec::new();
        for proposed in request.presentation_contexts {
            let class = trimmed(&proposed.abstract_syntax);
            let syntax = proposed
                .transfer_syntaxes
                .iter()
                .map(|syntax| trimmed(syntax))
                .find(|syntax| syntaxes.contains(syntax));
            let reason = match syntax {
                _ if !is_wanted(class) => Reason::AbstractSyntaxNotSupported,
                None => Reason::TransferSyntaxesNotSupported,
                Some(syntax) => {
                    association.contexts.push(Context {
                        id: proposed.id,
                        class: class.to_owned(),
                        syntax: syntax.to_owned(),
                    });
                    Reason::Acceptance
                }
            };
            results.push(PresentationContextResult {
                id: proposed.id,
                reason,
                transfer_syntax: syntax.unwrap_or(syntaxes[0]).to_owned(),
            });
        }
        for item in request.user_variables {
            if let UserVariableItem::MaxLength(length) = item {
                association.max_length = length;
            }
        }
        let accepted = Pdu::AssociationAC(AssociationAC {
            protocol_version: 1,
            calling_ae_title: request.calling_ae_title,
            called_ae_title: request.called_ae_title,
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: results,
            user_variables: variables(&[], None),
        });
        association.put(&accepted).await?;
        association.open = true;
        Ok(association)
    }

    async fn put(&mut self, pdu: &Pdu) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        pdu::write_pdu(&mut bytes, pdu).map_err(|_| Failure::Internal {
            doing: "write what begins an association".into(),
        })?;
        self.write(&bytes).await
    }
}

fn trimmed(uid: &str) -> &str {
    uid.trim_end_matches(['\0', ' '])
}

fn variables(proposals: &[Proposal], extended: Option<(&str, Vec<u8>)>) -> Vec<UserVariableItem> {
    let mut variables = vec![
        UserVariableItem::MaxLength(MAX_PDU),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
        UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION_NAME.to_owned()),
    ];
    let mut classes: Vec<&str> = proposals
        .iter()
        .filter(|proposal| proposal.role == Role::Us)
        .map(|proposal| proposal.class.as_str())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    let roles = RequestorRoles {
        scu: false,
        scp: true,
    };
    variables.extend(
        classes
            .into_iter()
            .map(|class| UserVariableItem::ScuScpRoleSelectionSubItem(class.to_owned(), roles)),
    );
    variables.extend(extended.map(|(class, bytes)| {
        UserVariableItem::SopClassExtendedNegotiationSubItem(class.to_owned(), bytes)
    }));
    variables
}
