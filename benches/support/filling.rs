//! Archives with any number of small instances, filled through the real store path.

use std::ops::Range;

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::archive::{Archive, Incoming, Verdict};
use dicom_mock_archive::policy::Policy;
use dicom_mock_archive::request::Request;
use dicom_mock_archive::server::StartError;
use dicom_mock_archive::store::{Retain, Storage};
use http::{HeaderMap, Method, Uri};

use crate::made::Made;

/// So many instances are stored in one exchange.
const TOGETHER: usize = 1000;

/// An archive that keeps headers only, without a network.
pub fn archive() -> Archive {
    Archive::new(Policy::default(), storage())
}

/// The same with its ports open.
///
/// # Errors
/// If it cannot start.
pub async fn served() -> Result<MockArchive, StartError> {
    MockArchive::builder().storage(storage()).start().await
}

fn storage() -> Storage {
    Storage::memory().retaining(Retain::Headers)
}

/// Stores the instances of these numbers.
///
/// # Errors
/// If one is not stored.
pub fn fill(archive: &Archive, numbers: Range<usize>) -> Result<(), String> {
    for begin in numbers.clone().step_by(TOGETHER) {
        let request = Request::web(
            dicom_mock_archive::request::Service::Store,
            &Method::POST,
            &Uri::from_static("/dicomweb/studies"),
            HeaderMap::new(),
        );
        let exchange = archive.exchange(request);
        for number in begin..numbers.end.min(begin + TOGETHER) {
            let mut spool = archive.spool();
            let written = spool.write(Made::small(number).bytes().into());
            let spooled = written.and_then(|()| spool.finish());
            let spooled = spooled.map_err(|error| error.to_string())?;
            let judged = archive.store(&exchange, Incoming::part(spooled));
            if judged.verdict != Verdict::Stored {
                return Err(format!(
                    "instance {number}: {:?} {:?}",
                    judged.verdict, judged.because
                ));
            }
        }
    }
    Ok(())
}
