//! Instances in a directory: there again at the next start, however the last one ended.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use dicom_fixtures::Study;
use dicom_mock_archive::archive::{Archive, Incoming, Reset, Verdict};
use dicom_mock_archive::policy::{Duplicates, Policy};
use dicom_mock_archive::request::{Request, Scope, Service};
use dicom_mock_archive::store::{Retain, Storage, Stored, Sync};
use dicom_wire::ae::AeTitle;
use dicom_wire::query::{Level, Query};

use crate::support::CHEST;

fn open(directory: &Path) -> Archive {
    let policy = Policy {
        duplicates: Duplicates::Replace,
        ..Policy::default()
    };
    let storage = Storage::directory(directory).unwrap();
    Archive::new(policy, storage.synced(Sync::Never))
}

fn exchange(archive: &Archive) -> dicom_mock_archive::exchange::Exchange {
    let title = |text| AeTitle::parse(text).unwrap();
    archive.exchange(Request::dimse(
        Service::Store,
        "C-STORE",
        title("TEST"),
        title("MOCK"),
    ))
}

fn store(archive: &Archive, bytes: &Bytes) -> Verdict {
    let mut spool = archive.spool();
    spool.write(bytes.clone()).unwrap();
    let incoming = Incoming::part(spool.finish().unwrap());
    archive.store(&exchange(archive), incoming).verdict
}

fn all(archive: &Archive) -> Vec<std::sync::Arc<Stored>> {
    archive.select(&exchange(archive), &Scope::all())
}

fn bytes(stored: &Stored) -> Vec<u8> {
    let chunks = stored.chunks(0..stored.len()).unwrap();
    chunks.flat_map(Result::unwrap).collect()
}

fn place(directory: &Path, study: &Study, number: usize) -> PathBuf {
    let instance = &study.instances()[number - 1];
    directory
        .join(&instance.study)
        .join(&instance.series)
        .join(format!("{}.dcm", instance.sop_instance))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_stored_is_found_and_retrieved_after_a_new_start() {
    let directory = tempfile::tempdir().unwrap();
    let other = dicom_fixtures::mr("brain").size(32).slices(3);
    let archive = open(directory.path());
    for instance in CHEST.instances().iter().chain(other.instances()) {
        assert_eq!(store(&archive, &instance.bytes), Verdict::Stored);
    }
    let query = Query::from_url(Level::Study, None, None, "includefield=all").unwrap();
    let before = archive.find(&exchange(&archive), &query).rows;
    drop(archive);

    let archive = open(directory.path());

    assert_eq!(archive.find(&exchange(&archive), &query).rows, before);
    let all = all(&archive);
    let sent = CHEST.instances().iter().chain(other.instances());
    assert_eq!(all.len(), sent.clone().count());
    for (stored, sent) in all.iter().zip(sent) {
        assert!(bytes(stored) == sent.bytes);
    }
}

#[test]
fn foreign_and_broken_files_are_named_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let archive = open(directory.path());
    for instance in CHEST.instances() {
        store(&archive, &instance.bytes);
    }
    drop(archive);
    let (first, second) = (
        place(directory.path(), &CHEST, 1),
        place(directory.path(), &CHEST, 2),
    );
    let cut = std::fs::read(&first).unwrap()[..700].to_vec();
    std::fs::write(&first, &cut).unwrap();
    let elsewhere = directory.path().join("scan.dcm");
    std::fs::copy(&second, &elsewhere).unwrap();
    let renamed = second.with_file_name("1.2.3.dcm");
    std::fs::rename(&second, &renamed).unwrap();
    std::fs::create_dir(directory.path().join("lost+found")).unwrap();
    std::fs::write(second.with_file_name("notes.txt"), "buy milk").unwrap();

    let storage = Storage::directory(directory.path()).unwrap();
    let (stored, left) = storage.rebuild().unwrap();

    assert_eq!(stored.len(), 8);
    let mut left: Vec<_> = left
        .iter()
        .map(|left| {
            left.to_string()
                .replace(&*directory.path().to_string_lossy(), "")
        })
        .collect();
    left.sort();
    assert_eq!(left.len(), 5, "{left:#?}");
    let told = left.join("\n");
    for part in [
        "/lost+found: a folder",
        "/scan.dcm: not a file of the form",
        "notes.txt: not a DICOM file",
        "1.2.3.dcm: it would have to be",
        ".dcm: the data ends inside",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(std::fs::read(&first).unwrap() == cut);
    assert!(elsewhere.exists() && renamed.exists());
    drop((storage, stored));

    // What is broken can be stored again.
    let archive = open(directory.path());
    assert_eq!(
        store(&archive, &CHEST.instances()[0].bytes),
        Verdict::Stored
    );
    assert!(std::fs::read(&first).unwrap() == CHEST.instances()[0].bytes);
}

#[test]
fn what_a_killed_process_left_half_done_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let archive = open(directory.path());
    store(&archive, &CHEST.instances()[0].bytes);
    drop(archive);
    std::fs::write(directory.path().join(".incoming-x1"), "half").unwrap();
    std::fs::write(directory.path().join(".going-1"), "gone").unwrap();
    std::fs::create_dir_all(directory.path().join("1.2.3/4.5")).unwrap();

    let archive = open(directory.path());

    assert_eq!(archive.stored(), [CHEST.uid(0)]);
    assert_eq!(names(directory.path()), [CHEST.study_uid()]);
}

