//! Values are percent-decoded once, as UTF-8, and a plus sign is one.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::{Study, text};
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.percent-encoding",
    title: "percent-encoded values are decoded once as UTF-8, and + stays +",
    clauses: &[Clause::ps3_18("8.3.4.1"), Clause::rfc("RFC 3986", "2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.form-decode-plus",
    sends: "GET /studies with an encoded u umlaut, ^, comma and percent sign, and a literal and an encoded + beside a value with a blank",
    accepts: "each time the one study with that value",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let word = context.data().word();
    let short = &word[..8];
    let umlaut = context
        .data()
        .study(1)
        .patient_name(&format!("Mü{word}^Jörg"))
        .build();
    let comma = numbered(context, 2, &format!("{short},1"));
    let plus = numbered(context, 3, &format!("{short}+2"));
    let blank = numbered(context, 4, &format!("{short} 2"));
    let percent = numbered(context, 5, &format!("{short}%2B2"));
    for study in [&umlaut, &comma, &plus, &blank, &percent] {
        web.prepare(study).await?;
    }
    let cases = [
        (format!("PatientName=M%C3%BC{word}*"), &umlaut),
        (format!("PatientName=M%c3%bc{word}%5EJ%C3%B6rg"), &umlaut),
        (format!("AccessionNumber={short}%2C1"), &comma),
        (format!("AccessionNumber={short}+2"), &plus),
        (format!("AccessionNumber={short}%2B2"), &plus),
        (format!("AccessionNumber={short}%202"), &blank),
        (format!("AccessionNumber={short}%252B2"), &percent),
    ];
    for (query, study) in cases {
        web.finds_studies(&format!("/studies?{query}"), &[study])
            .await?;
    }
    Ok(())
}

fn numbered(context: &Context, n: u32, number: &str) -> Study {
    context
        .data()
        .study(n)
        .with(text(tags::ACCESSION_NUMBER, number))
        .build()
}
