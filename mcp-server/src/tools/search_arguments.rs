//! Arguments that several tools share: which archive, which part of it, which rows.

use dicom_wire::query::Level;

use super::one_instance::STUDY;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::Scope;
use crate::date::Date;
use crate::error::Failure;
use crate::query::{self, Include, Terms};
use crate::{attribute, preset, text};

/// The parameter that every tool has: no call depends on what an earlier one chose.
pub(super) const ARCHIVE: Parameter = Parameter {
    name: "archive",
    kind: Kind::Text(64),
    required: false,
    about: "Which archive, by the name that list-archives shows; the default one where not given.",
};
pub(super) const OPTIONAL_SERIES: Parameter = Parameter {
    name: "seriesInstanceUid",
    kind: Kind::Uid,
    required: false,
    about: "Only this series; the whole study where not given.",
};
pub(super) const LIMIT: Parameter = Parameter {
    name: "limit",
    kind: Kind::Number {
        least: 1,
        most: query::MAX_LIMIT as u32,
        default: Some(query::DEFAULT_LIMIT as u32),
    },
    required: false,
    about: "Rows of a page.",
};
pub(super) const OFFSET: Parameter = Parameter {
    name: "offset",
    kind: Kind::Number {
        least: 0,
        most: i32::MAX as u32,
        default: Some(0),
    },
    required: false,
    about: "Rows to skip: the nextOffset of the page before.",
};
pub(super) const FIELDS: Parameter = Parameter {
    name: "fields",
    kind: Kind::Texts,
    required: false,
    about: "Further attributes in each row, as keywords or tags; or minimal, standard or extended for one of the sets of get-attribute-presets.",
};
pub(super) const fn query(about: &'static str) -> Parameter {
    Parameter {
        name: "query",
        kind: Kind::Text(1000),
        required: false,
        about,
    }
}

/// The study, or the one series of it, that a call is about.
pub(super) fn scope(arguments: &Arguments) -> Result<Scope, Failure> {
    Ok(Scope {
        study: arguments.uid(STUDY.name)?,
        series: arguments.optional_uid(OPTIONAL_SERIES.name)?,
    })
}

/// The terms of a find tool: its query with limit, offset and fields.
pub(super) fn terms(level: Level, arguments: &Arguments) -> Result<Terms, Failure> {
    let mut terms = query::parse(level, arguments.text("query"), Date::today())?;
    let twice = |name: &str| Failure::argument(name, "it stands in the query too: give it once");
    if arguments.has(LIMIT.name) {
        if terms.limit.is_some() {
            return Err(twice(LIMIT.name));
        }
        terms.limit = Some(arguments.count(LIMIT.name, query::DEFAULT_LIMIT as u32) as usize);
    }
    if arguments.has(OFFSET.name) {
        if terms.offset > 0 {
            return Err(twice(OFFSET.name));
        }
        terms.offset = arguments.count(OFFSET.name, 0) as usize;
    }
    for field in arguments.texts(FIELDS.name) {
        if let Some(columns) = preset::named(&field, level) {
            terms.columns = Some(columns);
            continue;
        }
        let attribute =
            attribute::Attribute::parse(&field).map_err(|unknown| Failure::Argument {
                name: FIELDS.name.into(),
                problem: format!("unknown attribute {:?}", text::cut(&unknown.text, 100)),
                advice: unknown.nearest.map(str::to_owned),
            })?;
        if let Include::Attributes(all) = &mut terms.include
            && !all.contains(&attribute)
        {
            all.push(attribute);
        }
    }
    Ok(terms)
}
