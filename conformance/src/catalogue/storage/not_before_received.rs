//! No success before the end.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::encode;
use crate::probe::pdu::{Heard, command};
use crate::probe::presence::is_kept;

pub(crate) static CHECK: Check = Check {
    id: "store.not-before-received",
    title: "no success is said before the last fragment has come",
    clauses: &[Clause::ps3_7("9.1.1.2"), Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.early-success",
    sends: "C-STORE of 4 MiB but for the last fragment, a pause, and the rest",
    accepts: "no response in the pause; status 0000H after the rest, and the instance",
    run: |context| Box::pin(run(context)),
};

/// Longer than an archive that answers too early takes to answer.
const PAUSE: Duration = Duration::from_millis(300);
/// Less than any last fragment of this data set.
const TAIL: usize = 64;

async fn run(context: &Context) -> Verdict {
    let long = DataElement::new(tags::TEXT_VALUE, VR::UT, "long ".repeat(800 * 1024));
    let study = context.data().study(1).with(long).build();
    let instance = &study.instances[0];
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let (id, syntax) = association.required(instance.sop_class)?;
    let data_set = encode(&instance.data_set, &syntax)?;
    let request = association.store_request(instance.sop_class, &instance.uid)?;
    let message_id = request.message_id;
    let pdus = association.pdus(id, request, Some(&data_set));
    let (most, rest) = pdus.split_at(pdus.len() - TAIL);
    context.transcript().leave(&study.uid);
    let mut wire = association.into_wire();
    let line = format!("C-STORE-RQ but for the last {TAIL} bytes");
    wire.write(most, &line).await?;
    match wire.hear_within(PAUSE).await? {
        Heard::Nothing(_) => {}
        heard => {
            return Err(Finding::fail(format!(
                "{} before the last fragment",
                heard.words()
            )));
        }
    }
    wire.write(rest, "the rest").await?;
    let answer = wire.message().await?.command;
    let [responded_to, status] =
        [command::RESPONDED_TO, command::STATUS].map(|element| command::number(&answer, element));
    ensure!(
        (responded_to, status) == (Some(message_id), Some(0)),
        "status {status:04X?} to message {responded_to:?}"
    );
    wire.release().await?;
    let kept = is_kept(context, instance).await?;
    ensure!(kept, "0000H, and then the instance is not there");
    Ok(())
}