#[test]
fn of_two_files_of_one_instance_the_later_stays() {
    let directory = tempfile::tempdir().unwrap();
    let archive = open(directory.path());
    store(&archive, &CHEST.instances()[0].bytes);
    drop(archive);
    // As a process leaves it that is killed when it has put the new one into another series and not removed the old one.
    let moved = CHEST
        .clone()
        .with(dicom_dictionary_std::tags::SERIES_INSTANCE_UID, "1.2.3.4");
    let later = place(directory.path(), &moved, 1);
    std::fs::create_dir_all(later.parent().unwrap()).unwrap();
    std::fs::write(&later, &moved.instances()[0].bytes).unwrap();
    let soon = SystemTime::now() + Duration::from_secs(1);
    let file = File::options().write(true).open(&later).unwrap();
    file.set_modified(soon).unwrap();

    let archive = open(directory.path());

    assert!(bytes(&all(&archive)[0]) == moved.instances()[0].bytes);
    assert_eq!(archive.stored().len(), 1);
    assert!(later.exists() && !place(directory.path(), &CHEST, 1).exists());
}

#[test]
fn whoever_reads_an_instance_goes_on_when_it_is_replaced_deleted_or_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let archive = open(directory.path());
    let [first, second, third] = [0, 1, 2].map(|n| &CHEST.instances()[n].bytes);
    for one in [first, second, third] {
        store(&archive, one);
    }
    let read = all(&archive);
    let replacing = CHEST
        .clone()
        .with(dicom_dictionary_std::tags::STUDY_DESCRIPTION, "ANOTHER");
    let replacing = &replacing.instances()[0].bytes;

    store(&archive, replacing);
    archive.delete(&exchange(&archive), &read[1..2]).unwrap();
    assert!(std::fs::read(place(directory.path(), &CHEST, 1)).unwrap() == *replacing);
    assert!(!place(directory.path(), &CHEST, 2).exists());
    forget_data(&archive);

    assert!(!place(directory.path(), &CHEST, 1).exists());
    for (stored, sent) in read.iter().zip([first, second, third]) {
        assert!(bytes(stored) == *sent);
    }
    drop((read, archive));
    assert_eq!(open(directory.path()).stored().len(), 0);
    assert!(names(directory.path()).is_empty());
}

fn forget_data(archive: &Archive) {
    archive.reset(Reset {
        data: true,
        ..Reset::default()
    });
}

