//! An image without an image.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.fail.mismatch-a9xx",
    title: "an instance that does not match its SOP class fails with A9xxH, or is stored with B007H",
    clauses: &[Clause::ps3_18("I.2.2"), Clause::ps3_18("I.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Validates],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.mismatch-as-0110",
    sends: "POST /studies with 1 CT without anything of the pixel module and 1 good one",
    accepts: "the first in FailedSOPSequence with A900H to A9FFH, or stored with Warning Reason B007H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let bad = study.instances[1].altered(|data_set| {
        for tag in PIXEL_MODULE {
            data_set.remove_element(tag);
        }
    });
    let answer = web.store("/studies", &[&study.instances[0], &bad]).await?;
    let account = Account::of(&answer)?;
    let failed = account.failed.iter().find(|(uid, _)| *uid == bad.uid);
    let warned = account.warned.iter().find(|(uid, _)| *uid == bad.uid);
    let right = match (failed, warned) {
        (Some((_, reason)), None) => matches!(reason, Some(0xA900..=0xA9FF)),
        (None, Some((_, reason))) => *reason == 0xB007,
        _ => false,
    };
    ensure!(
        right,
        "{}; Failure Reason {:?}, Warning Reason {:?}",
        answer.status,
        failed.and_then(|(_, reason)| *reason),
        warned.map(|(_, reason)| reason)
    );
    Ok(())
}

/// The pixel module of a native image (PS3.3 C.7.6.3).
const PIXEL_MODULE: [Tag; 9] = [
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::PIXEL_DATA,
];
