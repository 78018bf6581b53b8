//! One policy, as a table knows it.

use std::fmt::{self, Write as _};

use serde::Serialize;
use serde::ser::SerializeStruct;

use super::Policy;

/// A policy by its name, with what can be said about it.
pub struct Field {
    /// Its name as a flag and as a key, such as `patient-conflict`; the field in Rust has underscores.
    pub name: &'static str,
    /// The heading that it stands under.
    pub group: &'static str,
    pub(super) about: &'static [&'static str],
    /// What its value can be, in the manner of command lines.
    pub value: &'static str,
    /// Whether it takes several values: a flag given again, a list or a table in a file.
    pub is_list: bool,
    pub(super) read: fn(&mut Policy, &[String]) -> Result<(), String>,
    pub(super) show: fn(&Policy) -> Vec<String>,
}

impl Field {
    /// The policy of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Policy::FIELDS.iter().find(|field| field.name == name)
    }

    /// What it means.
    pub fn about(&self) -> String {
        self.about.concat().trim().to_owned()
    }

    /// What a policy says, in words; secrets are left out.
    pub fn show(&self, policy: &Policy) -> String {
        (self.show)(policy).join(",")
    }

    /// What the default policy says.
    pub fn default(&self) -> String {
        self.show(&Policy::default())
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("Field", 5)?;
        row.serialize_field("name", self.name)?;
        row.serialize_field("group", self.group)?;
        row.serialize_field("value", self.value)?;
        row.serialize_field("default", &self.default())?;
        row.serialize_field("about", &self.about())?;
        row.end()
    }
}

impl Policy {
    /// A whole policy as a file that can be given to `--policy`, with comments; what is a secret is left out.
    pub fn as_toml(&self) -> String {
        let mut text = String::new();
        let mut group = "";
        for field in Policy::FIELDS {
            if group != field.group {
                let _ = writeln!(text, "# --- {} ---\n", field.group);
                group = field.group;
            }
            let words = (field.show)(self);
            let hidden = words.iter().any(|word| word.contains(super::words::HIDDEN));
            let quoted = words.iter().map(|word| format!("{word:?}"));
            let value = match (field.is_list, words.as_slice()) {
                (false, [one]) if one.parse::<i64>().is_ok() => one.clone(),
                (false, [one]) => format!("{one:?}"),
                _ => format!("[{}]", quoted.collect::<Vec<_>>().join(", ")),
            };
            let mark = if hidden { "# " } else { "" };
            let _ = writeln!(
                text,
                "# {}\n# {}\n{mark}{} = {value}\n",
                field.about(),
                field.value,
                field.name
            );
        }
        text
    }
}
