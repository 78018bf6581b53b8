//! Messages against those of other implementations, and through values of any size.

use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{self, Kind, PDU_HEADER, Pdv, Place};
use dicom_wire::dimse::*;
use dicom_wire::uid::Uid;
use proptest::prelude::*;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";

fn golden(ending: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/dimse");
    let files = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no golden files in {}", folder.display());
    let read = |path: PathBuf| {
        (
            path.file_name().unwrap().to_string_lossy().into_owned(),
            std::fs::read(path).unwrap(),
        )
    };
    files.into_iter().map(read).collect()
}

fn golden_command(name: &str) -> Vec<u8> {
    golden("command")
        .into_iter()
        .find(|(file, _)| file == name)
        .unwrap_or_else(|| panic!("no {name}"))
        .1
}

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

#[test]
fn command_sets_of_others_are_read_and_written_byte_for_byte() {
    for (file, bytes) in golden("command") {
        let (command, data_set) =
            Command::from_bytes(&bytes).unwrap_or_else(|e| panic!("{file}: {e}"));
        let message = file.split('.').nth(1).unwrap();
        assert_eq!(command.name().to_lowercase(), message, "{file}");
        assert_eq!(command.to_bytes(data_set), bytes, "{file}: {command:?}");
        assert_eq!(CommandSet::irregularities(&bytes), Ok(vec![]), "{file}");
    }
}

#[test]
fn messages_of_others_with_their_data_sets_are_read_whole() {
    for (file, bytes) in golden("pdus") {
        let mut rest = Bytes::from(bytes);
        let mut collector = Collector::new(10_000);
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[2..PDU_HEADER].try_into().unwrap()) as usize;
            let pdu = rest.split_to(PDU_HEADER + length);
            for value in pdv::read_body(pdu.slice(PDU_HEADER..)).unwrap() {
                messages.extend(
                    collector
                        .push(value)
                        .unwrap_or_else(|e| panic!("{file}: {e}")),
                );
            }
        }
        let [message] = &messages[..] else {
            panic!("{file}: {messages:?}")
        };
        let data_set = message
            .data_set
            .as_ref()
            .unwrap_or_else(|| panic!("{file} has no data set"));
        assert!(data_set.len() > 20 && data_set.len() % 2 == 0, "{file}");
    }
}

#[test]
fn a_store_request_says_what_pynetdicom_says() {
    let request = StoreRequest {
        message_id: 8,
        sop_class: uid(CT),
        sop_instance: uid("1.2.826.0.1.3680043.10.1.1"),
        priority: Priority::High,
        originator: Some(Originator {
            ae_title: AeTitle::parse("MOVER").unwrap(),
            message_id: 77,
        }),
    };
    let bytes = Command::from(request).to_bytes(DataSet::Present);
    assert_eq!(bytes, golden_command("pynetdicom.c-store-rq.command"));
}

#[test]
fn a_refused_store_says_what_pynetdicom_says() {
    let outcome = Outcome::from(Status::OUT_OF_RESOURCES)
        .with_comment("disk is full")
        .with_offending([(0x7FE0, 0x0010)]);
    let response = StoreResponse {
        message_id: 2,
        sop_class: Some(uid(CT)),
        sop_instance: Some(uid("1.2.826.0.1.3680043.10.1.2")),
        outcome,
    };
    let bytes = Command::from(response).to_bytes(DataSet::Absent);
    assert_eq!(bytes, golden_command("pynetdicom.c-store-rsp.a700.command"));
}

#[test]
fn a_move_request_says_what_dcmtk_says() {
    let request = MoveRequest {
        message_id: 1,
        sop_class: uid(STUDY_MOVE),
        priority: Priority::Medium,
        destination: AeTitle::parse("NOWHERE").unwrap(),
    };
    // dcmtk announces a data set with 0001H too.
    assert_eq!(
        Command::from(request).to_bytes(DataSet::Present),
        golden_command("dcmtk.c-move-rq.command")
    );
}

#[test]
fn what_is_no_command_is_named() {
    let error = |set: &CommandSet| Command::from_set(set).unwrap_err().to_string();
    let mut set = Command::from(EchoRequest::new(1)).to_set(DataSet::Absent);
    set.put_number(element::COMMAND_FIELD, 0x0031);
    assert_eq!(error(&set), "unknown command field 0031H");
    set.put_number(element::COMMAND_FIELD, 0x0001);
    assert_eq!(error(&set), "(0000,1000) is missing");
    set.put_text(element::AFFECTED_SOP_INSTANCE, "1.2.x");
    assert_eq!(error(&set), "(0000,1000) holds \"1.2.x\", expected a UID");
    set.put(element::MESSAGE_ID, [1]);
    assert_eq!(
        error(&set),
        "(0000,0110) holds 1 bytes, expected a US of two bytes"
    );
    assert_eq!(error(&CommandSet::default()), "(0000,0100) is missing");
}

