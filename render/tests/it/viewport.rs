//! Cutting, turning and scaling (PS3.18 8.3.5.1.3).

use dicom_object::InMemDicomObject;
use dicom_render::encode::Picture;
use dicom_render::frame::{self, Options, RenderError};
use dicom_render::viewport::Viewport;

use crate::support::{EXPLICIT_LITTLE, grey, number, row};

/// Four columns, two rows: 0 10 20 30 and 40 50 60 70.
fn shown(options: Options) -> Result<Picture, RenderError> {
    let mut image: InMemDicomObject = row(4, 8, 8);
    number(&mut image, dicom_dictionary_std::tags::ROWS, 2);
    frame::render(
        &image,
        EXPLICIT_LITTLE,
        &[0, 10, 20, 30, 40, 50, 60, 70],
        1,
        &options,
    )
}

fn through(viewport: &str) -> Picture {
    shown(Options {
        viewport: Some(viewport.parse().unwrap()),
        ..Options::default()
    })
    .unwrap()
}

#[test]
fn a_region_is_cut_out() {
    let picture = through("2,1,1,1,2,1");
    assert_eq!((picture.width, picture.height), (2, 1));
    assert_eq!(grey(&picture), [50, 60]);
}

#[test]
fn negative_sizes_turn_the_region_over() {
    assert_eq!(
        grey(&through("4,2,0,0,-4,2")),
        [30, 20, 10, 0, 70, 60, 50, 40]
    );
    assert_eq!(
        grey(&through("4,2,0,0,4,-2")),
        [40, 50, 60, 70, 0, 10, 20, 30]
    );
}

#[test]
fn pictures_fit_their_box_and_keep_their_aspect() {
    let picture = through("2,2");
    assert_eq!((picture.width, picture.height), (2, 1));
    assert_eq!(grey(&picture), [25, 45]);
    let picture = through("8,100");
    assert_eq!((picture.width, picture.height), (8, 4));
    assert_eq!(grey(&picture)[..4], [0, 3, 8, 13]);
}

#[test]
fn the_longest_edge_is_limited_but_never_stretched() {
    let edge = |edge| {
        shown(Options {
            max_edge: Some(edge),
            ..Options::default()
        })
        .unwrap()
    };
    assert_eq!((edge(2).width, edge(2).height), (2, 1));
    assert_eq!((edge(100).width, edge(100).height), (4, 2));
}

#[test]
fn a_region_outside_and_a_box_beyond_the_limit_are_refused() {
    let refused = |viewport: &str| {
        let options = Options {
            viewport: Some(viewport.parse().unwrap()),
            ..Options::default()
        };
        shown(options).unwrap_err().to_string()
    };
    assert_eq!(
        refused("2,2,4,0,2,2"),
        "the viewport's region lies outside the image of 4 x 2 pixels"
    );
    assert_eq!(
        refused("4000000000,4000000000"),
        "4000000000 x 2000000000 pixels are more than the limit of 268435456"
    );
}

#[test]
fn viewports_are_read_as_clients_write_them() {
    for wrong in [
        "",
        "1",
        "0,1",
        "1,-1",
        "1,1,0,0,0,1",
        "1,1,0,0,1",
        "1,1,0,0,inf,1",
        "a,b",
    ] {
        let error = wrong.parse::<Viewport>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{wrong:?} is not a viewport")),
            "{error}"
        );
    }
}
