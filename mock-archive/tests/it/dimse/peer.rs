//! A requester made of bytes: right by default, wrong where a test wants it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_fixtures::{Instance, Study};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::server::Builder;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries;
use dicom_ul::pdu::{
    self, AssociationAC, AssociationRQ, Pdu, PresentationContextProposed, UserVariableItem,
};
use dicom_wire::dimse::pdv::{self, Kind, PDU_HEADER, Pdv, Place};
use dicom_wire::dimse::{
    Collector, Command, CommandSet, EchoRequest, Message, Priority, Status, StoreRequest,
    StoreResponse, element,
};
use dicom_wire::uid::Uid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const VERIFICATION: &str = "1.2.840.10008.1.1";
pub(crate) const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
pub(crate) const PATIENT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
pub(crate) const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
pub(crate) const PATIENT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.1.2";
pub(crate) const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";

/// What comes from the archive.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A PDU that is no P-DATA-TF.
    Pdu(Pdu),
    /// A P-DATA-TF.
    Data(Vec<Pdv>),
    /// The archive closed.
    Closed,
    /// The archive reset.
    Reset,
}

pub(crate) struct Peer<S = TcpStream> {
    stream: S,
    buffer: BytesMut,
    collector: Collector,
    values: Vec<Pdv>,
    /// The longest body of a P-DATA-TF so far.
    pub(crate) longest: usize,
}

/// A request for an association: Verification on context 1.
pub(crate) fn request() -> AssociationRQ {
    AssociationRQ {
        protocol_version: 1,
        calling_ae_title: "PEER".to_owned(),
        called_ae_title: "MOCK".to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: vec![context(1, VERIFICATION, &[IMPLICIT])],
        user_variables: vec![
            UserVariableItem::MaxLength(16_384),
            UserVariableItem::ImplementationClassUID("1.2.826.0.1.3680043.10.9".to_owned()),
        ],
    }
}

pub(crate) fn context(id: u8, class: &str, syntaxes: &[&str]) -> PresentationContextProposed {
    PresentationContextProposed {
        id,
        abstract_syntax: class.to_owned(),
        transfer_syntaxes: syntaxes.iter().map(|&s| s.to_owned()).collect(),
    }
}

pub(crate) fn with_contexts(contexts: Vec<PresentationContextProposed>) -> AssociationRQ {
    AssociationRQ {
        presentation_contexts: contexts,
        ..request()
    }
}

pub(crate) fn bytes_of(request: AssociationRQ) -> Vec<u8> {
    let mut bytes = Vec::new();
    pdu::write_pdu(&mut bytes, &Pdu::AssociationRQ(request)).unwrap();
    bytes
}

