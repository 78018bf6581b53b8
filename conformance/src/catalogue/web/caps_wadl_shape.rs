//! The capabilities document is what Annex H says.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::wadl::declared;
use crate::probe::web::WADL;
use crate::probe::xml::Element;

pub(crate) static CHECK: Check = Check {
    id: "web.caps.wadl-shape",
    title: "the WADL document has one tree of resources under the base URL",
    clauses: &[Clause::ps3_18("H"), Clause::ps3_18("8.9.4")],
    level: Level::Must,
    needs: &[
        Need::Capabilities,
        Need::Store,
        Need::Search,
        Need::Retrieve,
    ],
    editions: Editions::ALL,
    profiles: &[],
    fault: "caps.wadl-wrong-base",
    sends: "OPTIONS of the base URL with Accept for WADL",
    accepts: "one application element with one resources element, whose base is the base URL, and below it studies with GET and POST and {study} with GET",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let answer = web
        .request("OPTIONS", "/", &[("Accept", WADL)], Bytes::new())
        .await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let document = Element::read(&answer.body)?;
    let trees: Vec<_> = document.all("resources").collect();
    ensure!(
        document.name == "application" && trees.len() == 1,
        "{} resources elements in {:?}",
        trees.len(),
        document.name
    );
    let base = trees[0].attribute("base").trim_end_matches('/');
    ensure!(web.is_base(base), "resources with base {base:?}");
    let all = declared(&document);
    for (method, path) in [
        ("GET", "studies"),
        ("POST", "studies"),
        ("GET", "studies/{}"),
    ] {
        let found = all.iter().any(|(known, at)| known == method && at == path);
        ensure!(found, "no {method} of {path} among {} methods", all.len());
    }
    Ok(())
}
