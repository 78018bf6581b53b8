//! What an archive notices about an instance, and throws away, where its policy says so.

use std::io::Read;

use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::ct;
use dicom_mock_archive::archive::{Archive, Incoming, Verdict};
use dicom_mock_archive::policy::{Discards, Policy, Validation};
use dicom_mock_archive::request::{Request, Scope, Service};
use dicom_mock_archive::store::Storage;
use dicom_object::DefaultDicomObject;
use dicom_wire::ae::AeTitle;
use dicom_wire::stow::{FailureReason, WarningReason};

fn archive(change: impl FnOnce(&mut Policy)) -> Archive {
    let mut policy = Policy::default();
    change(&mut policy);
    Archive::new(policy, Storage::memory())
}

fn request(service: Service, operation: &'static str) -> Request {
    let title = |text| AeTitle::parse(text).unwrap();
    Request::dimse(service, operation, title("TEST"), title("MOCK"))
}

fn store(archive: &Archive, bytes: &Bytes) -> Verdict {
    let mut spool = archive.spool();
    spool.write(bytes.clone()).unwrap();
    let exchange = archive.exchange(request(Service::Store, "C-STORE"));
    let incoming = Incoming::part(spool.finish().unwrap());
    archive.store(&exchange, incoming).verdict
}

/// The only instance that has this UID, as it is kept: its bytes and its header.
fn kept(archive: &Archive, instance: &str) -> (DefaultDicomObject, dicom_object::InMemDicomObject) {
    let exchange = archive.exchange(request(Service::Retrieve, "C-GET"));
    let found = archive.select(&exchange, &Scope::all());
    let stored = found
        .iter()
        .find(|stored| stored.identity().instance == *instance);
    let stored = stored.unwrap();
    let mut bytes = Vec::new();
    stored.reader().unwrap().read_to_end(&mut bytes).unwrap();
    let object = dicom_object::from_reader(&bytes[..]).unwrap();
    (object, stored.header().into_owned())
}

#[test]
fn private_elements_are_discarded_with_a_warning_and_nothing_else_is() {
    let archive = archive(|policy| policy.discards = Discards::PrivateElements);
    let study = ct("chest").size(32).slices(2);
    let plain = &study.instances()[0];
    let mut object = study.instances()[1].object();
    for (tag, vr, value) in [
        (Tag(0x0009, 0x0010), VR::LO, "ACME"),
        (Tag(0x0009, 0x1001), VR::LO, "first"),
        (Tag(0x0011, 0x0010), VR::LO, "ACME"),
        (Tag(0x7FE1, 0x0010), VR::LO, "ACME"),
    ] {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }
    let mut bytes = Vec::new();
    object.write_all(&mut bytes).unwrap();

    assert_eq!(store(&archive, &plain.bytes), Verdict::Stored);
    assert_eq!(
        store(&archive, &bytes.into()),
        Verdict::Warned(WarningReason::ELEMENTS_DISCARDED)
    );
    let uid = &study.instances()[1].sop_instance;
    let (file, header) = kept(&archive, uid);
    for data_set in [&*file, &header] {
        assert!(data_set.tags().all(|tag| tag.group() % 2 == 0));
    }
    let before = study.instances()[1].object();
    assert_eq!(file.tags().count(), before.tags().count());
    assert!(
        file.element(tags::PIXEL_DATA).unwrap().value()
            == before.element(tags::PIXEL_DATA).unwrap().value()
    );
}

#[test]
fn an_image_without_its_description_is_taken_warned_of_or_refused_as_policy_says() {
    let study = ct("chest").size(32).slices(1);
    let without = |tag: Tag| {
        let mut object = study.instances()[0].object();
        object.remove_element(tag);
        let mut bytes = Vec::new();
        object.write_all(&mut bytes).unwrap();
        Bytes::from(bytes)
    };
    let warned = Verdict::Warned(WarningReason::DATA_SET_MISMATCH);
    let refused = Verdict::Refused(FailureReason::DATA_SET_MISMATCH);
    for (validation, expected) in [
        (Validation::None, Verdict::Stored),
        (Validation::Warn, warned),
        (Validation::Reject, refused),
    ] {
        for tag in [tags::ROWS, tags::PIXEL_DATA, tags::MODALITY] {
            let archive = archive(|policy| policy.validation = validation);
            assert_eq!(store(&archive, &without(tag)), expected, "{tag}");
        }
        let whole = archive(|policy| policy.validation = validation);
        let verdict = store(&whole, &study.instances()[0].bytes);
        assert_eq!(verdict, Verdict::Stored, "{validation:?}");
        let report = dicom_fixtures::report_measurements();
        let verdict = store(&whole, &report.instances()[0].bytes);
        assert_eq!(verdict, Verdict::Stored, "a report has no pixels");
    }
}
