//! Arguments are looked at before the archive is asked.

use std::collections::BTreeSet;

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, arguments};

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.input-validation",
    title: "wrong arguments are refused by name, and the archive is not asked",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.validates-after-call",
    sends: "for each tool and each of its arguments a call with an object in its place, one without it where it is required, and one with a UID that cannot be; then 200 seeded mixtures of these",
    accepts: "an error each time, and no request to the archive; an error that does not name the argument is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;
    let listed = session.ask("tools/list", json!({})).await?;
    let tools = listed.result()?["tools"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    ensure!(!tools.is_empty(), "{}", listed.summary());

    if !bench.roles().is_empty() {
        bench.works(&mut session, &Role::ALL).await?;
    }
    let asked = bench.asked();
    let mut cases: Vec<_> = tools.iter().flat_map(arguments::wrong).collect();
    cases.extend(arguments::mixed(&cases, 200, &mut context.dice()));
    let mut unnamed = None;
    let mut locked = BTreeSet::new();
    for case in &cases {
        if locked.contains(&case.tool) {
            continue;
        }
        let answer = session.call(&case.tool, &case.arguments).await?;
        if bench.locked(&answer).is_some() {
            locked.insert(case.tool.clone());
            continue;
        }
        let told = format!("{} to {}", answer.summary(), case.line());
        ensure!(answer.is_error(), "{told}");
        ensure!(
            bench.asked() == asked,
            "the archive was asked, and then {told}"
        );
        if !case
            .wrong
            .iter()
            .any(|name| answer.text().contains(name.as_str()))
        {
            unnamed.get_or_insert(told);
        }
    }
    match unnamed {
        None => Ok(()),
        Some(got) => Err(Finding::Warn(Difference {
            expected: Some("the argument's name in the error".into()),
            got,
        })),
    }
}
