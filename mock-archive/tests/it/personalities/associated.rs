//! Asking over DIMSE: an association, a search or a move in a few words.

use std::collections::BTreeMap;

use dicom_core::VR;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::personality::Seen;
use dicom_ul::pdu::{AssociationAC, AssociationRQ, Pdu, UserVariableItem};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{
    CancelRequest, Command, FindRequest, GetRequest, Message, MoveRequest, Priority, Status,
};

use super::Came;
use super::held::Held;
use crate::dimse::peer::*;

/// The words of an operation: `name=value`, and those without a value.
struct Words<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let words = text.split(' ').skip(1);
        Self(
            words
                .map(|word| word.split_once('=').unwrap_or((word, "")))
                .collect(),
        )
    }

    fn number(&self, name: &str) -> usize {
        self.0
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(0)
    }

    /// The keys of an identifier: those that are keywords.
    fn identifier(&self) -> bytes::Bytes {
        let level = self
            .0
            .get("level")
            .map(|level| ("QueryRetrieveLevel", *level));
        let named = self.0.iter().map(|(name, value)| (*name, *value));
        let mut elements: Vec<_> = level
            .into_iter()
            .chain(named)
            .filter_map(|(name, value)| {
                let entry = StandardDataDictionary.by_name(name)?;
                Some((entry.tag(), entry.vr().exact().unwrap_or(VR::LO), value))
            })
            .collect();
        elements.sort_by_key(|(tag, ..)| *tag);
        identifier(&elements)
    }
}

pub(super) async fn dimse(archive: &MockArchive, held: &Held, seen: &Seen) -> Came {
    let asked = held.name(&seen.ask);
    let words = Words::of(&asked);
    match asked.split(' ').next().unwrap_or_default() {
        "associate" => associate(archive, &words).await,
        "find" => find(archive, &words).await,
        "move" => moved(archive, &words).await,
        "get" => got(archive, &words).await,
        "store" => stored(archive, held, &words).await,
        other => panic!("nothing is called {other:?}"),
    }
}

fn proposing(
    archive: &MockArchive,
    contexts: Vec<dicom_ul::pdu::PresentationContextProposed>,
) -> AssociationRQ {
    AssociationRQ {
        called_ae_title: archive.archive().policy().ae_title.to_string(),
        ..with_contexts(contexts)
    }
}

async fn associate(archive: &MockArchive, words: &Words<'_>) -> Came {
    let mut others = Vec::new();
    for _ in 0..words.number("beside") {
        others.push(Peer::ask(archive, proposing(archive, request().presentation_contexts)).await);
    }
    let tries = words.number("tries").max(1);
    let mut came = Came::default();
    for _ in 0..tries {
        let class = words.0.get("class").copied().unwrap_or(VERIFICATION);
        let syntax = words.0.get("syntax").copied().unwrap_or(IMPLICIT);
        let mut request = proposing(archive, vec![context(1, class, &[syntax])]);
        if words.0.contains_key("extended") {
            let extended = UserVariableItem::SopClassExtendedNegotiationSubItem(
                class.to_owned(),
                vec![1, 1, 1],
            );
            request.user_variables.push(extended);
        }
        if let Some(called) = words.0.get("called") {
            request.called_ae_title = (*called).to_owned();
        }
        came = opened(Peer::ask(archive, request).await.1);
        if tries > 1 && came.gives.starts_with("rejected") {
            break;
        }
    }
    drop(others);
    came
}

fn opened(answer: Answer) -> Came {
    match answer {
        Answer::Pdu(Pdu::AssociationAC(accepted)) => Came::new("accepted", told(&accepted)),
        Answer::Pdu(Pdu::AssociationRJ(rejected)) => {
            let mut bytes = Vec::new();
            dicom_ul::pdu::write_pdu(&mut bytes, &Pdu::AssociationRJ(rejected)).unwrap();
            Came::new(
                format!("rejected {} {} {}", bytes[7], bytes[8], bytes[9]),
                "",
            )
        }
        Answer::Closed => Came::new("closed", ""),
        Answer::Reset => Came::new("reset", ""),
        other => panic!("{other:?}"),
    }
}

fn told(accepted: &AssociationAC) -> String {
    let mut text = String::new();
    for context in &accepted.presentation_contexts {
        text += &match context.reason.clone() as u8 {
            0 => format!(
                "context {} accepted {}\n",
                context.id, context.transfer_syntax
            ),
            reason => format!("context {} refused {reason}\n", context.id),
        };
    }
    for item in &accepted.user_variables {
        match item {
            UserVariableItem::MaxLength(length) => text += &format!("max-pdu {length}\n"),
            UserVariableItem::SopClassExtendedNegotiationSubItem(..) => text += "extended\n",
            _ => {}
        }
    }
    text
}

