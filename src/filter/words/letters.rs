//! Letters as they are compared: without accents, in one form, in one case.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds the case of a text (Unicode full case folding, by way of upper case) and drops its accents.
pub fn fold_case(cased: &str) -> String {
    if cased.is_ascii() {
        return cased.to_ascii_lowercase();
    }
    // Some letters have a case in their plain form only: `ℬ` is `B`.
    let bare = plain(cased.chars());
    // Lower, upper, lower: `ẞ`, `ß` and `SS` meet only by this detour.
    let folded = bare.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    plain(folded)
}

/// The compatibility form without accents and invisible characters.
pub(super) fn plain(chars: impl Iterator<Item = char>) -> String {
    let bare: String = chars.nfkd().filter(|&c| !is_accent(c) && !is_invisible(c)).collect();
    bare.chars().flat_map(|c| latin_base(c).chars().chain((latin_base(c).is_empty()).then_some(c))).nfc().collect()
}

/// Letters that Unicode does not take apart, though readers type them without their stroke.
fn latin_base(c: char) -> &'static str {
    match c {
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'þ' => "th",
        'Þ' => "TH",
        _ => "",
    }
}

/// Marks over and under Latin, Greek and Cyrillic letters. Marks of other scripts are spelling and stay.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Characters that have no shape of their own: soft hyphen, joiners, direction and variation marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether `c` belongs to the character before it: marks, half-width voicing signs, Hangul vowels and finals.
pub(super) fn extends(c: char) -> bool {
    !c.is_ascii() && (is_combining_mark(c) || is_invisible(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}' | '\u{1160}'..='\u{11ff}'))
}
