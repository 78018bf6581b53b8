//! What an association request asks and what is answered (PS3.8 9.3.2 to 9.3.4, PS3.7 annex D).

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use dicom_dictionary_std::uids;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_ul::pdu::{
    self, AssociationAC, AssociationRQ, Pdu, PresentationContextResult,
    PresentationContextResultReason as Reason, RequestorRoles, UserIdentityType, UserVariableItem,
};
use dicom_wire::part10::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};
use dicom_wire::uid::Uid;

use crate::moment::{Context, ContextAnswer, Rejection};
use crate::policy::{Extension, Policy};

/// The DICOM application context (PS3.7 A.2.1).
pub(super) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// Everything below is a storage SOP class, whether this dictionary knows it or not (PS3.6 table A-1).
const STORAGE_ROOT: &str = "1.2.840.10008.5.1.4.1.1.";
/// Everything below belongs to the standard; a UID elsewhere is private.
const DICOM_ROOT: &str = "1.2.840.10008.";
/// What follows it is a number for a coding process (PS3.6 table A-1).
const JPEG_ROOT: &str = "1.2.840.10008.1.2.4.";
/// The JPEG processes that were retired, which the registry has not; files of them are still around.
const RETIRED_JPEG: std::ops::RangeInclusive<u8> = 52..=66;
/// Retired, but still sent.
const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// Storage SOP classes outside [`STORAGE_ROOT`].
const OTHER_STORAGE: [&str; 9] = [
    "1.2.840.10008.5.1.4.34.7",
    "1.2.840.10008.5.1.4.34.10",
    "1.2.840.10008.5.1.4.38.1",
    "1.2.840.10008.5.1.4.39.1",
    "1.2.840.10008.5.1.4.43.1",
    "1.2.840.10008.5.1.4.44.1",
    "1.2.840.10008.5.1.4.45.1",
    "1.2.840.10008.5.1.1.29",
    "1.2.840.10008.5.1.1.30",
];
/// Where the two AE titles and the reserved bytes of a request lie, which an acceptance gives back as they came (PS3.8 table 9-17).
const ECHOED: std::ops::Range<usize> = 10..74;

/// What the archive does on a presentation context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// C-ECHO.
    Verification,
    /// C-STORE, and sub-operations of a C-GET.
    Storage,
    /// C-FIND.
    Find(Root),
    /// C-MOVE.
    Move(Root),
    /// C-GET.
    Get(Root),
    /// C-FIND of the modality worklist.
    Worklist,
    /// N-ACTION and N-EVENT-REPORT of storage commitment.
    Commitment,
}

/// An information model of query/retrieve (PS3.4 C.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// PATIENT is the top level.
    Patient,
    /// STUDY is the top level.
    Study,
}

/// What an abstract syntax stands for; `None` = nothing the archive does.
///
/// A private UID can be a storage class of any vendor, so it counts as one: policy says whether it is wanted.
pub(super) fn usage(abstract_syntax: &Uid) -> Option<Use> {
    Some(match abstract_syntax.as_str() {
        uids::VERIFICATION => Use::Verification,
        uids::MODALITY_WORKLIST_INFORMATION_MODEL_FIND => Use::Worklist,
        uids::STORAGE_COMMITMENT_PUSH_MODEL => Use::Commitment,
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND => Use::Find(Root::Patient),
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE => Use::Move(Root::Patient),
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET => Use::Get(Root::Patient),
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND => Use::Find(Root::Study),
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE => Use::Move(Root::Study),
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET => Use::Get(Root::Study),
        text if text.starts_with(STORAGE_ROOT)
            || OTHER_STORAGE.contains(&text)
            || !text.starts_with(DICOM_ROOT) =>
        {
            Use::Storage
        }
        _ => return None,
    })
}

/// The archive's own answers to the proposed contexts, in their order; policy and the registry of transfer syntaxes decide.
pub(super) fn answers(request: &AssociationRQ, policy: &Policy) -> Vec<Context> {
    let answer = |proposed: &pdu::PresentationContextProposed| {
        let offered: Vec<_> = proposed
            .transfer_syntaxes
            .iter()
            .filter_map(|text| Uid::from_padded(text).ok())
            .collect();
        // A UID that is none cannot be echoed in the context's answer either: it has no abstract syntax there.
        let abstract_syntax = Uid::from_padded(&proposed.abstract_syntax).ok();
        let answer = match abstract_syntax
            .as_ref()
            .and_then(|uid| Some((uid, usage(uid)?)))
        {
            _ if proposed.id.is_multiple_of(2) => ContextAnswer::Refused(2),
            None => ContextAnswer::Refused(3),
            Some((uid, Use::Storage)) if !policy.sop_classes.accepts(uid) => {
                ContextAnswer::Refused(3)
            }
            Some((_, Use::Storage)) => choose(&offered, |uid| {
                is_known(uid) && policy.transfer_syntaxes.accepts(uid)
            }),
            Some(_) => choose(&offered, |uid| is_plain(uid.as_str())),
        };
        let abstract_syntax =
            abstract_syntax.unwrap_or_else(|| Uid::parse("0").expect("0 is a UID"));
        Context {
            id: proposed.id,
            abstract_syntax,
            offered,
            answer,
        }
    };
    request.presentation_contexts.iter().map(answer).collect()
}

