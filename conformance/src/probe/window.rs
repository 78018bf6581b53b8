//! What a shade has to be: the VOI functions of PS3.3, written down once more.

/// From a value, a window's center and its width to a shade.
pub type Curve = fn(f64, f64, f64) -> f64;

/// LINEAR (PS3.3 C.11.2.1.2.1), as a shade from 0 to 255.
pub fn linear(value: f64, center: f64, width: f64) -> f64 {
    let (center, reach) = (center - 0.5, (width - 1.0) / 2.0);
    match value {
        _ if value <= center - reach => 0.0,
        _ if value > center + reach => 255.0,
        _ => ((value - center) / (width - 1.0) + 0.5) * 255.0,
    }
}

/// LINEAR_EXACT (PS3.3 C.11.2.1.3.2), as a shade from 0 to 255.
pub fn linear_exact(value: f64, center: f64, width: f64) -> f64 {
    match value {
        _ if value <= center - width / 2.0 => 0.0,
        _ if value > center + width / 2.0 => 255.0,
        _ => ((value - center) / width + 0.5) * 255.0,
    }
}

/// SIGMOID (PS3.3 C.11.2.1.3.1), as a shade from 0 to 255.
pub fn sigmoid(value: f64, center: f64, width: f64) -> f64 {
    255.0 / (1.0 + (-4.0 * (value - center) / width).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curves_pass_through_their_points() {
        assert_eq!(linear(39.5, 40.0, 400.0), 127.5);
        assert_eq!(
            (linear(-160.0, 40.0, 400.0), linear(240.0, 40.0, 400.0)),
            (0.0, 255.0)
        );
        assert_eq!(linear_exact(40.0, 40.0, 400.0), 127.5);
        assert_eq!(sigmoid(40.0, 40.0, 400.0), 127.5);
        assert!(sigmoid(240.0, 40.0, 400.0) < 255.0);
    }
}
