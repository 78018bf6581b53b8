//! The same question has the same answer, however it is asked.

use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "x.same-answer",
    title: "QIDO-RS and C-FIND give the same studies for the same keys",
    clauses: &[Clause::ps3_18("8.3.4"), Clause::ps3_4("C.2.2.2")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search, Need::CFind],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.web-case-fold",
    sends: "20 searches of studies, by GET /studies and by C-FIND, over 4 studies",
    accepts: "for each search the same Study Instance UIDs both ways",
    run: |context| Box::pin(run(context)),
};

const NAMES: [&str; 4] = [
    "Same^Answer",
    "SAME^ANNA",
    "Sameday^Surgery",
    "Other^Person^Q",
];
const TEXTS: [&str; 4] = ["Head CT", "head ct", "Neck", "Abdomen CT"];

/// Keys and values that both protocols can say alike.
const QUESTIONS: [(&str, Tag, &str); 20] = [
    ("PatientName", tags::PATIENT_NAME, "Same^Answer"),
    ("PatientName", tags::PATIENT_NAME, "same^answer"),
    ("PatientName", tags::PATIENT_NAME, "Same*"),
    ("PatientName", tags::PATIENT_NAME, "SAME*"),
    ("PatientName", tags::PATIENT_NAME, "*Anna"),
    ("PatientName", tags::PATIENT_NAME, "Other^Person*"),
    ("PatientName", tags::PATIENT_NAME, "?ame^*"),
    ("PatientName", tags::PATIENT_NAME, "Nobody"),
    ("StudyDescription", tags::STUDY_DESCRIPTION, "Head CT"),
    ("StudyDescription", tags::STUDY_DESCRIPTION, "head*"),
    ("StudyDescription", tags::STUDY_DESCRIPTION, "*CT"),
    ("StudyDescription", tags::STUDY_DESCRIPTION, "Nec?"),
    ("StudyDate", tags::STUDY_DATE, "20260103"),
    ("StudyDate", tags::STUDY_DATE, "20260103-20260104"),
    ("StudyDate", tags::STUDY_DATE, "20260104-"),
    ("StudyDate", tags::STUDY_DATE, "-20260102"),
    ("StudyTime", tags::STUDY_TIME, "100200-100300"),
    ("StudyID", tags::STUDY_ID, "S2"),
    ("ModalitiesInStudy", tags::MODALITIES_IN_STUDY, "CT"),
    ("ModalitiesInStudy", tags::MODALITIES_IN_STUDY, "MR"),
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, (name, text)) in (1..).zip(NAMES.iter().zip(TEXTS)) {
        let text = DataElement::new(tags::STUDY_DESCRIPTION, VR::LO, text);
        let plan = context.data().study(n).patient_name(name).with(text);
        web.prepare(&plan.build()).await?;
    }
    let ours = format!("{}*", context.data().patient_prefix());
    let mut association = context.dimse()?.associate(&[STUDY_FIND]).await?;
    let mut found = 0;
    for (keyword, tag, value) in QUESTIONS {
        let path = format!(
            "/studies?PatientID={}&{keyword}={}",
            encoded(&ours),
            encoded(value)
        );
        let rows = web.search(&path).await?;
        let over_web = sorted(
            rows.iter()
                .filter_map(|row| row.text(tags::STUDY_INSTANCE_UID)),
        );
        let keys = Keys::level("STUDY")
            .key(tags::PATIENT_ID, &ours)
            .and(&[tags::STUDY_INSTANCE_UID])
            .key(tag, value);
        let over_dimse = association.find(STUDY_FIND, &keys).await?;
        let over_dimse = over_dimse.values(tags::STUDY_INSTANCE_UID);
        found += over_web.len();
        ensure!(
            over_web == over_dimse,
            "{} studies over HTTP and {} by C-FIND for {keyword} = {value:?}",
            over_web.len(),
            over_dimse.len()
        );
    }
    ensure!(found > 0, "no search found anything, either way");
    association.release().await
}

/// A value as it stands in a query: every byte encoded that is not unreserved (RFC 3986 2.3), and no wildcard.
fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'*' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
