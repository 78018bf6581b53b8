//! How much there is below a match.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.count-keys",
    title: "numbers of related series and instances are true",
    clauses: &[Clause::ps3_4("C.3.4")],
    level: Level::May,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[],
    fault: "find.wrong-count",
    sends: "C-FIND of a study of 2 series of 2 and 3 instances, with (0020,1206), (0020,1208), and (0020,1209) of the series",
    accepts: "2, 5, 2 and 3, where the attributes have values",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).series(&[2, 3]).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let counts = [
        (tags::NUMBER_OF_STUDY_RELATED_SERIES, ["2"].as_slice()),
        (tags::NUMBER_OF_STUDY_RELATED_INSTANCES, &["5"]),
    ];
    let keys = Keys::study(&study.uid).and(&counts.map(|(tag, _)| tag));
    let of_study = association.find(STUDY_FIND, &keys).await?;
    let below = tags::NUMBER_OF_SERIES_RELATED_INSTANCES;
    let keys = Keys::level("SERIES")
        .key(tags::STUDY_INSTANCE_UID, &study.uid)
        .and(&[below]);
    let of_series = association.find(STUDY_FIND, &keys).await?;
    let of_study = counts.map(|(tag, wanted)| (tag, of_study.values(tag), wanted));
    let of_series = (below, of_series.values(below), ["2", "3"].as_slice());
    let mut given = 0;
    for (tag, found, wanted) in of_study.into_iter().chain([of_series]) {
        given += found.len();
        ensure!(
            found.is_empty() || found == wanted,
            "{tag} is {found:?}, not {wanted:?}"
        );
    }
    if given == 0 {
        return Err(Finding::NotObserved("no count was given".into()));
    }
    association.release().await
}
