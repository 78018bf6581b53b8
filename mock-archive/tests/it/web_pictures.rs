//! Rendered resources: pictures that move, and what is said about wishes that are not fulfilled.

use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use reqwest::Response;

use crate::support::{CHEST, client, stow};

async fn get(archive: &MockArchive, path: &str, accept: &str) -> Response {
    let url = format!("{}{path}", archive.web_url());
    let request = client().get(url).header("Accept", accept);
    request.send().await.unwrap()
}

fn path(instance: &Instance) -> String {
    format!(
        "/studies/{}/series/{}/instances/{}",
        instance.study, instance.series, instance.sop_instance
    )
}

/// How long each picture of a GIF is shown, in steps of 10 ms.
async fn delays(response: Response) -> Vec<u16> {
    assert_eq!(response.headers()["content-type"], "image/gif");
    let bytes = response.bytes().await.unwrap();
    let mut decoder = gif::DecodeOptions::new().read_info(&bytes[..]).unwrap();
    let mut delays = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        delays.push(frame.delay);
    }
    delays
}

#[tokio::test]
async fn frames_and_series_move_and_single_pictures_do_not() {
    let archive = MockArchive::start().await;
    let cine = dicom_fixtures::ultrasound().frames(5);
    let cine = &cine.instances()[0];
    stow(&archive, [cine]).await;
    stow(&archive, CHEST.instances()).await;
    let slice = &CHEST.instances()[0];
    let series = format!("/studies/{}/series/{}", slice.study, slice.series);
    for (path, pictures) in [
        (format!("{}/rendered", path(cine)), 5),
        (format!("{}/frames/2/rendered", path(cine)), 1),
        (format!("{}/thumbnail", path(cine)), 1),
        (format!("{series}/rendered"), 10),
        (format!("{}/rendered", path(slice)), 1),
    ] {
        let delays = delays(get(&archive, &path, "image/gif").await).await;
        assert_eq!(delays.len(), pictures, "{path}");
        assert!(delays.iter().all(|&delay| (delay > 0) == (pictures > 1)));
    }
}

#[tokio::test]
async fn a_report_is_a_page_and_no_picture() {
    let archive = MockArchive::start().await;
    let study = dicom_fixtures::report_narrative();
    stow(&archive, study.instances()).await;
    let path = format!("{}/rendered", path(&study.instances()[0]));
    for accept in ["text/html", "*/*", "image/png, text/*;q=0.5"] {
        let page = get(&archive, &path, accept).await;
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let page = page.text().await.unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
        assert!(page.contains("<h1>") && !page.contains("**"), "{page}");
    }
    assert_eq!(get(&archive, &path, "image/png").await.status(), 406);
}

#[tokio::test]
async fn wado_uri_gives_a_gif_too() {
    let archive = MockArchive::start().await;
    let slice = &CHEST.instances()[0];
    stow(&archive, [slice]).await;
    let query = format!(
        "/wado?requestType=WADO&studyUID={}&seriesUID={}&objectUID={}&contentType=image/gif",
        slice.study, slice.series, slice.sop_instance
    );
    assert_eq!(delays(get(&archive, &query, "*/*").await).await, [0]);
}

