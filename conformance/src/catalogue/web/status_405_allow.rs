//! A method that a resource does not have.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "web.status.405-allow",
    title: "a method that a resource does not have is refused with 405 and Allow",
    clauses: &[Clause::ps3_18("8.5")],
    level: Level::Must,
    needs: &[Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "http.405-no-allow",
    sends: "PATCH /studies",
    accepts: "405 with an Allow header that names GET and not PATCH",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let answer = web
        .request("PATCH", "/studies", &[("Accept", JSON)], Bytes::new())
        .await?;
    ensure!(answer.status == 405, "{}", answer.summary());
    let allow = answer.headers.get(http::header::ALLOW);
    let Some(allow) = allow.and_then(|value| value.to_str().ok()) else {
        return Err(Finding::fail("405 without an Allow header"));
    };
    let methods: Vec<_> = allow.split(',').map(str::trim).collect();
    ensure!(
        methods.contains(&"GET") && !methods.contains(&"PATCH"),
        "405 with Allow: {allow}"
    );
    Ok(())
}
