//! A boundary that can be foreseen can be in the data.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::media::Media;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.mp.boundary-unique",
    title: "the boundary of an answer is in none of its parts",
    clauses: &[Clause::rfc("RFC 2046", "5.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "wado.fixed-boundary",
    sends: "GET of an instance, then a store of one whose pixels have the boundary of that answer, and other likely ones, at the starts of lines; GET of that one",
    accepts: "one part with the pixels that were stored",
    run: |context| Box::pin(run(context)),
};

/// What servers that do not think about it write.
const LIKELY: [&str; 6] = [
    "boundary",
    "myboundary",
    "BOUNDARY",
    "frontier",
    "DICOM DATA BOUNDARY",
    "MESSAGEBOUNDARY",
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let first = context.data().study(1).build();
    web.prepare(&first).await?;
    let answer = web.get(&first.instances[0].path(), DICOM_ANY).await?;
    let media = Media::of(answer.content_type());
    let seen = media.parameter("boundary").unwrap_or_default();

    let mut pixels = Vec::new();
    for boundary in LIKELY.into_iter().chain([seen]) {
        pixels.extend(format!("\r\n--{boundary}\r\n\r\n\r\n--{boundary}--\r\n").bytes());
    }
    let second = context.data().study(2).pixels(&pixels).build();
    web.prepare(&second).await?;
    let instance = &second.instances[0];
    let file = web.file(&instance.path(), DICOM_ANY).await?;
    ensure!(
        file.value(tags::PIXEL_DATA) == Some(&instance.pixels),
        "other pixels than were stored"
    );
    Ok(())
}
