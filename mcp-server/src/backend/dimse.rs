//! DIMSE as archives really speak it (PS3.7, PS3.4 annexes A to C): one association for each question.

mod association;
mod moving;
mod own_scp;
mod receive;
mod retrieve;
mod search;
mod store;
mod stream;

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use dicom_dictionary_std::uids;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex as _;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_wire::dimse::{Command, EchoRequest, Outcome, Status, StatusClass};
use dicom_wire::part10::{self, FileMeta, Limits};
use dicom_wire::uid::Uid;

use crate::attribute::Attribute;
use crate::backend::{Deadline, tls};
use crate::config::{self, Config, DimseSettings};
use crate::error::{Failure, Said};

use association::{Association, Peer, Proposal, Role};

pub use receive::Sink;
pub use retrieve::Moved;

/// What any archive can read, the better one first (PS3.5 A.1, A.2).
const PLAIN: [&str; 2] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
];

/// An archive that speaks DIMSE.
#[derive(Debug)]
pub struct Dimse {
    peer: Peer,
    limits: config::Limits,
    /// As it is told: AE title and address.
    address: String,
    timeout: std::time::Duration,
    /// What secures what is moved here, where the archive is asked inside TLS.
    taking: Option<Arc<rustls::ServerConfig>>,
    /// Who is moving to this server just now: it has one port for it.
    turn: tokio::sync::Mutex<()>,
}

impl Dimse {
    pub(super) fn new(settings: &DimseSettings, config: &Config) -> Result<Self, Failure> {
        let tls = settings.tls.as_ref().map(tls::client).transpose()?;
        let taking = match (&settings.tls, settings.receive) {
            (Some(files), Some(_)) => Some(Arc::new(tls::server(files)?)),
            _ => None,
        };
        let scheme = if tls.is_some() { "dicoms" } else { "dicom" };
        Ok(Self {
            address: format!("{scheme}://{}@{}", settings.called, settings.address),
            peer: Peer {
                settings: settings.clone(),
                tls: tls.map(Arc::new),
            },
            taking,
            limits: config.limits.clone(),
            timeout: config.timeout,
            turn: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// C-ECHO (PS3.4 A).
    pub(crate) async fn echo(&self, deadline: &Deadline) -> Result<(), Failure> {
        let doing = "verify the connection by C-ECHO";
        deadline
            .within(doing, async {
                let mut association = self.associate(doing, uids::VERIFICATION).await?;
                let context = association.context(uids::VERIFICATION)?;
                let request = EchoRequest::new(association.message_id());
                association
                    .send(context.id, Command::from(request), None)
                    .await?;
                let (_, command, _) = association.message().await?;
                let Command::EchoRsp(response) = command else {
                    return Err(association
                        .unusable(format!("the archive answered with {}", command.name())));
                };
                association.release().await;
                match response.outcome.status.class() {
                    StatusClass::Success | StatusClass::Warning => Ok(()),
                    _ => Err(refused(doing, &response.outcome, "")),
                }
            })
            .await
    }

    /// Which of these services the archive accepts, by one association that proposes all of them.
    pub(crate) async fn services(
        &self,
        classes: &[&'static str],
        deadline: &Deadline,
    ) -> Result<Vec<&'static str>, Failure> {
        let doing = "ask for capabilities";
        let proposals: Vec<Proposal> = classes.iter().map(|class| plain(class)).collect();
        deadline
            .within(doing, async {
                let association = Association::open(&self.peer, doing, &proposals, None).await?;
                let accepted = classes
                    .iter()
                    .copied()
                    .filter(|class| association.context(class).is_ok())
                    .collect();
                association.release().await;
                Ok(accepted)
            })
            .await
    }

    async fn associate(&self, doing: &str, class: &str) -> Result<Association, Failure> {
        Association::open(&self.peer, doing, &[plain(class)], None).await
    }
}

fn plain(class: &str) -> Proposal {
    Proposal {
        class: class.to_owned(),
        syntaxes: PLAIN.map(str::to_owned).into(),
        role: Role::Archive,
    }
}

fn uid(text: &str) -> Uid {
    Uid::parse(text).expect("UIDs of the dictionary are UIDs")
}

/// The failure that a final status stands for; `before` says what had come until then.
fn refused(doing: &str, outcome: &Outcome, before: &str) -> Failure {
    let mut words: Vec<String> = outcome.comment.iter().cloned().collect();
    if !outcome.offending.is_empty() {
        let named = outcome
            .offending
            .iter()
            .map(|(group, element)| Attribute::of(dicom_core::Tag(*group, *element)).keyword);
        words.push(format!(
            "offending element: {}",
            named.collect::<Vec<_>>().join(", ")
        ));
    }
    Failure::Dimse {
        doing: format!("{doing}{before}"),
        status: outcome.status,
        said: Said::new(&words.join("; ")),
    }
}

/// Whether a final status says that all is done, perhaps with a remark.
fn is_done(status: Status) -> bool {
    matches!(status.class(), StatusClass::Success | StatusClass::Warning)
}

/// A data set as an object, bounded before it is read: as a file, so that the one reader that bounds depth reads it.
fn read(bytes: &Bytes, class: &str, syntax: &str) -> Result<InMemDicomObject, String> {
    let meta = FileMeta::new(
        uid(class),
        uid(class),
        Uid::parse(syntax).map_err(|error| error.to_string())?,
    );
    let mut file = meta.to_bytes();
    file.extend_from_slice(bytes);
    let mut file = Cursor::new(file);
    let layout = part10::scan(&mut file, &Limits::default()).map_err(|error| error.to_string())?;
    part10::header(&mut file, &layout).map_err(|error| error.to_string())
}

/// The bytes of an identifier on a context.
fn write(identifier: &InMemDicomObject, syntax: &str, doing: &str) -> Result<Bytes, Failure> {
    let internal = || Failure::Internal {
        doing: format!("write what is needed to {doing}"),
    };
    let syntax = TransferSyntaxRegistry.get(syntax).ok_or_else(internal)?;
    let mut bytes = Vec::new();
    identifier
        .write_dataset_with_ts(&mut bytes, syntax)
        .map_err(|_| internal())?;
    Ok(bytes.into())
}
