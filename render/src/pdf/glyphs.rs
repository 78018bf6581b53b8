//! Simple encodings and the names of glyphs (ISO 32000-1 annex D, Adobe Glyph List), as far as texts in Latin letters need them.

use encoding_rs::{MACINTOSH, WINDOWS_1252};

/// The characters of a base encoding by code.
pub(super) fn base(encoding: Option<&[u8]>) -> [Option<char>; 256] {
    let codec = match encoding {
        Some(b"MacRomanEncoding") => MACINTOSH,
        Some(b"WinAnsiEncoding") => WINDOWS_1252,
        _ => return standard(),
    };
    std::array::from_fn(|code| {
        let byte = [code as u8];
        let (text, _) = codec.decode_without_bom_handling(&byte);
        let character = text
            .chars()
            .next()
            .filter(|character| !character.is_control());
        // Unused codes of WinAnsiEncoding are bullets (ISO 32000-1 D.2, note 3).
        character.or_else(|| (code > 0x7E && codec == WINDOWS_1252).then_some('•'))
    })
}

/// StandardEncoding: ASCII with typographic quotes, and a high half of its own.
fn standard() -> [Option<char>; 256] {
    const HIGH: &str = "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—";
    let mut characters: [Option<char>; 256] = std::array::from_fn(|code| {
        char::from_u32(code as u32).filter(|_| (32..127).contains(&code))
    });
    characters[0x27] = Some('’');
    characters[0x60] = Some('‘');
    for (code, character) in (0xA1..).zip(HIGH.chars()) {
        characters[code] = Some(character).filter(|&character| character != ' ');
    }
    for (code, character) in [
        (0xE1, 'Æ'),
        (0xE3, 'ª'),
        (0xE8, 'Ł'),
        (0xE9, 'Ø'),
        (0xEA, 'Œ'),
        (0xEB, 'º'),
        (0xF1, 'æ'),
        (0xF5, 'ı'),
        (0xF8, 'ł'),
        (0xF9, 'ø'),
        (0xFA, 'œ'),
        (0xFB, 'ß'),
    ] {
        characters[code] = Some(character);
    }
    characters
}

/// The text of a glyph name: `A`, `eacute`, `uni00E9`, `u1F600`, `f_f_i`, with what follows a dot left out.
pub(super) fn text(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?.split('.').next()?;
    name.split('_').map(component).collect()
}

fn component(name: &str) -> Option<String> {
    let mut characters = name.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return Some(only.to_string());
    }
    if let Some((_, text)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some((*text).to_owned());
    }
    if let Some(digits) = name
        .strip_prefix("uni")
        .filter(|digits| digits.len() >= 4 && digits.len() % 4 == 0 && digits.is_ascii())
    {
        let units: Option<Vec<u16>> = (0..digits.len() / 4)
            .map(|index| u16::from_str_radix(&digits[index * 4..index * 4 + 4], 16).ok())
            .collect();
        return String::from_utf16(&units?).ok();
    }
    if let Some(digits) = name
        .strip_prefix('u')
        .filter(|digits| (4..=6).contains(&digits.len()))
    {
        return char::from_u32(u32::from_str_radix(digits, 16).ok()?).map(String::from);
    }
    accented(name).map(String::from)
}

/// A letter with its accent, as `eacute`: the pair composed.
fn accented(name: &str) -> Option<char> {
    const ACCENTS: [(&str, usize); 12] = [
        ("grave", 0),
        ("acute", 1),
        ("circumflex", 2),
        ("tilde", 3),
        ("dieresis", 4),
        ("ring", 5),
        ("cedilla", 6),
        ("caron", 7),
        ("ogonek", 8),
        ("macron", 9),
        ("breve", 10),
        ("dotaccent", 11),
    ];
    const LETTERS: [(char, &str); 34] = [
        ('A', "ÀÁÂÃÄÅ  ĄĀĂ "),
        ('a', "àáâãäå  ąāă "),
        ('C', " ÇĆĈ  Ç Č    "),
        ('c', " ć ĉ  ç č    "),
        ('D', "       Ď    "),
        ('d', "       ď    "),
        ('E', "ÈÉÊ Ë  ĚĘĒĔĖ"),
        ('e', "èéê ë  ěęēĕė"),
        ('G', "  Ĝ       ĞĠ"),
        ('g', "  ĝ       ğġ"),
        ('I', "ÌÍÎĨÏ   ĮĪĬİ"),
        ('i', "ìíîĩï   įīĭ "),
        ('L', " Ĺ     Ľ    "),
        ('l', " ĺ     ľ    "),
        ('N', " Ń Ñ   Ň    "),
        ('n', " ń ñ   ň    "),
        ('O', "ÒÓÔÕÖ    ŌŎ "),
        ('o', "òóôõö    ōŏ "),
        ('R', " Ŕ     Ř    "),
        ('r', " ŕ     ř    "),
        ('S', " ŚŜ   ŞŠ    "),
        ('s', " śŝ   şš    "),
        ('T', "      ŢŤ    "),
        ('t', "      ţť    "),
        ('U', "ÙÚÛŨÜŮ  ŲŪŬ "),
        ('u', "ùúûũüů  ųūŭ "),
        ('W', "  Ŵ         "),
        ('w', "  ŵ         "),
        ('Y', " ÝŶ Ÿ       "),
        ('y', " ýŷ ÿ       "),
        ('Z', " Ź     Ž   Ż"),
        ('z', " ź     ž   ż"),
        ('J', "  Ĵ         "),
        ('j', "  ĵ         "),
    ];
    let mut characters = name.chars();
    let letter = characters.next()?;
    let (_, column) = ACCENTS
        .into_iter()
        .find(|(accent, _)| *accent == characters.as_str())?;
    let (_, row) = LETTERS.into_iter().find(|(known, _)| *known == letter)?;
    row.chars()
        .nth(column)
        .filter(|&character| character != ' ')
}

