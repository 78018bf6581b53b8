//! Some policies, in words: from a file, from flags, from a test.

use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::json;

use super::{Field, Policy};

/// Policies that are set, and to what; all others stay as they are.
///
/// In TOML or JSON an object with the names of policies as keys; a value is a text or a number, for those that take several a list or an object too.
#[derive(Clone, Debug, Default)]
pub struct PolicyChanges {
    changes: Vec<(&'static Field, Vec<String>)>,
}

/// Why words are no policies.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PolicyError {
    /// No policy has this name.
    #[error("there is no policy {name:?}; the policies are {}", names().join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// A policy cannot be so.
    #[error("{name}: {why}")]
    Value {
        /// The policy.
        name: &'static str,
        /// What is wrong, with the choices.
        why: String,
    },
    /// The text is no TOML, or has unknown keys or wrong values; the message names the line.
    #[error("{0}")]
    Text(#[from] toml::de::Error),
    /// The file cannot be read, or is none.
    #[error("policy file {path:?}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl PolicyChanges {
    /// Sets a policy, in the words of flags and files.
    ///
    /// # Errors
    /// If there is no such policy, or it cannot be so.
    pub fn set<T: ToString>(
        &mut self,
        name: &str,
        words: impl IntoIterator<Item = T>,
    ) -> Result<(), PolicyError> {
        let field = Field::find(name).ok_or_else(|| PolicyError::Unknown {
            name: name.to_owned(),
        })?;
        let words: Vec<String> = words.into_iter().map(|word| word.to_string()).collect();
        let name = field.name;
        (field.read)(&mut Policy::default(), &words)
            .map_err(|why| PolicyError::Value { name, why })?;
        self.changes.push((field, words));
        Ok(())
    }

    /// Reads the text of a policy file.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        Ok(toml::from_str(text)?)
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn from_file(path: &Path) -> Result<Self, PolicyError> {
        let failed = |why: String| PolicyError::File {
            path: path.to_owned(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        Self::from_toml(&text).map_err(|error| failed(error.to_string()))
    }

    /// A policy with these changes.
    #[must_use]
    pub fn over(&self, mut policy: Policy) -> Policy {
        self.apply(&mut policy);
        policy
    }

    /// Changes a policy.
    pub fn apply(&self, policy: &mut Policy) {
        for (field, words) in &self.changes {
            // They were read once already, when they were set.
            let _ = (field.read)(policy, words);
        }
    }

    /// The policies that are set, by name.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.changes.iter().map(|(field, _)| field.name)
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

fn names() -> Vec<&'static str> {
    Policy::FIELDS.iter().map(|field| field.name).collect()
}

impl<'de> Deserialize<'de> for PolicyChanges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Changes;
        impl<'de> Visitor<'de> for Changes {
            type Value = PolicyChanges;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("policies by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PolicyChanges, A::Error> {
                let mut changes = PolicyChanges::default();
                while let Some(Name(field)) = map.next_key()? {
                    let words = map.next_value_seed(Of(field))?;
                    changes.changes.push((field, words));
                }
                Ok(changes)
            }
        }
        deserializer.deserialize_map(Changes)
    }
}

impl Serialize for PolicyChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = self.changes.iter().map(|(field, words)| match &words[..] {
            [one] => (field.name, json!(one)),
            several => (field.name, json!(several)),
        });
        serializer.collect_map(words)
    }
}

/// The name of a policy, as a key.
struct Name(&'static Field);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Field::find(&name).map(Self).ok_or_else(|| {
            let names = names().join(", ");
            de::Error::custom(format!("unknown field `{name}`, expected one of {names}"))
        })
    }
}

/// The words of one policy.
struct Of(&'static Field);

impl<'de> DeserializeSeed<'de> for Of {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        let Words(words) = Words::deserialize(deserializer)?;
        let mut changes = PolicyChanges::default();
        let set = changes.set(self.0.name, &words);
        set.map(|()| words).map_err(de::Error::custom)
    }
}

/// One or several words.
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Words;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a number, a list or a table")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Words, E> {
                Ok(Words(vec![word.to_owned()]))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Words, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Words, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(Words(more)) = seq.next_element()? {
                    words.extend(more);
                }
                Ok(Words(words))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some((name, Words(value))) = map.next_entry::<String, Words>()? {
                    words.extend(value.iter().map(|value| format!("{name}={value}")));
                }
                Ok(Words(words))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
