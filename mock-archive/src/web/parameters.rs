//! The query string of a search, in the dialect of an archive that reads it otherwise than PS3.18 8.3.4 says.

use dicom_core::VR;
use dicom_wire::query::{Key, Matching, Path, Query, QueryError};

use crate::moment::Parameters;

/// Reads the parameters into a search that has its level and scope already.
pub(super) fn read(
    raw: &str,
    dialect: Parameters,
    parse: impl Fn(&str) -> Result<Query, QueryError>,
) -> Result<Query, QueryError> {
    match dialect {
        Parameters::Standard => parse(raw),
        Parameters::PlusIsBlank => parse(&raw.replace('+', "%20")),
        Parameters::NotDecoded => parse(&raw.replace('%', "%25")),
        Parameters::KeywordsOnly => parse(&without(raw, |name, _| is_tag(name)).0),
        Parameters::AnyCase => parse(&in_their_case(raw)),
        Parameters::WildcardsInUids => {
            let (rest, patterns) = without(raw, is_uid_pattern);
            let mut query = parse(&rest)?;
            query
                .keys
                .extend(patterns.iter().filter_map(|(name, value)| {
                    let path = Path::parse(name)?;
                    let matching = Matching::Wildcard(value.replace("%2A", "*"));
                    Some(Key {
                        vr: path.vr(),
                        path,
                        matching,
                    })
                }));
            Ok(query)
        }
    }
}

/// The parameters that are not taken, and those that are.
fn without(raw: &str, taken: impl Fn(&str, &str) -> bool) -> (String, Vec<(String, String)>) {
    let (mut rest, mut out) = (Vec::new(), Vec::new());
    for parameter in raw.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match taken(name, value) {
            true => out.push((name.to_owned(), value.to_owned())),
            false => rest.push(parameter),
        }
    }
    (rest.join("&"), out)
}

fn is_tag(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_uid_pattern(name: &str, value: &str) -> bool {
    let is_uid = || Path::parse(name).is_some_and(|path| path.vr() == VR::UI);
    (value.contains(['*', '?']) || value.contains("%2A")) && is_uid()
}

/// The keys of PS3.18 Table 10.6.1-5, as they are written.
const KEYWORDS: [&str; 18] = [
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ModalitiesInStudy",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "StudyInstanceUID",
    "StudyID",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
    "RequestAttributesSequence",
    "SOPClassUID",
    "SOPInstanceUID",
    "InstanceNumber",
];

fn in_their_case(raw: &str) -> String {
    let parameters = raw.split('&').map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let known = KEYWORDS
            .iter()
            .find(|keyword| keyword.eq_ignore_ascii_case(name));
        format!("{}={value}", known.unwrap_or(&name))
    });
    parameters.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use dicom_wire::query::Level;

    use super::*;

    fn matching(raw: &str, dialect: Parameters) -> Vec<Matching> {
        let query = read(raw, dialect, |raw| {
            Query::from_url(Level::Study, None, None, raw)
        });
        query
            .unwrap()
            .keys
            .into_iter()
            .map(|key| key.matching)
            .collect()
    }

    #[test]
    fn each_dialect_reads_one_thing_otherwise() {
        let value = |text: &str| vec![Matching::Value(text.into())];
        for (dialect, raw, expected) in [
            (Parameters::Standard, "PatientID=A+1", value("A+1")),
            (Parameters::PlusIsBlank, "PatientID=A+1", value("A 1")),
            (Parameters::NotDecoded, "PatientID=A%201", value("A%201")),
            (Parameters::KeywordsOnly, "00100020=A", vec![]),
            (Parameters::KeywordsOnly, "PatientID=A", value("A")),
            (Parameters::Standard, "patientid=A", vec![]),
            (Parameters::AnyCase, "patientid=A", value("A")),
            (
                Parameters::WildcardsInUids,
                "StudyInstanceUID=1.2*",
                vec![Matching::Wildcard("1.2*".into())],
            ),
        ] {
            assert_eq!(matching(raw, dialect), expected, "{dialect:?} {raw}");
        }
    }
}
