//! What a picture shows, in words: a picture without its window is half a statement.

use std::fmt;

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

/// How grey values were spread over black to white.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Grey {
    /// The image has colours; no window applies.
    Colour,
    /// The window that the caller asked for.
    Asked(Window),
    /// A window of the data set: the first of `of`, with its Window Center & Width Explanation (0028,1055).
    DataSet {
        /// The window.
        window: Window,
        /// How many windows the data set offers.
        of: usize,
        /// Its explanation, empty where there is none.
        explanation: String,
    },
    /// The first VOI LUT (0028,3010) of the data set, with its LUT Explanation (0028,3003).
    VoiLut {
        /// Its explanation, empty where there is none.
        explanation: String,
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
                of,
                explanation,
            } => {
                write!(f, "window of the data set: {window}")?;
                if !explanation.is_empty() {
                    write!(f, " \"{explanation}\"")?;
                }
                if *of > 1 {
                    write!(f, ", first of {of}")?;
                }
            }
            Grey::VoiLut { explanation } if explanation.is_empty() => {
                write!(f, "VOI LUT of the data set")?
            }
            Grey::VoiLut { explanation } => write!(f, "VOI LUT of the data set \"{explanation}\"")?,
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
