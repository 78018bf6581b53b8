//! The tools as a page for people.

use super::all;
use crate::arguments::Kind;

/// The page `docs/tools.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Tools\n\nWhat `dicom-mcp-server` offers to an MCP client. This page is generated from the tools themselves.\n",
    );
    for tool in all() {
        page.push_str(&format!(
            "\n## {}\n\n*{}.* {}\n",
            tool.name, tool.title, tool.about
        ));
        if let Some(setting) = tool.effect.allowed_by() {
            page.push_str(&format!("\nOff until allowed by {setting}.\n"));
        }
        page.push_str("\n| argument | takes | |\n|---|---|---|\n");
        for parameter in tool.parameters() {
            let takes = match parameter.kind {
                Kind::Uid => "UID".to_owned(),
                Kind::Text(max) => format!("text, at most {max} characters"),
                Kind::Count(default) => format!("whole number from 1, default {default}"),
                Kind::Choice(of) => {
                    format!(
                        "{}, default {}",
                        of.join(" or "),
                        of.first().copied().unwrap_or_default()
                    )
                }
                Kind::Texts => "list of texts".to_owned(),
                Kind::Switch => "true or false, default false".to_owned(),
                Kind::Number {
                    least,
                    most,
                    default,
                } => match default {
                    Some(default) => {
                        format!("whole number from {least} to {most}, default {default}")
                    }
                    None => format!("whole number from {least} to {most}"),
                },
                Kind::Real => "number".to_owned(),
                Kind::Counts => "list of whole numbers from 1".to_owned(),
                Kind::Optional(of) => of.join(" or "),
            };
            let takes = if parameter.required {
                format!("{takes}, required")
            } else {
                takes
            };
            page.push_str(&format!(
                "| `{}` | {takes} | {} |\n",
                parameter.name, parameter.about
            ));
        }
    }
    page.push_str(QUERY);
    page
}

const QUERY: &str = "
## The query language

`query` is a list of `key=value` with spaces between. A key is an attribute keyword in any case, a tag as `00100010`, `0010,0010` or
`(0010,0010)`, or, inside a sequence, both joined by dots. A value with spaces stands in double quotes; a backslash makes a quote, a
backslash or a space part of a value.

| to find | write |
|---|---|
| names, with `*` and `?` | `PatientName=DOE*`, `PatientName=\"VAN DER BERG^ANNA\"` |
| a day or days | `StudyDate=20240103`, `StudyDate=2024-01-01..2024-01-31`, `StudyDate=20240101-`, `StudyDate=\"last 30 days\"` |
| one of several codes or UIDs | `ModalitiesInStudy=CT,MR` |
| the next page | `limit=50 offset=50` |
| further attributes in each row | `includefield=InstitutionName,StationName` or `includefield=all` |
| names that sound alike, if the archive can | `fuzzymatching=true` |

A key that does not exist, a word without a key, a value that cannot be right: each is refused with the nearest right form, and nothing
is sent to the archive.
";