async fn find(archive: &MockArchive, words: &Words<'_>) -> Came {
    let mut request = proposing(archive, vec![context(1, STUDY_FIND, &[EXPLICIT])]);
    if words.0.contains_key("relational") {
        let extended =
            UserVariableItem::SopClassExtendedNegotiationSubItem(STUDY_FIND.to_owned(), vec![1]);
        request.user_variables.push(extended);
    }
    let (mut peer, answer) = Peer::ask(archive, request).await;
    if !matches!(answer, Answer::Pdu(Pdu::AssociationAC(_))) {
        return opened(answer);
    }
    let message = |command: Command, data_set| {
        Message {
            context: 1,
            command,
            data_set,
        }
        .to_pdus(0)
    };
    let find = FindRequest {
        message_id: 8,
        sop_class: uid(STUDY_FIND),
        priority: Priority::Medium,
    };
    let mut bytes = message(find.into(), Some(words.identifier())).to_vec();
    if words.0.contains_key("cancel") {
        let cancel = CancelRequest {
            message_id_responded_to: 8,
        };
        bytes.extend_from_slice(&message(cancel.into(), None));
    }
    peer.send(&bytes).await;
    let mut pending = BTreeMap::new();
    let mut keywords = Vec::new();
    loop {
        let (_, command, data_set) = match peer.message_or_end().await {
            Ok(message) => message,
            Err(end) => return Came::new(format!("{end:?}"), ""),
        };
        let status = command.status().unwrap_or(Status::SUCCESS);
        let Some(data_set) = data_set else {
            let pending = pending
                .iter()
                .map(|(status, count)| format!("pending {status:04X} {count}\n"));
            let text = pending.collect::<String>() + &keywords.join("\n") + "\n";
            return Came::new(format!("{:04X}", status.0), text);
        };
        *pending.entry(status.0).or_insert(0) += 1;
        if keywords.is_empty() {
            let found = object(&data_set);
            let name = |tag| {
                let name = StandardDataDictionary.by_tag(tag)?.alias().to_owned();
                let value = text(&found, tag).filter(|_| name == "RetrieveAETitle");
                Some(value.map_or(name.clone(), |value| format!("{name} {value}")))
            };
            keywords = found.tags().filter_map(name).collect();
        }
    }
}

async fn moved(archive: &MockArchive, words: &Words<'_>) -> Came {
    let request = proposing(archive, vec![context(1, STUDY_MOVE, &[EXPLICIT])]);
    let (mut peer, answer) = Peer::ask(archive, request).await;
    if !matches!(answer, Answer::Pdu(Pdu::AssociationAC(_))) {
        return opened(answer);
    }
    let request = MoveRequest {
        message_id: 9,
        sop_class: uid(STUDY_MOVE),
        priority: Priority::Medium,
        destination: AeTitle::parse(words.0.get("to").copied().unwrap_or("NOBODY")).unwrap(),
    };
    peer.say(1, request, Some(words.identifier()), 0).await;
    ended(&mut peer).await
}

async fn got(archive: &MockArchive, words: &Words<'_>) -> Came {
    let request = proposing(archive, vec![context(1, STUDY_GET, &[EXPLICIT])]);
    let (mut peer, answer) = Peer::ask(archive, request).await;
    if !matches!(answer, Answer::Pdu(Pdu::AssociationAC(_))) {
        return opened(answer);
    }
    let request = GetRequest {
        message_id: 9,
        sop_class: uid(STUDY_GET),
        priority: Priority::Medium,
    };
    peer.say(1, request, Some(words.identifier()), 0).await;
    ended(&mut peer).await
}

/// The final response of a C-MOVE or C-GET, with its counts.
async fn ended(peer: &mut Peer) -> Came {
    loop {
        let (_, command, _) = peer.message_or_end().await.unwrap();
        let (Command::MoveRsp(response) | Command::GetRsp(response)) = command else {
            panic!("not asked for: {command}");
        };
        let status = response.outcome.status;
        if status.0 & 0xFF00 != 0xFF00 {
            let counts = response.sub_operations;
            let counts = [counts.completed, counts.failed, counts.warning];
            let counts =
                counts.map(|count| count.map_or("none".to_owned(), |count| count.to_string()));
            return Came::new(
                format!("{:04X}", status.0),
                format!("counts {}\n", counts.join(" ")),
            );
        }
    }
}

async fn stored(archive: &MockArchive, held: &Held, words: &Words<'_>) -> Came {
    let instance = &held.stranger(!words.0.contains_key("without-study"));
    let contexts = vec![context(
        1,
        &instance.sop_class,
        &[&instance.transfer_syntax],
    )];
    let (mut peer, answer) = Peer::ask(archive, proposing(archive, contexts)).await;
    let came = opened(answer);
    if !came.text.contains("context 1 accepted") {
        return came;
    }
    peer.say(
        1,
        store_request(5, instance),
        Some(data_set(instance)),
        16_384,
    )
    .await;
    Came::new(format!("{:04X}", peer.status().await.0), "")
}
