//! A target for each way that foreign bytes take: damaged over and over, from a seed, for a bounded time. Any answer is right but
//! a panic, and none may take long.
//!
//! The corpus is `tests/matrix` and `tests/states` (small files in every syntax; their provenance is beside them) and the fixtures.
//! `FUZZ_SECONDS=600 cargo test -p dicom-render --test it fuzz` shares that time out among the targets; `FUZZ_SEED=7` takes another
//! way. What fails says target, seed and round, and the same seed comes to it again.

mod chance;

use std::time::{Duration, Instant};

use dicom_core::value::{PixelFragmentSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::frame::{self, Options, With};
use dicom_render::presentation::Presentation;
use dicom_render::{
    annotation, attributes, dose, encapsulated, pdf, person, profile, report, segmentation, slide,
    summary, voi, waveform,
};

use self::chance::{Chance, damaged, senseless};

/// One input: a data set, its transfer syntax, and the bytes that are damaged.
#[derive(Clone)]
struct Input {
    set: InMemDicomObject,
    syntax: String,
    bytes: Vec<u8>,
}

/// How many targets share the time.
const TARGETS: u32 = 25;

/// Small pictures keep rounds quick; larger ones are refused as any others.
const MOST_PIXELS: u64 = 1 << 20;

/// No input may take longer, on a machine that is busy with other things.
const LONGEST: Duration = Duration::from_secs(20);

fn environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs a target over damaged inputs until its time is over; every input once at least.
fn run(
    name: &str,
    corpus: Vec<Input>,
    damage: fn(&Input, &Input, &mut Chance) -> Input,
    target: fn(&Input),
) {
    assert!(!corpus.is_empty(), "{name} has no corpus");
    let seed = environment("FUZZ_SEED").unwrap_or(1);
    let time = Duration::from_secs(environment("FUZZ_SECONDS").unwrap_or(4)) / TARGETS;
    let until = Instant::now() + time;
    let mut chance = Chance::new(seed, name);
    let mut round = 0;
    while round < corpus.len() || Instant::now() < until {
        let other = chance.of(&corpus).clone();
        let input = damage(&corpus[round % corpus.len()], &other, &mut chance);
        let begun = Instant::now();
        let outcome = std::panic::catch_unwind(|| target(&input));
        assert!(
            outcome.is_ok(),
            "{name} panicked with seed {seed} in round {round}"
        );
        let took = begun.elapsed();
        assert!(
            took < LONGEST,
            "{name} took {took:?} with seed {seed} in round {round}"
        );
        round += 1;
    }
}

fn bytes_damaged(input: &Input, other: &Input, chance: &mut Chance) -> Input {
    Input {
        bytes: damaged(&input.bytes, &other.bytes, chance),
        ..input.clone()
    }
}

fn attributes_damaged(input: &Input, _: &Input, chance: &mut Chance) -> Input {
    Input {
        set: senseless(&input.set, chance),
        ..input.clone()
    }
}

/// The pictures in these transfer syntaxes.
fn pictures(syntaxes: &[&str]) -> Vec<Input> {
    let files = crate::matrix::files().into_iter();
    let wanted = files.filter(|(_, object)| {
        let own = object.meta().transfer_syntax().trim_end_matches('\0');
        syntaxes.contains(&own)
    });
    wanted
        .map(|(_, object)| Input {
            bytes: frame::bytes_of(&object, 1).unwrap().into_owned(),
            syntax: object.meta().transfer_syntax().to_owned(),
            set: (*object).clone(),
        })
        .collect()
}

fn options() -> Options {
    Options {
        max_pixels: MOST_PIXELS,
        ..Options::default()
    }
}

fn decode(Input { set, syntax, bytes }: &Input) {
    let _ = frame::render(set, syntax, bytes, 1, &options());
    let _ = frame::native(set, syntax, bytes, 1);
}

macro_rules! codecs {
    ($($name:ident: $($syntax:literal),+;)*) => {$(
        #[test]
        fn $name() {
            run(stringify!($name), pictures(&[$($syntax),+]), bytes_damaged, decode);
        }
    )*};
}

codecs! {
    rle_never_panics: "1.2.840.10008.1.2.5";
    jpeg_baseline_never_panics: "1.2.840.10008.1.2.4.50";
    jpeg_extended_never_panics: "1.2.840.10008.1.2.4.51";
    jpeg_spectral_and_progressive_never_panic: "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55";
    jpeg_lossless_never_panics: "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70";
    jpeg_ls_never_panics: "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81";
    jpeg_2000_never_panics: "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91";
    htj2k_never_panics: "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203";
    jpeg_xl_never_panics: "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112";
    deflated_frames_never_panic: "1.2.840.10008.1.2.8.1";
    uncompressed_frames_never_panic: "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2";
}

fn of_study(study: &dicom_fixtures::Study) -> Vec<Input> {
    let instances = study.instances().iter();
    instances
        .map(|instance| {
            let object = instance.object();
            Input {
                bytes: frame::bytes_of(&object, 1)
                    .map_or_else(|_| Vec::new(), |bytes| bytes.into_owned()),
                syntax: instance.transfer_syntax.clone(),
                set: (*object).clone(),
            }
        })
        .collect()
}

fn chest() -> dicom_fixtures::Ct {
    dicom_fixtures::ct("chest").size(32)
}

#[test]
fn senseless_pixel_descriptions_never_panic() {
    let native = [
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.2",
        "1.2.840.10008.1.2",
    ];
    run("pixels", pictures(&native), attributes_damaged, decode);
}

#[test]
fn senseless_descriptions_of_codestreams_never_panic() {
    let coded = [
        "1.2.840.10008.1.2.5",
        "1.2.840.10008.1.2.4.50",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
    ];
    run("codestreams", pictures(&coded), attributes_damaged, decode);
}

/// Fragments cut anywhere, under an offset table that says anything.
#[test]
fn fragments_in_any_order_never_panic() {
    fn cut(input: &Input, other: &Input, chance: &mut Chance) -> Input {
        let mut fragments = Vec::new();
        for source in [input, other] {
            let mut rest = &source.bytes[..];
            while !rest.is_empty() && fragments.len() < 12 {
                let (piece, after) = rest.split_at(1 + chance.below(rest.len()));
                fragments.push(piece.to_vec());
                rest = after;
            }
        }
        let table: Vec<u32> = (0..chance.below(6))
            .map(|_| match chance.below(3) {
                0 => chance.next() as u32,
                _ => chance.below(4_000) as u32,
            })
            .collect();
        let mut set = input.set.clone();
        let fragments = PixelFragmentSequence::new(table, fragments);
        set.put(DataElement::new(
            tags::PIXEL_DATA,
            VR::OB,
            Value::from(fragments),
        ));
        let frames = chance.below(6).to_string();
        set.put(DataElement::new(
            tags::NUMBER_OF_FRAMES,
            VR::IS,
            PrimitiveValue::from(frames),
        ));
        let lengths: Vec<u64> = (0..chance.below(5))
            .map(|_| chance.next() >> chance.below(64))
            .collect();
        set.put(DataElement::new(
            tags::EXTENDED_OFFSET_TABLE,
            VR::OV,
            PrimitiveValue::U64(lengths.clone().into()),
        ));
        set.put(DataElement::new(
            tags::EXTENDED_OFFSET_TABLE_LENGTHS,
            VR::OV,
            PrimitiveValue::U64(lengths.into()),
        ));
        Input {
            set,
            ..input.clone()
        }
    }
    fn target(input: &Input) {
        let meta = dicom_object::FileMetaTableBuilder::new()
            .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.7")
            .media_storage_sop_instance_uid("1.2.3")
            .transfer_syntax(input.syntax.trim_end_matches('\0'))
            .build()
            .unwrap();
        let object = input.set.clone().with_exact_meta(meta);
        for number in 0..4 {
            let Ok(bytes) = frame::bytes_of(&object, number) else {
                continue;
            };
            let _ = frame::render(&object, &input.syntax, &bytes, number, &options());
        }
    }
    let coded = [
        "1.2.840.10008.1.2.5",
        "1.2.840.10008.1.2.4.50",
        "1.2.840.10008.1.2.4.80",
    ];
    run("fragments", pictures(&coded), cut, target);
}

#[test]
fn senseless_overlays_luts_and_windows_never_panic() {
    run("states", states(".dcm"), attributes_damaged, |input| {
        decode(input);
        for words in ["lung", "1%-99%", "2"] {
            let voi: voi::Voi = words.parse().unwrap();
            let _ = frame::render(
                &input.set,
                &input.syntax,
                &input.bytes,
                1,
                &Options { voi, ..options() },
            );
        }
    });
}

/// The files of `tests/states` with this ending, as parsed.
fn states(ending: &str) -> Vec<Input> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.to_string_lossy().into_owned();
            name.ends_with(ending) && name.ends_with(".pr.dcm") == (ending == ".pr.dcm")
        })
        .collect();
    paths.sort();
    let files = paths
        .iter()
        .map(|path| dicom_object::open_file(path).unwrap());
    files
        .map(|object| Input {
            bytes: frame::bytes_of(&object, 1)
                .map_or_else(|_| Vec::new(), |bytes| bytes.into_owned()),
            syntax: object.meta().transfer_syntax().to_owned(),
            set: (*object).clone(),
        })
        .collect()
}

