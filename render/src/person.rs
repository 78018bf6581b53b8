//! Person names: three component groups of five components (PS3.5 6.2.1).

use std::fmt;

use serde::Serialize;

/// A person's name in up to three scripts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PersonName {
    /// The alphabetic group, usually in Latin letters.
    #[serde(skip_serializing_if = "Components::is_empty")]
    pub alphabetic: Components,
    /// The ideographic group: Kanji, Hanja, Hanzi.
    #[serde(skip_serializing_if = "Components::is_empty")]
    pub ideographic: Components,
    /// The phonetic group: Hiragana, Katakana, Hangul.
    #[serde(skip_serializing_if = "Components::is_empty")]
    pub phonetic: Components,
}

/// The five components of a name in one script.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Components {
    /// Family name complex.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// Given name complex.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub given: String,
    /// Middle name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub middle: String,
    /// Name prefix, as Dr.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Name suffix, as M.D. or III.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

impl PersonName {
    /// Reads a value of VR PN, `Yamada^Tarou=山田^太郎=やまだ^たろう`; anything is a name, missing parts are empty.
    pub fn parse(value: &str) -> Self {
        let mut groups = value
            .trim_matches(['\0', ' '])
            .splitn(3, '=')
            .map(Components::parse);
        let mut next = || groups.next().unwrap_or_default();
        Self {
            alphabetic: next(),
            ideographic: next(),
            phonetic: next(),
        }
    }
}

impl Components {
    fn parse(group: &str) -> Self {
        let mut parts = group.splitn(5, '^').map(|part| part.trim().to_owned());
        let mut next = || parts.next().unwrap_or_default();
        Self {
            family: next(),
            given: next(),
            middle: next(),
            prefix: next(),
            suffix: next(),
        }
    }

    /// Whether no component has a text.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The name for people: the groups that are there, the second and third in brackets.
impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups = [&self.alphabetic, &self.ideographic, &self.phonetic]
            .into_iter()
            .filter(|group| !group.is_empty());
        if let Some(first) = groups.next() {
            write!(f, "{first}")?;
        }
        let rest: Vec<String> = groups.map(Components::to_string).collect();
        if rest.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", rest.join(", "))
        }
    }
}

/// `family, prefix given middle suffix` as far as they are there.
impl fmt::Display for Components {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = [&self.prefix, &self.given, &self.middle, &self.suffix].map(String::as_str);
        let rest = rest
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        match (self.family.is_empty(), rest.is_empty()) {
            (true, _) => write!(f, "{rest}"),
            (false, true) => write!(f, "{}", self.family),
            (false, false) => write!(f, "{}, {rest}", self.family),
        }
    }
}
