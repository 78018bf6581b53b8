//! What is declared is there, and nothing else is.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::Instance;
use crate::outcome::{Verdict, ensure};
use crate::probe::wadl::declared;
use crate::probe::web::{JSON, WADL};
use crate::probe::xml::Element;

pub(crate) static CHECK: Check = Check {
    id: "web.caps.declared-vs-observed",
    title: "every method of the capabilities document works, and no other does",
    clauses: &[Clause::ps3_18("10.2"), Clause::ps3_18("H")],
    level: Level::Should,
    needs: &[Need::Capabilities, Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "caps.declares-missing-resource",
    sends: "each GET that the WADL document declares, for a stored instance; PUT, PATCH and DELETE where they are not declared",
    accepts: "no 404, 405, 501 or 5xx to what is declared; no 2xx to what is not",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let answer = web
        .request("OPTIONS", "/", &[("Accept", WADL)], Bytes::new())
        .await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let all = declared(&Element::read(&answer.body)?);
    let instance = &study.instances[0];
    let mut tried = 0;
    for (method, path) in &all {
        let Some(path) = filled(path, instance) else {
            continue;
        };
        if method != "GET" {
            continue;
        }
        let answer = web.get(&path, "*/*").await?;
        tried += 1;
        ensure!(
            !matches!(answer.status, 404 | 405 | 500..),
            "{} to GET {path}, which is declared",
            answer.summary()
        );
    }
    ensure!(tried > 2, "{tried} methods that can be tried are declared");
    for (path, template) in [
        ("/studies".to_owned(), "studies"),
        (format!("/studies/{}", study.uid), "studies/{}"),
    ] {
        for method in ["PUT", "PATCH", "DELETE"] {
            if all
                .iter()
                .any(|(known, at)| known == method && at == template)
            {
                continue;
            }
            let answer = web
                .request(method, &path, &[("Accept", JSON)], Bytes::new())
                .await?;
            ensure!(
                !(200..300).contains(&answer.status),
                "{} to {method} {path}, which is not declared",
                answer.summary()
            );
        }
    }
    Ok(())
}

/// A path with the UIDs of an instance in place of the parameters; nothing where a parameter is no UID.
fn filled(template: &str, instance: &Instance) -> Option<String> {
    let mut path = String::new();
    let mut uids = [&instance.study, &instance.series, &instance.uid].into_iter();
    for segment in template.split('/') {
        path.push('/');
        match segment {
            "wado" => return None,
            "{}" => path.push_str(match path.rsplit('/').nth(1) {
                Some("frames") => "1",
                Some("bulkdata") => return None,
                _ => uids.next()?,
            }),
            other => path.push_str(other),
        }
    }
    Some(path)
}
