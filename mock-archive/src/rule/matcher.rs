//! Which exchanges and instances a rule concerns.

mod narrowing;

use std::collections::BTreeMap;

use dicom_wire::ae::AeTitle;
use dicom_wire::uid::Uid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scene;
use super::facts::Facts;
use super::one_of::{LevelName, OneOf};
use crate::request::{Protocol, Service};

/// Which exchanges and instances a rule concerns: all that is given must hold; of several values for one thing, one must.
///
/// Built from one of the functions of this module, such as [`storing`], narrowed by its methods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Matcher {
    /// What is asked for.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub service: OneOf<Service>,
    /// Over which protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// HTTP method, or DIMSE command such as `C-STORE`.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub method: OneOf<String>,
    /// Path of the HTTP request as received; `*` stands for any text.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub path: OneOf<String>,
    /// HTTP header fields that must be there, by name; `*` in the value stands for any text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, String>,
    /// Keys of a search that must be there, by name as written (`PatientName`, `00100010`, `limit`); `*` in the value stands for any text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query_key: BTreeMap<String, String>,
    /// Media type asked for in Accept, or of the parts of a multipart asked for; `*` stands for any text.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub media_type: OneOf<String>,
    /// Number of the connection, counted from 1 over both protocols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// Which request or operation of its connection, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth_of_connection: Option<u64>,
    /// Study Instance UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub study: OneOf<Uid>,
    /// Series Instance UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub series: OneOf<Uid>,
    /// SOP Instance UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub instance: OneOf<Uid>,
    /// SOP Class UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub sop_class: OneOf<Uid>,
    /// Transfer Syntax UID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub transfer_syntax: OneOf<Uid>,
    /// Patient ID.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub patient_id: OneOf<String>,
    /// Calling AE title.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub calling: OneOf<AeTitle>,
    /// Called AE title.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    #[schemars(with = "OneOf<String>")]
    pub called: OneOf<AeTitle>,
    /// Query or retrieve level: `patient`, `study`, `series` or `instance`.
    #[serde(skip_serializing_if = "OneOf::is_open")]
    pub level: OneOf<LevelName>,
    /// Which instance of an upload, counted from 1 in each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
}

/// Every exchange, connections and associations too.
pub fn any() -> Matcher {
    Matcher::default()
}

/// Associations being opened.
pub fn associating() -> Matcher {
    Matcher::of([Service::Associate])
}

/// C-ECHO.
pub fn echoing() -> Matcher {
    Matcher::of([Service::Echo])
}

/// STOW-RS and C-STORE.
pub fn storing() -> Matcher {
    Matcher::of([Service::Store])
}

/// QIDO-RS and C-FIND.
pub fn searching() -> Matcher {
    Matcher::of([Service::Search])
}

/// WADO-RS instances and C-GET.
pub fn retrieving() -> Matcher {
    Matcher::of([Service::Retrieve])
}

/// C-MOVE.
pub fn moving() -> Matcher {
    Matcher::of([Service::Move])
}

/// WADO-RS metadata.
pub fn fetching_metadata() -> Matcher {
    Matcher::of([Service::Metadata])
}

/// WADO-RS rendered resources.
pub fn rendering() -> Matcher {
    Matcher::of([Service::Rendered])
}

impl Matcher {
    fn of<const N: usize>(services: [Service; N]) -> Self {
        Self {
            service: OneOf(services.to_vec()),
            ..Self::default()
        }
    }

    /// Whether it asks for nothing.
    pub(crate) fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// How many conditions it has.
    pub(crate) fn conditions(&self) -> usize {
        let fields = serde_json::to_value(self).unwrap_or_default();
        fields.as_object().map_or(0, serde_json::Map::len)
    }

    /// Takes from `base` what this one leaves open.
    pub(crate) fn or(mut self, base: Self) -> Self {
        self.service = self.service.or(base.service);
        self.protocol = self.protocol.or(base.protocol);
        self.method = self.method.or(base.method);
        self.path = self.path.or(base.path);
        if self.header.is_empty() {
            self.header = base.header;
        }
        if self.query_key.is_empty() {
            self.query_key = base.query_key;
        }
        self.media_type = self.media_type.or(base.media_type);
        self.connection = self.connection.or(base.connection);
        self.nth_of_connection = self.nth_of_connection.or(base.nth_of_connection);
        self.study = self.study.or(base.study);
        self.series = self.series.or(base.series);
        self.instance = self.instance.or(base.instance);
        self.sop_class = self.sop_class.or(base.sop_class);
        self.transfer_syntax = self.transfer_syntax.or(base.transfer_syntax);
        self.patient_id = self.patient_id.or(base.patient_id);
        self.calling = self.calling.or(base.calling);
        self.called = self.called.or(base.called);
        self.level = self.level.or(base.level);
        self.number = self.number.or(base.number);
        self
    }

    /// Whether a scene is what the rule asks for.
    pub(crate) fn matches(&self, scene: &Scene<'_, '_>) -> bool {
        if self.is_any() {
            return true;
        }
        match scene {
            Scene::Connect(connect) => {
                let of_connections = Self {
                    protocol: self.protocol,
                    connection: self.connection,
                    ..Self::default()
                };
                *self == of_connections
                    && self
                        .protocol
                        .is_none_or(|protocol| protocol == connect.protocol)
                    && self
                        .connection
                        .is_none_or(|number| number == connect.number)
            }
            _ => self.misses(&Facts::of(scene)).is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_or_a_list_is_read_and_a_wrong_field_is_named() {
        let one: Matcher =
            serde_json::from_str(r#"{ "service": "store", "instance": "1.2" }"#).unwrap();
        let list: Matcher =
            serde_json::from_str(r#"{ "service": ["store"], "instance": ["1.2"] }"#).unwrap();
        assert_eq!(one, list);
        assert_eq!(one, storing().instance("1.2"));

        let error = serde_json::from_str::<Matcher>(r#"{ "servise": "store" }"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("servise"), "{error}");
        let error = serde_json::from_str::<Matcher>(r#"{ "study": "1..2" }"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("1..2"), "{error}");
    }
}