impl Peer {
    /// Connects and says nothing.
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect(to).await.unwrap())
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self::speaking(stream)
    }

    /// Sends a request for an association; gives what came back.
    pub(crate) async fn ask(archive: &MockArchive, request: AssociationRQ) -> (Self, Answer) {
        let mut peer = Self::connect(archive.dimse_addr()).await;
        peer.send(&bytes_of(request)).await;
        let answer = peer.answer().await;
        (peer, answer)
    }

    /// Opens an association, which has to be accepted.
    pub(crate) async fn associate(
        archive: &MockArchive,
        request: AssociationRQ,
    ) -> (Self, AssociationAC) {
        match Self::ask(archive, request).await {
            (peer, Answer::Pdu(Pdu::AssociationAC(accepted))) => (peer, accepted),
            (_, other) => panic!("not accepted: {other:?}"),
        }
    }

    /// Drops the connection so that the archive sees a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Takes over a stream and says nothing.
    pub(crate) fn speaking(stream: S) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            collector: Collector::new(10_000_000),
            values: Vec::new(),
            longest: 0,
        }
    }

    /// What carries it.
    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends bytes to an archive that may be gone.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a message in PDUs of this maximum length.
    pub(crate) async fn say(
        &mut self,
        context: u8,
        command: impl Into<Command>,
        data_set: Option<Bytes>,
        max_length: u32,
    ) {
        let message = Message {
            context,
            command: command.into(),
            data_set,
        };
        self.send(&message.to_pdus(max_length)).await;
    }

    /// Sends a command set that may be wrong.
    pub(crate) async fn say_set(&mut self, context: u8, set: CommandSet) {
        let message = Message {
            context,
            command: set,
            data_set: None,
        };
        self.send(&message.to_pdus(0)).await;
    }

    /// The bytes of the next PDU; `None` when the archive closed.
    pub(crate) async fn pdu(&mut self) -> std::io::Result<Option<Bytes>> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<PDU_HEADER>() {
                let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]) as usize;
                if self.buffer.len() >= PDU_HEADER + length {
                    return Ok(Some(self.buffer.split_to(PDU_HEADER + length).freeze()));
                }
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        let pdu = match self.pdu().await {
            Ok(Some(pdu)) => pdu,
            Ok(None) => return Answer::Closed,
            Err(_) => return Answer::Reset,
        };
        if pdu[0] == pdv::P_DATA_TF {
            self.longest = self.longest.max(pdu.len() - PDU_HEADER);
            return Answer::Data(pdv::read_body(pdu.slice(PDU_HEADER..)).unwrap());
        }
        let read = pdu::read_pdu(&pdu[..], pdu::MAXIMUM_PDU_SIZE, true);
        Answer::Pdu(read.unwrap().unwrap())
    }

    /// The next whole message; its command set is checked to be well formed.
    pub(crate) async fn message(&mut self) -> (Command, Option<Bytes>) {
        match self.message_or_end().await {
            Ok((_, command, data_set)) => (command, data_set),
            Err(other) => panic!("no message: {other:?}"),
        }
    }

    /// The next whole message with its context, or what came instead.
    pub(crate) async fn message_or_end(&mut self) -> Result<(u8, Command, Option<Bytes>), Answer> {
        loop {
            while !self.values.is_empty() {
                if let Some(message) = self.collector.push(self.values.remove(0)).unwrap() {
                    let faults = CommandSet::irregularities(&message.command.to_bytes());
                    assert_eq!(faults, Ok(vec![]));
                    let command = Command::from_set(&message.command).unwrap();
                    return Ok((message.context, command, message.data_set));
                }
            }
            match self.answer().await {
                Answer::Data(values) => self.values.extend(values),
                other => return Err(other),
            }
        }
    }

    /// The status of the next message, which has no data set.
    pub(crate) async fn status(&mut self) -> Status {
        let (command, data_set) = self.message().await;
        assert_eq!(data_set, None, "{command}");
        command
            .status()
            .unwrap_or_else(|| panic!("{command} has no status"))
    }

    /// Source and reason of the A-ABORT that has to come, before the archive closes.
    pub(crate) async fn aborted(&mut self) -> (u8, u8) {
        let pdu = self
            .pdu()
            .await
            .unwrap()
            .expect("closed without an A-ABORT");
        assert_eq!(pdu[0], 0x07, "{pdu:?}");
        (pdu[8], pdu[9])
    }

    /// Whether a C-ECHO is answered with success.
    pub(crate) async fn echo(&mut self) -> Status {
        self.say(1, EchoRequest::new(1), None, 0).await;
        self.status().await
    }

    /// Says no more, and hears what the archive still has to say.
    pub(crate) async fn leave(mut self) {
        let _ = self.stream.shutdown().await;
        while let Ok(1..) = self.stream.read_buf(&mut self.buffer).await {
            self.buffer.clear();
        }
    }

    /// Releases and waits for the archive to close.
    pub(crate) async fn release(mut self) {
        self.send(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
        assert!(matches!(self.answer().await, Answer::Pdu(Pdu::ReleaseRP)));
        self.stream.shutdown().await.unwrap();
        assert!(matches!(self.answer().await, Answer::Closed));
    }
}

/// The data set of a fixture, without its file meta information.
pub(crate) fn data_set(instance: &Instance) -> Bytes {
    const META: usize = 132 + 12;
    let length: [u8; 4] = instance.bytes[META - 4..META].try_into().unwrap();
    instance
        .bytes
        .slice(META + u32::from_le_bytes(length) as usize..)
}

