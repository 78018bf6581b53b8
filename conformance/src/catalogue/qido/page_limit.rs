//! A limit is the most that comes.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.page.limit",
    title: "limit bounds the number of results",
    clauses: &[Clause::ps3_18("8.3.4.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.limit-ignored",
    sends: "GET /studies?PatientID={run}*&limit=1 and =3 over 5 studies",
    accepts: "1 and 3 rows",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for n in 1..=5 {
        web.prepare(&context.data().study(n).build()).await?;
    }
    let query = format!("/studies?PatientID={}*", context.data().patient_prefix());
    for limit in [1, 3] {
        let path = format!("{query}&limit={limit}");
        let rows = web.listed(&path, tags::STUDY_INSTANCE_UID).await?;
        ensure!(rows.len() == limit, "{} rows of GET {path}", rows.len());
    }
    Ok(())
}
