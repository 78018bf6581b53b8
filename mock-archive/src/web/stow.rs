//! Storing (PS3.18 10.5): parts go to the archive one by one as they arrive, never held whole.

mod admission;
mod anywhere;
mod assembled;
mod described;
mod hearing;
mod inflate;
mod receipt;
mod reception;
mod settling;
mod stopped;

use axum::body::Body;
use axum::response::Response;
use dicom_wire::uid::Uid;

use crate::web::Asked;
use crate::web::drain::drain;
use crate::web::problem::Problem;
use admission::{Answer, admissible};
use inflate::Inflate;
use reception::Reception;
use stopped::Stopped;

/// Stores the instances of a request, into one study where the path names it.
pub(crate) async fn store(
    asked: &Asked,
    study: Option<Uid>,
    mut body: Body,
) -> Result<Response, Problem> {
    let coding = Inflate::of(&asked.headers);
    let stored = match coding.and_then(|inflate| Ok((inflate, admissible(asked)?))) {
        Ok((inflate, (form, answer))) => {
            let mut reception = Reception::new(asked, &form, inflate);
            reception
                .receive(&form, &mut body)
                .await
                .and_then(|()| reception.account.response(asked, study.as_ref(), answer))
        }
        Err(problem) => Err(problem),
    };
    if stored.is_err() {
        drain(&asked.headers, body).await;
    }
    stored
}
