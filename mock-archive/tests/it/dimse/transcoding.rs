//! C-GET and C-MOVE to who does not take what is stored: written anew on the way (PS3.5 annex A).

use std::io::Cursor;

use bytes::Bytes;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_encoding::TransferSyntaxIndex;
use dicom_fixtures::{Study, TransferSyntax, ct, ultrasound};
use dicom_mock_archive::MockArchive;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_ul::pdu::{RequestorRoles, UserVariableItem};
use dicom_wire::dimse::{Command, GetRequest, MoveRequest, Priority, Status, StoreResponse};
use dicom_wire::part10::{self, Bulk, Limits};

use super::peer::*;
use super::receiver::{Manners, Receiver};

const NATIVE: [TransferSyntax; 4] = [
    TransferSyntax::ImplicitLittle,
    TransferSyntax::ExplicitLittle,
    TransferSyntax::ExplicitBig,
    TransferSyntax::Deflated,
];

fn asked_for(study: &Study) -> Bytes {
    identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, study.study_uid()),
    ])
}

/// The data sets that come over C-GET to a requester that takes only this transfer syntax.
async fn got(archive: &MockArchive, study: &Study, to: TransferSyntax) -> Vec<InMemDicomObject> {
    let class = study.instances()[0].sop_class.clone();
    let mut asked = with_contexts(vec![
        context(1, STUDY_GET, &[EXPLICIT]),
        context(3, &class, &[to.uid()]),
    ]);
    let roles = RequestorRoles {
        scu: false,
        scp: true,
    };
    asked
        .user_variables
        .push(UserVariableItem::ScuScpRoleSelectionSubItem(class, roles));
    let (mut peer, _) = Peer::associate(archive, asked).await;
    let request = GetRequest {
        message_id: 5,
        sop_class: uid(STUDY_GET),
        priority: Priority::Medium,
    };
    peer.say(1, request, Some(asked_for(study)), 0).await;
    let mut came = Vec::new();
    loop {
        let (context, command, data_set) = peer.message_or_end().await.unwrap();
        match command {
            Command::StoreRq(request) => {
                let data_set = data_set.unwrap();
                assert!(data_set.len().is_multiple_of(2));
                let syntax = TransferSyntaxRegistry.get(to.uid()).unwrap();
                let read = InMemDicomObject::read_dataset_with_ts(&data_set[..], syntax);
                came.push(read.unwrap());
                let response = StoreResponse {
                    message_id: request.message_id,
                    sop_class: Some(request.sop_class),
                    sop_instance: Some(request.sop_instance),
                    outcome: Status::SUCCESS.into(),
                };
                peer.say(context, response, None, 0).await;
            }
            Command::GetRsp(response) if response.outcome.status == Status::PENDING => {}
            Command::GetRsp(response) => {
                assert_eq!(response.outcome.status, Status::SUCCESS);
                peer.release().await;
                return came;
            }
            other => panic!("{other}"),
        }
    }
}

fn pixels(object: &InMemDicomObject) -> Vec<u8> {
    let element = object.element(tags::PIXEL_DATA).unwrap();
    element.to_bytes().unwrap().into_owned()
}

#[tokio::test]
async fn whatever_is_stored_goes_out_in_every_syntax_without_compression() {
    let studies = [
        ct("chest").size(32).slices(2),
        ultrasound().width(32).frames(3),
    ];
    for plain in studies {
        let lossless = NATIVE.into_iter().chain([TransferSyntax::Rle]);
        for from in lossless {
            let stored = plain.clone().encode(from);
            let archive = holding(MockArchive::builder(), &[&stored]).await;
            for to in NATIVE {
                let came = got(&archive, &stored, to).await;
                assert_eq!(came.len(), plain.instances().len());
                for (came, plain) in came.iter().zip(plain.instances()) {
                    let plain = plain.object();
                    let tags_of = |object: &InMemDicomObject| object.tags().collect::<Vec<_>>();
                    assert_eq!(tags_of(came), tags_of(&plain), "{from:?} to {to:?}");
                    assert!(pixels(came) == pixels(&plain), "{from:?} to {to:?}");
                    for tag in [tags::PATIENT_NAME, tags::SOP_INSTANCE_UID, tags::ROWS] {
                        let value = |object: &InMemDicomObject| {
                            object.element(tag).unwrap().to_str().unwrap().into_owned()
                        };
                        assert_eq!(value(came), value(&plain), "{from:?} to {to:?}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn what_lost_pixels_before_is_decoded_as_it_is() {
    let stored = ct("chest")
        .size(32)
        .slices(1)
        .encode(TransferSyntax::JpegBaseline);
    let archive = holding(MockArchive::builder(), &[&stored]).await;
    for to in NATIVE {
        let [came] = &got(&archive, &stored, to).await[..] else {
            panic!("not one instance")
        };
        assert_eq!(pixels(came).len(), 32 * 32, "{to:?}");
    }
}

/// The file with what stands where the last frame's codestream begins made wrong.
fn with_a_bad_last_frame(study: &Study) -> Bytes {
    let mut file = study.instances()[0].bytes.to_vec();
    let layout = part10::scan(Cursor::new(&file), &Limits::default()).unwrap();
    let Bulk::Fragments { fragments, .. } = &layout.pixel_data().unwrap().value else {
        panic!("not encapsulated")
    };
    let at = fragments.last().unwrap().start as usize;
    // More segments than RLE has (PS3.5 G.5).
    file[at] = 99;
    file.into()
}

#[tokio::test]
async fn an_instance_whose_last_frame_cannot_be_decoded_fails_alone() {
    let receiver = Receiver::start(Manners {
        transfer_syntaxes: vec![EXPLICIT.to_owned()],
        ..Manners::default()
    })
    .await;
    let bad = ultrasound().width(32).frames(3).encode(TransferSyntax::Rle);
    let good = ct("chest").size(32).slices(2).encode(TransferSyntax::Rle);
    let title = dicom_wire::ae::AeTitle::parse("DEST").unwrap();
    let builder = MockArchive::builder().destination(title.clone(), receiver.addr);
    let archive = holding(builder, &[&good]).await;
    archive.archive().load(with_a_bad_last_frame(&bad)).unwrap();
    let class = "1.2.840.10008.5.1.4.1.2.2.2";
    let (mut peer, _) = Peer::associate(
        &archive,
        with_contexts(vec![context(1, class, &[EXPLICIT])]),
    )
    .await;
    let request = MoveRequest {
        message_id: 7,
        sop_class: uid(class),
        priority: Priority::Medium,
        destination: title,
    };
    let both = format!("{}\\{}", bad.study_uid(), good.study_uid());
    let asked = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, &both),
    ]);
    peer.say(1, request, Some(asked), 0).await;
    let end = loop {
        match peer.message().await {
            (Command::MoveRsp(end), _) if end.outcome.status == Status::PENDING => {}
            (Command::MoveRsp(end), _) => break end,
            (other, _) => panic!("{other}"),
        }
    };
    assert_eq!(end.outcome.status, Status::SUB_OPERATIONS_WARNING);
    assert_eq!(
        (end.sub_operations.completed, end.sub_operations.failed),
        (Some(2), Some(1))
    );
    assert_eq!(receiver.received().len(), 2);
}
