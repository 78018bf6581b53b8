//! One Markdown table over several reports: a row for each check, a column for each program.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::subject::mcp::OF_LIBRARY;

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not a report of the harness.
    #[error("report {0} has no {1}")]
    Lacks(usize, &'static str),
}

/// The table, after a list of what was judged and when, and before what each program got wrong.
///
/// # Errors
/// Something that is not a report.
pub fn markdown(reports: &[Value]) -> Result<String, TableError> {
    let mut out = String::new();
    let mut rows: BTreeMap<usize, (&str, &str)> = BTreeMap::new();
    let mut cells: BTreeMap<(&str, usize), &Value> = BTreeMap::new();
    for (n, report) in reports.iter().enumerate() {
        let name = report["run"]["target"].as_str();
        let name = name.ok_or(TableError::Lacks(n + 1, "target"))?;
        let day = report["run"]["started"].as_str().unwrap_or_default();
        let day = day.split('T').next().unwrap_or_default();
        let checks = report["checks"].as_array();
        let checks = checks.ok_or(TableError::Lacks(n + 1, "checks"))?;
        let count = |outcome: &str| {
            let of = checks.iter().filter(|check| check["outcome"] == outcome);
            of.count()
        };
        let failed = count("fail") + count("untestable");
        let _ = write!(
            out,
            "{}. **{}**, {day}, harness {}: {} passed, {failed} failed, {} with a warning, {} not applicable or not observed.",
            n + 1,
            cell(name),
            report["run"]["harness"].as_str().unwrap_or_default(),
            count("pass"),
            count("warn"),
            count("not-applicable") + count("not-observed"),
        );
        let own: Vec<_> = checks.iter().filter(|check| !by_itself(check)).collect();
        if own.len() < checks.len() {
            let passed = own.iter().filter(|check| check["outcome"] == "pass");
            let _ = write!(
                out,
                " Of the {} checks that a protocol library does not pass by itself: {} passed.",
                own.len(),
                passed.count(),
            );
        }
        out.push('\n');
        for check in checks {
            let id = check["id"].as_str().unwrap_or_default();
            let level = check["level"].as_str().unwrap_or_default();
            if !rows.values().any(|(known, _)| *known == id) {
                rows.insert(rows.len(), (id, level));
            }
            cells.insert((id, n), check);
        }
    }
    let numbers: Vec<_> = (1..=reports.len()).map(|n| n.to_string()).collect();
    let _ = writeln!(out, "\n| check | level | {} |", numbers.join(" | "));
    let _ = writeln!(out, "|-|-|{}", "-|".repeat(reports.len()));
    for (id, level) in rows.values() {
        let words: Vec<_> = (0..reports.len())
            .map(|n| {
                let check = cells.get(&(*id, n));
                check.map_or("", |check| {
                    word(check["outcome"].as_str().unwrap_or_default())
                })
            })
            .collect();
        let mark = if OF_LIBRARY.contains(id) {
            " \u{2020}"
        } else {
            ""
        };
        let _ = writeln!(out, "| `{id}`{mark} | {level} | {} |", words.join(" | "));
    }
    if rows.values().any(|(id, _)| OF_LIBRARY.contains(id)) {
        out.push_str("\n\u{2020} what a protocol library, or a list of tools, passes by itself.\n");
    }
    for (n, report) in reports.iter().enumerate() {
        let name = report["run"]["target"].as_str().unwrap_or_default();
        let said: Vec<_> = (rows.values())
            .filter_map(|(id, _)| cells.get(&(*id, n)))
            .filter(|check| {
                matches!(
                    check["outcome"].as_str(),
                    Some("fail" | "warn" | "untestable")
                )
            })
            .collect();
        if said.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n## {}: what it got wrong\n", cell(name));
        for check in said {
            let _ = writeln!(
                out,
                "- `{}` ({}): {}",
                check["id"].as_str().unwrap_or_default(),
                check["outcome"].as_str().unwrap_or_default(),
                cell(check["actual"].as_str().unwrap_or_default()),
            );
        }
    }
    Ok(out)
}

/// Whether a protocol library passes a check.
fn by_itself(check: &Value) -> bool {
    let id = check["id"].as_str().unwrap_or_default();
    OF_LIBRARY.contains(&id)
}

const fn word(outcome: &str) -> &str {
    match outcome.as_bytes() {
        b"pass" => "pass",
        b"fail" => "**FAIL**",
        b"warn" => "warning",
        b"not-applicable" => "-",
        b"not-observed" => "not observed",
        b"untestable" => "**untestable**",
        _ => outcome,
    }
}

/// One line without what Markdown would act upon, or what changes from run to run: long numbers, ports.
fn cell(text: &str) -> String {
    const MOST: usize = 300;
    let mut out = String::new();
    for c in text.chars().take(MOST) {
        match c {
            '|' | '*' | '<' | '>' | '`' | '_' | '[' | ']' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_judged_is_a_row_for_each_check_and_a_column_for_each_program() {
        let report = |target: &str, outcome: &str, got: &str| {
            json!({
                "run": {"target": target, "started": "2026-02-03T04:05:06Z", "harness": "0"},
                "checks": [{"id": "a.b", "level": "MUST", "outcome": outcome, "actual": got}],
            })
        };
        let page = markdown(&[
            report("good 1", "pass", ""),
            report("bad 2", "fail", "a | b"),
        ])
        .unwrap();
        assert!(
            page.contains("1. **good 1**, 2026-02-03, harness 0: 1 passed, 0 failed"),
            "{page}"
        );
        assert!(
            page.contains("| `a.b` | MUST | pass | **FAIL** |"),
            "{page}"
        );
        assert!(page.contains("- `a.b` (fail): a \\| b"), "{page}");
        assert!(
            markdown(&[json!({})])
                .unwrap_err()
                .to_string()
                .contains("report 1")
        );
    }
}
