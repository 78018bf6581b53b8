//! Deleting, where policy has it: PS3.18 knows no such thing, many archives do.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;

use crate::request::Scope;
use crate::web::Asked;
use crate::web::problem::Problem;
use crate::web::wado::found;

/// Deletes the instances of a study, of a series, or one; series and studies without instances go as well.
pub(crate) async fn delete(asked: &Asked, scope: &Scope) -> Result<Response, Problem> {
    let selected = found(asked, scope)?;
    let (archive, exchange) = (asked.archive.clone(), asked.exchange.clone());
    let deleting = tokio::task::spawn_blocking(move || archive.delete(&exchange, &selected));
    let deleted = deleting.await.map_err(std::io::Error::other).flatten();
    deleted.map_err(|error| Problem::internal(format!("not deleted: {error}")))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
