//! Requests of the DIMSE services (PS3.7 9.3 and 10.3).

use super::command::{CommandError, required};
use super::set::{CommandSet, element};
use crate::ae::AeTitle;
use crate::uid::Uid;

/// Priority (0000,0700). Archives hardly ever look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// 0000H; any number that is none of the three is read as this.
    #[default]
    Medium,
    /// 0001H.
    High,
    /// 0002H.
    Low,
}

impl Priority {
    fn number(self) -> u16 {
        match self {
            Self::Medium => 0,
            Self::High => 1,
            Self::Low => 2,
        }
    }

    fn read(set: &CommandSet) -> Result<Self, CommandError> {
        Ok(match set.number(element::PRIORITY)? {
            Some(1) => Self::High,
            Some(2) => Self::Low,
            _ => Self::Medium,
        })
    }
}

/// C-ECHO-RQ (PS3.7 9.3.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoRequest {
    /// (0000,0110).
    pub message_id: u16,
    /// (0000,0002), the Verification SOP class.
    pub sop_class: Uid,
}

impl EchoRequest {
    /// A request for the Verification SOP class.
    pub fn new(message_id: u16) -> Self {
        let sop_class =
            Uid::parse("1.2.840.10008.1.1").expect("the Verification SOP class is a UID");
        Self {
            message_id,
            sop_class,
        }
    }

    pub(super) fn put(&self, set: &mut CommandSet) {
        set.put_number(element::MESSAGE_ID, self.message_id)
            .put_uid(element::AFFECTED_SOP_CLASS, &self.sop_class);
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        Ok(Self {
            message_id: message_id(set)?,
            sop_class: sop_class(set)?,
        })
    }
}

/// Who asked for the move that a C-STORE belongs to (PS3.7 9.3.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Originator {
    /// (0000,1030), who sent the C-MOVE-RQ.
    pub ae_title: AeTitle,
    /// (0000,1031), the message ID of that C-MOVE-RQ.
    pub message_id: u16,
}

/// C-STORE-RQ (PS3.7 9.3.1.1). A data set follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRequest {
    /// (0000,0110).
    pub message_id: u16,
    /// (0000,0002), of the instance.
    pub sop_class: Uid,
    /// (0000,1000).
    pub sop_instance: Uid,
    /// (0000,0700).
    pub priority: Priority,
    /// Present on a sub-operation of a C-MOVE; both elements or none.
    pub originator: Option<Originator>,
}

impl StoreRequest {
    pub(super) fn put(&self, set: &mut CommandSet) {
        set.put_number(element::MESSAGE_ID, self.message_id)
            .put_uid(element::AFFECTED_SOP_CLASS, &self.sop_class)
            .put_uid(element::AFFECTED_SOP_INSTANCE, &self.sop_instance)
            .put_number(element::PRIORITY, self.priority.number());
        if let Some(originator) = &self.originator {
            set.put_text(element::MOVE_ORIGINATOR, originator.ae_title.as_str())
                .put_number(element::MOVE_ORIGINATOR_MESSAGE_ID, originator.message_id);
        }
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        let originator = set
            .ae_title(element::MOVE_ORIGINATOR)?
            .zip(set.number(element::MOVE_ORIGINATOR_MESSAGE_ID)?);
        Ok(Self {
            message_id: message_id(set)?,
            sop_class: sop_class(set)?,
            sop_instance: required(
                set.uid(element::AFFECTED_SOP_INSTANCE)?,
                element::AFFECTED_SOP_INSTANCE,
            )?,
            priority: Priority::read(set)?,
            originator: originator.map(|(ae_title, message_id)| Originator {
                ae_title,
                message_id,
            }),
        })
    }
}

/// C-FIND-RQ (PS3.7 9.3.2.1). An identifier follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindRequest {
    /// (0000,0110).
    pub message_id: u16,
    /// (0000,0002), the information model.
    pub sop_class: Uid,
    /// (0000,0700).
    pub priority: Priority,
}

/// C-GET-RQ (PS3.7 9.3.3.1). An identifier follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRequest {
    /// (0000,0110).
    pub message_id: u16,
    /// (0000,0002), the information model.
    pub sop_class: Uid,
    /// (0000,0700).
    pub priority: Priority,
}

/// C-MOVE-RQ (PS3.7 9.3.4.1). An identifier follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveRequest {
    /// (0000,0110).
    pub message_id: u16,
    /// (0000,0002), the information model.
    pub sop_class: Uid,
    /// (0000,0700).
    pub priority: Priority,
    /// (0000,0600), who is to receive the instances.
    pub destination: AeTitle,
}

macro_rules! query_request {
    ($($name:ident),*) => {$(
        impl $name {
            pub(super) fn put(&self, set: &mut CommandSet) {
                set.put_number(element::MESSAGE_ID, self.message_id)
                    .put_uid(element::AFFECTED_SOP_CLASS, &self.sop_class)
                    .put_number(element::PRIORITY, self.priority.number());
            }

            pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
                Ok(Self { message_id: message_id(set)?, sop_class: sop_class(set)?, priority: Priority::read(set)? })
            }
        }
    )*};
}
query_request!(FindRequest, GetRequest);

