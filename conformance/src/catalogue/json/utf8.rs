//! Every character set becomes UTF-8.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::{Row, differences};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "json.utf8",
    title: "names of every character set are valid UTF-8 with the right characters",
    clauses: &[Clause::ps3_18("F.2"), Clause::ps3_18("8.7.3.5.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.raw-bytes",
    sends: "GET /studies?StudyInstanceUID={study} and its metadata, of studies in ISO_IR 100, ISO 2022 IR 87, GB18030, ISO 2022 IR 149 and ISO_IR 192",
    accepts: "valid UTF-8 in which the name is the stored one",
    run: |context| Box::pin(run(context)),
};

/// Specific Character Set, the stored bytes of the name, and the name.
const NAMES: [(&str, &[u8], &str); 5] = [
    ("ISO_IR 100", b"M\xFCller^J\xF6rg", "Müller^Jörg"),
    (
        "\\\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B",
        "Yamada^Tarou=山田^太郎",
    ),
    (
        "GB18030",
        b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB",
        "Wang^XiaoDong=王^小东",
    ),
    (
        "\\\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7",
        "Hong^Gildong=洪^吉洞",
    ),
    ("ISO_IR 192", "Łukasz^Ирина".as_bytes(), "Łukasz^Ирина"),
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, (set, bytes, name)) in (1..).zip(NAMES) {
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().next_multiple_of(2), b' ');
        let raw = DataElement::new(tags::PATIENT_NAME, VR::PN, PrimitiveValue::from(padded));
        let study = context
            .data()
            .study(n)
            .with(text(tags::SPECIFIC_CHARACTER_SET, set))
            .with(text(tags::REFERRING_PHYSICIAN_NAME, "Plain^Name"))
            .with(raw)
            .build();
        web.prepare(&study).await?;
        let mut paths = vec![format!("/studies?StudyInstanceUID={}", study.uid)];
        if context.offers(Need::Retrieve) {
            paths.push(format!("/studies/{}/metadata", study.uid));
        }
        for path in paths {
            let answer = web.get(&path, JSON).await?;
            ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
            let set = set.trim_start_matches('\\');
            if let Err(error) = std::str::from_utf8(&answer.body) {
                return Err(Finding::fail(format!(
                    "stored in {set}: {error}, in GET {path}"
                )));
            }
            let row = Row::one(&answer.body)?;
            let element = text(tags::PATIENT_NAME, name);
            let different = differences([&element], &row);
            ensure!(
                different.is_empty(),
                "stored in {set}: {}",
                different.join("; ")
            );
        }
    }
    Ok(())
}
