//! Which of the instances asked for is shown, and as what: an image, a report, a waveform, the image of a presentation state.

use std::sync::Arc;

use dicom_dictionary_std::tags;
use dicom_render::presentation::Presentation;
use dicom_render::waveform;
use dicom_wire::uid::Uid;

use crate::store::Stored;
use crate::web::Asked;
use crate::web::problem::Problem;

/// What is shown.
pub(super) struct Subject {
    pub(super) image: Arc<Stored>,
    /// The frames that a presentation state names.
    pub(super) frames: Option<Vec<u32>>,
    pub(super) presentation: Option<Arc<Presentation>>,
}

impl Subject {
    pub(super) fn plain(image: Arc<Stored>) -> Self {
        Self {
            image,
            frames: None,
            presentation: None,
        }
    }

    /// An image of those selected; where there are only presentation states, the first image of one that is here.
    pub(super) fn of(asked: &Asked, selected: &[Arc<Stored>]) -> Result<Self, Problem> {
        let has_images = selected
            .iter()
            .any(|one| one.layout().pixel_data().is_some());
        let is_state = |one: &&Arc<Stored>| one.element(tags::PRESENTATION_CREATION_DATE).is_some();
        let state = selected.iter().find(is_state);
        let Some(state) = state.filter(|_| !has_images) else {
            return Ok(Self::plain(representative(selected)?));
        };
        let presentation = presentation(state)?;
        let mut references = presentation.references().into_iter();
        let found = references.find_map(|reference| {
            let uid = Uid::parse(&reference.instance).ok()?;
            let image = asked.archive.known(&uid)?;
            let frames = (!reference.frames.is_empty()).then_some(reference.frames);
            Some((image, frames))
        });
        let Some((image, frames)) = found else {
            return Err(Problem::not_acceptable(format!(
                "presentation state {} cannot be rendered: none of its images is here",
                state.identity().instance
            )));
        };
        Ok(Self {
            image,
            frames: frames.map(|frames| frames[..1].to_vec()),
            presentation: Some(Arc::new(presentation)),
        })
    }
}

pub(super) fn presentation(state: &Stored) -> Result<Presentation, Problem> {
    Presentation::read(&state.header()).map_err(|why| {
        Problem::not_acceptable(format!("instance {}: {why}", state.identity().instance))
    })
}

/// The waveform of what has no images.
pub(super) fn waveform(selected: &[Arc<Stored>]) -> Option<Vec<waveform::Group>> {
    let [only] = selected else {
        return None;
    };
    only.element(tags::WAVEFORM_SEQUENCE)?;
    waveform::read(&only.header()).ok()
}

/// The image in the middle of the first series that has images.
pub(super) fn representative(selected: &[Arc<Stored>]) -> Result<Arc<Stored>, Problem> {
    let images: Vec<&Arc<Stored>> = selected
        .iter()
        .filter(|one| one.layout().pixel_data().is_some())
        .collect();
    let Some(first) = images.first() else {
        return Err(Problem::not_acceptable(format!(
            "instance {} has no pixels; it cannot be rendered as an image",
            selected[0].identity().instance
        )));
    };
    let series = &first.identity().series;
    let of_series: Vec<&Arc<Stored>> = images
        .iter()
        .copied()
        .filter(|one| one.identity().series == *series)
        .collect();
    Ok(of_series[of_series.len() / 2].clone())
}

/// The first report of what has no images.
pub(super) fn report(selected: &[Arc<Stored>]) -> Option<&Arc<Stored>> {
    let has_images = selected
        .iter()
        .any(|one| one.layout().pixel_data().is_some());
    let is_report = |one: &&Arc<Stored>| one.header().get(tags::CONTENT_SEQUENCE).is_some();
    (!has_images)
        .then(|| selected.iter().find(is_report))
        .flatten()
}
