//! A character set that nobody knows.

use bytes::Bytes;
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "web.charset.unsupported-ignored",
    title: "unsupported character sets are ignored",
    clauses: &[Clause::ps3_18("8.8.1"), Clause::ps3_18("8.3.3.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "http.charset-500",
    sends: "GET of metadata with charset=nonsense, and with Accept-Charset: nonsense",
    accepts: "200 and the metadata both times",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("{}/metadata", study.instances[0].path());
    let parameter = format!("{path}?charset=nonsense");
    let plain = [("Accept", JSON)];
    let header = [("Accept", JSON), ("Accept-Charset", "nonsense")];
    for (path, headers, what) in [
        (&parameter, &plain[..], "charset=nonsense"),
        (&path, &header[..], "Accept-Charset: nonsense"),
    ] {
        let answer = web.request("GET", path, headers, Bytes::new()).await?;
        ensure!(answer.status == 200, "{} with {what}", answer.summary());
        let rows = Row::all(&answer.body)?;
        let uid = rows
            .first()
            .and_then(|row| row.text(tags::SOP_INSTANCE_UID));
        ensure!(
            uid.as_ref() == Some(&study.instances[0].uid),
            "200 and instance {uid:?} with {what}"
        );
    }
    Ok(())
}
