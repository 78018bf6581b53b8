//! The harness as SCU: associations by dicom-ul, messages by `dicom_wire::dimse`.

mod association;

use dicom_dictionary_std::uids;
use dicom_ul::association::client::ClientAssociationOptions;

use crate::data::Study;
use crate::outcome::{Finding, Verdict};
use crate::target::DimseTarget;
use crate::transcript::Transcript;

use association::outermost_two;
pub(super) use association::value;
pub use association::{Association, Moved};

/// What every context offers.
const SYNTAXES: [&str; 2] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
];

/// A client of one archive.
#[derive(Clone, Debug)]
pub struct Dimse {
    target: DimseTarget,
    transcript: Transcript,
}

impl Dimse {
    /// A client for this target.
    pub const fn new(target: DimseTarget, transcript: Transcript) -> Self {
        Self { target, transcript }
    }

    /// Who is asked, and how we call ourselves.
    pub const fn target(&self) -> &DimseTarget {
        &self.target
    }

    /// Where the raw probe notes what it does.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// An association with one context for each of the abstract syntaxes.
    ///
    /// # Errors
    /// A failure if there is no connection, or the association is not accepted.
    pub async fn associate(&self, abstract_syntaxes: &[&str]) -> Verdict<Association> {
        let DimseTarget {
            address,
            called,
            calling,
        } = &self.target;
        let mut options = ClientAssociationOptions::new()
            .calling_ae_title(calling.clone())
            .called_ae_title(called.clone())
            .strict(false);
        for syntax in abstract_syntaxes {
            options = options.with_presentation_context(
                (*syntax).to_owned(),
                SYNTAXES.map(str::to_owned).to_vec(),
            );
        }
        let line = format!(
            "A-ASSOCIATE-RQ {calling} to {called}, {} contexts",
            abstract_syntaxes.len()
        );
        let ticket = self.transcript.sent(&line, abstract_syntaxes.join("\n"));
        let mut association = options
            .establish_with_async(address)
            .await
            .map_err(|error| {
                let got = format!("no association: {}", outermost_two(&error));
                self.transcript.got(ticket, &got, "");
                Finding::fail(got)
            })?;
        // Without this a message of several PDUs waits for the peer's delayed acknowledgement.
        let _ = association.inner_stream().set_nodelay(true);
        let contexts: Vec<_> = association
            .presentation_contexts()
            .iter()
            .map(|context| {
                format!(
                    "{}: {:?} {}",
                    context.id, context.reason, context.transfer_syntax
                )
            })
            .collect();
        self.transcript
            .got(ticket, "A-ASSOCIATE-AC", &contexts.join("\n"));
        Ok(Association::new(association, self.transcript.clone()))
    }

    /// Stores data that another question is asked about.
    ///
    /// # Errors
    /// Untestable unless every C-STORE ends with success.
    pub async fn prepare(&self, study: &Study) -> Verdict {
        let untestable = |reason: String| Finding::Untestable {
            because: "store.success",
            reason,
        };
        let stored = async {
            let mut association = self.associate(&[uids::CT_IMAGE_STORAGE]).await?;
            for instance in &study.instances {
                let status = association.store(instance).await?;
                if status != 0 {
                    return Err(Finding::fail(format!(
                        "C-STORE of its data was answered {status:04X}H"
                    )));
                }
            }
            association.release().await
        };
        match stored.await {
            Err(Finding::Fail(difference)) => Err(untestable(difference.got)),
            other => other,
        }
    }
}
