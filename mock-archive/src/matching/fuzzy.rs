//! Fuzzy matching of names (PS3.18 8.3.4.2): by words, in any order, without accents, with a small slip.

use super::text::wildcard;

/// Whether every word of the key is the start of a word of the name, fits it with its wildcards, or differs from it by one letter.
pub(super) fn matches(name: &str, key: &str) -> bool {
    let (name, key) = (words(name), words(key));
    let fits = |wanted: &String, word: &String| {
        if wanted.contains(['*', '?']) {
            return wildcard(wanted, word);
        }
        word.starts_with(wanted.as_str())
            || (wanted.chars().count() > 3 && differs_by_one(wanted, word))
    };
    !key.is_empty()
        && key
            .iter()
            .all(|wanted| name.iter().any(|word| fits(wanted, word)))
}

/// A text in small letters without its accents.
pub(super) fn unaccented(text: &str) -> String {
    text.chars().flat_map(fold).collect()
}

fn words(text: &str) -> Vec<String> {
    let folded = unaccented(&text.to_lowercase());
    let between = |c: char| matches!(c, '^' | '=' | ' ' | ',' | '.' | '-' | '\'');
    folded
        .split(between)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A small letter without its accent.
fn fold(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' => "s",
        'ß' => "ss",
        'ţ' | 'ť' => "t",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    };
    let kept = plain.is_empty().then_some(letter);
    plain.chars().chain(kept)
}

/// Whether one letter is left out, put in or changed.
fn differs_by_one(one: &str, other: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    match a.len() as isize - b.len() as isize {
        0 => a.is_empty() || a[1..] == b[1..],
        1 => a[1..] == *b,
        -1 => *a == b[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_match_in_any_order_without_accents_and_with_a_slip() {
        for key in [
            "muller",
            "Jürgen Müller",
            "MULLER^JURGEN",
            "Müler",
            "m*ller",
            "jurg",
        ] {
            assert!(matches("Müller^Jürgen", key), "{key}");
        }
        for key in ["Mahler Jorgen", "mul?", "", "Schmidt"] {
            assert!(!matches("Müller^Jürgen", key), "{key}");
        }
    }
}
