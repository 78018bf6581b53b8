//! Runs of text to lines: writers of reports write in reading order, but for what they put above later, as a heading.

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
    for chunk in in_order(chunks) {
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

/// The runs from the top down: a block that was written later goes before the first one that it stands above.
///
/// What stands beside another block, as a column, stays after it.
fn in_order(chunks: &[Chunk]) -> Vec<&Chunk> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for chunk in chunks {
        let goes_on = |last: &Chunk| {
            let (rise, size) = (chunk.start.1 - last.start.1, last.size.max(chunk.size));
            (-PARAGRAPH * size..=LINE * size).contains(&rise)
        };
        match blocks.last_mut() {
            Some(block) if block.chunks.last().is_some_and(|last| goes_on(last)) => {
                block.take(chunk);
            }
            _ => blocks.push(Block::of(chunk)),
        }
    }
    if blocks.len() > MOST_BLOCKS {
        return chunks.iter().collect();
    }
    let mut ordered: Vec<Block<'_>> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let below = ordered.iter().position(|other| block.is_above(other));
        ordered.insert(below.unwrap_or(ordered.len()), block);
    }
    ordered.into_iter().flat_map(|block| block.chunks).collect()
}

/// More are left in the order of writing.
const MOST_BLOCKS: usize = 2_000;

/// Runs of one paragraph.
struct Block<'c> {
    chunks: Vec<&'c Chunk>,
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
}

impl<'c> Block<'c> {
    fn of(chunk: &'c Chunk) -> Self {
        let mut block = Self {
            chunks: Vec::new(),
            left: f32::INFINITY,
            right: f32::NEG_INFINITY,
            top: f32::NEG_INFINITY,
            bottom: f32::INFINITY,
        };
        block.take(chunk);
        block
    }

    fn take(&mut self, chunk: &'c Chunk) {
        for (x, y) in [chunk.start, chunk.end] {
            self.left = self.left.min(x);
            self.right = self.right.max(x);
            self.top = self.top.max(y);
            self.bottom = self.bottom.min(y);
        }
        self.chunks.push(chunk);
    }

    fn is_above(&self, other: &Self) -> bool {
        self.bottom > other.top && self.left < other.right && other.left < self.right
    }
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
