//! The text operators of a page (ISO 32000-1 9.4), and where its images lie, forms included.

use std::rc::Rc;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::font::{Font, Fonts};
use super::stream::Budget;
use super::token::{Token, Tokens};
use super::{PdfError, resolve};

/// A run of text on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    pub(super) text: String,
    /// Where it begins, in points.
    pub(super) start: (f32, f32),
    /// Where the next would begin.
    pub(super) end: (f32, f32),
    /// Height of the letters in points.
    pub(super) size: f32,
}

/// An image where it is drawn.
pub(super) struct Placed<'d> {
    /// From the unit square to the page's points.
    pub(super) matrix: Matrix,
    pub(super) id: ObjectId,
    pub(super) stream: &'d Stream,
}

/// What a page draws, in the order of its contents.
pub(super) struct Drawn<'d> {
    pub(super) chunks: Vec<Chunk>,
    pub(super) images: Vec<Placed<'d>>,
    /// How many lines and areas are painted.
    pub(super) shapes: u64,
}

/// Forms in forms in forms; one that contains itself ends here.
const MAX_FORMS: usize = 8;

/// The most operators of a page, forms counted as often as they are drawn.
const MAX_OPERATORS: u64 = 4_000_000;

/// The most runs of text of a page.
const MAX_CHUNKS: usize = 200_000;

/// The most images of a page that are noted.
const MAX_IMAGES: usize = 10_000;

/// All that a page draws.
pub(super) fn drawn<'d>(
    document: &'d Document,
    page: &'d Dictionary,
    fonts: &mut Fonts,
    budget: &mut Budget,
) -> Result<Drawn<'d>, PdfError> {
    let mut bytes = Vec::new();
    if let Some(contents) = page
        .get(b"Contents")
        .ok()
        .and_then(|object| resolve(document, object))
    {
        let parts = match contents {
            Object::Array(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in parts {
            if let Some(Object::Stream(stream)) = resolve(document, part) {
                bytes.extend(budget.unpack(stream)?);
                bytes.push(b'\n');
            }
        }
    }
    let mut reader = Reader {
        document,
        fonts,
        budget,
        drawn: Drawn {
            chunks: Vec::new(),
            images: Vec::new(),
            shapes: 0,
        },
        operators: 0,
    };
    reader.run(
        &bytes,
        inherited(document, page, b"Resources").and_then(|found| found.as_dict().ok()),
        Graphics::default(),
        0,
    )?;
    Ok(reader.drawn)
}

/// An attribute of a page or of the nodes above it (ISO 32000-1 7.7.3.4).
pub(super) fn inherited<'d>(
    document: &'d Document,
    page: &'d Dictionary,
    key: &[u8],
) -> Option<&'d Object> {
    let mut node = page;
    for _ in 0..64 {
        if let Some(found) = node
            .get(key)
            .ok()
            .and_then(|found| resolve(document, found))
        {
            return Some(found);
        }
        node = dictionary(document, node, b"Parent")?;
    }
    None
}

fn dictionary<'d>(
    document: &'d Document,
    parent: &'d Dictionary,
    key: &[u8],
) -> Option<&'d Dictionary> {
    resolve(document, parent.get(key).ok()?)?.as_dict().ok()
}

struct Reader<'d, 'b> {
    document: &'d Document,
    fonts: &'b mut Fonts,
    budget: &'b mut Budget,
    drawn: Drawn<'d>,
    operators: u64,
}

