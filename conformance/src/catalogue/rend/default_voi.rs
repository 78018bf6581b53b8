//! Without a wish the picture looks as its maker meant it.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::Picture;
use crate::outcome::{Verdict, ensure};
use crate::probe::window::linear;

pub(crate) static CHECK: Check = Check {
    id: "rend.default-voi",
    title: "the default picture uses the window or the VOI LUT of the data set",
    clauses: &[Clause::ps3_18("8.3.5.1"), Clause::ps3_3("C.11.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.minmax-stretch",
    sends: "GET /rendered as PNG of a ramp with a window, of one with two windows, of one with a VOI LUT that inverts, and of one with neither",
    accepts: "the first window, the VOI LUT; for neither a picture that gets no darker from black to white",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let plain = || Picture::shades(16, 16, |x, y| (y * 16 + x) as u8);
    let value = |x: usize, y: usize| (y * 16 + x) as f64;
    let inverting: Vec<u8> = (0..256_u16).flat_map(|n| (255 - n).to_le_bytes()).collect();
    let lut = InMemDicomObject::from_element_iter([
        DataElement::new(
            tags::LUT_DESCRIPTOR,
            VR::US,
            PrimitiveValue::U16(vec![256, 0, 8].into()),
        ),
        DataElement::new(tags::LUT_DATA, VR::OW, PrimitiveValue::from(inverting)),
    ]);
    let cases: [(&str, Picture, &Curve); 3] = [
        ("a window", plain().window("60", "50"), &|value| {
            linear(value, 60.0, 50.0)
        }),
        (
            "two windows",
            plain().window("60\\200", "50\\20"),
            &|value| linear(value, 60.0, 50.0),
        ),
        (
            "a VOI LUT",
            plain().sequence(tags::VOILUT_SEQUENCE, lut),
            &|value| 255.0 - value,
        ),
    ];
    for (n, (name, picture, curve)) in (1..).zip(cases) {
        let study = context.data().study(n).picture(picture).build();
        web.prepare(&study).await?;
        let path = format!("{}/rendered", study.instances[0].path());
        let got = web.picture(&path, "image/png").await?;
        ensure!((got.width, got.height) == (16, 16), "{} pixels", got.size());
        let wrong = got.off_by_more_than(1.0, |x, y| curve(value(x, y)));
        ensure!(wrong.is_none(), "{} with {name}", wrong.unwrap_or_default());
    }
    let study = context.data().study(9).picture(plain()).build();
    web.prepare(&study).await?;
    let path = format!("{}/rendered", study.instances[0].path());
    let got = web.picture(&path, "image/png").await?;
    let shades: Vec<u8> = (0..256).map(|n| got.shade(n % 16, n / 16)).collect();
    ensure!(
        shades.is_sorted() && shades[0] < shades[255],
        "shades from {} to {}, not in order, without any VOI",
        shades[0],
        shades[255]
    );
    Ok(())
}

/// From a stored value to a shade.
type Curve = dyn Fn(f64) -> f64 + Sync;