#[test]
fn an_error_comment_is_cut_to_what_the_element_may_hold() {
    let outcome = Outcome::from(Status::PROCESSING_FAILURE)
        .with_comment(format!("größe {}", "x".repeat(100)));
    let response = EchoResponse {
        message_id: 1,
        sop_class: None,
        outcome,
    };
    let set = Command::from(response).to_set(DataSet::Absent);
    assert_eq!(
        set.text(element::ERROR_COMMENT).unwrap(),
        format!("gr??e {}", "x".repeat(58))
    );
}

#[test]
fn a_data_set_over_the_limit_of_its_reader_is_refused() {
    let request = FindRequest {
        message_id: 1,
        sop_class: uid(STUDY_MOVE),
        priority: Priority::Low,
    };
    let message = Message {
        context: 1,
        command: request.into(),
        data_set: Some(vec![0; 100].into()),
    };
    let mut collector = Collector::new(99);
    let results: Result<Vec<_>, _> = message
        .values(30)
        .map(|value| collector.push(value))
        .collect();
    assert_eq!(
        results.unwrap_err().to_string(),
        "data set of 100 bytes or more, at most 99 are taken here"
    );
}

fn uids() -> impl Strategy<Value = Uid> {
    "(0|[1-9][0-9]{0,6})(\\.(0|[1-9][0-9]{0,6})){0,6}".prop_map(|text| uid(&text))
}

fn ae_titles() -> impl Strategy<Value = AeTitle> {
    "[A-Z_][A-Z0-9_ ]{0,14}[A-Z]".prop_map(|text| AeTitle::parse(&text).unwrap())
}

fn priorities() -> impl Strategy<Value = Priority> {
    prop_oneof![
        Just(Priority::Low),
        Just(Priority::Medium),
        Just(Priority::High)
    ]
}

fn services() -> impl Strategy<Value = NService> {
    use NService::*;
    proptest::sample::select(vec![EventReport, Get, Set, Action, Create, Delete])
}

prop_compose! {
    fn outcomes()(
        status: u16,
        offending in proptest::collection::vec(any::<(u16, u16)>(), 0..3),
        comment in proptest::option::of("[a-z][a-z ]{0,62}[a-z]"),
        error_id: Option<u16>,
    ) -> Outcome {
        Outcome { status: Status(status), offending, comment, error_id }
    }
}

prop_compose! {
    fn n_commands()(
        (service, message_id, sop_class, sop_instance) in (services(), any::<u16>(), uids(), proptest::option::of(uids())),
        (type_id, attributes) in (any::<u16>(), proptest::collection::vec(any::<(u16, u16)>(), 0..4)),
        outcome in outcomes(),
        is_request: bool,
    ) -> Command {
        let type_id = matches!(service, NService::EventReport | NService::Action).then_some(type_id);
        if is_request {
            NRequest { service, message_id, sop_class, sop_instance, type_id, attributes }.into()
        } else {
            NResponse { service, message_id, sop_class: Some(sop_class), sop_instance, type_id, outcome }.into()
        }
    }
}

prop_compose! {
    fn retrieve_responses()(
        message_id: u16, sop_class in proptest::option::of(uids()), counts: [Option<u16>; 4], outcome in outcomes(),
    ) -> RetrieveResponse {
        let [remaining, completed, failed, warning] = counts;
        let sub_operations = SubOperations { remaining, completed, failed, warning };
        RetrieveResponse { message_id, sop_class, sub_operations, outcome }
    }
}

prop_compose! {
    fn store_requests()(
        message_id: u16, sop_class in uids(), sop_instance in uids(), priority in priorities(),
        originator in proptest::option::of((ae_titles(), any::<u16>())),
    ) -> StoreRequest {
        let originator = originator.map(|(ae_title, message_id)| Originator { ae_title, message_id });
        StoreRequest { message_id, sop_class, sop_instance, priority, originator }
    }
}

