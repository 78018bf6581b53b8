//! C-MOVE (PS3.4 C.4.2): instances to a destination, with the account of the sub-operations.

use dicom_dictionary_std::uids;
use dicom_object::InMemDicomObject;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{Command, MoveRequest, Priority, SubOperations};

use super::retrieve::{Moved, finished, scope_identifier};
use super::{Dimse, uid, write};
use crate::backend::{Deadline, Scope};
use crate::error::Failure;

impl Dimse {
    /// Asks the archive to send a study or series to a destination; `progress` sees each count.
    pub(in crate::backend) async fn move_to(
        &self,
        scope: &Scope,
        destination: &AeTitle,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let doing = format!("move {scope} to {destination}");
        self.send_move(&doing, &scope_identifier(scope), destination, progress)
            .await
    }

    /// The same with any identifier.
    pub(super) async fn send_move(
        &self,
        doing: &str,
        identifier: &InMemDicomObject,
        destination: &AeTitle,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let model = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
        let patience = Deadline::after(self.timeout);
        let mut association = patience.within(doing, self.associate(doing, model)).await?;
        let context = association.context(model)?;
        let request = MoveRequest {
            message_id: association.message_id(),
            sop_class: uid(model),
            priority: Priority::Medium,
            destination: destination.clone(),
        };
        let data = write(identifier, &context.syntax, doing)?;
        association
            .send(context.id, Command::from(request), Some(data))
            .await?;
        loop {
            // Each response renews the time: a move of a large study is long, a silent one is lost.
            let patience = Deadline::after(self.timeout);
            let (_, command, list) = patience.within(doing, association.message()).await?;
            let Command::MoveRsp(response) = command else {
                return Err(
                    association.unusable(format!("the archive answered with {}", command.name()))
                );
            };
            progress(&response.sub_operations);
            if let Some(moved) = finished(&mut association, response, list, model, &context.syntax)
            {
                association.release().await;
                return Ok(moved);
            }
        }
    }
}
