//! Nothing is lost that nobody understands.

use dicom_core::Tag;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::all_taken;
use crate::probe::upload::Upload;

pub(crate) static CHECK: Check = Check {
    id: "stow.fidelity.private-and-unknown",
    title: "private, unknown, nested and long elements are kept as they are",
    clauses: &[Clause::ps3_18("10.5.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.drops-private",
    sends: "POST /studies with an instance with a private block, an element of VR UN, 12 nested sequences, 64 KiB of text and text of odd length, then GET of it in any transfer syntax",
    accepts: "200, and every element of the data set as it was sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = study.instances[0].altered(|data_set| {
        let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
        data_set.put(text(Tag(0x0011, 0x0010), VR::LO, "CONFORMANCE ODD"));
        data_set.put(DataElement::new(
            Tag(0x0011, 0x1001),
            VR::UN,
            PrimitiveValue::from(vec![1_u8, 2, 3, 0xFF, 0, 9]),
        ));
        data_set.put(text(Tag(0x0011, 0x1002), VR::LT, "odd"));
        data_set.put(text(
            Tag(0x0011, 0x1003),
            VR::UT,
            &"long text ".repeat(6554),
        ));
        data_set.put(text(tags::IMAGE_COMMENTS, VR::LT, &"x".repeat(10_239)));
        let bottom = [text(tags::CODE_MEANING, VR::LO, "the innermost")];
        let mut nested = InMemDicomObject::from_element_iter(bottom);
        for _ in 0..12 {
            let sequence = DataSetSequence::from(vec![nested]);
            let element = DataElement::new(tags::CONCEPT_CODE_SEQUENCE, VR::SQ, sequence);
            nested = InMemDicomObject::from_element_iter([element]);
        }
        let deep = DataSetSequence::from(vec![nested]);
        data_set.put(DataElement::new(Tag(0x0011, 0x1004), VR::SQ, deep));
    });
    let upload = Upload::of(&[&instance]);
    all_taken(context, &web, &upload, &[instance]).await
}
