//! The same name in two character sets.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, Match, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.charset",
    title: "a name is found in any character set, and comes back labelled",
    clauses: &[Clause::ps3_4("C.2.2.2"), Clause::ps3_5("6.1")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.charset-unlabelled",
    sends: "C-FIND of a name with an umlaut, in ISO_IR 100 and in ISO_IR 192",
    accepts: "the same study both ways; the name of the match can be read by the character set that it declares",
    run: |context| Box::pin(run(context)),
};

const NAME: &str = "Müller^Jörg";

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).patient_name(NAME).build();
    dimse.prepare(&study).await?;
    for charset in ["ISO_IR 100", "ISO_IR 192"] {
        let mut association = dimse.associate(&[STUDY_FIND]).await?;
        let ours = format!("{}*", context.data().patient_prefix());
        let name = DataElement::new(tags::PATIENT_NAME, VR::PN, NAME);
        let keys = Keys::level("STUDY")
            .key(tags::SPECIFIC_CHARACTER_SET, charset)
            .key(tags::PATIENT_ID, &ours)
            .and(&[tags::STUDY_INSTANCE_UID])
            .element(name);
        let found = association.find(STUDY_FIND, &keys).await?;
        let [Some(only)] = &found.matches[..] else {
            return Err(Finding::fail(format!(
                "{} matches for a name in {charset}",
                found.matches.len()
            )));
        };
        let read = name_of(only);
        ensure!(
            read.as_deref() == Some(NAME),
            "the name reads {read:?} in character set {:?}, asked in {charset}",
            only.text(tags::SPECIFIC_CHARACTER_SET)
        );
        association.release().await?;
    }
    Ok(())
}

/// The name, by the character set of the match.
fn name_of(found: &Match) -> Option<String> {
    let bytes = found.value(tags::PATIENT_NAME)?;
    let charset = found.text(tags::SPECIFIC_CHARACTER_SET);
    let text = match charset.as_deref() {
        Some("ISO_IR 192") => String::from_utf8(bytes.to_vec()).ok()?,
        // Each byte is the code point of its character.
        Some("ISO_IR 100") => bytes.iter().copied().map(char::from).collect(),
        _ => String::from_utf8(bytes.to_vec())
            .ok()
            .filter(|text| text.is_ascii())?,
    };
    Some(text.trim_end().to_owned())
}
