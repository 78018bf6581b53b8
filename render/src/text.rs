//! Text of a data set as part of a line: what it holds must not look like a line of ours.

use dicom_core::dictionary::UidDictionary;
use dicom_dictionary_std::StandardSopClassDictionary;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

/// The text on one line: line breaks, control characters and marks that change the direction of writing are escaped.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.trim_matches(['\0', ' ']).chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            other if is_unsafe(other) => line.extend(other.escape_unicode()),
            other => line.push(other),
        }
    }
    line
}

/// Characters that break a line, end a terminal's patience or turn text around, without being seen.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        || ('\u{E0000}'..='\u{E007F}').contains(&character)
}

/// At most `length` characters, and what was cut.
pub(crate) fn cut(text: String, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text,
        Some((end, _)) => format!(
            "{}… (cut, {} characters in all)",
            &text[..end],
            text.chars().count()
        ),
    }
}

/// The name of a SOP class or transfer syntax.
pub(crate) fn uid_name(uid: &str) -> Option<&'static str> {
    let uid = uid.trim_matches(['\0', ' ']);
    let class = StandardSopClassDictionary
        .by_uid(uid)
        .map(|entry| entry.name);
    class.or_else(|| TransferSyntaxRegistry.get(uid).map(|syntax| syntax.name()))
}
