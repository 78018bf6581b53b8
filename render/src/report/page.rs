//! A report as a page for browsers.

use std::fmt::Write;

use dicom_object::InMemDicomObject;

use super::{ReportError, markdown};

/// The same content as [`markdown`] gives, as an HTML document of its own: no scripts, no styles, nothing that is loaded.
///
/// # Errors
/// As [`markdown`].
pub fn html(attributes: &InMemDicomObject) -> Result<String, ReportError> {
    let text = markdown(attributes)?;
    let title = text.lines().find_map(|line| line.strip_prefix("# "));
    let title = plain(title.unwrap_or("Report"));
    let mut page = Page::default();
    let _ = write!(
        page.out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n"
    );
    text.lines().for_each(|line| page.line(line));
    page.close_to(0);
    page.out.push_str("</body>\n</html>\n");
    Ok(page.out)
}

/// What is written so far, and what is open in it.
#[derive(Default)]
struct Page {
    out: String,
    /// Lists in lists, each with an item that is open.
    lists: usize,
    in_table: bool,
}

/// Reads what [`markdown`] writes and no more: headings, lists by two spaces a level, tables, paragraphs.
impl Page {
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        let level = (line.len() - text.len()) / 2;
        let hashes = text.bytes().take_while(|&byte| byte == b'#').count();
        if text.is_empty() {
            self.end_table();
        } else if let (1..=6, Some(heading)) = (hashes, text[hashes..].strip_prefix(' ')) {
            self.close_to(0);
            let _ = writeln!(self.out, "<h{hashes}>{}</h{hashes}>", inline(heading));
        } else if let Some(item) = text.strip_prefix("- ") {
            let level = level.min(self.lists);
            self.close_to(level + 1);
            match self.lists == level + 1 {
                true => self.out.push_str("</li>\n"),
                false => self.out.push_str("<ul>\n"),
            }
            self.lists = level + 1;
            let _ = writeln!(self.out, "<li>{}", inline(item));
        } else if text.starts_with('|') {
            self.row(text);
        } else {
            // What is not indented is no part of an item.
            self.close_to(if level == 0 { 0 } else { self.lists });
            let _ = writeln!(self.out, "<p>{}</p>", inline(text));
        }
    }

    fn row(&mut self, text: &str) {
        if text.bytes().all(|byte| b"|-: ".contains(&byte)) {
            return;
        }
        let cell = if self.in_table {
            "td"
        } else {
            self.close_to(0);
            self.in_table = true;
            self.out.push_str("<table>\n");
            "th"
        };
        self.out.push_str("<tr>");
        for content in cells(text) {
            let _ = write!(self.out, "<{cell}>{}</{cell}>", inline(content.trim()));
        }
        self.out.push_str("</tr>\n");
    }

    fn end_table(&mut self) {
        if std::mem::take(&mut self.in_table) {
            self.out.push_str("</table>\n");
        }
    }

    fn close_to(&mut self, lists: usize) {
        self.end_table();
        while self.lists > lists {
            self.out.push_str("</li>\n</ul>\n");
            self.lists -= 1;
        }
    }
}

/// The texts between the bars that are no characters of a text.
fn cells(row: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let (mut start, mut is_escaped) = (1, false);
    for (at, byte) in row.bytes().enumerate().skip(1) {
        if byte == b'|' && !is_escaped {
            cells.push(&row[start..at]);
            start = at + 1;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    cells
}

/// Markdown within a line to HTML: strong, emphasized, escaped.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut is_strong, mut is_emphasized) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => out.push_str(&rest.next().map_or_else(|| "\\".to_owned(), entity)),
            '*' if rest.next_if_eq(&'*').is_some() => {
                out.push_str(if is_strong { "</strong>" } else { "<strong>" });
                is_strong = !is_strong;
            }
            '*' => {
                out.push_str(if is_emphasized { "</em>" } else { "<em>" });
                is_emphasized = !is_emphasized;
            }
            other => out.push_str(&entity(other)),
        }
    }
    out
}

/// The same without any markup.
fn plain(text: &str) -> String {
    let marked = inline(text);
    ["<strong>", "</strong>", "<em>", "</em>"]
        .iter()
        .fold(marked, |text, mark| text.replace(mark, ""))
}

fn entity(character: char) -> String {
    match character {
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '&' => "&amp;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_markdown_is_marked_up() {
        let mut page = Page::default();
        let text = "## A \\<b>\n\n- **x**: 1 & 2\n  - *y* \\* z\n- w\n\n| a | b\\|c |\n|---|---|\n| 1 | 2 |\n\ntext";
        text.lines().for_each(|line| page.line(line));
        page.close_to(0);
        assert_eq!(
            page.out,
            "<h2>A &lt;b&gt;</h2>\n<ul>\n<li><strong>x</strong>: 1 &amp; 2\n<ul>\n<li><em>y</em> * z\n</li>\n</ul>\n</li>\n<li>w\n</li>\n</ul>\n\
             <table>\n<tr><th>a</th><th>b|c</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>\n<p>text</p>\n"
        );
    }

    #[test]
    fn a_report_cannot_bring_markup_of_its_own() {
        assert_eq!(
            inline("<script>alert(\"1\")</script>"),
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"
        );
    }
}
