//! What holds for any refused subset of an upload, over both protocols.

use std::collections::BTreeSet;

use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::RefuseInstance;
use dicom_mock_archive::rule::{Rule, storing};
use dicom_wire::dimse::Status;
use proptest::prelude::*;

use crate::support::{CHEST, c_store, stow};

const SENT: usize = 6;

/// An archive that refuses these slices once.
async fn refusing(refused: &BTreeSet<usize>) -> MockArchive {
    let archive = MockArchive::start().await;
    for n in refused {
        archive.inject(
            Rule::when(storing().instance(CHEST.uid(*n)))
                .then(RefuseInstance::default())
                .once(),
        );
    }
    archive
}

fn uids<'a>(instances: impl IntoIterator<Item = &'a Instance>) -> BTreeSet<String> {
    instances
        .into_iter()
        .map(|instance| instance.sop_instance.clone())
        .collect()
}

fn held(archive: &MockArchive) -> BTreeSet<String> {
    archive.stored().iter().map(ToString::to_string).collect()
}

fn run(test: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_stow_stored_is_sent_minus_refused_and_resending_converges(refused in prop::collection::btree_set(0..SENT, 0..=SENT)) {
        run(async {
            let archive = refusing(&refused).await;
            let sent = &CHEST.instances()[..SENT];

            let (status, response) = stow(&archive, sent).await;

            let expected = match refused.len() { 0 => 200, SENT => 409, _ => 202 };
            prop_assert_eq!(status, expected);
            let failed: BTreeSet<_> = response.failed.iter().filter_map(|one| one.sop_instance.as_ref()).map(ToString::to_string).collect();
            let referenced: BTreeSet<_> = response.referenced.iter().filter_map(|one| one.sop_instance.as_ref()).map(ToString::to_string).collect();
            prop_assert_eq!(&failed, &uids(refused.iter().map(|n| &sent[*n])));
            prop_assert_eq!(&referenced, &held(&archive));
            prop_assert!(failed.is_disjoint(&referenced));
            prop_assert_eq!(failed.len() + referenced.len(), SENT);

            if !failed.is_empty() {
                let (status, _) = stow(&archive, sent.iter().filter(|one| failed.contains(&one.sop_instance))).await;
                prop_assert_eq!(status, 200);
            }
            prop_assert_eq!(held(&archive), uids(sent));
            Ok(())
        })?;
    }

    #[test]
    fn over_c_store_stored_is_sent_minus_refused_and_resending_converges(refused in prop::collection::btree_set(0..SENT, 0..=SENT)) {
        run(async {
            let archive = refusing(&refused).await;
            let sent = &CHEST.instances()[..SENT];

            let statuses = c_store(&archive, sent).await;

            for (n, status) in statuses.iter().enumerate() {
                let expected = if refused.contains(&n) { Status(0xA700) } else { Status::SUCCESS };
                prop_assert_eq!(*status, expected);
            }
            let kept = (0..SENT).filter(|n| !refused.contains(n)).map(|n| &sent[n]);
            prop_assert_eq!(held(&archive), uids(kept));

            let statuses = c_store(&archive, refused.iter().map(|n| &sent[*n])).await;
            prop_assert!(statuses.iter().all(|status| *status == Status::SUCCESS));
            prop_assert_eq!(held(&archive), uids(sent));
            Ok(())
        })?;
    }
}
