//! Runs of text to lines: writers of reports write in reading order, so only gaps and line changes have to be seen.

use super::content::Chunk;
use crate::text::is_unsafe;

/// Parts of the letters' height: a gap that is a space, one that separates columns, a step that is a new line, one that is
/// a new paragraph.
const SPACE: f32 = 0.15;
const COLUMN: f32 = 1.5;
const LINE: f32 = 0.4;
const PARAGRAPH: f32 = 1.8;

/// The text of the runs, trimmed; empty where there is nothing to read.
pub(super) fn text(chunks: &[Chunk]) -> String {
    let mut out = String::new();
    let mut last: Option<&Chunk> = None;
    for chunk in chunks {
        if let Some(last) = last {
            let size = last.size.max(chunk.size).max(0.1);
            let (along, across) = offset(last, chunk);
            if across.abs() > LINE * size || along < -2.0 * size {
                trim_end(&mut out);
                out.push_str(if across.abs() > PARAGRAPH * size {
                    "\n\n"
                } else {
                    "\n"
                });
            } else if along > COLUMN * size {
                trim_end(&mut out);
                out.push_str("  ");
            } else if along > SPACE * size
                && !out.ends_with(char::is_whitespace)
                && !chunk.text.starts_with(' ')
            {
                out.push(' ');
            }
        }
        out.extend(
            chunk
                .text
                .chars()
                .map(|character| if is_unsafe(character) { ' ' } else { character }),
        );
        last = Some(chunk);
    }
    out.trim().to_owned()
}

/// From the end of one run to the start of the next: along the direction of writing, and across it.
fn offset(last: &Chunk, next: &Chunk) -> (f32, f32) {
    let (dx, dy) = (last.end.0 - last.start.0, last.end.1 - last.start.1);
    let length = dx.hypot(dy);
    let (ux, uy) = if length > 0.0 {
        (dx / length, dy / length)
    } else {
        (1.0, 0.0)
    };
    let (x, y) = (next.start.0 - last.end.0, next.start.1 - last.end.1);
    (x * ux + y * uy, x * uy - y * ux)
}

fn trim_end(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
}
