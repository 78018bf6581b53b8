//! What a server has, of what the checks ask about.

use crate::check::Need;
use crate::identity::Identity;
use crate::outcome::{Finding, Verdict};
use crate::subject::Program;
use crate::subject::adapter::Role;
use crate::transcript::Transcript;

use super::{Bench, Session};

/// The name and version of a server, and which needs it meets, with the reason.
pub(crate) type Seen = (String, Vec<(Need, bool, String)>);

/// Greets the server and looks at its tools.
pub(crate) async fn observe(
    program: &Program,
    identity: &Identity,
    transcript: &Transcript,
) -> Verdict<Seen> {
    let bench = Bench::for_smoke(program, identity, transcript).await?;
    let mut session = bench.start()?;
    let hello = session.greet().await?;
    let who = &hello["serverInfo"];
    let who = format!(
        "{} {}",
        who["name"].as_str().unwrap_or("?"),
        who["version"].as_str().unwrap_or("?")
    );
    let mut seen = vec![(Need::Mcp, true, format!("initialize: {}", printable(&who)))];
    let listed = session.ask("tools/list", serde_json::json!({})).await?;
    let tools = listed.result()?["tools"].as_array();
    let tools = tools.ok_or_else(|| Finding::fail(listed.summary()))?;
    let known = |tool: &str| tools.iter().any(|known| known["name"] == tool);
    for role in Role::ALL {
        let need = role.need();
        let tool = bench.tool(role);
        seen.push(match tool {
            "" => (need, false, "the adapter names no tool for it".into()),
            tool if !known(tool) => (need, false, format!("tools/list: no {tool}")),
            tool => match refusal(&bench, &mut session, role).await? {
                Some(text) => (need, false, format!("{tool}: \"{text}\"")),
                None => (need, true, format!("tools/list: {tool}")),
            },
        });
    }
    let schemas = tools
        .iter()
        .filter(|tool| tool.get("outputSchema").is_some())
        .count();
    let source = format!("tools/list: {schemas} of {} tools", tools.len());
    seen.push((Need::OutputSchema, schemas > 0, source));
    let logging = hello["capabilities"].get("logging").is_some();
    seen.push((Need::Logging, logging, "initialize: capabilities".into()));
    Ok((who, seen))
}

/// The words by which a tool says that it is not to be had, if the adapter knows such words.
async fn refusal(bench: &Bench, session: &mut Session, role: Role) -> Verdict<Option<String>> {
    if !bench.locks() {
        return Ok(None);
    }
    let answer = bench.perform(session, role).await?;
    Ok(bench.locked(&answer).map(str::to_owned))
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
