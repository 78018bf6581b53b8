//! What can be moved.

use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::{Study, sorted};
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_MOVE};

pub(crate) static CHECK: Check = Check {
    id: "move.levels",
    title: "a move at each level brings exactly what its keys name",
    clauses: &[Clause::ps3_4("C.4.2.2.1")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.list-first-only",
    sends: "C-MOVE at level STUDY, SERIES, IMAGE, and of lists of UIDs, out of a study of 2 series of 3; PATIENT too where the Patient Root model is offered",
    accepts: "exactly the instances named, and 0000H",
    run: |context| Box::pin(run(context)),
};

const PATIENT_MOVE: &str = uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).series(&[3, 3]).build();
    dimse.prepare(&study).await?;
    let series = study.series();
    let of = |level| Keys::level(level).key(tags::STUDY_INSTANCE_UID, &study.uid);
    let in_series = || of("IMAGE").key(tags::SERIES_INSTANCE_UID, &series[1]);
    let uid = |n: usize| study.instances[n].uid.as_str();
    let both = format!("{}\\{}", series[0], series[1]);
    let two = format!("{}\\{}", uid(3), uid(5));
    let mut cases = vec![
        (STUDY_MOVE, of("STUDY"), (0..6).collect::<Vec<_>>()),
        (
            STUDY_MOVE,
            of("SERIES").key(tags::SERIES_INSTANCE_UID, &series[1]),
            vec![3, 4, 5],
        ),
        (
            STUDY_MOVE,
            of("SERIES").key(tags::SERIES_INSTANCE_UID, &both),
            (0..6).collect(),
        ),
        (
            STUDY_MOVE,
            in_series().key(tags::SOP_INSTANCE_UID, uid(4)),
            vec![4],
        ),
        (
            STUDY_MOVE,
            in_series().key(tags::SOP_INSTANCE_UID, &two),
            vec![3, 5],
        ),
    ];
    let mut association = dimse.associate(&[STUDY_MOVE, PATIENT_MOVE]).await?;
    if association.context(PATIENT_MOVE).is_some() {
        let patient = Keys::level("PATIENT").key(tags::PATIENT_ID, &study.patient_id);
        cases.push((PATIENT_MOVE, patient, (0..6).collect()));
    }
    let mut before = 0;
    for (model, keys, wanted) in cases {
        let moved = association
            .move_to(model, &keys, destination.ae_title())
            .await?;
        let arrived = destination.arrivals(&study.uids());
        let came = arrived[before..].iter();
        let came = sorted(came.map(|arrival| arrival.instance.clone()));
        before = arrived.len();
        let wanted = named(&study, &wanted);
        let level = keys.object().element(tags::QUERY_RETRIEVE_LEVEL).ok();
        let level = level.and_then(|level| level.to_str().ok());
        ensure!(
            came == wanted && moved.status().0 == 0,
            "{} of {} instances at level {}, {}",
            came.len(),
            wanted.len(),
            level.unwrap_or_default(),
            moved.words()
        );
    }
    association.release().await
}

fn named(study: &Study, numbers: &[usize]) -> Vec<String> {
    sorted(numbers.iter().map(|&n| study.instances[n].uid.clone()))
}
