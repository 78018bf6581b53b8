//! A compressed frame is a codestream and nothing else.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::codestream::{JPEG_2000, JPEG_BASELINE, is_codestream};
use crate::outcome::{Finding, Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.compressed",
    title: "a frame asked for as it is stored is a bare codestream",
    clauses: &[Clause::ps3_18("8.7.3.3.2")],
    level: Level::May,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "wado.frame-with-item-tag",
    sends: "GET /frames/1 of a JPEG Baseline image as image/jpeg and of a JPEG 2000 one as image/jp2",
    accepts: "200 with the stored codestream, no item tags around it; 406 from archives that give no compressed frames",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let mut judged = 0;
    for (n, (codestream, media)) in
        (1..).zip([(JPEG_BASELINE, "image/jpeg"), (JPEG_2000, "image/jp2")])
    {
        let plan = context
            .data()
            .study(n)
            .transfer_syntax(codestream.transfer_syntax);
        let study = plan.picture(codestream.picture()).build();
        let instance = &study.instances[0];
        let path = format!("{}/frames/1", instance.path());
        let accept = format!(
            "multipart/related; type=\"{media}\"; transfer-syntax={}",
            codestream.transfer_syntax
        );
        if !web.takes(instance).await? || matches!(web.status(&path, &accept).await?, 400 | 406) {
            continue;
        }
        judged += 1;
        let parts = web.retrieve(&path, &accept).await?;
        ensure!(parts.len() == 1, "{} parts for one frame", parts.len());
        let (said, got) = (parts[0].media().essence, &parts[0].content);
        ensure!(
            said == media,
            "a part of type {said}, asked for was {media}"
        );
        ensure!(
            is_codestream(got, codestream.bytes),
            "{} bytes from {:02X?} on, where the {} bytes from {:02X?} on are due that were stored",
            got.len(),
            &got[..got.len().min(8)],
            codestream.bytes.len(),
            &codestream.bytes[..8]
        );
    }
    match judged {
        0 => Err(Finding::NotApplicable(
            "it gives no compressed frames".into(),
        )),
        _ => Ok(()),
    }
}
