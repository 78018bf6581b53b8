//! Whether an archive has what it was given, asked of the archive itself.

use crate::check::Need;
use crate::context::Context;
use crate::data::{Instance, sorted};
use crate::outcome::{Finding, Verdict, ensure};

use super::body;
use super::file::File;
use super::upload::Upload;
use super::web::{Account, DICOM_ANY, Web};

impl Web {
    /// Whether an instance can be retrieved: 200, or 404 and 410.
    ///
    /// # Errors
    /// A failure for any other status.
    pub async fn has(&self, instance: &Instance) -> Verdict<bool> {
        let answer = self.get(&instance.path(), DICOM_ANY).await?;
        match answer.status {
            200 => Ok(true),
            404 | 410 => Ok(false),
            _ => Err(Finding::fail(format!(
                "{} to GET of instance {}",
                answer.summary(),
                instance.uid
            ))),
        }
    }

    /// Retrieves an instance and compares every element of its data set with what was sent.
    ///
    /// # Errors
    /// A failure that names the first elements that differ.
    pub async fn gives_back(&self, instance: &Instance) -> Verdict {
        let answer = self.get(&instance.path(), DICOM_ANY).await?;
        ensure!(
            answer.status == 200,
            "{} to GET of instance {}",
            answer.summary(),
            instance.uid
        );
        let parts = body::parts(answer.content_type(), &answer.body)?;
        ensure!(
            parts.len() == 1,
            "{} parts for instance {}",
            parts.len(),
            instance.uid
        );
        let (sent, got) = (File::read(&instance.file)?, File::read(&parts[0].content)?);
        let other = sent.differences(&got);
        ensure!(
            other.is_empty(),
            "instance {} with other values in {}",
            instance.uid,
            other.join(", ")
        );
        Ok(())
    }
}

/// Sends an upload of two instances in this shape and makes sure of the same as [`all_taken`].
///
/// # Errors
/// A failure that says which of it is not so.
pub async fn two_taken(context: &Context, shape: impl FnOnce(Upload) -> Upload) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let upload = shape(Upload::of(&instances));
    all_taken(context, &web, &upload, &study.instances).await
}

/// Sends an upload of these instances and makes sure that all of them are taken: 200, each listed as stored, each given back as sent.
///
/// # Errors
/// A failure that says which of it is not so.
pub async fn all_taken(
    context: &Context,
    web: &Web,
    upload: &Upload,
    instances: &[Instance],
) -> Verdict {
    let answer = web.upload("/studies", upload).await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let listed = sorted(Account::of(&answer)?.referenced);
    let sent = sorted(instances.iter().map(|instance| instance.uid.clone()));
    ensure!(
        listed == sent,
        "200, and {} of {} instances listed as stored",
        listed.len(),
        sent.len()
    );
    if context.offers(Need::Retrieve) {
        for instance in instances {
            let kept = web.gives_back(instance).await;
            kept.map_err(|finding| finding.after("200"))?;
        }
    }
    Ok(())
}
