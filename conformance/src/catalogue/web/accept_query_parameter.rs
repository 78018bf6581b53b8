//! A link can say what it wants.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "web.accept.query-parameter",
    title: "the accept query parameter selects the type, and has no wildcards",
    clauses: &[
        Clause::ps3_18("8.3.3.1"),
        Clause::ps3_18("10.1.2"),
        Clause::ps3_18("10.4.1.2"),
    ],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.accept-param-ignored",
    sends: "GET of metadata with Accept: */* and the accept parameter for JSON, for XML and with a wildcard",
    accepts: "JSON, then XML, then 400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("{}/metadata", study.instances[0].path());
    for (parameter, wanted) in [
        ("application/dicom%2Bjson", JSON),
        (
            "multipart/related%3B%20type%3D%22application/dicom%2Bxml%22",
            "multipart/related",
        ),
    ] {
        let answer = web
            .get(&format!("{path}?accept={parameter}"), "*/*")
            .await?;
        let kind = answer.content_type().split(';').next().unwrap_or_default();
        ensure!(
            answer.status == 200 && kind.trim() == wanted,
            "{} with accept={parameter}",
            answer.summary()
        );
    }
    let answer = web
        .get(&format!("{path}?accept=application/*"), "*/*")
        .await?;
    ensure!(
        answer.status == 400,
        "{} with accept=application/*",
        answer.summary()
    );
    Ok(())
}
