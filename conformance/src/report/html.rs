//! One page over several runs: a matrix of checks, in one file, without network, that a hostile archive's words cannot turn against
//! its reader.

use serde_json::json;

use crate::explain::NOT_COVERED;

use super::saved::Saved;

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page. Everything that came from an archive is in a block of JSON, and becomes text and nothing else.
pub fn page(runs: &[Saved]) -> String {
    let labels: Vec<_> = runs.iter().map(Saved::label).collect();
    let uncovered: Vec<_> = (NOT_COVERED.iter())
        .map(|(clause, why)| json!({"clause": clause, "why": why}))
        .collect();
    let data = json!({"labels": labels, "runs": runs, "uncovered": uncovered}).to_string();
    // Inside a script element nothing ends it but `</script`, and `<!--` confuses it.
    let data = data.replace('<', "\\u003c");
    PAGE.replace("/*STYLE*/", STYLE)
        .replace("/*SCRIPT*/", SCRIPT)
        .replace("/*DATA*/", &data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(target: &str, got: &str) -> Saved {
        let report = json!({
            "schema": "conformance-report/1",
            "run": {"id": "CONF-1-", "seed": 1, "edition": "2026a", "exit": 1, "target": target},
            "statement": null, "counts": {"fail": 1}, "capabilities": [], "profiles": [],
            "checks": [{
                "id": "stow.all.200", "group": "stow", "title": "t", "clauses": ["PS3.18 10.5"], "level": "MUST", "outcome": "fail",
                "reason": null, "sent": "s", "expected": ["e"], "actual": got, "waiver": null,
            }],
        });
        Saved::parse(&report.to_string()).unwrap()
    }

    #[test]
    fn what_an_archive_says_cannot_leave_the_block_of_data() {
        let hostile = "</script><img src=x onerror=alert(1)><!-- <script>";
        let page = page(&[run(hostile, hostile), run("other", "/*SCRIPT*/")]);
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(!page.contains("<img"));
        assert!(page.contains("\\u003c/script>"));
    }

    #[test]
    fn the_page_asks_for_nothing() {
        let page = page(&[run("a", "b")]);
        for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}
