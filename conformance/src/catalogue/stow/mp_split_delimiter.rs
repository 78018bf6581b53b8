//! A delimiter that comes in two pieces.

use bytes::Bytes;
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body::find;
use crate::probe::json::Row;
use crate::probe::upload::Upload;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.split-delimiter",
    title: "a delimiter is found wherever the network splits it",
    clauses: &[Clause::rfc("RFC 2046", "5.1.1")],
    level: Level::Interop,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::Robust],
    fault: "mp.split-delimiter-miss",
    sends: "POST /studies with 2 instances, chunked, the delimiter between them split over two chunks at every byte",
    accepts: "200 with both listed as stored, each time",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (web, raw) = (context.web()?, context.raw()?);
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let upload = Upload::of(&instances).boundary("split");
    web.prepare(&study).await?;
    let body = upload.body();
    let kind = format!("Content-Type: {}", upload.content_type());
    let accept = format!("Accept: {JSON}");
    let headers = [&kind[..], &accept, "Transfer-Encoding: chunked"];
    let delimiter = b"\r\n--split\r\n";
    let Some(start) = find(&body, delimiter, 0) else {
        return Err(Finding::error("a body of two parts without a delimiter"));
    };
    for at in start..=start + delimiter.len() {
        let chunk = |bytes: Bytes| {
            let head = format!("{:x}\r\n", bytes.len());
            Bytes::from([head.as_bytes(), &bytes, b"\r\n"].concat())
        };
        let pieces = [
            chunk(body.slice(..at)),
            chunk(body.slice(at..)),
            Bytes::from_static(b"0\r\n\r\n"),
        ];
        let whole = raw.exchange("POST", "/studies", &headers, &pieces).await?;
        let listed = Row::one(&whole.body).map(|row| row.items(tags::REFERENCED_SOP_SEQUENCE));
        let listed = listed.map_or(0, |items| items.len());
        ensure!(
            whole.head.status == 200 && listed == 2,
            "{} with {listed} of 2 stored, the delimiter split after {} of its {} bytes",
            whole.summary(),
            at - start,
            delimiter.len()
        );
    }
    Ok(())
}
