//! Recommended colours, as CIELab of 16 bits (PS3.3 C.10.7.1.1).

use dicom_core::Tag;
use dicom_object::InMemDicomObject;

/// The colour of an attribute in sRGB; `None` where it is absent or no triple.
pub(crate) fn read(holder: &InMemDicomObject, tag: Tag) -> Option<[u8; 3]> {
    let values = holder.get(tag)?.to_multi_int::<u16>().ok()?;
    let &[l, a, b] = values.get(..3)? else {
        return None;
    };
    let lightness = f64::from(l) / 65_535.0 * 100.0;
    let axis = |value: u16| f64::from(value) / 65_535.0 * 255.0 - 128.0;
    Some(to_srgb(lightness, axis(a), axis(b)))
}

/// CIELab relative to D50, as ICC profiles have it, to sRGB.
fn to_srgb(lightness: f64, a: f64, b: f64) -> [u8; 3] {
    let middle = (lightness + 16.0) / 116.0;
    let part = |value: f64| {
        if value > 6.0 / 29.0 {
            value.powi(3)
        } else {
            3.0 * (6.0f64 / 29.0).powi(2) * (value - 4.0 / 29.0)
        }
    };
    // The white of D50.
    let x = 0.9642 * part(middle + a / 500.0);
    let y = part(middle);
    let z = 0.8249 * part(middle - b / 200.0);
    // XYZ of D50 to linear sRGB, adapted by Bradford's matrix.
    let linear = [
        3.133_856 * x - 1.616_867 * y - 0.490_615 * z,
        -0.978_768 * x + 1.916_142 * y + 0.033_454 * z,
        0.071_945 * x - 0.228_991 * y + 1.405_243 * z,
    ];
    linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let level = if value <= 0.003_130_8 {
            12.92 * value
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        (level * 255.0 + 0.5) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_littlecms() {
        // By littleCMS 2.19 through Pillow 13.0 (ImageCms, LAB to sRGB, relative colorimetric).
        for (lab, rgb) in [
            ((60.0, 20.0, -30.0), [159, 133, 198]),
            ((40.0, 10.0, 20.0), [117, 88, 62]),
            ((190.0 / 2.55, -10.0, -15.0), [150, 190, 210]),
            ((150.0 / 2.55, -28.0, 42.0), [108, 154, 62]),
            ((128.0 / 2.55, 0.0, 0.0), [119, 119, 119]),
            ((80.0, 12.0, 32.0), [235, 189, 139]),
            ((64.0 / 2.55, 22.0, -8.0), [86, 46, 72]),
        ] {
            let found = to_srgb(lab.0, lab.1, lab.2);
            let near = found
                .iter()
                .zip(rgb)
                .all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 1);
            assert!(near, "{lab:?}: {found:?}, not {rgb:?}");
        }
    }
}
