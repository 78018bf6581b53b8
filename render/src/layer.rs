//! Colours over a picture: segments, dose, anything that is drawn at the size of the image.

/// Colours at the size of an image, to be mixed into its picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What it shows, for the sentence that goes with the picture.
    pub name: String,
    /// Columns of the image that it belongs to.
    pub columns: u32,
    /// Rows of the image that it belongs to.
    pub rows: u32,
    /// Red, green, blue and cover (0 nothing, 255 all) of each pixel.
    pub pixels: Vec<[u8; 4]>,
}

impl Layer {
    /// A layer of this size with nothing on it.
    pub fn clear(name: impl Into<String>, columns: u32, rows: u32) -> Self {
        Self {
            name: name.into(),
            columns,
            rows,
            pixels: vec![[0; 4]; columns as usize * rows as usize],
        }
    }

    /// Mixes the layer into colours.
    pub(crate) fn blend(&self, rgb: &mut [u8]) {
        for (pixel, &[red, green, blue, cover]) in
            rgb.as_chunks_mut::<3>().0.iter_mut().zip(&self.pixels)
        {
            if cover == 0 {
                continue;
            }
            let cover = u32::from(cover);
            for (sample, new) in pixel.iter_mut().zip([red, green, blue]) {
                let mixed = u32::from(*sample) * (255 - cover) + u32::from(new) * cover;
                *sample = ((mixed + 127) / 255) as u8;
            }
        }
    }
}
