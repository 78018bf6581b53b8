//! A frame is whole whatever pieces it was stored in.

use dicom_core::{PrimitiveValue, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::codestream::{JPEG_BASELINE, is_codestream};
use crate::outcome::{Finding, Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.fragments-joined",
    title: "a frame stored in several fragments comes as one codestream",
    clauses: &[Clause::ps3_18("8.7.3.3.2"), Clause::ps3_5("A.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-first-fragment",
    sends: "GET of the frames of JPEG Baseline images: one frame in 3 fragments with and without a Basic Offset Table, two frames in 2 fragments each with one, two frames with an Extended Offset Table",
    accepts: "for each frame the codestream from its start to its end",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let whole = JPEG_BASELINE.bytes;
    let (third, half) = (whole.len() / 6 * 2, whole.len() / 4 * 2);
    let thirds = vec![
        whole[..third].to_vec(),
        whole[third..2 * third].to_vec(),
        whole[2 * third..].to_vec(),
    ];
    let halves = [whole[..half].to_vec(), whole[half..].to_vec()];
    let twice = [halves.clone(), halves].concat();
    let second = (whole.len() + 16) as u32;
    let lengths = vec![whole.len() as u64; 2];
    let extended = vec![0, whole.len() as u64 + 8];
    let cases = [
        (
            "one frame in 3 fragments",
            1,
            JPEG_BASELINE.fragmented(&[], thirds.clone()),
        ),
        (
            "one frame in 3 fragments with an offset",
            1,
            JPEG_BASELINE.fragmented(&[0], thirds),
        ),
        (
            "2 frames in 2 fragments each",
            2,
            JPEG_BASELINE.fragmented(&[0, second], twice).frames(2),
        ),
        (
            "2 frames with an Extended Offset Table",
            2,
            JPEG_BASELINE
                .fragmented(&[], vec![whole.to_vec(), whole.to_vec()])
                .frames(2)
                .element(
                    tags::EXTENDED_OFFSET_TABLE,
                    VR::OV,
                    PrimitiveValue::U64(extended.into()),
                )
                .element(
                    tags::EXTENDED_OFFSET_TABLE_LENGTHS,
                    VR::OV,
                    PrimitiveValue::U64(lengths.into()),
                ),
        ),
    ];
    let mut judged = 0;
    for (n, (name, frames, picture)) in (1..).zip(cases) {
        let plan = context
            .data()
            .study(n)
            .transfer_syntax(JPEG_BASELINE.transfer_syntax);
        let study = plan.picture(picture).build();
        let instance = &study.instances[0];
        let first = format!("{}/frames/1", instance.path());
        if !web.takes(instance).await? || web.status(&first, AS_JPEG).await? == 406 {
            continue;
        }
        judged += 1;
        for frame in 1..=frames {
            let path = format!("{}/frames/{frame}", instance.path());
            let parts = web.retrieve(&path, AS_JPEG).await?;
            let got = parts
                .first()
                .map(|part| part.content.clone())
                .unwrap_or_default();
            ensure!(
                is_codestream(&got, whole),
                "{} bytes for frame {frame} of {name}, where {} are due",
                got.len(),
                whole.len()
            );
        }
    }
    match judged {
        0 => Err(Finding::NotApplicable(
            "it gives no compressed frames".into(),
        )),
        _ => Ok(()),
    }
}

/// JPEG Baseline as it is stored.
const AS_JPEG: &str =
    "multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.50";