/// The first that is good enough: the order is the requester's preference.
fn choose(offered: &[Uid], is_good: impl Fn(&Uid) -> bool) -> ContextAnswer {
    offered
        .iter()
        .find(|uid| is_good(uid))
        .map_or(ContextAnswer::Refused(4), |uid| {
            ContextAnswer::Accepted(uid.clone())
        })
}

/// Whether an instance in this transfer syntax can be kept: its pixels need not be readable here.
fn is_known(transfer_syntax: &Uid) -> bool {
    let text = transfer_syntax.as_str();
    let process = text.strip_prefix(JPEG_ROOT).map(str::parse);
    matches!(process, Some(Ok(number)) if RETIRED_JPEG.contains(&number))
        || TransferSyntaxRegistry.get(text).is_some()
}

/// Transfer syntaxes for commands' identifiers: no pixel data in them, so no compression needed.
pub(super) fn is_plain(transfer_syntax: &str) -> bool {
    [
        uids::IMPLICIT_VR_LITTLE_ENDIAN,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
        EXPLICIT_VR_BIG_ENDIAN,
    ]
    .contains(&transfer_syntax)
}

/// The roles granted of those proposed (PS3.7 D.3.3.4): never more than was offered, and only for storage.
pub(super) fn roles(
    request: &AssociationRQ,
    contexts: &[Context],
) -> BTreeMap<Uid, RequestorRoles> {
    let accepted = |uid: &Uid| usage(uid) == Some(Use::Storage) && is_accepted(contexts, uid);
    let granted = |item: &UserVariableItem| match item {
        UserVariableItem::ScuScpRoleSelectionSubItem(uid, roles) => Uid::from_padded(uid)
            .ok()
            .filter(accepted)
            .map(|uid| (uid, *roles)),
        _ => None,
    };
    request.user_variables.iter().filter_map(granted).collect()
}

/// What was agreed by extended negotiation for a SOP class (PS3.7 D.3.3.5, PS3.4 C.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    agreed: BTreeSet<Extension>,
    /// The service class application information that says so.
    answer: Vec<u8>,
}

impl Extended {
    /// Whether this was agreed to.
    pub(super) fn has(&self, extension: Extension) -> bool {
        self.agreed.contains(&extension)
    }
}

/// What is agreed of the extensions proposed for query/retrieve classes that were accepted; each byte is answered, none with more than was asked.
pub(super) fn extended(
    request: &AssociationRQ,
    contexts: &[Context],
    policy: &Policy,
) -> BTreeMap<Uid, Extended> {
    let agreed = |item: &UserVariableItem| {
        let UserVariableItem::SopClassExtendedNegotiationSubItem(class, asked) = item else {
            return None;
        };
        let class = Uid::from_padded(class).ok()?;
        let known: &[Extension] = match usage(&class)? {
            Use::Find(_) => &Extension::ALL,
            Use::Move(_) | Use::Get(_) => &[Extension::Relational],
            Use::Verification | Use::Storage | Use::Worklist | Use::Commitment => return None,
        };
        if !is_accepted(contexts, &class) {
            return None;
        }
        let mut extended = Extended {
            answer: vec![0; asked.len()],
            ..Extended::default()
        };
        for ((extension, asked), answer) in known.iter().zip(asked).zip(&mut extended.answer) {
            if *asked == 1 && policy.extensions.contains(extension) {
                *answer = 1;
                extended.agreed.insert(*extension);
            }
        }
        Some((class, extended))
    };
    request.user_variables.iter().filter_map(agreed).collect()
}

fn is_accepted(contexts: &[Context], class: &Uid) -> bool {
    contexts.iter().any(|context| {
        context.abstract_syntax == *class && matches!(context.answer, ContextAnswer::Accepted(_))
    })
}

/// The longest P-DATA-TF body that the requester takes; 0 = no limit, and where it says nothing.
pub(super) fn max_length(variables: &[UserVariableItem]) -> u32 {
    let limit = |item: &UserVariableItem| match item {
        UserVariableItem::MaxLength(limit) => Some(*limit),
        _ => None,
    };
    variables.iter().find_map(limit).unwrap_or(0)
}

/// Asynchronous operations window (PS3.7 D.3.3.3), which the upper layer's types do not have.
const ASYNCHRONOUS_WINDOW: u8 = 0x53;
/// The answer to a user identity (PS3.7 D.3.3.7.2), likewise.
const USER_IDENTITY_ANSWER: u8 = 0x59;

