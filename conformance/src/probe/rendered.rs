//! What several checks ask of rendered resources (PS3.18 8.3.5, 8.7.4).

use super::picture::Format;
use crate::context::Context;
use crate::data::EDGE;
use crate::outcome::{Verdict, ensure};

/// Asks for a picture with each of these values of a query parameter, and makes sure that it is refused as a bad request.
///
/// # Errors
/// A failure that names the first value that is not.
pub async fn refused(context: &Context, parameter: &str, values: &[&str]) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("{}/rendered", study.instances[0].path());
    for value in values {
        let path = format!("{path}?{parameter}={value}");
        let answer = web.get(&path, "image/jpeg").await?;
        ensure!(
            answer.status == 400,
            "{} to {parameter}={value}",
            answer.summary()
        );
    }
    Ok(())
}

/// Asks for a picture in this format, and makes sure that it is one, of the size of the image.
///
/// # Errors
/// A failure that says what came in its place.
pub async fn drawn_as(context: &Context, format: Format) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("{}/rendered", study.instances[0].path());
    let picture = web.picture(&path, format.media()).await?;
    ensure!(
        picture.format == format,
        "{} in place of {}",
        picture.format.media(),
        format.media()
    );
    let edge = usize::from(EDGE);
    ensure!(
        (picture.width, picture.height) == (edge, edge),
        "{} pixels of an image of {edge} x {edge}",
        picture.size()
    );
    Ok(())
}
