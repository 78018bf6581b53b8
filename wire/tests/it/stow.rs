use dicom_dictionary_std::tags;
use dicom_wire::stow::{Failed, FailureReason, Referenced, StoreResponse, WarningReason};
use dicom_wire::uid::Uid;
use proptest::prelude::*;

fn uid() -> impl Strategy<Value = Uid> {
    "1\\.2\\.[1-9][0-9]{0,8}".prop_map(|text| Uid::parse(&text).unwrap())
}

fn response() -> impl Strategy<Value = StoreResponse> {
    let warning = prop::option::weighted(0.2, (0xB000_u16..0xB010).prop_map(WarningReason));
    let url = prop::option::of("http://[a-z]{1,8}/studies/[0-9.&<]{1,8}x");
    let referenced = (uid(), uid(), url.clone(), warning).prop_map(
        |(class, instance, retrieve_url, warning)| Referenced {
            sop_class: Some(class),
            sop_instance: Some(instance),
            retrieve_url,
            warning,
        },
    );
    let failed = (uid(), uid(), any::<u16>()).prop_map(|(class, instance, reason)| Failed {
        sop_class: Some(class),
        sop_instance: Some(instance),
        reason: Some(FailureReason(reason)),
    });
    let other = any::<u16>().prop_map(|reason| Some(FailureReason(reason)));
    (
        url,
        prop::collection::vec(referenced, 0..4),
        prop::collection::vec(failed, 0..4),
        prop::collection::vec(other, 0..3),
    )
        .prop_map(
            |(retrieve_url, referenced, failed, other_failures)| StoreResponse {
                retrieve_url,
                referenced,
                failed,
                other_failures,
                departures: Vec::new(),
            },
        )
}

proptest! {
    #[test]
    fn a_response_goes_there_and_back(response in response()) {
        prop_assert_eq!(&StoreResponse::from_object(&response.to_object()), &response);
        prop_assert_eq!(&StoreResponse::from_json(&response.to_json()).unwrap(), &response);
        prop_assert_eq!(&StoreResponse::from_xml(&response.to_xml()).unwrap(), &response);
        let array = [b"[", &response.to_json()[..], b"]"].concat();
        prop_assert_eq!(&StoreResponse::from_json(&array).unwrap(), &response);
    }

    #[test]
    fn the_status_follows_from_the_counts(response in response()) {
        let failures = response.failed.len() + response.other_failures.len();
        let warnings = response.referenced.iter().filter(|item| item.warning.is_some()).count();
        let expected = match (response.referenced.len(), failures + warnings) {
            (0, _) => 409,
            (_, 0) => 200,
            _ => 202,
        };
        prop_assert_eq!(response.http_status(), expected);
    }
}

#[test]
fn sequences_without_items_are_absent() {
    let object = StoreResponse::default().to_object();
    assert!(object.get(tags::FAILED_SOP_SEQUENCE).is_none());
    assert!(object.get(tags::REFERENCED_SOP_SEQUENCE).is_none());
    assert!(object.get(tags::OTHER_FAILURES_SEQUENCE).is_none());
}

#[test]
fn what_an_archive_got_wrong_is_told_and_the_rest_is_kept() {
    let body = r#"{
        "00081198": {"vr":"SQ","Value":[
            {"00081150":{"vr":"UI","Value":["1.2.x"]},"00081155":{"vr":"UI","Value":["1.2.3"]}},
            {"00081197":{"vr":"US","Value":[42752]}}
        ]},
        "00081199": {"vr":"SQ","Value":[]}
    }"#;
    let response = StoreResponse::from_json(body.as_bytes()).unwrap();
    assert_eq!(
        response.failed[0].sop_instance.as_ref().unwrap().as_str(),
        "1.2.3"
    );
    assert_eq!(
        response.failed[1].reason,
        Some(FailureReason::OUT_OF_RESOURCES)
    );
    insta::assert_snapshot!(response.departures.join("\n"), @r#"
    item 1 of Failed SOP Sequence (0008,1198): Referenced SOP Class UID (0008,1150): "1.2.x" is not a UID: 'x' at position 4 is neither a digit nor a dot
    item 1 of Failed SOP Sequence (0008,1198) has no Failure Reason (0008,1197)
    item 2 of Failed SOP Sequence (0008,1198) has no Referenced SOP Class UID (0008,1150)
    item 2 of Failed SOP Sequence (0008,1198) has no Referenced SOP Instance UID (0008,1155)
    Referenced SOP Sequence (0008,1199) is present without items
    attribute 00081199: Value is an empty array where it should be absent
    "#);
    assert!(StoreResponse::from_json(b"[]").is_err());
    assert!(
        StoreResponse::from_json(b"<html>")
            .unwrap_err()
            .to_string()
            .contains("not JSON")
    );
}

#[test]
fn reasons_say_their_code_and_their_clause() {
    let said = [0xA700, 0xA901, 0xC122, 0xC001, 0x0110, 0x0122, 0x9999]
        .map(|code| FailureReason(code).to_string());
    insta::assert_snapshot!(said.join("\n"), @r"
    A700H, refused: out of resources (PS3.18 I.2.2)
    A901H, the instance is of another study than the request names (PS3.18 I.2.2, A9xx)
    C122H, transfer syntax not supported (PS3.18 I.2.2)
    C001H, cannot understand the data set (PS3.18 I.2.2)
    0110H, processing failure (PS3.18 I.2.2)
    0122H, SOP class not supported (PS3.18 I.2.2)
    9999H, a code that the standard does not list
    ");
    assert_eq!(
        WarningReason::COERCION.to_string(),
        "B000H, some values were changed (PS3.18 I.2.1)"
    );
}