impl MoveRequest {
    pub(super) fn put(&self, set: &mut CommandSet) {
        set.put_number(element::MESSAGE_ID, self.message_id)
            .put_uid(element::AFFECTED_SOP_CLASS, &self.sop_class)
            .put_number(element::PRIORITY, self.priority.number())
            .put_text(element::MOVE_DESTINATION, self.destination.as_str());
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        Ok(Self {
            message_id: message_id(set)?,
            sop_class: sop_class(set)?,
            priority: Priority::read(set)?,
            destination: required(
                set.ae_title(element::MOVE_DESTINATION)?,
                element::MOVE_DESTINATION,
            )?,
        })
    }
}

/// C-CANCEL-RQ (PS3.7 9.3.2.3, 9.3.3.3, 9.3.4.3). It has no message ID of its own and gets no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelRequest {
    /// (0000,0120), the message ID of the C-FIND, C-GET or C-MOVE to end.
    pub message_id_responded_to: u16,
}

impl CancelRequest {
    pub(super) fn put(&self, set: &mut CommandSet) {
        set.put_number(
            element::MESSAGE_ID_RESPONDED_TO,
            self.message_id_responded_to,
        );
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        let responded_to = set.number(element::MESSAGE_ID_RESPONDED_TO)?;
        Ok(Self {
            message_id_responded_to: required(responded_to, element::MESSAGE_ID_RESPONDED_TO)?,
        })
    }
}

/// The six services on normalized objects (PS3.7 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NService {
    /// N-EVENT-REPORT.
    EventReport,
    /// N-GET.
    Get,
    /// N-SET.
    Set,
    /// N-ACTION.
    Action,
    /// N-CREATE.
    Create,
    /// N-DELETE.
    Delete,
}

impl NService {
    /// All six.
    pub(super) const ALL: [Self; 6] = [
        Self::EventReport,
        Self::Get,
        Self::Set,
        Self::Action,
        Self::Create,
        Self::Delete,
    ];

    /// Whether requests name their object as requested, not as affected (PS3.7 10.3).
    fn names_requested(self) -> bool {
        !matches!(self, Self::EventReport | Self::Create)
    }

    /// The event type or action type element, for the two that have one.
    pub(super) fn type_element(self) -> Option<u16> {
        match self {
            Self::EventReport => Some(element::EVENT_TYPE),
            Self::Action => Some(element::ACTION_TYPE),
            _ => None,
        }
    }
}

/// A request of an N-service (PS3.7 10.3): one shape for the six, whose elements differ little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NRequest {
    /// Which one.
    pub service: NService,
    /// (0000,0110).
    pub message_id: u16,
    /// (0000,0003), or (0000,0002) for N-EVENT-REPORT and N-CREATE.
    pub sop_class: Uid,
    /// (0000,1001), or (0000,1000) for N-EVENT-REPORT and N-CREATE, where N-CREATE may leave it out.
    pub sop_instance: Option<Uid>,
    /// (0000,1002) of N-EVENT-REPORT, (0000,1008) of N-ACTION.
    pub type_id: Option<u16>,
    /// (0000,1005) of N-GET.
    pub attributes: Vec<(u16, u16)>,
}

impl NRequest {
    pub(super) fn put(&self, set: &mut CommandSet) {
        let (class, instance) = Self::object(self.service);
        set.put_number(element::MESSAGE_ID, self.message_id)
            .put_uid(class, &self.sop_class);
        if let Some(uid) = &self.sop_instance {
            set.put_uid(instance, uid);
        }
        if let Some((number, value)) = self.service.type_element().zip(self.type_id) {
            set.put_number(number, value);
        }
        if !self.attributes.is_empty() {
            set.put_tags(element::ATTRIBUTE_LIST, &self.attributes);
        }
    }

    pub(super) fn read(service: NService, set: &CommandSet) -> Result<Self, CommandError> {
        let (class, instance) = Self::object(service);
        let type_id = service
            .type_element()
            .map(|number| set.number(number))
            .transpose()?
            .flatten();
        Ok(Self {
            service,
            message_id: message_id(set)?,
            sop_class: required(set.uid(class)?, class)?,
            sop_instance: set.uid(instance)?,
            type_id,
            attributes: set.tags(element::ATTRIBUTE_LIST),
        })
    }

    fn object(service: NService) -> (u16, u16) {
        if service.names_requested() {
            (
                element::REQUESTED_SOP_CLASS,
                element::REQUESTED_SOP_INSTANCE,
            )
        } else {
            (element::AFFECTED_SOP_CLASS, element::AFFECTED_SOP_INSTANCE)
        }
    }
}

fn message_id(set: &CommandSet) -> Result<u16, CommandError> {
    required(set.number(element::MESSAGE_ID)?, element::MESSAGE_ID)
}

fn sop_class(set: &CommandSet) -> Result<Uid, CommandError> {
    required(
        set.uid(element::AFFECTED_SOP_CLASS)?,
        element::AFFECTED_SOP_CLASS,
    )
}