/// Whether policy knows the user that a request names (PS3.7 D.3.3.7).
///
/// # Errors
/// Result 1, source 1, reason 1 if it does not, or if none is named where one has to be.
pub(super) fn identify(request: &AssociationRQ, policy: &Policy) -> Result<(), Rejection> {
    let is_known = |item: &UserVariableItem| {
        let UserVariableItem::UserIdentityItem(identity) = item else {
            return false;
        };
        let password = identity.secondary_field();
        let password = match identity.identity_type() {
            UserIdentityType::Username => None,
            UserIdentityType::UsernamePassword => Some(password.as_slice()),
            _ => return false,
        };
        let user = identity.primary_field();
        let mut logins = policy.logins.iter();
        logins.any(|login| login.matches(&user, password))
    };
    if policy.logins.is_empty() || request.user_variables.iter().any(is_known) {
        return Ok(());
    }
    Err(Rejection {
        result: 1,
        source: 1,
        reason: 1,
    })
}

/// The user information of an acceptance: who the archive is, and an answer to what was proposed (PS3.7 annex D).
pub(super) fn user_information(
    request: &AssociationRQ,
    roles: &BTreeMap<Uid, RequestorRoles>,
    extended: &BTreeMap<Uid, Extended>,
    policy: &Policy,
) -> Vec<UserVariableItem> {
    let answer = |item: &UserVariableItem| match item {
        // One operation at a time, as without the item.
        UserVariableItem::Unknown(ASYNCHRONOUS_WINDOW, asked) if asked.len() == 4 => Some(
            UserVariableItem::Unknown(ASYNCHRONOUS_WINDOW, vec![0, 1, 0, 1]),
        ),
        // Only where users are checked, and without a server response, as for names and passwords.
        UserVariableItem::UserIdentityItem(identity)
            if identity.positive_response_requested() && !policy.logins.is_empty() =>
        {
            Some(UserVariableItem::Unknown(USER_IDENTITY_ANSWER, vec![0, 0]))
        }
        _ => None,
    };
    let role = |(uid, roles): (&Uid, &RequestorRoles)| {
        UserVariableItem::ScuScpRoleSelectionSubItem(uid.to_string(), *roles)
    };
    let extension = |(uid, extended): (&Uid, &Extended)| {
        let answer = extended.answer.clone();
        UserVariableItem::SopClassExtendedNegotiationSubItem(uid.to_string(), answer)
    };
    identity(policy.max_pdu)
        .into_iter()
        .chain(roles.iter().map(role))
        .chain(extended.iter().map(extension))
        .chain(request.user_variables.iter().filter_map(answer))
        .collect()
}

/// A-ASSOCIATE-AC for this request, whose bytes are `received` (PS3.8 9.3.3).
pub(super) fn acceptance(
    received: &Bytes,
    contexts: &[Context],
    user_variables: Vec<UserVariableItem>,
) -> Result<Vec<u8>, pdu::WriteError> {
    let result = |context: &Context| {
        let implicit = || uids::IMPLICIT_VR_LITTLE_ENDIAN.to_owned();
        let (reason, transfer_syntax) = match &context.answer {
            ContextAnswer::Accepted(uid) => (Reason::Acceptance, uid.to_string()),
            ContextAnswer::Refused(1) => (Reason::UserRejection, implicit()),
            ContextAnswer::Refused(3) => (Reason::AbstractSyntaxNotSupported, implicit()),
            ContextAnswer::Refused(4) => (Reason::TransferSyntaxesNotSupported, implicit()),
            ContextAnswer::Refused(_) => (Reason::NoReason, implicit()),
        };
        PresentationContextResult {
            id: context.id,
            reason,
            transfer_syntax,
        }
    };
    let accepted = Pdu::AssociationAC(AssociationAC {
        protocol_version: 1,
        calling_ae_title: String::from("-"),
        called_ae_title: String::from("-"),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: contexts.iter().map(result).collect(),
        user_variables,
    });
    let mut bytes = Vec::new();
    pdu::write_pdu(&mut bytes, &accepted)?;
    bytes[ECHOED].copy_from_slice(&received[ECHOED]);
    Ok(bytes)
}

/// The user information that every association of the archive carries, whichever side it is on.
pub(super) fn identity(max_pdu: u32) -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(max_pdu),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
        UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION_NAME.to_owned()),
    ]
}

/// A-ASSOCIATE-RJ (PS3.8 9.3.4).
pub(super) fn rejection(rejection: Rejection) -> [u8; 10] {
    [
        super::connection::kind::ASSOCIATE_RJ,
        0,
        0,
        0,
        0,
        4,
        0,
        rejection.result,
        rejection.source,
        rejection.reason,
    ]
}
