//! What a C-FIND of query/retrieve and one of the worklist share: a pending response for each match, and a final one (PS3.7 9.1.2).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{FindRequest, FindResponse, Outcome, Status};
use dicom_wire::query::{Query, QueryError};

use super::association::{Agreed, Association, Ended, Entry};
use super::{find, identifier, worklist};
use crate::exchange::Exchange;
use crate::request::Service;

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// What is stored (PS3.4 C.4.1).
    QueryRetrieve,
    /// What is scheduled (PS3.4 K.4).
    Worklist,
}

/// What is asked: the keys as they came, and as they are looked for.
pub(super) struct Asked {
    pub(super) identifier: InMemDicomObject,
    pub(super) query: Query,
}

/// Answers with one pending response a match and a final one.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: FindRequest,
    model: Model,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = identifier::receive(association, &agreed).await?;
    let patient = received.as_ref().ok().and_then(patient_id);
    let asked = received.and_then(|identifier| {
        if request.sop_class != agreed.abstract_syntax {
            let comment = format!("no C-FIND of {} here", request.sop_class);
            return Err(Outcome::from(Status::CLASS_NOT_SUPPORTED).with_comment(comment));
        }
        match model {
            Model::QueryRetrieve => find::read(association, &agreed.abstract_syntax, identifier),
            Model::Worklist => worklist::read(identifier),
        }
    });
    let service = match model {
        Model::QueryRetrieve => Service::Search,
        Model::Worklist => Service::Worklist,
    };
    let mut opened = association
        .request(service, "C-FIND")
        .sop_class(request.sop_class.clone());
    if let Ok(asked) = &asked
        && model == Model::QueryRetrieve
    {
        opened = find::describe(opened, asked);
    }
    if let Some(id) = patient {
        opened = opened.patient_id(id);
    }
    let (exchange, entry) = association.open(opened).await?;
    let outcome = match (entry, asked) {
        (Entry::Silence, _) => return Ok(()),
        (Entry::Fail(status), _) => status.into(),
        (Entry::Proceed, Err(outcome)) => outcome,
        (Entry::Proceed, Ok(asked)) => {
            let search = Search {
                exchange: &exchange,
                agreed: &agreed,
                request: &request,
                model,
            };
            search.run(association, asked).await?
        }
    };
    let last = FindResponse {
        message_id: request.message_id,
        sop_class: Some(request.sop_class),
        outcome,
    };
    association.respond(&exchange, context, last, None).await
}

struct Search<'a> {
    exchange: &'a Exchange,
    agreed: &'a Agreed,
    request: &'a FindRequest,
    model: Model,
}

impl Search<'_> {
    /// Sends the matches; what it gives back is for the final response.
    async fn run(&self, association: &mut Association, asked: Asked) -> Result<Outcome, Ended> {
        let pending = if asked.query.ignored.is_empty() {
            Status::PENDING
        } else {
            Status::PENDING_UNSUPPORTED_KEYS
        };
        let archive = association.archive().clone();
        let rows = match self.model {
            Model::QueryRetrieve => archive.find(self.exchange, &asked.query).rows,
            Model::Worklist => archive.scheduled(self.exchange, &asked.query),
        };
        for row in rows {
            if association.is_cancelled(self.request.message_id).await? {
                return Ok(Status::CANCEL.into());
            }
            let mut answer = identifier::wanted(&asked.identifier, &row);
            if self.model == Model::QueryRetrieve {
                find::complete(&mut answer, &asked, archive.policy());
            }
            self.exchange.matched(&row, &mut answer);
            let bytes = match identifier::write(&answer, &self.agreed.transfer_syntax) {
                Ok(bytes) => bytes,
                Err(why) => return Ok(Outcome::from(Status::CANNOT_UNDERSTAND).with_comment(why)),
            };
            let response = FindResponse {
                message_id: self.request.message_id,
                sop_class: Some(self.request.sop_class.clone()),
                outcome: pending.into(),
            };
            association
                .respond(self.exchange, self.agreed.id, response, Some(bytes))
                .await?;
        }
        Ok(Status::SUCCESS.into())
    }
}

/// What to answer to an identifier that is no search.
pub(super) fn refusal(error: &QueryError) -> Outcome {
    Outcome::from(Status::DOES_NOT_MATCH_CLASS).with_comment(error.to_string())
}

/// The Patient ID that the identifier names exactly.
fn patient_id(identifier: &InMemDicomObject) -> Option<String> {
    identifier::text(identifier, tags::PATIENT_ID).filter(|id| !id.contains(['*', '?', '\\']))
}
