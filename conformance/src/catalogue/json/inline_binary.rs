//! Bytes are base64, and words are little endian in them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::model::{LITTLE_TABLE, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.inline-binary",
    title: "inline binary is one base64 string of little-endian bytes",
    clauses: &[Clause::ps3_18("F.2.7")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.inline-big-endian",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "InlineBinary of words is a string that decodes to the stored words, low byte first; values given by BulkDataURI are not judged",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    let bytes: Vec<u8> = LITTLE_TABLE
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let mut judged = 0;
    for attribute in sample.attributes() {
        let Some(inline) = attribute.member("InlineBinary") else {
            continue;
        };
        let place = &attribute.place;
        let decoded = inline.as_text().map(|text| STANDARD.decode(text));
        let Some(Ok(decoded)) = decoded else {
            return Err(Finding::fail(format!(
                "InlineBinary that is no base64 string at {place}"
            )));
        };
        if attribute.key == "00281201" {
            ensure!(
                decoded == bytes,
                "{decoded:02X?} at {place}, stored was {bytes:02X?}"
            );
            judged += 1;
        }
        if attribute.key == "00283006" {
            let entry = |n: usize| {
                decoded
                    .get(2 * n..2 * n + 2)
                    .map(|word| u16::from_le_bytes([word[0], word[1]]))
            };
            ensure!(
                decoded.len() == 8192,
                "{} bytes of a table of 8192 at {place}",
                decoded.len()
            );
            ensure!(
                entry(100) == Some(1700),
                "entry 100 is {:?} at {place}, stored was 1700",
                entry(100)
            );
            judged += 1;
        }
    }
    if judged == 0 {
        return Err(Finding::NotObserved("no table is given inline".into()));
    }
    Ok(())
}
