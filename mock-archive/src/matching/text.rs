//! Texts and names, with wildcards (PS3.4 C.2.2.2.4).

use std::str::Chars;

/// Whether a pattern fits the whole text: `*` any run of characters, `?` any one. Time grows with the product of both lengths at most.
pub(super) fn wildcard(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What follows the last star, and the text that it has not eaten yet.
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (before, rest) = (pattern.clone(), text.clone());
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                star = Some((pattern.clone(), rest.clone()));
                text = rest;
            }
            (Some('?'), Some(_)) => {}
            (Some(p), Some(t)) if p == t => {}
            (None, None) => return true,
            (_, None) => return before.as_str().chars().all(|c| c == '*'),
            (_, Some(_)) => {
                let Some((behind, eaten)) = &mut star else {
                    return false;
                };
                eaten.next();
                (pattern, text) = (behind.clone(), eaten.clone());
            }
        }
    }
}

/// Whether a name fits a key with or without wildcards, without regard to case. A key with `=` is compared group by group, empty groups of it with
/// anything; a key without fits if any group of the name does.
pub(super) fn name_matches(name: &str, key: &str) -> bool {
    let groups = |text: &str| -> Vec<String> { text.split('=').map(normal).collect() };
    let (name, key) = (groups(name), groups(key));
    match key.as_slice() {
        [key] => name.iter().any(|group| wildcard(key, group)),
        keys => keys
            .iter()
            .enumerate()
            .filter(|(_, key)| !key.is_empty())
            .all(|(i, key)| {
                let group = name.get(i).map_or("", String::as_str);
                wildcard(key, group)
            }),
    }
}

/// A component group without case, without blanks around its components and without empty components at its end (PS3.5 6.2.1).
pub(super) fn normal(group: &str) -> String {
    let components: Vec<String> = group
        .to_lowercase()
        .split('^')
        .map(|part| part.trim().to_owned())
        .collect();
    components.join("^").trim_end_matches('^').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a wildcard means, without any cleverness.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => naive(rest, text),
            (Some(('*', rest)), Some((_, tail))) => naive(rest, text) || naive(pattern, tail),
            (Some(('?', rest)), Some((_, tail))) => naive(rest, tail),
            (Some((c, rest)), Some((t, tail))) => c == t && naive(rest, tail),
            _ => false,
        }
    }

    #[test]
    fn names_match_by_group_and_without_case() {
        let name = "Yamada^Tarou=山田^太郎=やまだ^たろう";
        for key in [
            "yamada^tarou",
            "YAMADA*",
            "山田^太郎",
            "*太郎",
            "やまだ^*",
            "=山田^太郎",
            "Yamada^Tarou=山田*",
            "Yamada^Tarou^^^",
        ] {
            assert!(name_matches(name, key), "{key}");
        }
        for key in [
            "yamada",
            "Tarou",
            "=Yamada^Tarou",
            "山田^太郎=Yamada^Tarou",
            "Yamada^Tarou=田中*",
        ] {
            assert!(!name_matches(name, key), "{key}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(500) + "b";
        assert!(!wildcard(&pattern, &"a".repeat(5_000)));
    }

    proptest! {
        #[test]
        fn wildcards_mean_what_they_say(pattern in "[ab*?]{0,8}", text in "[abc]{0,8}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(wildcard(&pattern, &text), naive(&p, &t));
        }
    }
}
