//! Metadata is asked for by those who do not want the pixels.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "wado.meta.no-inline-pixels",
    title: "pixel data is not inline in metadata",
    clauses: &[Clause::ps3_18("10.4.1.1.2")],
    level: Level::Should,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "wado.meta-inline-pixels",
    sends: "GET of the metadata of an image",
    accepts: "Pixel Data (7FE0,0010) absent or by BulkDataURI",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    for row in web
        .metadata(&format!("{}/metadata", study.instances[0].path()))
        .await?
    {
        let inline = row
            .attribute(tags::PIXEL_DATA)
            .and_then(|pixels| pixels["InlineBinary"].as_str());
        ensure!(
            inline.is_none(),
            "{} characters of InlineBinary in Pixel Data",
            inline.map_or(0, str::len)
        );
    }
    Ok(())
}