fn commands() -> impl Strategy<Value = Command> {
    let query = || (any::<u16>(), uids(), priorities());
    let answer = || (any::<u16>(), proptest::option::of(uids()), outcomes());
    prop_oneof![
        (any::<u16>(), uids()).prop_map(|(message_id, sop_class)| EchoRequest {
            message_id,
            sop_class
        }
        .into()),
        answer().prop_map(|(message_id, sop_class, outcome)| EchoResponse {
            message_id,
            sop_class,
            outcome
        }
        .into()),
        store_requests().prop_map(Command::from),
        (answer(), proptest::option::of(uids())).prop_map(
            |((message_id, sop_class, outcome), sop_instance)| {
                StoreResponse {
                    message_id,
                    sop_class,
                    sop_instance,
                    outcome,
                }
                .into()
            }
        ),
        query().prop_map(|(message_id, sop_class, priority)| FindRequest {
            message_id,
            sop_class,
            priority
        }
        .into()),
        answer().prop_map(|(message_id, sop_class, outcome)| FindResponse {
            message_id,
            sop_class,
            outcome
        }
        .into()),
        query().prop_map(|(message_id, sop_class, priority)| GetRequest {
            message_id,
            sop_class,
            priority
        }
        .into()),
        retrieve_responses().prop_map(Command::GetRsp),
        (query(), ae_titles()).prop_map(|((message_id, sop_class, priority), destination)| {
            MoveRequest {
                message_id,
                sop_class,
                priority,
                destination,
            }
            .into()
        }),
        retrieve_responses().prop_map(Command::MoveRsp),
        any::<u16>().prop_map(|message_id_responded_to| CancelRequest {
            message_id_responded_to
        }
        .into()),
        n_commands(),
    ]
}

prop_compose! {
    fn messages()(
        context: u8, command in commands(), data_set in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..600)),
    ) -> Message {
        Message { context, command, data_set: data_set.map(Bytes::from) }
    }
}

/// The values of some messages, packed so many to a PDU, read back from the PDUs' bytes.
fn through_pdus(values: &[Pdv], in_a_pdu: usize) -> Vec<Pdv> {
    let body = |values: &[Pdv]| {
        let mut body = BytesMut::new();
        values.iter().for_each(|value| value.write_item(&mut body));
        pdv::read_body(body.freeze()).unwrap()
    };
    values.chunks(in_a_pdu).flat_map(body).collect()
}

proptest! {
    #[test]
    fn a_command_is_read_as_it_was_written(command in commands()) {
        let bytes = command.to_bytes(DataSet::Present);
        prop_assert_eq!(CommandSet::irregularities(&bytes), Ok(vec![]));
        prop_assert_eq!(Command::from_bytes(&bytes), Ok((command, DataSet::Present)));
    }

    #[test]
    fn messages_survive_any_pdu_size(
        sent in proptest::collection::vec(messages(), 1..4), max_length in 0u32..300, in_a_pdu in 1usize..5,
    ) {
        let values: Vec<_> = sent.iter().flat_map(|message| message.values(max_length)).collect();
        let mut collector = Collector::new(600);
        let mut received = Vec::new();
        for value in through_pdus(&values, in_a_pdu) {
            if let Some(message) = collector.push(value).unwrap() {
                let command = Command::from_set(&message.command).unwrap();
                received.push(Message { context: message.context, command, data_set: message.data_set });
            }
        }
        prop_assert_eq!(received, sent);
    }

    #[test]
    fn no_pdu_is_longer_than_the_peer_takes(message in messages(), max_length in 7u32..300) {
        let mut pdus = message.to_pdus(max_length);
        while !pdus.is_empty() {
            let length = u32::from_be_bytes(pdus[2..6].try_into().unwrap());
            prop_assert!(length <= max_length);
            let pdu = pdus.split_to(PDU_HEADER + length as usize);
            prop_assert_eq!(pdu[0], pdv::P_DATA_TF);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Command::from_bytes(&bytes);
        let _ = CommandSet::irregularities(&bytes);
        let mut collector = Collector::new(1000);
        for value in pdv::read_body(bytes.into()).unwrap_or_default() {
            if collector.push(value).is_err() {
                break;
            }
        }
    }

    #[test]
    fn any_values_are_assembled_or_refused_without_a_panic(
        values in proptest::collection::vec((0u8..3, any::<bool>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..30)), 0..20)
    ) {
        let mut assembler = pdv::Assembler::default();
        for (context, is_command, is_last, data) in values {
            let kind = if is_command { Kind::Command } else { Kind::DataSet };
            let place = if is_last { Place::Last } else { Place::Inner };
            if assembler.push(Pdv { context, kind, place, data: data.into() }).is_err() {
                break;
            }
        }
    }
}
