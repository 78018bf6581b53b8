//! Over the web every value says what it is.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::file::File;
use crate::probe::web::{DICOM, DICOM_ANY};

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.never-implicit",
    title: "Implicit VR and big endian never leave over DICOMweb",
    clauses: &[Clause::ps3_18("8.7.3"), Clause::ps3_18("8.6.2.1")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::CStore, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.returns-implicit",
    sends: "C-STORE of an instance in Implicit VR Little Endian, then GET of it without transfer-syntax, with *, and asking for implicit",
    accepts: "200 in another transfer syntax, or 406 where implicit was asked for",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let dimse = context.dimse()?;
    let syntaxes = [uids::IMPLICIT_VR_LITTLE_ENDIAN];
    let proposal = dimse.proposal().context(instance.sop_class, &syntaxes);
    let status = dimse.open(proposal).await?.store(instance).await?;
    if status != 0 {
        return Err(Finding::Untestable {
            because: "store.implicit",
            reason: format!("C-STORE in Implicit VR was answered {status:04X}H"),
        });
    }
    let implicit = format!(
        "{DICOM}; transfer-syntax={}",
        uids::IMPLICIT_VR_LITTLE_ENDIAN
    );
    for accept in [DICOM, DICOM_ANY, &implicit] {
        let answer = web.get(&instance.path(), accept).await?;
        if answer.status == 406 && accept == implicit {
            continue;
        }
        ensure!(answer.status == 200, "{} to {accept}", answer.summary());
        for part in parts(answer.content_type(), &answer.body)? {
            let syntax = File::read(&part.content)?.transfer_syntax;
            ensure!(
                !["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"].contains(&syntax.as_str()),
                "{syntax} to {accept}"
            );
        }
    }
    Ok(())
}
