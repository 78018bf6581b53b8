//! Percent, underscore, backslash and quotes are characters like any other.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::text;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.sql-like-chars",
    title: "the characters of databases are literal",
    clauses: &[Clause::ps3_4("C.2.2.2.1")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.percent-wild",
    sends: "GET /studies?AccessionNumber={value} with %, _, a quote and a double quote, where a value that a database would match is stored too",
    accepts: "only the study with that very value",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let word = context.data().word();
    let word = &word[..8];
    // Each beside what it would find if the character had a meaning.
    let pairs = [("%", "ab"), ("_", "a"), ("' OR '1", "x"), ("\"", "y")];
    let mut n = 0;
    for (literal, other) in pairs {
        let mut both = Vec::new();
        for tail in [literal, other] {
            n += 1;
            let number = format!("{word}{tail}");
            let study = context
                .data()
                .study(n)
                .with(text(tags::ACCESSION_NUMBER, &number))
                .build();
            web.prepare(&study).await?;
            both.push(study);
        }
        let path = format!(
            "/studies?AccessionNumber={}",
            encoded(&format!("{word}{literal}"))
        );
        web.finds_studies(&path, &[&both[0]]).await?;
    }
    Ok(())
}
