//! A boundary counts only at the beginning of a line.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::upload::Upload;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.token-inside-pixels",
    title: "a boundary text inside a part is content",
    clauses: &[
        Clause::rfc("RFC 2046", "5.1.1"),
        Clause::ps3_18("8.6.1.2.1"),
    ],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.matches-midline",
    sends: "POST /studies with an instance whose pixels hold the delimiter and the close delimiter, never after CRLF",
    accepts: "200, and the same pixels on retrieval",
    run: |context| Box::pin(run(context)),
};

const BOUNDARY: &str = "token-in-pixels";

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let pixels = format!(
        "x--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\ny--{BOUNDARY}--\r\nz\r--{BOUNDARY}\rend"
    );
    let study = context.data().study(1).pixels(pixels.as_bytes()).build();
    let instance = &study.instances[0];
    let answer = web
        .upload("/studies", &Upload::of(&[instance]).boundary(BOUNDARY))
        .await?;
    ensure!(answer.status == 200, "{}", answer.summary());

    let retrieved = web.retrieve(&instance.path(), DICOM_ANY).await;
    let parts = retrieved.map_err(|finding| finding.after("200"))?;
    ensure!(parts.len() == 1, "200, and then {} parts", parts.len());
    let file = File::read(&parts[0].content)?;
    let got = file.value(tags::PIXEL_DATA);
    let length = got.map_or(0, |bytes| bytes.len());
    ensure!(
        got == Some(&instance.pixels),
        "200, and then other pixels: {length} bytes of {}",
        instance.pixels.len()
    );
    Ok(())
}
