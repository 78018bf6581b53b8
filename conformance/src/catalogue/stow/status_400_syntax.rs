//! A body that is no multipart body.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "stow.400.syntax",
    title: "a body without any delimiter is refused with 400",
    clauses: &[Clause::ps3_18("10.5.3.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.syntax-500",
    sends: "POST /studies as multipart/related with a body of text, and with a DICOM file without delimiters",
    accepts: "400 each, and nothing is stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    context.transcript().leave(&study.uid);
    let headers = [("Content-Type", MULTIPART), ("Accept", JSON)];
    let text = Bytes::from_static(b"this is not a multipart body at all\r\n");
    for body in [text, instance.file.clone()] {
        let answer = web.request("POST", "/studies", &headers, body).await?;
        ensure!(answer.status == 400, "{}", answer.summary());
    }
    if context.offers(Need::Retrieve) {
        ensure!(!web.has(instance).await?, "400, and then it is there");
    }
    web.prepare(&study).await
}

const MULTIPART: &str = "multipart/related; type=\"application/dicom\"; boundary=b";
