//! What the archive of a bench holds: known to the last bit.

use dicom_dictionary_std::{tags, uids};

use crate::data::{Data, Study, sequence, text};
use crate::identity::Identity;

/// Names with ideographs, syllables and a character beyond the basic plane.
pub(crate) const NAMES: [&str; 3] = [
    "Yamada^Tarou=\u{5C71}\u{7530}^\u{592A}\u{90CE}=\u{3084}\u{307E}\u{3060}^\u{305F}\u{308D}\u{3046}",
    "Hong^Gildong=\u{6D2A}^\u{5409}\u{6D1E}=\u{D64D}^\u{AE38}\u{B3D9}",
    "Smile^\u{1F600}",
];
/// What they end in, which no other text has.
pub(crate) const LAST: [&str; 3] = ["\u{592A}\u{90CE}", "\u{AE38}\u{B3D9}", "\u{1F600}"];

/// The lines of the structured report.
pub(super) const LINES: [&str; 3] = [
    "The first line of the findings.",
    "A second line, after a line break.",
    "And a third <b>line</b> & its end.",
];

/// How many studies there are, each of a patient of its own.
const STUDIES: u32 = 20;

/// What the archive of a bench holds, and what is to be stored.
#[derive(Clone, Debug)]
pub struct Subjects {
    /// Studies of three CT images each; the first three have the names above.
    pub studies: Vec<Study>,
    /// A structured report.
    pub report: Study,
    /// The same with a text of 100 KiB.
    pub long_report: Study,
    /// Two images of a study that is not in the archive.
    pub upload: Study,
    /// A patient ID that nobody has.
    pub nobody: String,
}

impl Subjects {
    pub(super) fn new(identity: &Identity, check: &str) -> Self {
        let data = Data::new(identity, check);
        let study = |n: u32| {
            let plan = data.study(n).instances(3);
            match NAMES.get(n as usize - 1) {
                Some(name) => plan.patient_name(name).build(),
                None => plan.build(),
            }
        };
        let long = "All is well in this long line of a long text.\r\n".repeat(100 * 1024 / 48);
        Self {
            studies: (1..=STUDIES).map(study).collect(),
            report: Self::report(&data, STUDIES + 1, &LINES.join("\r\n")),
            long_report: Self::report(&data, STUDIES + 3, &long),
            upload: data.study(STUDIES + 2).instances(2).build(),
            nobody: format!("{}NOBODY", data.patient_prefix()),
        }
    }

    fn report(data: &Data, n: u32, findings: &str) -> Study {
        let finding = [
            text(tags::RELATIONSHIP_TYPE, "CONTAINS"),
            text(tags::VALUE_TYPE, "TEXT"),
            sequence(
                tags::CONCEPT_NAME_CODE_SEQUENCE,
                &[&[
                    text(tags::CODE_VALUE, "121071"),
                    text(tags::CODING_SCHEME_DESIGNATOR, "DCM"),
                    text(tags::CODE_MEANING, "Finding"),
                ]],
            ),
            text(tags::TEXT_VALUE, findings),
        ];
        data.study(n)
            .sop_class(uids::BASIC_TEXT_SR_STORAGE)
            .with(text(tags::MODALITY, "SR"))
            .with(text(tags::VALUE_TYPE, "CONTAINER"))
            .with(text(tags::CONTINUITY_OF_CONTENT, "SEPARATE"))
            .with(text(tags::COMPLETION_FLAG, "COMPLETE"))
            .with(text(tags::VERIFICATION_FLAG, "UNVERIFIED"))
            .with(sequence(tags::CONTENT_SEQUENCE, &[&finding]))
            .build()
    }
}
