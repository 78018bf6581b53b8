//! Bytes of instances: spooled, stored, gone.

use std::io::{Cursor, Read};
use std::path::Path;

use bytes::Bytes;
use dicom_mock_archive::archive::{Archive, Incoming, Reset, Verdict};
use dicom_mock_archive::policy::{Duplicates, PatientConflict, Policy};
use dicom_mock_archive::request::{Request, Scope, Service};
use dicom_mock_archive::store::{Retain, Storage, Stored, THRESHOLD};
use dicom_wire::ae::AeTitle;
use dicom_wire::part10::{self, Bulk, Limits};

fn instance() -> Bytes {
    dicom_fixtures::ct("chest").slices(1).instances()[0]
        .bytes
        .clone()
}

fn stored(storage: &Storage, bytes: &Bytes, chunk: usize) -> Stored {
    let mut spool = storage.spool();
    for at in (0..bytes.len()).step_by(chunk) {
        spool
            .write(bytes.slice(at..bytes.len().min(at + chunk)))
            .unwrap();
    }
    assert_eq!(spool.len(), bytes.len() as u64);
    Stored::read(spool.finish().unwrap()).unwrap()
}

fn files(directory: &Path) -> usize {
    let mut open = vec![directory.to_owned()];
    let mut files = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    files
}

#[test]
fn the_same_bytes_come_back_from_memory_and_from_a_file_however_they_arrived() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = instance();
    for storage in [
        Storage::memory(),
        Storage::directory(directory.path()).unwrap(),
    ] {
        for chunk in [1000, 4096, 100_000, bytes.len()] {
            let stored = stored(&storage, &bytes, chunk);
            let mut all = Vec::new();
            stored.reader().unwrap().read_to_end(&mut all).unwrap();
            assert!(all == bytes);
            let part: Vec<u8> = stored
                .chunks(500..70_000)
                .unwrap()
                .flat_map(Result::unwrap)
                .collect();
            assert!(part == bytes[500..70_000.min(bytes.len())]);
            let frame = stored.frame_bytes(1).unwrap();
            let pixels = stored.layout().pixel_data().unwrap();
            let bulk: Vec<u8> = stored
                .bulk_bytes(pixels)
                .unwrap()
                .flat_map(Result::unwrap)
                .collect();
            assert!(bulk.starts_with(&frame));
            assert_eq!(stored.frame_count(), 1);
            assert!(stored.frame_bytes(2).is_err());
        }
    }
}

#[test]
fn chunks_in_memory_are_those_that_came() {
    let bytes = instance();
    let stored = stored(&Storage::memory(), &bytes, 50_000);
    let first = stored
        .chunks(0..bytes.len() as u64)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(first.as_ptr(), bytes.as_ptr());
}

#[test]
fn what_is_dropped_before_it_is_kept_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let storage = Storage::directory(directory.path()).unwrap();
    let mut spool = storage.spool();
    spool.write(vec![0; THRESHOLD + 1].into()).unwrap();
    assert_eq!(files(directory.path()), 1);
    drop(spool);
    assert_eq!(files(directory.path()), 0);
    let mut spool = storage.spool();
    spool.write(vec![0; THRESHOLD + 1].into()).unwrap();
    let spooled = spool.finish().unwrap();
    assert_eq!(files(directory.path()), 1);
    assert!(Stored::read(spooled).is_err());
    assert_eq!(files(directory.path()), 0);
}

#[test]
fn what_is_no_instance_is_told_by_name() {
    let read = |bytes: &'static [u8]| {
        let mut spool = Storage::memory().spool();
        spool.write(bytes.into()).unwrap();
        Stored::read(spool.finish().unwrap())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(read(b""), "the input is empty");
    assert_eq!(
        read(b"\x08\x00\x18\x00UI\x04\x001.2\0"),
        "StudyInstanceUID is missing"
    );
    assert_eq!(
        read(b"\x08\x00\x18\x00UI\x04\x001.2\0\x20\x00\x0D\x00UI\x04\x001.x\0"),
        "StudyInstanceUID: \"1.x\" is not a UID: 'x' at position 2 is neither a digit nor a dot"
    );
}

#[test]
fn a_digest_is_the_same_wherever_the_bytes_are() {
    let bytes = instance();
    let whole = stored(&Storage::memory(), &bytes, 70_000).digest().unwrap();
    let passing = stored(&Storage::memory().retaining(Retain::Headers), &bytes, 3_000);
    assert_eq!(passing.digest().unwrap(), whole);
}

