//! Where a row says that its instances can be had, they can be had.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body;
use crate::probe::file::File;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "qido.return.retrieve-url",
    title: "the Retrieve URL of a row leads to what the row is about",
    clauses: &[
        Clause::ps3_18("T10.6.3-3"),
        Clause::ps3_18("T10.6.3-4"),
        Clause::ps3_18("T10.6.3-5"),
    ],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.retrieve-url-dead",
    sends: "GET of the Retrieve URL (0008,1190) of a study, a series and an instance row",
    accepts: "200 and the instances of that study, series or instance",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 2]).build();
    web.prepare(&study).await?;
    let instance = &study.instances[1];
    let searches = [
        format!("/studies?StudyInstanceUID={}", study.uid),
        format!(
            "/studies/{}/series?SeriesInstanceUID={}",
            study.uid, instance.series
        ),
        format!(
            "/studies/{}/series/{}/instances?SOPInstanceUID={}",
            study.uid, instance.series, instance.uid
        ),
    ];
    for (depth, search) in searches.iter().enumerate() {
        let row = web.row(search).await?;
        let Some(url) = row.text(tags::RETRIEVE_URL) else {
            return Err(Finding::fail(format!(
                "no Retrieve URL in the row of GET {search}"
            )));
        };
        let answer = web.get_url(&url, DICOM_ANY).await?;
        ensure!(answer.status == 200, "{} to GET {url}", answer.summary());
        let mut found = Vec::new();
        for part in body::parts(answer.content_type(), &answer.body)? {
            found.extend(File::read(&part.content)?.sop_instance());
        }
        let meant = study.instances.iter().filter(|other| match depth {
            0 => true,
            1 => other.series == instance.series,
            _ => other.uid == instance.uid,
        });
        let meant = sorted(meant.map(|instance| instance.uid.clone()));
        ensure!(
            sorted(found.clone()) == meant,
            "{found:?} at {url}, not {meant:?}"
        );
    }
    Ok(())
}
