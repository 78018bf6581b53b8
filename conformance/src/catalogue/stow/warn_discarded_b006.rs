//! What is thrown away is said to be thrown away.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::{Account, DICOM_ANY};

pub(crate) static CHECK: Check = Check {
    id: "stow.warn.discarded-b006",
    title: "an instance of which elements are discarded is stored with warning B006H",
    clauses: &[Clause::ps3_18("I.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve, Need::Discards],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.discard-silently",
    sends: "POST /studies with an instance with private elements, then GET of it",
    accepts: "202 with Warning Reason B006H, and the instance without them",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let answer = web.store("/studies", &[instance]).await?;
    let account = Account::of(&answer)?;
    let expected = (instance.uid.clone(), 0xB006);
    ensure!(
        answer.status == 202 && account.warned == [expected],
        "{} with {} stored and the warnings {:?}",
        answer.status,
        account.referenced.len(),
        account
            .warned
            .iter()
            .map(|(_, reason)| reason)
            .collect::<Vec<_>>()
    );
    let parts = web.retrieve(&instance.path(), DICOM_ANY).await?;
    ensure!(parts.len() == 1, "{} parts", parts.len());
    let file = File::read(&parts[0].content)?;
    let private = file.value(Tag(0x0009, 0x1001));
    ensure!(
        private.is_none(),
        "202 with B006H, and nothing is discarded"
    );
    ensure!(
        file.value(tags::PIXEL_DATA) == Some(&instance.pixels),
        "202 with B006H, and then other pixels"
    );
    Ok(())
}
