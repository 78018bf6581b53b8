//! Line feeds in place of line ends.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.lf-only",
    title: "a body with bare line feeds is taken or refused, at once",
    clauses: &[Clause::rfc("RFC 2046", "5.1.1")],
    level: Level::May,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::Robust],
    fault: "mp.lf-hang",
    sends: "POST /studies with LF in place of every CRLF of the delimiters and part heads",
    accepts: "200 with both listed as stored and given back, or 400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let upload = Upload::of(&instances).line_end("\n");
    let answer = web.upload("/studies", &upload).await?;
    if answer.status == 400 {
        return web.prepare(&study).await;
    }
    ensure!(answer.status == 200, "{}", answer.summary());
    let listed = sorted(Account::of(&answer)?.referenced);
    ensure!(
        listed == study.uids(),
        "200 with {} of 2 instances listed as stored",
        listed.len()
    );
    for instance in instances {
        web.gives_back(instance)
            .await
            .map_err(|finding| finding.after("200"))?;
    }
    Ok(())
}
