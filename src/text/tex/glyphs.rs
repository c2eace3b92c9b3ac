//! Raised, lowered, accented and double-struck characters, as far as Unicode has them.

use unicode_normalization::UnicodeNormalization;

const RAISED: &str = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ\
    AᴬBᴮDᴰEᴱGᴳHᴴIᴵJᴶKᴷLᴸMᴹNᴺOᴼPᴾRᴿTᵀUᵁVⱽWᵂαᵅβᵝγᵞδᵟθᶿφᵠχᵡ∘°°°**′′††‡‡⊤ᵀ";
const LOWERED: &str = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨφᵩχᵪ";

/// Sets `text` as superscript (`^`) or subscript (`_`): `²`, `ᵢⱼ`; where Unicode lacks a character, the
/// whole in the notation of plain text: `^(1/2)`, `_B`.
pub(in crate::text) fn script(marker: char, text: &str) -> String {
    let table = if marker == '^' { RAISED } else { LOWERED };
    if let Some(shifted) = text.chars().map(|c| lookup(table, c)).collect::<Option<String>>() {
        return shifted;
    }
    match text.chars().count() {
        1 => format!("{marker}{text}"),
        _ if text.starts_with('(') && text.find(')') == Some(text.len() - 1) => format!("{marker}{text}"),
        _ => format!("{marker}({text})"),
    }
}

/// Tables are written as pairs: a character, then its counterpart.
fn lookup(table: &str, wanted: char) -> Option<char> {
    let mut chars = table.chars();
    while let (Some(plain), Some(shifted)) = (chars.next(), chars.next()) {
        if plain == wanted {
            return Some(shifted);
        }
    }
    None
}

/// Puts a combining mark on the first character of `text`.
pub(super) fn accented(text: &str, mark: char) -> String {
    let mut chars = text.chars();
    let Some(base) = chars.next() else { return String::new() };
    let base = match base {
        // Marks above replace the dot, so TeX writes them over a dotless letter.
        'ı' => 'i',
        'ȷ' => 'j',
        other => other,
    };
    [base, mark].into_iter().nfc().chain(chars).collect()
}

/// The styles of letters that Unicode encodes and that carry meaning in formulas (`ℝ`, `ℒ`, `𝔤`).
#[derive(Debug, Clone, Copy)]
pub(super) enum Alphabet {
    DoubleStruck,
    Script,
    Fraktur,
}

impl Alphabet {
    /// The alphabet that `\name{…}` sets its argument in.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "mathbb" | "mathbbm" | "mathds" | "Bbb" => Self::DoubleStruck,
            "mathcal" | "mathscr" | "cal" | "Cal" | "EuScript" => Self::Script,
            "mathfrak" | "frak" => Self::Fraktur,
            _ => return None,
        })
    }

    pub(super) fn set(self, text: &str) -> String {
        text.chars().map(|c| self.letter(c)).collect()
    }

    fn letter(self, c: char) -> char {
        // The letters that Unicode had before it encoded the alphabets as a whole are holes in those.
        let (capital_a, small_a, holes) = match self {
            Self::DoubleStruck => (Some(0x1D538), Some(0x1D552), "CℂHℍNℕPℙQℚRℝZℤ"),
            Self::Script => (Some(0x1D49C), None, "BℬEℰFℱHℋIℐLℒMℳRℛ"),
            Self::Fraktur => (Some(0x1D504), Some(0x1D51E), "CℭHℌIℑRℜZℨ"),
        };
        let counterpart = |first: Option<u32>, origin: char| first.and_then(|first| char::from_u32(first + c as u32 - origin as u32));
        lookup(holes, c)
            .or_else(|| match c {
                'A'..='Z' => counterpart(capital_a, 'A'),
                'a'..='z' => counterpart(small_a, 'a'),
                '0'..='9' if matches!(self, Self::DoubleStruck) => counterpart(Some(0x1D7D8), '0'),
                _ => None,
            })
            .unwrap_or(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_unicode_where_all_of_them_exist() {
        let check = |marker, text, expect: &str| assert_eq!(script(marker, text), expect);
        check('^', "2", "²");
        check('^', "-14", "⁻¹⁴");
        check('_', "ij", "ᵢⱼ");
        check('^', "∘", "°");
        check('^', "1/2", "^(1/2)");
        check('_', "B", "_B");
        check('^', "(±)", "^(±)");
        check('^', "⊤", "ᵀ");
        check('^', "", "");
        assert!([RAISED, LOWERED].iter().all(|table| table.chars().count().is_multiple_of(2)));
    }

    #[test]
    fn alphabets_use_the_older_letters_where_the_block_has_holes() {
        assert_eq!(Alphabet::DoubleStruck.set("RFk1"), "ℝ𝔽𝕜𝟙");
        assert_eq!(Alphabet::Script.set("LAx"), "ℒ𝒜x");
        assert_eq!(Alphabet::Fraktur.set("gC"), "𝔤ℭ");
    }

    #[test]
    fn marks_compose_with_their_letter() {
        assert_eq!(accented("o", '\u{308}'), "ö");
        assert_eq!(accented("ı", '\u{301}'), "í");
        assert_eq!(accented("ea", '\u{301}'), "éa");
        assert_eq!(accented("", '\u{301}'), "");
    }
}
