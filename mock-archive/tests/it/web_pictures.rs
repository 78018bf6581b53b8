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
