//! Query strings of searches (PS3.18 8.3.4).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::value::{self, Options};
use super::{Include, Key, MAX_KEYS, MAX_QUERY_STRING, Matching, Path, Query, QueryError};

/// What stays as it is in a value: RFC 3986 unreserved characters, and the wildcards, which
/// some archives take for literals when they come encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'*')
    .remove(b'?');

/// Reads the parameters into a query that has its level and scope already.
pub(super) fn parse(mut query: Query, raw: &str) -> Result<Query, QueryError> {
    if raw.len() > MAX_QUERY_STRING {
        return Err(QueryError::TooLong { length: raw.len() });
    }
    let mut seen = Vec::new();
    let mut values = Vec::new();
    let mut fields: Vec<Path> = Vec::new();
    for parameter in raw.split('&').filter(|p| !p.is_empty()) {
        let (name, text) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, text) = (decode(name)?, decode(text)?);
        match name.as_str() {
            "includefield" => include(&mut query, &mut fields, &text)?,
            "accept" | "charset" => {}
            "limit" => query.limit = Some(number(&mut seen, "limit", &text)?),
            "offset" => query.offset = number(&mut seen, "offset", &text)?,
            "fuzzymatching" => query.fuzzy = switch(&mut seen, "fuzzymatching", &text)?,
            "emptyvaluematching" => {
                query.empty_values = switch(&mut seen, "emptyvaluematching", &text)?;
            }
            "multiplevaluematching" => {
                query.multiple_values = switch(&mut seen, "multiplevaluematching", &text)?;
            }
            _ => match Path::parse(&name) {
                Some(path) if text.is_empty() || value::is_matchable(path.vr()) => {
                    values.push((path, text));
                }
                _ => query.ignored.push(name),
            },
        }
    }
    // How a value is read depends on switches that may stand behind it.
    let options = Options {
        empty_values: query.empty_values,
        multiple_values: query.multiple_values,
    };
    for (path, text) in values {
        if query.keys.len() >= MAX_KEYS {
            return Err(QueryError::TooManyKeys);
        }
        if query.keys.iter().any(|key| key.path == path) {
            return Err(QueryError::Repeated {
                parameter: path.to_string(),
            });
        }
        let vr = path.vr();
        let matching = value::parse(&path, vr, &text, options)?;
        query.keys.push(Key { path, vr, matching });
    }
    if query.include != Include::All {
        query.include = Include::Fields(fields);
    }
    Ok(query)
}

/// Writes the parameters.
pub(super) fn print(query: &Query) -> String {
    let mut parameters = Vec::new();
    for key in &query.keys {
        let separator = if key.vr == dicom_core::VR::UI {
            ","
        } else {
            "%5C"
        };
        let text = match &key.matching {
            Matching::List(values) => values
                .iter()
                .map(|v| encode(v))
                .collect::<Vec<_>>()
                .join(separator),
            other => encode(&value::print(other)),
        };
        parameters.push(format!("{}={text}", key.path));
    }
    match &query.include {
        Include::All => parameters.push("includefield=all".to_owned()),
        Include::Fields(fields) if fields.is_empty() => {}
        Include::Fields(fields) => {
            let list: Vec<String> = fields.iter().map(Path::to_string).collect();
            parameters.push(format!("includefield={}", list.join(",")));
        }
    }
    parameters.extend(query.limit.map(|limit| format!("limit={limit}")));
    if query.offset > 0 {
        parameters.push(format!("offset={}", query.offset));
    }
    let switches = [
        ("fuzzymatching", query.fuzzy),
        ("emptyvaluematching", query.empty_values),
        ("multiplevaluematching", query.multiple_values),
    ];
    let on = switches.iter().filter(|(_, on)| *on);
    parameters.extend(on.map(|(name, _)| format!("{name}=true")));
    parameters.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Percent-decodes once. A faulty escape is an error, because what was meant is not known.
fn decode(text: &str) -> Result<String, QueryError> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            decoded.push(bytes[at]);
            at += 1;
            continue;
        }
        let digit = |i: usize| bytes.get(i).and_then(|&b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else {
            let escape = text[at..].chars().take(3).collect();
            return Err(QueryError::BadEscape {
                text: text.to_owned(),
                escape,
                position: at,
            });
        };
        decoded.push((high * 16 + low) as u8);
        at += 3;
    }
    String::from_utf8(decoded).map_err(|_| QueryError::NotUtf8 {
        text: text.to_owned(),
    })
}

/// One `includefield`: `all`, or attributes with commas between. Unknown ones are ignored.
fn include(query: &mut Query, fields: &mut Vec<Path>, text: &str) -> Result<(), QueryError> {
    for name in text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if name == "all" {
            query.include = Include::All;
            continue;
        }
        match Path::parse(name) {
            Some(path) if fields.contains(&path) => {}
            Some(_) if fields.len() >= MAX_KEYS => return Err(QueryError::TooManyKeys),
            Some(path) => fields.push(path),
            None => query.ignored.push(name.to_owned()),
        }
    }
    Ok(())
}

fn once(seen: &mut Vec<&'static str>, parameter: &'static str) -> Result<(), QueryError> {
    if seen.contains(&parameter) {
        return Err(QueryError::Repeated {
            parameter: parameter.to_owned(),
        });
    }
    seen.push(parameter);
    Ok(())
}

fn number(
    seen: &mut Vec<&'static str>,
    parameter: &'static str,
    text: &str,
) -> Result<u64, QueryError> {
    once(seen, parameter)?;
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| QueryError::BadNumber {
        parameter,
        value: text.to_owned(),
    })
}

fn switch(
    seen: &mut Vec<&'static str>,
    parameter: &'static str,
    text: &str,
) -> Result<bool, QueryError> {
    once(seen, parameter)?;
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(QueryError::BadSwitch {
            parameter,
            value: text.to_owned(),
        }),
    }
}