#[test]
fn senseless_presentation_states_never_panic() {
    thread_local!(static IMAGE: Input = states("image.dcm").remove(0));
    let mut corpus = states(".pr.dcm");
    corpus.extend(of_study(&dicom_fixtures::presentation_state()));
    run("presentation", corpus, attributes_damaged, |input| {
        let Ok(state) = Presentation::read(&input.set) else {
            return;
        };
        let with = With {
            presentation: Some(&state),
            ..With::default()
        };
        IMAGE.with(|image| {
            drop(frame::render_with(
                &image.set,
                &image.syntax,
                &image.bytes,
                1,
                &options(),
                &with,
            ))
        });
    });
}

#[test]
fn senseless_segmentations_never_panic() {
    let corpus = of_study(&chest().segmentation(4));
    run("segmentation", corpus, attributes_damaged, |input| {
        thread_local!(static IMAGE: InMemDicomObject = (*chest().slices(4).instances()[2].object()).clone());
        let Ok(found) = segmentation::Segmentation::read(&input.set) else {
            return;
        };
        let native = |number| frame::native(&input.set, &input.syntax, &input.bytes, number);
        IMAGE.with(|image| drop(found.layer(image, 1, native)));
        let _ = found.volumes(&input.set, native);
    });
}

#[test]
fn senseless_doses_never_panic() {
    let corpus = of_study(&chest().radiotherapy(2)).split_off(1);
    run("dose", corpus, attributes_damaged, |input| {
        let native = |number| frame::native(&input.set, &input.syntax, &input.bytes, number);
        let Ok(found) = dose::Dose::read(&input.set, native) else {
            return;
        };
        let _ = found.layer(&input.set, 1);
        if let Some(mut picture) = found.picture(1) {
            found.legend(&mut picture);
        }
    });
}

