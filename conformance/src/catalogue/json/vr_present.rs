//! Every attribute says what its values are.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::model::Sample;

pub(crate) static CHECK: Check = Check {
    id: "json.vr-present",
    title: "every attribute has a vr, the one of the data dictionary",
    clauses: &[Clause::ps3_18("F.2.2"), Clause::ps3_18("F.2.3")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.missing-vr",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "every attribute is an object with a vr of PS3.5 6.2; that of a standard attribute is the one of PS3.6",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.attributes() {
        let (place, vr) = (&attribute.place, attribute.vr());
        ensure!(attribute.member("vr").is_some(), "no vr at {place}");
        let Ok(vr) = vr.parse::<VR>() else {
            return Err(Finding::fail(format!("the vr {vr:?} at {place}")));
        };
        let Ok(tag) = u32::from_str_radix(&attribute.key, 16) else {
            continue;
        };
        let tag = Tag((tag >> 16) as u16, tag as u16);
        let entry = StandardDataDictionary
            .by_tag(tag)
            .filter(|_| tag.group().is_multiple_of(2));
        if let Some(entry) = entry {
            ensure!(
                fits(entry.vr(), vr),
                "the vr {vr} of {} at {place}",
                entry.alias()
            );
        }
    }
    Ok(())
}

/// Whether the dictionary allows a VR; for some attributes it leaves a choice.
fn fits(entry: VirtualVr, vr: VR) -> bool {
    match entry {
        VirtualVr::Exact(exact) => exact == vr,
        VirtualVr::Xs => matches!(vr, VR::US | VR::SS),
        VirtualVr::Ox | VirtualVr::Px => matches!(vr, VR::OB | VR::OW),
        VirtualVr::Lt => matches!(vr, VR::US | VR::SS | VR::OW),
        _ => true,
    }
}
