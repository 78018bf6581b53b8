//! A large file does not need much memory.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.bounds.memory",
    title: "a file of 128 MiB is sent in less than 96 MiB of memory",
    clauses: &[Clause::ps3_18("10.5.1"), Clause::ps3_4("B.2.1")],
    level: Level::Interop,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.holds-all",
    sends: "three files that are stored; one file of 128 MiB",
    accepts: "at most 96 MiB resident at any time; not observed where the system does not tell",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    const FILE: usize = 128 << 20;
    const MOST: u64 = 96 << 20;
    let pixels = DataElement::new(
        tags::PIXEL_DATA,
        VR::OW,
        PrimitiveValue::from(vec![7; FILE]),
    );
    let study = context.data().study(1).with(pixels).build();
    let stage = Stage::with(context, study).await?;
    let ended = stage.run().await?;
    let stored = stage.stored();
    ensure!(stored == [true], "not stored, {}", ended.summary());
    let peak = ended
        .peak
        .ok_or_else(|| Finding::NotObserved("the system does not tell".into()))?;
    ensure!(peak <= MOST, "{} MiB", peak >> 20);
    Ok(())
}
