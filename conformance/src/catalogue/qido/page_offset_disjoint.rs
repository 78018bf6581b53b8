//! Pages follow each other without a gap and without overlap.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Web;

pub(crate) static CHECK: Check = Check {
    id: "qido.page.offset-disjoint",
    title: "pages are disjoint, and together the whole in the same order",
    clauses: &[Clause::ps3_18("8.3.4.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.offset-off-by-one",
    sends: "GET /studies?PatientID={run}* over 5 studies, whole and as limit=2 with offset=0, 2 and 4",
    accepts: "2, 2 and 1 rows, which are the whole answer in its order",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for n in 1..=5 {
        web.prepare(&context.data().study(n).build()).await?;
    }

    let query = format!("/studies?PatientID={}*", context.data().patient_prefix());
    let whole = studies(&web, &query).await?;
    ensure!(
        whole.len() == 5,
        "{} rows for 5 studies without a limit",
        whole.len()
    );
    let mut paged = Vec::new();
    for (offset, want) in [(0, 2), (2, 2), (4, 1)] {
        let page = studies(&web, &format!("{query}&limit=2&offset={offset}")).await?;
        ensure!(
            page.len() == want,
            "{} rows in place of {want} at offset {offset}",
            page.len()
        );
        let again: Vec<_> = page.iter().filter(|uid| paged.contains(*uid)).collect();
        ensure!(
            again.is_empty(),
            "at offset {offset} a row of an earlier page: {again:?}"
        );
        paged.extend(page);
    }
    ensure!(
        paged == whole,
        "pages in another order than the whole: {paged:?}, not {whole:?}"
    );
    Ok(())
}

async fn studies(web: &Web, path: &str) -> Verdict<Vec<String>> {
    let rows = web.search(path).await?;
    Ok(rows
        .iter()
        .map(|row| row.text(tags::STUDY_INSTANCE_UID).unwrap_or_default())
        .collect())
}
