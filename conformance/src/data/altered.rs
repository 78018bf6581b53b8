//! Instances changed after they were made: another patient, another class, less than there should be.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

use super::Instance;

impl Instance {
    /// The same instance with its data set changed, uncompressed.
    pub fn altered(&self, change: impl FnOnce(&mut InMemDicomObject)) -> Self {
        let mut data_set = self.data_set.clone();
        change(&mut data_set);
        let text = |tag: Tag| {
            let value = data_set.element(tag).ok();
            let value = value.and_then(|element| element.to_str().ok());
            value.map(|text| text.trim_end_matches(['\0', ' ']).to_owned())
        };
        let uid = text(tags::SOP_INSTANCE_UID).unwrap_or_else(|| self.uid.clone());
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
            .media_storage_sop_class_uid(self.sop_class)
            .media_storage_sop_instance_uid(&uid);
        let study = text(tags::STUDY_INSTANCE_UID).unwrap_or_else(|| self.study.clone());
        let pixels = data_set.element(tags::PIXEL_DATA).ok();
        let pixels = pixels.and_then(|element| element.to_bytes().ok());
        let pixels = pixels.map(|bytes| bytes.into_owned()).unwrap_or_default();
        let mut file = Vec::new();
        data_set
            .clone()
            .with_meta(meta)
            .expect("class, instance and transfer syntax are given")
            .write_all(&mut file)
            .expect("memory takes everything, and the transfer syntax is known");
        Self {
            study,
            uid,
            transfer_syntax: uids::EXPLICIT_VR_LITTLE_ENDIAN,
            pixels: pixels.into(),
            file: file.into(),
            data_set,
            ..self.clone()
        }
    }

    /// The same of another SOP class.
    pub fn of_class(&self, sop_class: &'static str) -> Self {
        let class = Self {
            sop_class,
            ..self.clone()
        };
        let value = PrimitiveValue::from(sop_class);
        class.altered(|data_set| {
            data_set.put(DataElement::new(tags::SOP_CLASS_UID, VR::UI, value));
        })
    }

    /// The same of another patient.
    pub fn of_patient(&self, id: &str) -> Self {
        let value = PrimitiveValue::from(id);
        self.altered(|data_set| {
            data_set.put(DataElement::new(tags::PATIENT_ID, VR::LO, value));
        })
    }

    /// The same with other pixels: each sample with its bits turned.
    pub fn inverted(&self) -> Self {
        let pixels: Vec<u8> = self.pixels.iter().map(|byte| !byte).collect();
        let value = PrimitiveValue::from(pixels);
        self.altered(|data_set| {
            data_set.put(DataElement::new(tags::PIXEL_DATA, VR::OW, value));
        })
    }

    /// The file with its head intact and noise in place of its data set.
    pub fn corrupt(&self) -> Vec<u8> {
        let head = self
            .file
            .windows(4)
            .position(|bytes| bytes == [8, 0, 5, 0])
            .unwrap_or(self.file.len() / 2);
        let mut file = self.file[..head].to_vec();
        file.extend((0..256_u16).map(|n| (n * 73 + 129) as u8));
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;
    use crate::identity::Identity;
    use crate::probe::file::File;

    #[test]
    fn an_altered_instance_reads_as_altered() {
        let study = Data::new(&Identity::new(1), "a.b").study(1).build();
        let instance = &study.instances[0];
        let read = |file: &[u8]| dicom_object::from_reader(file).unwrap();
        let other = instance.of_patient("X").of_class(uids::MR_IMAGE_STORAGE);
        let object = read(&other.file);
        assert_eq!(
            object.element(tags::PATIENT_ID).unwrap().to_str().unwrap(),
            "X"
        );
        assert_eq!(
            object.meta().media_storage_sop_class_uid(),
            uids::MR_IMAGE_STORAGE
        );
        assert_eq!(other.pixels, instance.pixels);
        assert_ne!(instance.inverted().pixels, instance.pixels);
        assert!(File::read(&instance.corrupt().into()).is_err());
    }
}