/// The graphics state as far as it moves text.
#[derive(Clone)]
struct Graphics {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

impl Default for Graphics {
    fn default() -> Self {
        Self {
            matrix: Matrix::IDENTITY,
            font: None,
            size: 1.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

/// a, b, c, d, e, f of ISO 32000-1 8.3.3.
#[derive(Clone, Copy)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    pub(super) const IDENTITY: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First `self`, then `next`.
    pub(super) fn then(self, next: Matrix) -> Matrix {
        let (Matrix([a, b, c, d, e, f]), Matrix([g, h, i, j, k, l])) = (self, next);
        Matrix([
            a * g + b * i,
            a * h + b * j,
            c * g + d * i,
            c * h + d * j,
            e * g + f * i + k,
            e * h + f * j + l,
        ])
    }

    /// Where a point goes.
    pub(super) fn apply(self, x: f64, y: f64) -> (f64, f64) {
        let Matrix([a, b, c, d, e, f]) = self;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// The way back, unless all points go to a line.
    pub(super) fn inverse(self) -> Option<Matrix> {
        let Matrix([a, b, c, d, e, f]) = self;
        let area = a * d - b * c;
        let back = [d, -b, -c, a, c * f - d * e, b * e - a * f].map(|part| part / area);
        back.iter()
            .all(|part| part.is_finite())
            .then_some(Matrix(back))
    }

    fn shift(x: f64, y: f64) -> Matrix {
        Matrix([1.0, 0.0, 0.0, 1.0, x, y])
    }

    fn origin(self) -> (f32, f32) {
        (self.0[4] as f32, self.0[5] as f32)
    }

    /// How tall one unit becomes.
    fn height(self) -> f32 {
        self.0[2].hypot(self.0[3]) as f32
    }
}

impl<'d> Reader<'d, '_> {
    fn run(
        &mut self,
        bytes: &[u8],
        resources: Option<&'d Dictionary>,
        mut graphics: Graphics,
        depth: usize,
    ) -> Result<(), PdfError> {
        let mut stack: Vec<Graphics> = Vec::new();
        let (mut text, mut line) = (Matrix::IDENTITY, Matrix::IDENTITY);
        let mut operands: Vec<Token<'_>> = Vec::new();
        let mut tokens = Tokens::new(bytes);
        while let Some(token) = tokens.next() {
            let Token::Word(operator) = token else {
                // No operator has more; arrays of TJ may be long.
                if operands.len() < 10_000 {
                    operands.push(token);
                }
                continue;
            };
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(PdfError::TooLarge {
                    what: "operators on a page",
                    limit: MAX_OPERATORS,
                });
            }
            let number = |index: usize| match operands.get(index) {
                Some(Token::Number(number)) => *number,
                _ => 0.0,
            };
            let matrix = || Matrix(std::array::from_fn(number));
            match operator {
                b"q" if stack.len() < 256 => stack.push(graphics.clone()),
                b"Q" => graphics = stack.pop().unwrap_or(graphics),
                b"cm" => graphics.matrix = matrix().then(graphics.matrix),
                b"BT" => (text, line) = (Matrix::IDENTITY, Matrix::IDENTITY),
                b"Tf" => {
                    graphics.size = number(1);
                    graphics.font = self.font(resources, operands.first())?;
                }
                b"Tc" => graphics.character_spacing = number(0),
                b"Tw" => graphics.word_spacing = number(0),
                b"Tz" => graphics.scale = number(0) / 100.0,
                b"TL" => graphics.leading = number(0),
                b"Ts" => graphics.rise = number(0),
                b"Tm" => (text, line) = (matrix(), matrix()),
                b"Td" | b"TD" => {
                    if operator == b"TD" {
                        graphics.leading = -number(1);
                    }
                    line = Matrix::shift(number(0), number(1)).then(line);
                    text = line;
                }
                b"T*" | b"'" | b"\"" => {
                    line = Matrix::shift(0.0, -graphics.leading).then(line);
                    text = line;
                    if operator == b"\"" {
                        (graphics.word_spacing, graphics.character_spacing) =
                            (number(0), number(1));
                    }
                    self.show(&graphics, &mut text, &operands);
                }
                b"Tj" | b"TJ" => self.show(&graphics, &mut text, &operands),
                b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"S" | b"s" | b"sh" => {
                    self.drawn.shapes += 1;
                }
                b"Do" => self.form(resources, operands.first(), &graphics, depth)?,
                b"ID" => tokens.skip_inline_image(),
                _ => {}
            }
            operands.clear();
        }
        Ok(())
    }

    fn font(
        &mut self,
        resources: Option<&'d Dictionary>,
        name: Option<&Token<'_>>,
    ) -> Result<Option<Rc<Font>>, PdfError> {
        let Some(Token::Name(name)) = name else {
            return Ok(None);
        };
        let fonts = resources.and_then(|resources| dictionary(self.document, resources, b"Font"));
        match fonts.and_then(|fonts| dictionary(self.document, fonts, name)) {
            Some(font) => self.fonts.get(self.document, font, self.budget).map(Some),
            None => Ok(None),
        }
    }

    /// Shows the strings among the operands; numbers between them move back by thousandths.
    fn show(&mut self, graphics: &Graphics, text: &mut Matrix, operands: &[Token<'_>]) {
        let Some(font) = &graphics.font else { return };
        let place = |text: Matrix| {
            Matrix::shift(0.0, graphics.rise)
                .then(text)
                .then(graphics.matrix)
        };
        let size = (place(*text).height() * graphics.size as f32).abs();
        let is_adjusted = operands.contains(&Token::ArrayStart);
        let mut chunk = Chunk {
            text: String::new(),
            start: place(*text).origin(),
            end: (0.0, 0.0),
            size,
        };
        for operand in operands {
            match operand {
                Token::String(string) => {
                    for shown in font.decode(string) {
                        let spacing = graphics.character_spacing
                            + if shown.is_space {
                                graphics.word_spacing
                            } else {
                                0.0
                            };
                        let advance =
                            (f64::from(shown.width) * graphics.size + spacing) * graphics.scale;
                        chunk.text.push_str(&shown.text);
                        *text = Matrix::shift(advance, 0.0).then(*text);
                    }
                }
                Token::Number(back) if is_adjusted => {
                    // A gap of a fifth of the letters' height is a space that was not written.
                    if *back < -200.0 && !chunk.text.ends_with(' ') && !chunk.text.is_empty() {
                        chunk.text.push(' ');
                    }
                    *text = Matrix::shift(-back / 1000.0 * graphics.size * graphics.scale, 0.0)
                        .then(*text);
                }
                _ => {}
            }
        }
        chunk.end = place(*text).origin();
        if !chunk.text.is_empty() && self.drawn.chunks.len() < MAX_CHUNKS {
            self.drawn.chunks.push(chunk);
        }
    }

    fn form(
        &mut self,
        resources: Option<&'d Dictionary>,
        name: Option<&Token<'_>>,
        graphics: &Graphics,
        depth: usize,
    ) -> Result<(), PdfError> {
        let Some(Token::Name(name)) = name else {
            return Ok(());
        };
        let objects =
            resources.and_then(|resources| dictionary(self.document, resources, b"XObject"));
        let object = objects.and_then(|objects| objects.get(name).ok());
        let id = object.and_then(|object| object.as_reference().ok());
        let object = object.and_then(|object| resolve(self.document, object));
        let Some(Object::Stream(form)) = object else {
            return Ok(());
        };
        let kind = form
            .dict
            .get(b"Subtype")
            .ok()
            .and_then(|object| object.as_name().ok());
        if let (Some(b"Image"), Some(id)) = (kind, id)
            && self.drawn.images.len() < MAX_IMAGES
        {
            self.drawn.images.push(Placed {
                matrix: graphics.matrix,
                id,
                stream: form,
            });
        }
        if kind != Some(b"Form") || depth >= MAX_FORMS {
            return Ok(());
        }
        let mut inner = graphics.clone();
        let matrix = form
            .dict
            .get(b"Matrix")
            .ok()
            .and_then(|object| object.as_array().ok());
        if let Some([a, b, c, d, e, f]) = matrix.map(Vec::as_slice) {
            let numbers =
                [a, b, c, d, e, f].map(|number| f64::from(number.as_float().unwrap_or(0.0)));
            inner.matrix = Matrix(numbers).then(inner.matrix);
        }
        let bytes = self.budget.unpack(form)?;
        self.run(
            &bytes,
            dictionary(self.document, &form.dict, b"Resources").or(resources),
            inner,
            depth + 1,
        )
    }
}
