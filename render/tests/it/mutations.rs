//! Damaged input where proptest can make it smaller when it fails; `fuzz` has a target for each decoder.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::{TransferSyntax, real};
use dicom_object::DefaultDicomObject;
use dicom_render::frame::{self, Options};
use dicom_render::{attributes, pdf, report};
use proptest::prelude::*;
use proptest::sample::Index;

/// Something done to some bytes.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Insert(Index, u8),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let byte = prop_oneof![any::<u8>(), Just(0xFF), Just(0)];
    let one = prop_oneof![
        6 => (any::<Index>(), byte).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), 1..16usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
    ];
    prop::collection::vec(one, 1..6)
}

/// Half of the damage goes into the first 256 bytes, where headers are.
fn apply(bytes: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (turn, damage) in damage.iter().enumerate() {
        let span = if turn % 2 == 0 {
            bytes.len().min(256)
        } else {
            bytes.len()
        };
        if span == 0 {
            break;
        }
        match damage {
            Damage::Set(at, byte) => bytes[at.index(span)] = *byte,
            Damage::Cut(at) => bytes.truncate(at.index(span)),
            Damage::Remove(at, count) => {
                let at = at.index(span);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Damage::Insert(at, byte) => bytes.insert(at.index(span), *byte),
        }
    }
    bytes
}

fn seeds() -> Vec<(DefaultDicomObject, Vec<u8>)> {
    let parse = |bytes: &[u8]| dicom_object::from_reader(bytes).unwrap();
    let real = [
        "MR_small_jp2klossless",
        "JPEG2000",
        "SC_rgb_jpeg_gdcm",
        "JPGExtended",
        "SC_rgb_dcmtk_+eb+cy+n1",
    ];
    let real = real.into_iter().chain([
        "MR_small_RLE",
        "MR_small_jpeg_ls_lossless",
        "JPEGLSNearLossless_08",
    ]);
    let mut objects: Vec<DefaultDicomObject> = real
        .map(|name| parse(real::named(name).unwrap().bytes))
        .collect();
    for syntax in TransferSyntax::ALL {
        let study = dicom_fixtures::ct("chest")
            .size(16)
            .slices(1)
            .encode(syntax);
        objects.push(study.instances()[0].object());
    }
    let frame = |object: DefaultDicomObject| {
        let bytes = frame::bytes_of(&object, 1).unwrap().into_owned();
        (object, bytes)
    };
    objects.into_iter().map(frame).collect()
}

fn real_objects() -> Vec<DefaultDicomObject> {
    let parse = |file: &real::Real| dicom_object::from_reader(file.bytes).ok();
    real::all().iter().filter_map(parse).collect()
}

/// Attributes by their place, and what they become.
fn changes() -> impl Strategy<Value = Vec<(Index, PrimitiveValue)>> {
    let edges = prop_oneof![
        Just(0),
        Just(1),
        Just(8),
        Just(12),
        Just(16),
        Just(255),
        Just(u16::MAX)
    ];
    let value = prop_oneof![
        Just(PrimitiveValue::Empty),
        any::<u16>().prop_map(PrimitiveValue::from),
        edges.prop_map(PrimitiveValue::from),
        prop::collection::vec(any::<u16>(), 1..4)
            .prop_map(|words| PrimitiveValue::U16(words.into())),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(PrimitiveValue::from),
        any::<f64>().prop_map(|number| PrimitiveValue::from(number.to_string())),
        "[0-9.\\\\eE-]{0,12}".prop_map(PrimitiveValue::from),
        "\\PC{0,12}".prop_map(PrimitiveValue::from),
    ];
    prop::collection::vec((any::<Index>(), value), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_frames_never_panic(chosen in any::<Index>(), damage in damage()) {
        thread_local!(static SEEDS: Vec<(DefaultDicomObject, Vec<u8>)> = seeds());
        SEEDS.with(|seeds| {
            let (object, bytes) = chosen.get(seeds);
            let bytes = apply(bytes, &damage);
            let syntax = object.meta().transfer_syntax();
            let _ = frame::render(object, syntax, &bytes, 1, &Options::default());
            let _ = frame::native(object, syntax, &bytes, 1);
        });
    }

    #[test]
    fn senseless_attributes_never_panic(chosen in any::<Index>(), changes in changes()) {
        thread_local!(static SEEDS: Vec<DefaultDicomObject> = real_objects());
        SEEDS.with(|seeds| {
            let mut object = chosen.get(seeds).clone();
            for (at, value) in &changes {
                let tags: Vec<Tag> = object.tags().filter(|tag| *tag != tags::PIXEL_DATA).collect();
                let tag = *at.get(&tags);
                let vr = object.get(tag).map_or(VR::UN, |element| element.vr());
                object.put(DataElement::new(tag, vr, value.clone()));
            }
            let _ = report::markdown(&object);
            let _ = attributes::text(&object, &Default::default());
            let _ = frame::frames(&object);
            let Ok(bytes) = frame::bytes_of(&object, 1) else { return };
            let syntax = object.meta().transfer_syntax();
            // Small pictures keep the test quick; sizes beyond are refused as any others.
            let options = Options { max_pixels: 1 << 18, ..Options::default() };
            let _ = frame::render(&object, syntax, &bytes, 1, &options);
        });
    }

    #[test]
    fn damaged_pdfs_never_panic(damage in damage()) {
        thread_local!(static LETTER: Vec<u8> = {
            let object = dicom_fixtures::pdf().instances()[0].object();
            pdf::document(&object).unwrap().into_owned()
        });
        LETTER.with(|letter| drop(pdf::pages(&apply(letter, &damage))));
    }
}