const NAMES: [(&str, &str); 150] = [
    ("space", " "),
    ("exclam", "!"),
    ("quotedbl", "\""),
    ("numbersign", "#"),
    ("dollar", "$"),
    ("percent", "%"),
    ("ampersand", "&"),
    ("quotesingle", "'"),
    ("parenleft", "("),
    ("parenright", ")"),
    ("asterisk", "*"),
    ("plus", "+"),
    ("comma", ","),
    ("hyphen", "-"),
    ("period", "."),
    ("slash", "/"),
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("colon", ":"),
    ("semicolon", ";"),
    ("less", "<"),
    ("equal", "="),
    ("greater", ">"),
    ("question", "?"),
    ("at", "@"),
    ("bracketleft", "["),
    ("backslash", "\\"),
    ("bracketright", "]"),
    ("asciicircum", "^"),
    ("underscore", "_"),
    ("grave", "`"),
    ("braceleft", "{"),
    ("bar", "|"),
    ("braceright", "}"),
    ("asciitilde", "~"),
    ("exclamdown", "¡"),
    ("cent", "¢"),
    ("sterling", "£"),
    ("currency", "¤"),
    ("yen", "¥"),
    ("brokenbar", "¦"),
    ("section", "§"),
    ("dieresis", "¨"),
    ("copyright", "©"),
    ("ordfeminine", "ª"),
    ("guillemotleft", "«"),
    ("logicalnot", "¬"),
    ("registered", "®"),
    ("macron", "¯"),
    ("degree", "°"),
    ("plusminus", "±"),
    ("twosuperior", "²"),
    ("threesuperior", "³"),
    ("acute", "´"),
    ("mu", "µ"),
    ("paragraph", "¶"),
    ("periodcentered", "·"),
    ("middot", "·"),
    ("cedilla", "¸"),
    ("onesuperior", "¹"),
    ("ordmasculine", "º"),
    ("guillemotright", "»"),
    ("onequarter", "¼"),
    ("onehalf", "½"),
    ("threequarters", "¾"),
    ("questiondown", "¿"),
    ("AE", "Æ"),
    ("Eth", "Ð"),
    ("multiply", "×"),
    ("Oslash", "Ø"),
    ("Thorn", "Þ"),
    ("germandbls", "ß"),
    ("ae", "æ"),
    ("eth", "ð"),
    ("divide", "÷"),
    ("oslash", "ø"),
    ("thorn", "þ"),
    ("Aring", "Å"),
    ("aring", "å"),
    ("Lslash", "Ł"),
    ("lslash", "ł"),
    ("OE", "Œ"),
    ("oe", "œ"),
    ("Dcroat", "Đ"),
    ("dcroat", "đ"),
    ("dotlessi", "ı"),
    ("florin", "ƒ"),
    ("circumflex", "ˆ"),
    ("caron", "ˇ"),
    ("breve", "˘"),
    ("dotaccent", "˙"),
    ("ring", "˚"),
    ("ogonek", "˛"),
    ("tilde", "˜"),
    ("hungarumlaut", "˝"),
    ("endash", "–"),
    ("emdash", "—"),
    ("quoteleft", "‘"),
    ("quoteright", "’"),
    ("quotesinglbase", "‚"),
    ("quotedblleft", "“"),
    ("quotedblright", "”"),
    ("quotedblbase", "„"),
    ("dagger", "†"),
    ("daggerdbl", "‡"),
    ("bullet", "•"),
    ("ellipsis", "…"),
    ("perthousand", "‰"),
    ("guilsinglleft", "‹"),
    ("guilsinglright", "›"),
    ("fraction", "⁄"),
    ("Euro", "€"),
    ("trademark", "™"),
    ("minus", "−"),
    ("lessequal", "≤"),
    ("greaterequal", "≥"),
    ("notequal", "≠"),
    ("approxequal", "≈"),
    ("infinity", "∞"),
    ("radical", "√"),
    ("summation", "∑"),
    ("integral", "∫"),
    ("partialdiff", "∂"),
    ("Delta", "∆"),
    ("Omega", "Ω"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("lambda", "λ"),
    ("pi", "π"),
    ("sigma", "σ"),
    ("arrowleft", "←"),
    ("arrowup", "↑"),
    ("arrowright", "→"),
    ("arrowdown", "↓"),
    ("nbspace", "\u{A0}"),
    ("ff", "ff"),
    ("fi", "fi"),
    ("fl", "fl"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
];
