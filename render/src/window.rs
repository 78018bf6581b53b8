//! VOI windows: which values become black, which white (PS3.3 C.11.2.1.2).

use std::fmt;
use std::str::FromStr;

/// A window of grey values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Window Center (0028,1050), in units after the modality LUT.
    pub center: f64,
    /// Window Width (0028,1051); at least 1 for [`Function::Linear`], above 0 otherwise. Smaller ones are taken as a threshold.
    pub width: f64,
    /// VOI LUT Function (0028,1056).
    pub function: Function,
}

/// VOI LUT Function (0028,1056), PS3.3 C.11.2.1.2 and C.11.2.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Function {
    /// LINEAR: from `center - 0.5 - (width - 1) / 2` to `center - 0.5 + (width - 1) / 2`.
    #[default]
    Linear,
    /// LINEAR_EXACT: from `center - width / 2` to `center + width / 2`.
    LinearExact,
    /// SIGMOID: `1 / (1 + exp(-4 (x - center) / width))`.
    Sigmoid,
}

/// A text that is not a window.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is not a window: want center,width or center,width,function (linear, linear-exact or sigmoid), width above 0"
)]
pub struct WindowError(pub String);

/// Reads the `window` parameter of a rendered resource, `center,width,function` (PS3.18 8.3.5.1.4); the function may be left out.
impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let bad = || WindowError(text.to_owned());
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let (center, width, function) = match parts[..] {
            [center, width] => (center, width, Function::Linear),
            [center, width, function] => (
                center,
                width,
                Function::from_term(&function.replace('-', "_")).ok_or_else(bad)?,
            ),
            _ => return Err(bad()),
        };
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let window = Window {
            center: number(center).ok_or_else(bad)?,
            width: number(width).ok_or_else(bad)?,
            function,
        };
        if window.width > 0.0 {
            Ok(window)
        } else {
            Err(bad())
        }
    }
}

impl Window {
    /// Where a value lies between black (0) and white (1).
    pub(crate) fn level(self, value: f64) -> f64 {
        let Window {
            center,
            width,
            function,
        } = self;
        match function {
            Function::Linear => {
                let reach = (width - 1.0).max(0.0) / 2.0;
                let from_middle = value - (center - 0.5);
                if from_middle <= -reach {
                    0.0
                } else if from_middle > reach {
                    1.0
                } else {
                    from_middle / (2.0 * reach) + 0.5
                }
            }
            Function::LinearExact => {
                let from_middle = value - center;
                if from_middle <= -width / 2.0 {
                    0.0
                } else if from_middle > width / 2.0 {
                    1.0
                } else {
                    from_middle / width + 0.5
                }
            }
            Function::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - center) / width).exp()),
        }
    }

    /// Whether part of what lies between black and white lies there in the other window too.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let edges = |window: Window| {
            let reach = window.width / 2.0;
            (window.center - reach, window.center + reach)
        };
        let ((low, high), (other_low, other_high)) = (edges(self), edges(other));
        low < other_high && other_low < high
    }

    /// Whether the width is one that the function allows.
    pub(crate) fn is_valid(self) -> bool {
        match self.function {
            Function::Linear => self.width >= 1.0,
            Function::LinearExact | Function::Sigmoid => self.width > 0.0,
        }
    }

    /// The window that shows `low` black and `high` white; of whole numbers in the usual LINEAR form.
    pub(crate) fn between(low: f64, high: f64, whole: bool) -> Self {
        let middle = low + (high - low) / 2.0;
        if whole {
            Window {
                center: middle + 0.5,
                width: high - low + 1.0,
                function: Function::Linear,
            }
        } else {
            let width = (high - low).max(f64::MIN_POSITIVE);
            Window {
                center: middle,
                width,
                function: Function::LinearExact,
            }
        }
    }
}

impl Function {
    /// The function of a VOI LUT Function value, in any case; `None` for a value the standard does not know.
    pub fn from_term(term: &str) -> Option<Self> {
        [Function::Linear, Function::LinearExact, Function::Sigmoid]
            .into_iter()
            .find(|function| term.trim().eq_ignore_ascii_case(function.term()))
    }

    /// The value of VOI LUT Function (0028,1056).
    pub fn term(self) -> &'static str {
        match self {
            Function::Linear => "LINEAR",
            Function::LinearExact => "LINEAR_EXACT",
            Function::Sigmoid => "SIGMOID",
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "center {} width {}", self.center, self.width)?;
        match self.function {
            Function::Linear => Ok(()),
            other => write!(f, " ({})", other.term()),
        }
    }
}