/// One context for each SOP class and transfer syntax of these instances, and the other classes given.
pub(crate) fn for_storing(instances: &[Instance], others: &[&str]) -> AssociationRQ {
    let pairs: BTreeSet<_> = instances
        .iter()
        .map(|i| (i.sop_class.as_str(), i.transfer_syntax.as_str()))
        .collect();
    let others = others.iter().map(|class| (*class, EXPLICIT));
    let pairs = [(VERIFICATION, IMPLICIT)]
        .into_iter()
        .chain(others)
        .chain(pairs);
    with_contexts(
        pairs
            .enumerate()
            .map(|(n, (class, syntax))| context(n as u8 * 2 + 1, class, &[syntax]))
            .collect(),
    )
}

impl Peer {
    /// The ID of the first context that was asked for with this class.
    pub(crate) fn context_of(request: &AssociationRQ, class: &str, syntax: &str) -> u8 {
        let fits = |c: &&PresentationContextProposed| {
            c.abstract_syntax == class && c.transfer_syntaxes[0] == syntax
        };
        request.presentation_contexts.iter().find(fits).unwrap().id
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Stores an instance on a context of [`for_storing`].
    pub(crate) async fn store(
        &mut self,
        asked: &AssociationRQ,
        instance: &Instance,
    ) -> StoreResponse {
        let context = Peer::context_of(asked, &instance.sop_class, &instance.transfer_syntax);
        self.say(
            context,
            store_request(3, instance),
            Some(data_set(instance)),
            16_384,
        )
        .await;
        match self.message().await {
            (Command::StoreRsp(response), None) => response,
            other => panic!("no C-STORE-RSP: {other:?}"),
        }
    }
}

pub(crate) fn store_request(message_id: u16, instance: &Instance) -> StoreRequest {
    StoreRequest {
        message_id,
        sop_class: uid(&instance.sop_class),
        sop_instance: uid(&instance.sop_instance),
        priority: Priority::Medium,
        originator: None,
    }
}

/// An archive that holds these studies.
pub(crate) async fn holding(builder: Builder, studies: &[&Study]) -> MockArchive {
    let archive = builder.start().await.unwrap();
    for instance in studies.iter().flat_map(|study| study.instances()) {
        archive.archive().load(instance.bytes.clone()).unwrap();
    }
    archive
}

/// An identifier in Explicit VR Little Endian.
pub(crate) fn identifier(elements: &[(Tag, VR, &str)]) -> Bytes {
    let mut object = InMemDicomObject::new_empty();
    for &(tag, vr, text) in elements {
        let value = if text.is_empty() {
            PrimitiveValue::Empty
        } else {
            PrimitiveValue::from(text)
        };
        object.put(DataElement::new(tag, vr, value));
    }
    let mut bytes = Vec::new();
    object
        .write_dataset_with_ts(&mut bytes, &entries::EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .unwrap();
    bytes.into()
}

/// Reads an identifier in Explicit VR Little Endian.
pub(crate) fn object(bytes: &Bytes) -> InMemDicomObject {
    InMemDicomObject::read_dataset_with_ts(&bytes[..], &entries::EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .unwrap()
}

pub(crate) fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    Some(
        object
            .get(tag)?
            .to_str()
            .unwrap()
            .trim_matches([' ', '\0'])
            .to_owned(),
    )
}

/// One PDU with these values.
pub(crate) fn p_data(values: &[Pdv]) -> Bytes {
    let mut body = BytesMut::new();
    values.iter().for_each(|value| value.write_item(&mut body));
    let mut pdu = BytesMut::from(&[pdv::P_DATA_TF, 0][..]);
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend_from_slice(&body);
    pdu.freeze()
}

pub(crate) fn value(context: u8, kind: Kind, place: Place, data: Bytes) -> Pdv {
    Pdv {
        context,
        kind,
        place,
        data,
    }
}

pub(crate) fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

/// The message ID that a response answers to, as it travels.
pub(crate) fn responded_to(set: &CommandSet) -> Option<u16> {
    set.number(element::MESSAGE_ID_RESPONDED_TO).unwrap()
}
