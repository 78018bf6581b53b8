//! The account of a store: what the client is told about every part.

use axum::body::Body;
use axum::response::Response;
use dicom_wire::media::{DICOM_JSON, DICOM_XML};
use dicom_wire::stow::{Failed, Referenced, StoreResponse};
use dicom_wire::uid::Uid;
use http::header::{CONTENT_LOCATION, CONTENT_TYPE, LOCATION, WARNING};
use http::{HeaderValue, StatusCode};

use super::Answer;
use crate::archive::{Identity, Judged, Verdict};
use crate::web::Asked;
use crate::web::problem::Problem;

/// What was judged so far, in the order of the request.
#[derive(Debug, Default)]
pub(super) struct Account {
    judged: Vec<Judged>,
    warning: Option<String>,
    /// Whether something went wrong and nobody shall know.
    forgiven: bool,
}

impl Account {
    /// Adds a verdict.
    pub(super) fn add(&mut self, judged: Judged) {
        self.judged.push(judged);
    }

    /// Has the answer carry a Warning about the request as a whole.
    pub(super) fn warn(&mut self, text: &str) {
        self.warning = Some(text.to_owned());
    }

    /// Has the answer be that of a success, whatever it lists.
    pub(super) fn forgive(&mut self) {
        self.forgiven = true;
    }

    /// Whether nothing was judged.
    pub(super) fn is_empty(&self) -> bool {
        self.judged.is_empty()
    }

    /// The answer. Its status follows from the counts; only the moment of shaping may change it.
    pub(super) fn response(
        &self,
        asked: &Asked,
        study: Option<&Uid>,
        answer: Answer,
    ) -> Result<Response, Problem> {
        let mut receipt = self.receipt(&asked.base);
        let due = match self.forgiven {
            true => 200,
            false => receipt.http_status(),
        };
        let status = asked.exchange.receipt(due, &mut receipt);
        let (media, body) = match answer {
            Answer::Json => {
                let mut text = receipt.to_json();
                asked.exchange.json(&mut text);
                (DICOM_JSON, text)
            }
            Answer::Xml => (DICOM_XML, receipt.to_xml()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status)
            .map_err(|_| Problem::internal(format!("{status} is no HTTP status")))?;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        if !receipt.referenced.is_empty() {
            let named = study.map(|study| format!("{}/studies/{study}", asked.base));
            let location = named
                .or(receipt.retrieve_url)
                .unwrap_or_else(|| format!("{}/studies", asked.base));
            if let Ok(location) = HeaderValue::from_str(&location) {
                headers.insert(LOCATION, location.clone());
                headers.insert(CONTENT_LOCATION, location);
            }
        }
        if let Some(text) = &self.warning
            && let Ok(warning) = HeaderValue::from_str(&format!("299 {} {text:?}", asked.base))
        {
            headers.insert(WARNING, warning);
        }
        Ok(response)
    }

    fn receipt(&self, base: &str) -> StoreResponse {
        let mut receipt = StoreResponse::default();
        let mut kept: Vec<&Identity> = Vec::new();
        for judged in &self.judged {
            let warning = match judged.verdict {
                Verdict::Warned(reason) => Some(reason),
                _ => None,
            };
            match (judged.verdict, &judged.instance) {
                (Verdict::Stored | Verdict::Warned(_), Some(identity)) => {
                    kept.push(identity);
                    receipt.referenced.push(Referenced {
                        sop_class: Some(identity.sop_class.clone()),
                        sop_instance: Some(identity.instance.clone()),
                        retrieve_url: Some(instance_url(base, identity)),
                        warning,
                    });
                }
                (Verdict::Refused(reason), Some(identity)) => receipt.failed.push(Failed {
                    sop_class: Some(identity.sop_class.clone()),
                    sop_instance: Some(identity.instance.clone()),
                    reason: Some(reason),
                }),
                (Verdict::Refused(reason), None) => receipt.other_failures.push(Some(reason)),
                (Verdict::Stored | Verdict::Warned(_), None) | (Verdict::Unlisted, _) => {}
            }
        }
        if let Some(first) = kept.first()
            && kept.iter().all(|identity| identity.study == first.study)
        {
            receipt.retrieve_url = Some(format!("{base}/studies/{}", first.study));
        }
        receipt
    }
}

fn instance_url(base: &str, identity: &Identity) -> String {
    let Identity {
        study,
        series,
        instance,
        ..
    } = identity;
    format!("{base}/studies/{study}/series/{series}/instances/{instance}")
}
