//! C-ECHO (PS3.7 9.1.5, PS3.4 annex A).

use dicom_wire::dimse::{EchoRequest, EchoResponse, Status};

use super::association::{Association, Ended, Entry};
use crate::request::Service;

/// Answers that the archive is there.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: EchoRequest,
) -> Result<(), Ended> {
    let opened = association
        .request(Service::Echo, "C-ECHO")
        .sop_class(request.sop_class.clone());
    let (exchange, entry) = association.open(opened).await?;
    let status = match entry {
        Entry::Proceed => Status::SUCCESS,
        Entry::Fail(status) => status,
        Entry::Silence => return Ok(()),
    };
    let response = EchoResponse {
        message_id: request.message_id,
        sop_class: Some(request.sop_class),
        outcome: status.into(),
    };
    association
        .respond(&exchange, context, response, None)
        .await
}
