//! What a picture shows, in words: a picture without its window is half a statement.

use std::fmt;

use crate::voi::Preset;
use crate::window::Window;

/// What was done to a frame on its way to a picture. `Display` gives it as one line for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The frame, from 1.
    pub frame: u32,
    /// How many frames the object has.
    pub frames: u32,
    /// Columns of the image.
    pub columns: u32,
    /// Rows of the image.
    pub rows: u32,
    /// How grey values were spread.
    pub grey: Grey,
    /// Whether low values are shown bright (MONOCHROME1, Presentation LUT Shape INVERSE).
    pub inverted: bool,
    /// What else a viewer has to know: a parameter ignored, a value corrected.
    pub notes: Vec<String>,
}

impl Shown {
    /// Of a picture that was drawn, not taken.
    pub(crate) fn drawing(columns: u32, rows: u32) -> Self {
        Self {
            frame: 1,
            frames: 1,
            columns,
            rows,
            grey: Grey::Colour,
            inverted: false,
            notes: Vec::new(),
        }
    }
}

/// How grey values were spread over black to white.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Grey {
    /// The image has colours; no window applies.
    Colour,
    /// The window that the caller asked for.
    Asked(Window),
    /// A window of the data set: one of `of`, with its Window Center & Width Explanation (0028,1055).
    DataSet {
        /// The window.
        window: Window,
        /// Which one, from 1.
        number: usize,
        /// How many windows the data set offers.
        of: usize,
        /// Its explanation, empty where there is none.
        explanation: String,
        /// Whether a presentation state has it, not the image.
        from_state: bool,
    },
    /// The first VOI LUT (0028,3010) of the data set, with its LUT Explanation (0028,3003).
    VoiLut {
        /// Its explanation, empty where there is none.
        explanation: String,
        /// Whether a presentation state has it, not the image.
        from_state: bool,
    },
    /// A window with a name.
    Preset {
        /// The preset.
        preset: Preset,
        /// Its window.
        window: Window,
        /// Whether it was asked for; else the data set has none and the modality and the part of the body chose it.
        asked: bool,
    },
    /// Percentiles asked for.
    Percentiles {
        /// Of 100 values, so many are black.
        low: f64,
        /// Of 100 values, so many are below white.
        high: f64,
        /// The window between them.
        window: Window,
    },
    /// Neither asked for nor in the data set: a window between two percentiles of the values.
    Automatic(Window),
    /// All values the bits can hold, from black to white.
    Full,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "frame {} of {}, {} x {} pixels, ",
            self.frame, self.frames, self.columns, self.rows
        )?;
        match &self.grey {
            Grey::Colour => write!(f, "colour")?,
            Grey::Asked(window) => write!(f, "window as asked: {window}")?,
            Grey::DataSet {
                window,
                number,
                of,
                explanation,
                from_state,
            } => {
                write!(f, "window of {}: {window}", whose(*from_state))?;
                if !explanation.is_empty() {
                    write!(f, " \"{explanation}\"")?;
                }
                match (number, of) {
                    (_, 0 | 1) => {}
                    (1, of) => write!(f, ", first of {of}")?,
                    (number, of) => write!(f, ", {number} of {of}")?,
                }
            }
            Grey::VoiLut {
                explanation,
                from_state,
            } => {
                write!(f, "VOI LUT of {}", whose(*from_state))?;
                if !explanation.is_empty() {
                    write!(f, " \"{explanation}\"")?;
                }
            }
            Grey::Preset {
                preset,
                window,
                asked: true,
            } => write!(f, "preset {} as asked: {window}", preset.name())?,
            Grey::Preset {
                preset,
                window,
                asked: false,
            } => write!(
                f,
                "no window in the data set, preset {} by modality and body part: {window}",
                preset.name()
            )?,
            Grey::Percentiles { low, high, window } => {
                write!(f, "percentiles {low} to {high} as asked: {window}")?
            }
            Grey::Automatic(window) => write!(f, "automatic window by percentiles: {window}")?,
            Grey::Full => write!(f, "full range of values")?,
        }
        if self.inverted {
            write!(f, ", low values bright")?;
        }
        for note in &self.notes {
            write!(f, "; {note}")?;
        }
        Ok(())
    }
}

fn whose(from_state: bool) -> &'static str {
    if from_state {
        "the presentation state"
    } else {
        "the data set"
    }
}