#[test]
fn senseless_waveforms_never_panic() {
    let corpus = of_study(&dicom_fixtures::electrocardiogram());
    run("waveform", corpus, attributes_damaged, |input| {
        for group in waveform::read(&input.set).unwrap_or_default() {
            let _ = waveform::plot(&group);
        }
    });
}

#[test]
fn senseless_slides_never_panic() {
    // The smaller level alone: one tile.
    let corpus = of_study(&dicom_fixtures::slide()).split_off(1);
    run("slide", corpus, attributes_damaged, |input| {
        let Some(level) = slide::Level::read(&input.set) else {
            return;
        };
        let tile = |_| Ok(std::borrow::Cow::Borrowed(&input.bytes[..]));
        let _ = slide::assemble(&input.set, &input.syntax, &level, 64, &options(), tile);
    });
}

#[test]
fn senseless_reports_and_summaries_never_panic() {
    let mut corpus = of_study(&dicom_fixtures::report_measurements());
    corpus.extend(of_study(&dicom_fixtures::report_narrative()));
    corpus.extend(of_study(&chest().radiotherapy(2)));
    run("report", corpus, attributes_damaged, |input| {
        let _ = report::markdown(&input.set);
        let _ = report::html(&input.set);
        let _ = report::tree(&input.set);
        let _ = summary::lines(&input.set);
        let _ = attributes::text(&input.set, &attributes::Select::default());
    });
}