#[tokio::test]
async fn colours_come_with_the_profile_asked_for() {
    let archive = MockArchive::start().await;
    let slice = &CHEST.instances()[0];
    let echo = dicom_fixtures::ultrasound().width(64).frames(1);
    let colours = &echo.instances()[0];
    stow(&archive, [slice]).await;
    stow(&archive, [colours]).await;
    let ask = async |of: &Instance, query: &str| {
        let path = format!("{}/rendered?{query}", path(of));
        let answer = get(&archive, &path, "image/jpeg").await;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        let has_profile = body.windows(11).any(|bytes| bytes == b"ICC_PROFILE");
        (status, has_profile)
    };
    assert_eq!(ask(colours, "iccprofile=no").await, (200, false));
    for wanted in ["yes", "srgb", "adobergb", "rommrgb", "displayp3"] {
        let query = format!("iccprofile={wanted}");
        assert_eq!(ask(colours, &query).await, (200, true), "{wanted}");
    }
    // Grey levels are no colours.
    assert_eq!(ask(slice, "iccprofile=srgb").await, (200, false));
    for wrong in [
        "annotation=",
        "annotation=all",
        "iccprofile=",
        "iccprofile=cmyk",
    ] {
        assert_eq!(ask(slice, wrong).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn annotations_are_written_over_pictures_at_every_level() {
    let archive = MockArchive::start().await;
    let slice = &CHEST.instances()[0];
    stow(&archive, [slice]).await;
    let study = format!("/studies/{}", slice.study);
    let series = format!("{study}/series/{}", slice.series);
    let instance = path(slice);
    let frame = format!("{instance}/frames/1");
    for level in [study, series, instance, frame] {
        let ask = async |query: &str| {
            let answer = get(&archive, &format!("{level}/rendered{query}"), "image/png").await;
            assert_eq!(answer.status(), 200, "{level}{query}");
            assert!(!answer.headers().contains_key("warning"));
            answer.bytes().await.unwrap()
        };
        let plain = ask("").await;
        let (patient, technique) = (
            ask("?annotation=patient").await,
            ask("?annotation=technique").await,
        );
        let both = ask("?annotation=technique,patient").await;
        let all = [&plain, &patient, &technique, &both];
        assert_eq!(
            all.iter().collect::<std::collections::HashSet<_>>().len(),
            4,
            "{level}"
        );
    }
}

/// Stores files by STOW-RS.
async fn stow_files(archive: &MockArchive, files: &[&[u8]]) {
    let mut body = Vec::new();
    for file in files {
        body.extend(b"--x\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend(*file);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = client()
        .post(format!("{}/studies", archive.web_url()))
        .header(
            "Content-Type",
            "multipart/related; type=\"application/dicom\"; boundary=x",
        )
        .body(body);
    let answer = request.send().await.unwrap();
    assert_eq!(
        answer.status().as_u16(),
        200,
        "{}",
        answer.text().await.unwrap()
    );
}

/// An image of our own, and a presentation state of its study that shows low values bright.
const IMAGE: &[u8] = include_bytes!("../../../render/tests/states/image.dcm");
const INVERSE: &[u8] = include_bytes!("../../../render/tests/states/state-inverse.pr.dcm");

#[tokio::test]
async fn a_presentation_state_is_shown_as_its_image_looks_by_it() {
    let archive = MockArchive::start().await;
    stow_files(&archive, &[IMAGE, INVERSE]).await;
    let ask = async |path: &str| {
        let answer = get(&archive, path, "image/png").await;
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    let image = "/studies/2.25.13/series/2.25.12/instances/2.25.11";
    let state = "/studies/2.25.13/series/2.25.21/instances/2.25.20";
    let (status, plain) = ask(&format!("{image}/rendered")).await;
    assert_eq!(status, 200);
    let (status, inverse) = ask(&format!("{state}/rendered")).await;
    assert_eq!(status, 200);
    assert_ne!(plain, inverse);

    let uri = "/wado?requestType=WADO&studyUID=2.25.13&seriesUID=2.25.12&objectUID=2.25.11&contentType=image/png";
    let named = "presentationSeriesUID=2.25.21&presentationUID=2.25.20";
    assert_eq!(ask(&format!("{uri}&{named}")).await, (200, inverse));
    for (wrong, status) in [
        ("presentationUID=2.25.20", 400),
        ("presentationSeriesUID=2.25.21", 400),
        ("presentationSeriesUID=2.25.21&presentationUID=2.25.99", 404),
        ("presentationSeriesUID=2.25.12&presentationUID=2.25.20", 404),
    ] {
        assert_eq!(ask(&format!("{uri}&{wrong}")).await.0, status, "{wrong}");
    }
}

#[tokio::test]
async fn a_state_whose_image_is_elsewhere_is_not_rendered() {
    let archive = MockArchive::start().await;
    stow_files(&archive, &[INVERSE]).await;
    let state = "/studies/2.25.13/series/2.25.21/instances/2.25.20/rendered";
    let answer = get(&archive, state, "image/png").await;
    assert_eq!(answer.status().as_u16(), 406);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("none of its images is here")
    );
}

#[tokio::test]
async fn an_ecg_is_rendered_as_a_plot() {
    let archive = MockArchive::start().await;
    let ecg = dicom_fixtures::real::named("waveform_ecg").unwrap().bytes;
    stow_files(&archive, &[ecg]).await;
    let stored = archive.stored();
    let object = dicom_object::from_reader(ecg).unwrap();
    let uid = |keyword| {
        object
            .element_by_name(keyword)
            .unwrap()
            .to_str()
            .unwrap()
            .into_owned()
    };
    let path = format!(
        "/studies/{}/series/{}/instances/{}/rendered",
        uid("StudyInstanceUID"),
        uid("SeriesInstanceUID"),
        stored[0]
    );
    let answer = get(&archive, &path, "image/png").await;
    assert_eq!(answer.status().as_u16(), 200);
    let body = answer.bytes().await.unwrap();
    assert_eq!(body[16..24], [0, 0, 0x04, 0x38, 0, 0, 0x02, 0x24]);
}

/// What an answer says about how its picture was made.
fn said(response: &Response) -> String {
    let value = response.headers().get("x-rendered");
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_picture_says_which_window_it_was_made_by() {
    let archive = MockArchive::start().await;
    let slice = &CHEST.instances()[0];
    stow(&archive, [slice]).await;
    let path = path(slice);
    let uri = format!(
        "/wado?requestType=WADO&studyUID={}&seriesUID={}&objectUID={}",
        slice.study, slice.series, slice.sop_instance
    );
    for (path, words) in [
        (format!("{path}/rendered"), "\"MEDIASTINUM\", first of 2"),
        (
            format!("{path}/frames/1/rendered?x-voi=2"),
            "\"LUNG\", 2 of 2",
        ),
        (
            format!("{path}/rendered?x-voi=bone"),
            "preset bone as asked",
        ),
        (
            format!("{path}/thumbnail?x-voi=1%25-99%25"),
            "percentiles 1 to 99 as asked",
        ),
        (
            format!("{path}/rendered?x-voi=automatic"),
            "percentiles 0.5 to 99.5 as asked",
        ),
        (
            format!("{path}/rendered?window=50,300,linear"),
            "window as asked",
        ),
        (
            format!("{uri}&contentType=image/png&x-voi=lung"),
            "preset lung as asked",
        ),
    ] {
        let answer = get(&archive, &path, "image/png").await;
        assert_eq!(answer.status(), 200, "{path}");
        let said = said(&answer);
        assert!(
            said.starts_with("frame 1 of 1, 32 x 32 pixels, ") && said.contains(words),
            "{path}: {said}"
        );
    }
    // Two frames, two sentences.
    let cine = dicom_fixtures::ultrasound().width(64).frames(3);
    let cine = &cine.instances()[0];
    stow(&archive, [cine]).await;
    let two = format!("{}/frames/1,3/rendered", self::path(cine));
    let accept = "multipart/related; type=\"image/jpeg\"";
    assert_eq!(
        said(&get(&archive, &two, accept).await),
        "frame 1 of 3, 64 x 48 pixels, colour | frame 3 of 3, 64 x 48 pixels, colour"
    );
}

#[tokio::test]
async fn grey_pngs_have_sixteen_bits_when_asked_for() {
    let archive = MockArchive::start().await;
    let slice = &CHEST.instances()[0];
    stow(&archive, [slice]).await;
    for (query, depth) in [("", 8), ("?x-depth=8", 8), ("?x-depth=16", 16)] {
        let path = format!("{}/rendered{query}", path(slice));
        let bytes = get(&archive, &path, "image/png")
            .await
            .bytes()
            .await
            .unwrap();
        // Bit depth and colour type of the header chunk.
        assert_eq!(bytes[24..26], [depth, 0], "{query}");
    }
}

#[tokio::test]
async fn wishes_of_ours_that_cannot_be_are_named() {
    let archive = MockArchive::start().await;
    let slice = &CHEST.instances()[0];
    stow(&archive, [slice]).await;
    for (query, accept, words) in [
        ("x-voi=nose", "image/png", "x-voi \\\"nose\\\" cannot be"),
        ("x-voi=", "image/png", "x-voi"),
        ("x-voi=0", "image/png", "x-voi"),
        ("x-voi=99%25-1%25", "image/png", "x-voi"),
        (
            "x-voi=lung&window=40,400,linear",
            "image/png",
            "give one of both",
        ),
        (
            "x-depth=12",
            "image/png",
            "x-depth \\\"12\\\" cannot be: want 8 or 16",
        ),
        ("x-depth=16", "image/jpeg", "image/jpeg has 8 bits"),
        ("x-depth=16", "image/gif", "image/gif has 8 bits"),
    ] {
        let path = format!("{}/rendered?{query}", path(slice));
        let answer = get(&archive, &path, accept).await;
        assert_eq!(answer.status(), 400, "{query}");
        let body = answer.text().await.unwrap();
        assert!(body.contains(words), "{query}: {body}");
    }
}

#[tokio::test]
async fn what_moves_as_gif_moves_as_png_too() {
    let archive = MockArchive::start().await;
    let cine = dicom_fixtures::ultrasound().width(64).frames(5);
    let cine = &cine.instances()[0];
    stow(&archive, [cine]).await;
    for (path, pictures) in [
        (format!("{}/rendered", path(cine)), 5_u32),
        (format!("{}/frames/2/rendered", path(cine)), 0),
        (format!("{}/thumbnail", path(cine)), 0),
    ] {
        let answer = get(&archive, &path, "image/apng").await;
        assert_eq!(answer.headers()["content-type"], "image/apng");
        let bytes = answer.bytes().await.unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
        let control = bytes.windows(4).position(|four| four == b"acTL");
        let count = control.map_or(0, |at| {
            u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap())
        });
        assert_eq!(count, pictures, "{path}");
    }
}
