//! Associations that end in the middle, and responses cut into PDUs in other ways, as a peer sees them on the wire.

use dicom_fixtures::{Study, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::RefuseInstance;
use dicom_mock_archive::rule::{After, Rule, storing};
use dicom_ul::pdu::Pdu;
use dicom_wire::dimse::{EchoRequest, Status};

use super::peer::*;

async fn with(faults: &[&str]) -> MockArchive {
    let mut builder = MockArchive::builder();
    for fault in faults {
        builder = builder.rule(Rule::parse(fault).unwrap());
    }
    builder.start().await.unwrap()
}

fn small() -> Study {
    ct("chest").size(32).slices(2)
}

fn echo() -> EchoRequest {
    EchoRequest {
        message_id: 7,
        sop_class: uid(VERIFICATION),
    }
}

/// The PDUs that answer a C-ECHO.
async fn echoed(peer: &mut Peer) -> Vec<Vec<u8>> {
    peer.say(1, echo(), None, 0).await;
    let mut pdus = Vec::new();
    loop {
        let Ok(Some(pdu)) = peer.pdu().await else {
            return pdus;
        };
        let is_last = pdu.get(11).is_some_and(|flags| flags & 2 != 0);
        pdus.push(pdu.to_vec());
        if is_last {
            return pdus;
        }
    }
}

#[tokio::test]
async fn a_response_is_cut_into_pdus_as_it_is_told() {
    let right = with(&[]).await;
    let (mut peer, _) = Peer::associate(&right, request()).await;
    let usual = echoed(&mut peer).await;
    assert_eq!(usual.len(), 1);
    let command = &usual[0][12..];

    for (form, most) in [("split", 32), ("odd", 31)] {
        let archive = with(&[&format!("reshape-pdus:form={form}")]).await;
        let (mut peer, _) = Peer::associate(&archive, request()).await;
        let pdus = echoed(&mut peer).await;
        assert!(pdus.len() > 2, "{form}");
        assert!(
            pdus[..pdus.len() - 1]
                .iter()
                .all(|pdu| pdu.len() == 12 + most)
        );
        let joined: Vec<u8> = pdus.iter().flat_map(|pdu| &pdu[12..]).copied().collect();
        assert_eq!(joined, command, "{form}");
        if form == "split" {
            assert_eq!(peer.echo().await, Status::SUCCESS, "a client that can read");
        }
    }
    let archive = with(&["reshape-pdus:form=wrong-context"]).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    assert_eq!(echoed(&mut peer).await[0][10], 3);
    let archive = with(&["reshape-pdus:form=oversize"]).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(1, echo(), None, 0).await;
    let long = peer.pdu().await.unwrap().unwrap();
    assert!(long.len() > 16_384, "{} bytes", long.len());
    assert!(long.ends_with(command));
}

#[tokio::test]
async fn a_pdu_ends_before_its_length_and_the_connection_with_it() {
    let archive = with(&["pdu.truncated"]).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;

    assert!(echoed(&mut peer).await.is_empty(), "no PDU comes whole");
}

#[tokio::test]
async fn an_abort_comes_in_place_of_an_acceptance_or_a_response() {
    let archive = with(&["abort:source=2:reason=1:service=associate"]).await;
    let (_, answer) = Peer::ask(&archive, request()).await;
    assert!(
        matches!(answer, Answer::Pdu(Pdu::AbortRQ { .. })),
        "{answer:?}"
    );

    let archive = with(&["abort:service=echo"]).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(1, echo(), None, 0).await;
    assert_eq!(peer.aborted().await, (0, 0));
}

#[tokio::test]
async fn an_upload_is_broken_off_at_the_pdu_that_is_named() {
    let study = small();
    let asked = for_storing(study.instances(), &[]);
    // Command and data set are a PDU each: the fourth belongs to the second instance.
    let archive = with(&["break-off:at=pdu:nth=4"]).await;
    let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;

    let first = peer.store(&asked, &study.instances()[0]).await;
    let second = &study.instances()[1];
    let context = Peer::<tokio::net::TcpStream>::context_of(&asked, &second.sop_class, EXPLICIT);
    let request = store_request(5, second);
    peer.say(context, request, Some(data_set(second)), 0).await;

    assert_eq!(first.outcome.status, Status::SUCCESS);
    assert_eq!(peer.aborted().await, (2, 0));
    assert_eq!(archive.stored(), [uid(&study.instances()[0].sop_instance)]);
    let journal = archive.journal().to_string();
    assert!(journal.contains("break-off"), "{journal}");
}

#[tokio::test]
async fn a_rule_waits_for_so_many_pdus() {
    let study = small();
    let archive = MockArchive::start().await;
    let rule = Rule::when(storing()).then(RefuseInstance::default());
    archive.inject(rule.after(After::pdus(4)));
    let asked = for_storing(study.instances(), &[]);
    let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;

    let mut statuses = Vec::new();
    for instance in study.instances().iter().chain(study.instances()).take(3) {
        statuses.push(peer.store(&asked, instance).await.outcome.status);
    }

    // Four PDUs have come when the second instance is judged.
    assert_eq!(statuses[0], Status::SUCCESS);
    assert_ne!(statuses[1], Status::SUCCESS);
    assert_ne!(statuses[2], Status::SUCCESS);
}

/// The PDUs that are there whole.
fn whole_pdus(bytes: &[u8]) -> &[u8] {
    let mut end = 0;
    while let Some(&[_, _, a, b, c, d]) = bytes[end..].first_chunk() {
        let next = end + 6 + u32::from_be_bytes([a, b, c, d]) as usize;
        if next > bytes.len() {
            break;
        }
        end = next;
    }
    &bytes[..end]
}

#[tokio::test]
async fn what_came_of_an_aborted_instance_is_kept_where_that_is_a_habit() {
    let study = small();
    let instance = &study.instances()[0];
    let asked = for_storing(study.instances(), &[]);
    for (faults, kept) in [(&[][..], 0), (&["ul.abort-stores-part"][..], 1)] {
        let archive = with(faults).await;
        let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;
        let context =
            Peer::<tokio::net::TcpStream>::context_of(&asked, &instance.sop_class, EXPLICIT);
        let message = dicom_wire::dimse::Message {
            context,
            command: dicom_wire::dimse::Command::from(store_request(3, instance)),
            data_set: Some(data_set(instance)),
        };
        let pdus = message.to_pdus(512);
        peer.send(whole_pdus(&pdus[..pdus.len() - 700])).await;
        peer.send(&[7, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
        assert!(matches!(
            peer.answer().await,
            Answer::Closed | Answer::Reset
        ));

        assert_eq!(archive.stored().len(), kept);
    }
}
