//! Media types and the Accept header (PS3.18 8.7, RFC 9110 8.3 and 12.5.1).

use std::fmt;

/// The media type of one DICOM file.
pub const DICOM: &str = "application/dicom";
/// The media type of the DICOM JSON Model.
pub const DICOM_JSON: &str = "application/dicom+json";
/// The media type of the Native DICOM Model.
pub const DICOM_XML: &str = "application/dicom+xml";
/// The media type of several parts in one body.
pub const MULTIPART_RELATED: &str = "multipart/related";
/// The media type of bytes without a form.
pub const OCTET_STREAM: &str = "application/octet-stream";

/// A media type, or a range of them where an Accept header gives it, with its parameters.
///
/// Type, subtype and the names of parameters are kept in lower case; values keep theirs.
///
/// ```
/// use dicom_wire::media::MediaType;
///
/// let media = MediaType::parse("Multipart/Related; TYPE=\"application/dicom\"; boundary=x")?;
/// assert_eq!(media.essence(), "multipart/related");
/// assert_eq!(media.parameter("type"), Some("application/dicom"));
/// # Ok::<(), dicom_wire::media::MediaTypeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaType {
    essence: String,
    parameters: Vec<(String, String)>,
}

/// Why a text is not a media type. The message names the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaTypeError {
    /// No `type/subtype` at the beginning.
    #[error("{0:?} is not a media type: no type/subtype")]
    NoType(String),
    /// A parameter without `=`, with an odd name, or with an unfinished quoted string.
    #[error("{text:?} is not a media type: parameter {parameter:?} is malformed")]
    BadParameter {
        /// The whole text, cut after 200 characters.
        text: String,
        /// The parameter.
        parameter: String,
    },
}

impl MediaType {
    /// A media type without parameters, from a text that is known to be one.
    pub fn of(essence: &'static str) -> MediaType {
        MediaType {
            essence: essence.to_ascii_lowercase(),
            parameters: Vec::new(),
        }
    }

    /// Reads a Content-Type value, or one member of an Accept header.
    pub fn parse(text: &str) -> Result<MediaType, MediaTypeError> {
        let mut pieces = split_unquoted(text, ';').into_iter();
        let essence = pieces
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let no_type = || MediaTypeError::NoType(shortened(text));
        let (kind, subtype) = essence.split_once('/').ok_or_else(no_type)?;
        if !is_token(kind) || !is_token(subtype) {
            return Err(no_type());
        }
        let mut parameters = Vec::new();
        for piece in pieces.map(str::trim).filter(|piece| !piece.is_empty()) {
            let parameter = parse_parameter(piece).ok_or_else(|| MediaTypeError::BadParameter {
                text: shortened(text),
                parameter: shortened(piece),
            })?;
            parameters.push(parameter);
        }
        Ok(MediaType {
            essence,
            parameters,
        })
    }

    /// The same type with one more parameter; one of that name is replaced.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> MediaType {
        self.parameters.retain(|(known, _)| known != name);
        self.parameters
            .push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// `type/subtype` in lower case.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// Whether it is the given `type/subtype`, whatever its parameters.
    pub fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// Whether `*` stands for the type or the subtype.
    pub fn is_wildcard(&self) -> bool {
        self.essence.ends_with("/*")
    }

    /// The value of a parameter; the first one where a sloppy sender gives it twice.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The parameters in the order in which they were given.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether this range covers a type, and how closely: 0 for `*/*`, 1 for `type/*`, 2 for the
    /// type, one more for every parameter that both carry.
    ///
    /// A parameter that only one of them carries excludes nothing, `transfer-syntax=*` neither
    /// (PS3.18 8.7.3.5.2). The values of `type` are compared as media types, others as text.
    fn covers(&self, offered: &MediaType) -> Option<usize> {
        let (kind, subtype) = self.essence.split_once('/')?;
        let (offered_kind, offered_subtype) = offered.essence.split_once('/')?;
        let mut closeness = match (kind, subtype) {
            ("*", "*") => 0,
            (_, "*") if kind == offered_kind => 1,
            _ if kind == offered_kind && subtype == offered_subtype => 2,
            _ => return None,
        };
        for (name, value) in self.parameters() {
            let Some(other) = offered.parameter(name) else {
                continue;
            };
            let same = match name {
                "type" => covers_type(value, other),
                "transfer-syntax" => value == "*" || value == other,
                "charset" => true,
                _ => value == other,
            };
            if !same {
                return None;
            }
            closeness += 1;
        }
        Some(closeness)
    }
}

