//! A retrieved Part 10 file as an object: bounded before it is read, and off the threads that answer.

use std::collections::BTreeSet;
use std::io::Cursor;

use bytes::Bytes;
use dicom_core::Tag;
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
    let header = part10::header(Cursor::new(&bytes), &layout).map_err(faulty)?;
    take_texts(&mut object, header, &layout);
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

/// Takes every element from the header, whose texts are decoded from all character sets; only what is bulk, or has bulk
/// below it, stays as it was read.
fn take_texts(object: &mut InMemDicomObject, header: InMemDicomObject, layout: &part10::Layout) {
    let outermost =
        |bulk: &part10::Element| bulk.path.first().map_or(bulk.tag, |step| step.sequence);
    let bulk: BTreeSet<Tag> = layout.bulk.iter().map(outermost).collect();
    for element in header {
        if !bulk.contains(&element.header().tag) {
            object.put(element);
        }
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use dicom_wire::part10::{Encoding, FileMeta, element_head};
    use dicom_wire::uid::Uid;

    use super::*;

    /// PS3.5 annex I: a name with escape sequences, which a reader that knows only the first set does not understand.
    #[test]
    fn texts_are_read_in_all_their_character_sets() {
        let uid = |text| Uid::parse(text).unwrap();
        let instance = uid("1.2.3");
        let meta = FileMeta::new(
            uid("1.2.840.10008.5.1.4.1.1.88.11"),
            instance.clone(),
            uid("1.2.840.10008.1.2.1"),
        );
        let mut file = meta.to_bytes();
        let elements: [(Tag, dicom_core::VR, &[u8]); 3] = [
            (
                tags::SPECIFIC_CHARACTER_SET,
                dicom_core::VR::CS,
                b"\\ISO 2022 IR 149\\ISO 2022 IR 87 ",
            ),
            (tags::SOP_INSTANCE_UID, dicom_core::VR::UI, b"1.2.3\0"),
            (
                tags::PATIENT_NAME,
                dicom_core::VR::PN,
                b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$B;3ED\x1b(B ",
            ),
        ];
        for (tag, vr, value) in elements {
            file.extend(element_head(
                Encoding::ExplicitLittle,
                tag,
                vr,
                value.len() as u32,
            ));
            file.extend(value);
        }
        let of = Instance {
            study: uid("1.2"),
            series: uid("1.2.1"),
            instance,
        };

        let opened = parse(Bytes::from(file), &of, "read").unwrap();

        assert_eq!(
            opened
                .object
                .get(tags::PATIENT_NAME)
                .unwrap()
                .to_str()
                .unwrap(),
            "Hong=洪^吉洞=山田"
        );
    }
}