/// A document of a data set.
fn document(bytes: &[u8]) -> Input {
    Input {
        set: InMemDicomObject::new_empty(),
        syntax: String::new(),
        bytes: bytes.to_vec(),
    }
}

#[test]
fn damaged_pdfs_never_panic() {
    let letter = dicom_fixtures::pdf().instances()[0].object();
    let corpus = vec![document(&pdf::document(&letter).unwrap())];
    run("pdf", corpus, bytes_damaged, |input| {
        drop(pdf::pages(&input.bytes))
    });
}

#[test]
fn damaged_cda_never_panics() {
    let text: &[u8] = b"<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>A &amp; B</title><component><structuredBody><component><section><title>Findings</title><text><paragraph>No &lt;mass&gt;.</paragraph><list><item>one</item></list><table><tr><td>1</td></tr></table></text></section></component></structuredBody></component></ClinicalDocument>";
    run("cda", vec![document(text)], bytes_damaged, |input| {
        let mut set = InMemDicomObject::new_empty();
        let bytes = PrimitiveValue::from(input.bytes.clone());
        set.put(DataElement::new(tags::ENCAPSULATED_DOCUMENT, VR::OB, bytes));
        let _ = encapsulated::cda(&set);
    });
}

#[test]
fn damaged_profiles_never_panic() {
    let own = |space| document(profile::Profile::of(space).unwrap().bytes());
    let corpus = vec![
        own(profile::ColourSpace::Srgb),
        own(profile::ColourSpace::AdobeRgb),
    ];
    run("profile", corpus, bytes_damaged, |input| {
        thread_local!(static ECHO: Input = of_study(&dicom_fixtures::ultrasound().width(16).frames(1)).remove(0));
        ECHO.with(|echo| {
            let mut set = echo.set.clone();
            let bytes = PrimitiveValue::from(input.bytes.clone());
            set.put(DataElement::new(tags::ICC_PROFILE, VR::OB, bytes));
            let Ok(mut picture) = frame::render(&set, &echo.syntax, &echo.bytes, 1, &options())
            else {
                return;
            };
            let _ = profile::dress(&mut picture, &set, "srgb".parse().unwrap());
        });
    });
}

#[test]
fn senseless_names_and_annotations_never_panic() {
    let corpus = of_study(&chest().slices(1));
    run("annotation", corpus, attributes_damaged, |input| {
        let Ok(mut picture) = frame::render(&input.set, &input.syntax, &input.bytes, 1, &options())
        else {
            return;
        };
        let all: Vec<annotation::Annotation> = ["patient", "technique"]
            .iter()
            .map(|word| word.parse().unwrap())
            .collect();
        annotation::annotate(&mut picture, &input.set, &all);
        let name = input
            .set
            .get(tags::PATIENT_NAME)
            .and_then(|element| element.to_str().ok());
        let _ = name.map(|name| person::PersonName::parse(&name).alphabetic.is_empty());
    });
}