/// Prints parameters as tokens where they are tokens, as quoted strings elsewhere. `type` is
/// always quoted: its slash is no token character, and many readers want the quotes.
impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        for (name, value) in self.parameters() {
            if is_token(value) {
                write!(f, "; {name}={value}")?;
            } else {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "; {name}=\"{escaped}\"")?;
            }
        }
        Ok(())
    }
}

/// How much a media type is wanted: from 1 to 1000, the thousandths of the `q` parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quality(u16);

impl Quality {
    /// `q=1`, which is also what the absence of `q` means.
    pub const FULL: Quality = Quality(1000);

    /// The thousandths.
    pub fn thousandths(self) -> u16 {
        self.0
    }
}

/// One range of an Accept header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The range with its parameters, without `q`.
    pub range: MediaType,
    /// How much it is wanted; `None` for `q=0`, which forbids it.
    pub quality: Option<Quality>,
}

/// A whole Accept header. Members that cannot be read are ignored, as PS3.18 8.7.7 asks.
///
/// ```
/// use dicom_wire::media::{Accept, MediaType};
///
/// let accept = Accept::parse("bogus;;, application/dicom+json; q=0.5, image/*");
/// assert!(accept.accepts(&MediaType::of("image/png")).is_some());
/// assert!(accept.accepts(&MediaType::of("text/html")).is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accept {
    members: Vec<Member>,
}

impl Accept {
    /// Reads the header's value; several headers are joined with commas before.
    pub fn parse(text: &str) -> Accept {
        let members = split_unquoted(text, ',')
            .into_iter()
            .filter_map(parse_member)
            .collect();
        Accept { members }
    }

    /// The members that could be read, the most wanted first; equally wanted ones keep their order.
    pub fn members(&self) -> Vec<&Member> {
        let mut members: Vec<&Member> = self.members.iter().collect();
        members.sort_by_key(|member| std::cmp::Reverse(member.quality));
        members
    }

    /// Whether nothing readable was there.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How much the type is wanted, by the closest range that covers it; `None` when it is not.
    pub fn accepts(&self, offered: &MediaType) -> Option<Quality> {
        self.members
            .iter()
            .filter_map(|member| Some((member.range.covers(offered)?, member.quality)))
            .max_by_key(|(closeness, quality)| (*closeness, *quality))
            .and_then(|(_, quality)| quality)
    }

    /// The most wanted of some types; of equally wanted ones the first.
    pub fn best<'a>(
        &self,
        offered: impl IntoIterator<Item = &'a MediaType>,
    ) -> Option<&'a MediaType> {
        let mut best: Option<(Quality, &MediaType)> = None;
        for media in offered {
            if let Some(quality) = self.accepts(media)
                && best.is_none_or(|(known, _)| quality > known)
            {
                best = Some((quality, media));
            }
        }
        best.map(|(_, media)| media)
    }
}

fn parse_member(text: &str) -> Option<Member> {
    let mut range = MediaType::parse(text).ok()?;
    let quality = match range.parameter("q") {
        None => Some(Quality::FULL),
        Some(q) => {
            let q: f32 = q.parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
            let thousandths = (q * 1000.0).round() as u16;
            (thousandths > 0).then_some(Quality(thousandths))
        }
    };
    range.parameters.retain(|(name, _)| name != "q");
    Some(Member { range, quality })
}

fn covers_type(range: &str, offered: &str) -> bool {
    match (MediaType::parse(range), MediaType::parse(offered)) {
        (Ok(range), Ok(offered)) => range.covers(&offered).is_some(),
        _ => range.eq_ignore_ascii_case(offered),
    }
}

