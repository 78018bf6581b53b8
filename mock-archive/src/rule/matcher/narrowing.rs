//! How a matcher is built in Rust: from a service, narrowed step by step.

use dicom_wire::ae::AeTitle;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::Matcher;
use crate::request::Protocol;

impl Matcher {
    /// Only over this protocol.
    #[must_use]
    pub fn over(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Only with this HTTP method or DIMSE command.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method.0.push(method.to_owned());
        self
    }

    /// Only with this path; `*` stands for any text.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.path.0.push(pattern.to_owned());
        self
    }

    /// Only with this header field; `*` in the value stands for any text.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.header.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Only searches with this key: a parameter of the URL or an element of the identifier, by keyword or tag as it is written; `*` stands for any text.
    #[must_use]
    pub fn query_key(mut self, name: &str, value: &str) -> Self {
        self.query_key.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Only requests that ask for this media type in Accept; `*` stands for any text.
    #[must_use]
    pub fn media_type(mut self, pattern: &str) -> Self {
        self.media_type.0.push(pattern.to_owned());
        self
    }

    /// Only the connection of this number; 1 for the first of the archive.
    #[must_use]
    pub fn connection(mut self, number: u64) -> Self {
        self.connection = Some(number);
        self
    }

    /// Only the request or operation that comes at this place on its connection; 1 for the first, which is the association's own over DIMSE.
    #[must_use]
    pub fn nth_of_connection(mut self, nth: u64) -> Self {
        self.nth_of_connection = Some(nth);
        self
    }

    /// Only this study. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn study(mut self, uid: impl AsRef<str>) -> Self {
        self.study.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this series. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn series(mut self, uid: impl AsRef<str>) -> Self {
        self.series.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this instance. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn instance(mut self, uid: impl AsRef<str>) -> Self {
        self.instance.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this SOP class. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn sop_class(mut self, uid: impl AsRef<str>) -> Self {
        self.sop_class.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this transfer syntax. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no UID.
    #[must_use]
    pub fn transfer_syntax(mut self, uid: impl AsRef<str>) -> Self {
        self.transfer_syntax.0.push(a_uid(uid.as_ref()));
        self
    }

    /// Only this Patient ID. Called again: one of them.
    #[must_use]
    pub fn patient_id(mut self, id: &str) -> Self {
        self.patient_id.0.push(id.to_owned());
        self
    }

    /// Only from this calling AE title. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no AE title.
    #[must_use]
    pub fn calling(mut self, title: &str) -> Self {
        self.calling
            .0
            .push(AeTitle::parse(title).expect("the calling AE title of a rule must be valid"));
        self
    }

    /// Only for this called AE title. Called again: one of them.
    ///
    /// # Panics
    /// On a text that is no AE title.
    #[must_use]
    pub fn called(mut self, title: &str) -> Self {
        self.called
            .0
            .push(AeTitle::parse(title).expect("the called AE title of a rule must be valid"));
        self
    }

    /// Only at this query or retrieve level. Called again: one of them.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level.0.push(level.into());
        self
    }

    /// Only the instance that comes at this place in its upload; 1 for the first.
    #[must_use]
    pub fn number(mut self, number: usize) -> Self {
        self.number = Some(number);
        self
    }
}

fn a_uid(text: &str) -> Uid {
    Uid::parse(text).expect("a rule names UIDs")
}
