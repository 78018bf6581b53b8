//! A service says what it can do.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::WADL;
use crate::probe::xml::Element;

pub(crate) static CHECK: Check = Check {
    id: "web.caps.options-200",
    title: "OPTIONS of the base URL gives the capabilities",
    clauses: &[
        Clause::ps3_18("8.9"),
        Clause::ps3_18("8.9.4"),
        Clause::ps3_18("10.2"),
    ],
    level: Level::Must,
    needs: &[Need::Web],
    editions: Editions::ALL,
    profiles: &[],
    fault: "caps.options-404",
    sends: "OPTIONS of the base URL, once with Accept for WADL and once for application/json",
    accepts: "200 with a document of one of the two types",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for accept in [WADL, "application/json"] {
        let answer = web
            .request("OPTIONS", "/", &[("Accept", accept)], Bytes::new())
            .await?;
        ensure!(
            answer.status == 200,
            "{} with Accept: {accept}",
            answer.summary()
        );
        let kind = answer.content_type().split(';').next().unwrap_or_default();
        match kind.trim() {
            WADL => {
                let document = Element::read(&answer.body)?;
                ensure!(
                    document.name == "application",
                    "200, and XML that begins with {:?}",
                    document.name
                );
            }
            "application/json" => {
                let document = serde_json::from_slice::<serde_json::Value>(&answer.body);
                ensure!(
                    document.is_ok_and(|document| document.is_object()),
                    "200, and {} bytes that are no JSON object",
                    answer.body.len()
                );
            }
            _ => ensure!(false, "200 of type {kind:?} with Accept: {accept}"),
        }
    }
    Ok(())
}
