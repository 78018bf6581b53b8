//! A report is read, not looked at.

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::Plan;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::media::Media;

pub(crate) static CHECK: Check = Check {
    id: "rend.sr-html",
    title: "a structured report comes as a page that has its text",
    clauses: &[Clause::ps3_18("8.7.4"), Clause::ps3_18("T8.7.4-1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.sr-jpeg",
    sends: "GET /rendered of a Basic Text SR with Accept: text/html",
    accepts: "200, text/html with the text of the content tree and the names of its concepts; 400, 404 or 406 from archives that render no reports",
    run: |context| Box::pin(run(context)),
};

const SENTENCE: &str = "Conformance finding 4711 in the left lobe.";
const CONCEPT: &str = "Conformance Finding";

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let plan = context
        .data()
        .study(1)
        .sop_class(uids::BASIC_TEXT_SR_STORAGE);
    let study = content().into_iter().fold(plan, Plan::with).build();
    let instance = &study.instances[0];
    if !web.takes(instance).await? {
        return Err(Finding::NotApplicable("it does not store reports".into()));
    }
    let path = format!("{}/rendered", instance.path());
    let answer = web.get(&path, "text/html").await?;
    if matches!(answer.status, 400 | 404 | 406 | 501) {
        let reason = format!("{} to a report as text/html", answer.summary());
        return Err(Finding::NotApplicable(reason));
    }
    ensure!(answer.status == 200, "{}", answer.summary());
    let said = Media::of(answer.content_type()).essence;
    ensure!(said == "text/html", "a report of type {said}");
    let page = String::from_utf8_lossy(&answer.body);
    for text in [SENTENCE, CONCEPT] {
        ensure!(
            page.contains(text),
            "a page of {} bytes without {text:?}",
            answer.body.len()
        );
    }
    Ok(())
}

/// A container with one text (PS3.3 C.17.3).
fn content() -> [InMemElement; 4] {
    let text = |tag, value: &str| {
        let vr = if tag == tags::TEXT_VALUE {
            VR::UT
        } else {
            VR::CS
        };
        DataElement::new(tag, vr, PrimitiveValue::from(value))
    };
    let concept = |value: &str, meaning: &str| {
        let code = |tag, vr, text: &str| DataElement::new(tag, vr, PrimitiveValue::from(text));
        let item = InMemDicomObject::from_element_iter([
            code(tags::CODE_VALUE, VR::SH, value),
            code(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "99CONF"),
            code(tags::CODE_MEANING, VR::LO, meaning),
        ]);
        let sequence = DataSetSequence::from(vec![item]);
        DataElement::new(tags::CONCEPT_NAME_CODE_SEQUENCE, VR::SQ, sequence)
    };
    let finding = InMemDicomObject::from_element_iter([
        text(tags::RELATIONSHIP_TYPE, "CONTAINS"),
        text(tags::VALUE_TYPE, "TEXT"),
        concept("1", CONCEPT),
        text(tags::TEXT_VALUE, SENTENCE),
    ]);
    let tree = DataSetSequence::from(vec![finding]);
    [
        text(tags::VALUE_TYPE, "CONTAINER"),
        text(tags::CONTINUITY_OF_CONTENT, "SEPARATE"),
        concept("2", "Conformance Report"),
        DataElement::new(tags::CONTENT_SEQUENCE, VR::SQ, tree),
    ]
}