/// Reads `name=token` or `name="quoted"`. A token may hold what RFC 9110 forbids but DICOM
/// senders write unquoted: `type=application/dicom`, `transfer-syntax=*` (PS3.18 8.7.1).
fn parse_parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if !is_token(name) || value.is_empty() {
        return None;
    }
    let value = match value.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None if value.contains(['"', '\r', '\n']) => return None,
        None => value.to_owned(),
    };
    Some((name.to_ascii_lowercase(), value))
}

/// The inside of a quoted string, given without its first quote; nothing may follow the last one.
fn unquote(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return characters.as_str().trim().is_empty().then_some(value),
            '\\' => value.push(characters.next()?),
            _ => value.push(character),
        }
    }
    None
}

/// Splits at a separator that stands outside quoted strings.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                pieces.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_read_with_and_without_quotes() {
        let plain =
            MediaType::parse("multipart/related;type=application/dicom;boundary=a").unwrap();
        let quoted =
            MediaType::parse("multipart/related; Type=\"application/dicom\"; boundary=\"a\"")
                .unwrap();
        assert_eq!(plain, quoted);
        let escaped = MediaType::parse(r#"a/b; x="1;\"2\", 3""#).unwrap();
        assert_eq!(escaped.parameter("X"), Some("1;\"2\", 3"));
    }

    #[test]
    fn what_is_no_media_type_is_named() {
        for text in [
            "",
            "dicom",
            "a/",
            "/b",
            "a b/c",
            "a/b; x",
            "a/b; x=\"y",
            "a/b; x=\"y\" z",
        ] {
            let message = MediaType::parse(text).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("{text:?} is not")),
                "{message}"
            );
        }
    }

    #[test]
    fn bad_members_are_ignored_and_the_closest_range_decides() {
        let accept =
            Accept::parse("bogus;;, */*;q=0.1, image/*;q=0.5, image/png;q=0, image/gif;q=7");
        assert_eq!(accept.members().len(), 3);
        assert_eq!(
            accept
                .accepts(&MediaType::of("image/jpeg"))
                .unwrap()
                .thousandths(),
            500
        );
        assert_eq!(accept.accepts(&MediaType::of("image/png")), None);
        assert_eq!(
            accept
                .accepts(&MediaType::of("text/plain"))
                .unwrap()
                .thousandths(),
            100
        );
    }

    #[test]
    fn the_higher_quality_wins_and_order_decides_between_equals() {
        let (json, xml) = (MediaType::of(DICOM_JSON), MediaType::of(DICOM_XML));
        let best = |text: &str| Accept::parse(text).best([&json, &xml]).cloned();
        assert_eq!(
            best("application/dicom+xml;q=0.9, application/dicom+json;q=0.1"),
            Some(xml.clone())
        );
        assert_eq!(
            best("application/dicom+xml, application/dicom+json"),
            Some(json.clone())
        );
        assert_eq!(best("*/*"), Some(json.clone()));
        assert_eq!(best("text/html"), None);
    }

    #[test]
    fn type_and_transfer_syntax_narrow_a_multipart_range() {
        let offered = MediaType::of(MULTIPART_RELATED)
            .with("type", DICOM)
            .with("transfer-syntax", "1.2.3");
        let accepts = |text: &str| Accept::parse(text).accepts(&offered).is_some();
        assert!(accepts("multipart/related"));
        assert!(accepts(
            "multipart/related; type=application/dicom; transfer-syntax=*"
        ));
        assert!(accepts(
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.3"
        ));
        assert!(!accepts(
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.4"
        ));
        assert!(!accepts("multipart/related; type=image/jpeg"));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(
            parameters in prop::collection::btree_map("[a-pr-z]{1,8}", "[ -~]{1,20}", 0..4),
        ) {
            let media = parameters.iter().fold(
                MediaType::of("application/dicom"),
                |media, (name, value)| media.with(name, value.clone()),
            );
            prop_assert_eq!(MediaType::parse(&media.to_string()).unwrap(), media);
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = MediaType::parse(&text);
            let _ = Accept::parse(&text).accepts(&MediaType::of(DICOM));
        }
    }
}
