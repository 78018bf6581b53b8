//! The label on the part and the file in it say the same.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::{DICOM, DICOM_ANY};

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.param-equals-meta",
    title: "the transfer-syntax parameter of a part is that of its file",
    clauses: &[Clause::ps3_18("8.7.9")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.ts-param-lies",
    sends: "GET of an instance stored in Explicit VR and of one stored as RLE, with and without transfer-syntax=*",
    accepts: "the parameter equal to (0002,0010); it may be absent for 1.2.840.10008.1.2.1",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, syntax) in (1..).zip([uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::RLE_LOSSLESS]) {
        let study = context.data().study(n).transfer_syntax(syntax).build();
        let instance = &study.instances[0];
        if syntax == uids::EXPLICIT_VR_LITTLE_ENDIAN {
            web.prepare(&study).await?;
        } else if !web.takes(instance).await? {
            continue;
        }
        for accept in [DICOM, DICOM_ANY] {
            for part in web.retrieve(&instance.path(), accept).await? {
                let media = part.media();
                let said = media
                    .parameter("transfer-syntax")
                    .unwrap_or(uids::EXPLICIT_VR_LITTLE_ENDIAN);
                let is = File::read(&part.content)?.transfer_syntax;
                ensure!(said == is, "a part labelled {said} with a file in {is}");
            }
        }
    }
    Ok(())
}