#[test]
fn after_a_reset_the_same_instances_are_stored_anew() {
    let directory = tempfile::tempdir().unwrap();
    let archive = open(directory.path());
    let first = &CHEST.instances()[0].bytes;
    store(&archive, first);
    let read = all(&archive);

    forget_data(&archive);

    assert!(!directory.path().join(CHEST.study_uid()).exists());
    assert_eq!(store(&archive, first), Verdict::Stored);
    assert!(bytes(&read[0]) == **first);
    drop((read, archive));
    let archive = open(directory.path());
    assert_eq!(archive.stored(), [CHEST.uid(0)]);
    assert_eq!(names(directory.path()), [CHEST.study_uid()]);
}

#[test]
fn a_reset_leaves_the_files_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let archive = open(directory.path());
    let first = &CHEST.instances()[0].bytes;
    let place = place(directory.path(), &CHEST, 1);
    let notes = place.with_file_name("notes.txt");
    store(&archive, first);
    std::fs::write(&notes, "mine").unwrap();

    // Unknown to this archive, known to the next one.
    for _ in 0..2 {
        forget_data(&archive);
        assert!(!place.exists());
    }
    drop(archive);
    let archive = open(directory.path());
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "mine");
    store(&archive, first);
    forget_data(&archive);

    assert!(!place.exists());
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "mine");
}

#[test]
fn what_a_process_had_no_time_to_forget_is_gone_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let aside = directory.path().join(".going-7/1.2.3/4.5");
    std::fs::create_dir_all(&aside).unwrap();
    std::fs::write(aside.join("6.7.dcm"), "forgotten").unwrap();
    std::fs::write(aside.join("6.8.0a.header"), "forgotten").unwrap();
    std::fs::write(aside.join("notes.txt"), "mine").unwrap();

    drop(open(directory.path()));

    let series = directory.path().join("1.2.3/4.5");
    assert_eq!(names(directory.path()), ["1.2.3"]);
    assert_eq!(names(&series), ["notes.txt"]);
}

#[test]
fn a_directory_belongs_to_one_archive_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = Storage::directory(directory.path()).unwrap();

    let error = Storage::directory(directory.path())
        .unwrap_err()
        .to_string();

    assert_eq!(error, "another archive keeps its instances there");
    drop(first);
    assert!(Storage::directory(directory.path()).is_ok());
}

#[test]
fn headers_alone_take_little_room_and_are_there_again_with_their_digest() {
    use std::os::unix::fs::MetadataExt;

    let directory = tempfile::tempdir().unwrap();
    let sent = dicom_fixtures::ct("chest").size(512).slices(2);
    let headers = || {
        let storage = Storage::directory(directory.path()).unwrap();
        Archive::new(Policy::default(), storage.retaining(Retain::Headers))
    };
    let archive = headers();
    for instance in sent.instances() {
        assert_eq!(store(&archive, &instance.bytes), Verdict::Stored);
    }
    let before: Vec<_> = all(&archive)
        .iter()
        .map(|one| one.digest().unwrap())
        .collect();
    drop(archive);

    let archive = headers();

    let after = all(&archive);
    let digests: Vec<_> = after.iter().map(|one| one.digest().unwrap()).collect();
    assert_eq!(digests, before);
    assert_eq!(archive.stored(), sent.uids());
    for (stored, sent) in after.iter().zip(sent.instances()) {
        assert_eq!(stored.len(), sent.bytes.len() as u64);
        assert!(stored.reader().is_err());
        let series = directory.path().join(&sent.study).join(&sent.series);
        let room = std::fs::read_dir(series)
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().blocks() * 512);
        assert!(room.sum::<u64>() < 2 * 64 * 1024);
    }
    archive.delete(&exchange(&archive), &after).unwrap();
    drop((after, archive));
    assert_eq!(headers().stored().len(), 0);
}
