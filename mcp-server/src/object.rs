//! A retrieved Part 10 file as an object: bounded before it is read, and off the threads that answer.

use std::io::Cursor;

use bytes::Bytes;
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, InMemDicomObject};
use dicom_wire::part10;

use crate::backend::{Backend, Deadline, Instance};
use crate::encoding;
use crate::error::Failure;

/// An instance that was retrieved.
#[derive(Debug)]
pub struct Opened {
    /// Its data set.
    pub object: DefaultDicomObject,
    /// Which of its values are not encoded as they should be.
    pub warnings: Vec<String>,
}

/// Retrieves an instance and hands it to `read`, which may take its time.
pub async fn read<T: Send + 'static>(
    backend: &Backend,
    of: &Instance,
    deadline: &Deadline,
    doing: &str,
    read: impl FnOnce(&Opened) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let bytes = backend.retrieve(of, deadline).await?;
    let (of, doing) = (of.clone(), doing.to_owned());
    let what = doing.clone();
    deadline
        .within(&what, async move {
            let done = tokio::task::spawn_blocking(move || read(&parse(bytes, &of, &doing)?));
            // A decoder that panics on what it was given is a fault of this server, not the end of it.
            done.await.unwrap_or_else(|_| {
                Err(Failure::Internal {
                    doing: "read the instance".into(),
                })
            })
        })
        .await
}

/// The object, if the file is sound and the instance that was asked for.
fn parse(bytes: Bytes, of: &Instance, doing: &str) -> Result<Opened, Failure> {
    let content = |reason: String| Failure::Content {
        doing: doing.to_owned(),
        reason,
        advice: None,
    };
    // The scan bounds depth and sizes; the reader below would follow any nesting.
    let faulty = |error| content(format!("the archive's file is faulty: {error}"));
    let layout = part10::scan(Cursor::new(&bytes), &part10::Limits::default()).map_err(faulty)?;
    let mut warnings = encoding::of_file(Cursor::new(&bytes), &layout).map_err(faulty)?;
    let mut object = dicom_object::from_reader(Cursor::new(&bytes)).map_err(|error| {
        content(format!(
            "the archive's file cannot be read: {}",
            chain(&error)
        ))
    })?;
    let uid = object
        .get(tags::SOP_INSTANCE_UID)
        .and_then(|element| element.to_str().ok());
    let uid = uid
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches(['\0', ' ']);
    if uid != of.instance.as_str() {
        let uid = crate::text::cut(&crate::text::escape(uid), 80);
        return Err(content(format!(
            "the archive answered with another instance, {uid:?}"
        )));
    }
    warnings.extend(encoding::understood(&mut object));
    Ok(Opened { object, warnings })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    crate::text::cut(&crate::text::escape(&text), 300)
}

/// An archive that answers with another instance is not believed.
pub fn is_the_one(doing: &str, of: &Instance, object: &InMemDicomObject) -> Result<(), Failure> {
    let uid = object
        .get(tags::SOP_INSTANCE_UID)
        .and_then(|element| element.to_str().ok());
    match uid {
        Some(uid) if uid.trim_end_matches(['\0', ' ']) == of.instance.as_str() => Ok(()),
        Some(uid) => Err(Failure::Unusable {
            doing: doing.to_owned(),
            reason: format!(
                "the archive answered with another instance, {}",
                crate::text::cut(&crate::text::escape(&uid), 80)
            ),
            said: None,
        }),
        None => Err(Failure::Unusable {
            doing: doing.to_owned(),
            reason: "the archive's answer does not say which instance it is".into(),
            said: None,
        }),
    }
}