#[test]
fn a_header_says_the_same_whether_its_pixels_were_kept_or_passed_over() {
    let slice = instance();
    let layout = part10::scan(Cursor::new(&slice), &Limits::default()).unwrap();
    let Bulk::Whole(pixels) = &layout.pixel_data().unwrap().value else {
        panic!("pixels of a slice are in one piece");
    };
    // Behind the pixels (PS3.10 7.2), in many fragments (PS3.5 A.4), and cut off.
    let behind = b"\xFC\xFF\xFC\xFFOB\0\0\x04\0\0\0\0\0\0\0".to_vec();
    let padded = [slice.to_vec(), behind.clone()].concat();
    let mut fragments = slice[..pixels.start as usize - 4].to_vec();
    fragments.extend(b"\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0");
    for _ in 0..900 {
        fragments.extend(b"\xFE\xFF\x00\xE0\x10\x27\0\0");
        fragments.extend([7; 10_000]);
    }
    fragments.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    fragments.extend(behind);
    let cut = slice[..slice.len() - 1_000].to_vec();
    for bytes in [slice.to_vec(), padded, fragments, cut] {
        let bytes = Bytes::from(bytes);
        for step in [3_000, 70_000, 1 << 20] {
            let read = |storage: &Storage| {
                let mut spool = storage.spool();
                for at in (0..bytes.len()).step_by(step) {
                    let end = bytes.len().min(at + step);
                    spool.write(bytes.slice(at..end)).unwrap();
                }
                let stored = Stored::read(spool.finish().unwrap());
                stored.map_err(|error| error.to_string()).map(|stored| {
                    let header = format!("{:?}", stored.header());
                    (
                        stored.len(),
                        stored.layout().clone(),
                        header,
                        stored.digest().unwrap(),
                    )
                })
            };
            let whole = read(&Storage::memory());
            let passing = read(&Storage::memory().retaining(Retain::Headers));
            assert!(whole == passing, "{} bytes in steps of {step}", bytes.len());
        }
    }
}

/// Stores an instance as a C-STORE would.
fn store(archive: &Archive, bytes: &Bytes) -> Verdict {
    let title = |text| AeTitle::parse(text).unwrap();
    let request = Request::dimse(Service::Store, "C-STORE", title("TEST"), title("MOCK"));
    let exchange = archive.exchange(request);
    let mut spool = archive.spool();
    spool.write(bytes.clone()).unwrap();
    archive
        .store(&exchange, Incoming::part(spool.finish().unwrap()))
        .verdict
}

#[test]
fn a_directory_holds_what_is_stored_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let policy = Policy {
        duplicates: Duplicates::Replace,
        ..Policy::default()
    };
    let archive = Archive::new(policy, Storage::directory(directory.path()).unwrap());
    let study = dicom_fixtures::ct("chest").slices(3);
    for instance in study.instances() {
        store(&archive, &instance.bytes);
        let path = format!(
            "{}/{}/{}.dcm",
            instance.study, instance.series, instance.sop_instance
        );
        assert!(std::fs::read(directory.path().join(path)).unwrap() == instance.bytes);
    }
    assert_eq!(files(directory.path()), 3);
    // The one that is replaced goes with the last who reads it.
    store(&archive, &study.instances()[0].bytes);
    assert_eq!(files(directory.path()), 3);
    let cut = study.instances()[1].bytes.slice(..5_000);
    assert!(matches!(store(&archive, &cut), Verdict::Refused(_)));
    assert_eq!(files(directory.path()), 3);
    archive.reset(Reset {
        data: true,
        ..Reset::default()
    });
    assert!(!directory.path().join(study.study_uid()).exists());
    drop(archive);
    drop(Storage::directory(directory.path()).unwrap());
    assert_eq!(files(directory.path()), 0);
}

#[test]
fn a_coerced_instance_names_the_patient_of_its_study_in_its_bytes() {
    let (one, other) = dicom_fixtures::conflict();
    let policy = Policy {
        patient_conflict: PatientConflict::Coerce,
        ..Policy::default()
    };
    let archive = Archive::new(policy, Storage::memory());
    store(&archive, &one.instances()[0].bytes);
    let coerced = &other.instances()[0];
    assert!(matches!(
        store(&archive, &coerced.bytes),
        Verdict::Warned(_)
    ));
    let title = |text| AeTitle::parse(text).unwrap();
    let request = Request::dimse(Service::Retrieve, "C-GET", title("TEST"), title("MOCK"));
    let found = archive.select(&archive.exchange(request), &Scope::all());
    let stored = found
        .iter()
        .find(|stored| stored.identity().instance == coerced.sop_instance)
        .unwrap();
    let mut bytes = Vec::new();
    stored.reader().unwrap().read_to_end(&mut bytes).unwrap();
    let object = dicom_object::from_reader(&bytes[..]).unwrap();
    let id = |object: &dicom_object::DefaultDicomObject| {
        object
            .element_by_name("PatientID")
            .unwrap()
            .to_str()
            .unwrap()
            .into_owned()
    };
    assert_eq!(id(&object), id(&one.instances()[0].object()));
    assert_ne!(id(&object), id(&coerced.object()));
    let pixels = object.element_by_name("PixelData").unwrap();
    assert!(*stored.frame_bytes(1).unwrap() == *pixels.to_bytes().unwrap());
}
