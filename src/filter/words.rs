//! What a word is: the one definition that filters, papers and marks share. Pure.
//!
//! A text is brought to compatibility form (NFKC), accents are dropped, and the result is cut into
//! runs of letters and digits. So `real-to-sim`, `Real to Sim` and `ｒｅａｌ–ｔｏ–ｓｉｍ` are the same three
//! words, `CRISPR/Cas9` is two, and `L2`, `3D` and `o1` are one each. Exceptions, each for what
//! readers really search:
//! - scripts written without spaces (Chinese, Japanese, Thai, …) and Korean, whose particles stick to
//!   the word, give one word a character, so that a keyword is found as consecutive characters;
//! - a possessive `'s` belongs to its word and is dropped: `Parkinson's` is `parkinson`;
//! - `C++`, `C#` and their like (one letter with its signs) and `.NET` are words of their own;
//! - a Greek letter that stands alone is its name: `α-synuclein` and `alpha-synuclein` are the same words, as authors write
//!   `$\alpha$` for what readers type as `alpha`.

mod ascii;
mod greek;
mod letters;

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

pub use letters::fold_case;
use letters::{extends, plain};

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundWord {
    /// The word without accents, its letters in the case they were written in.
    pub cased: String,
    /// The same in folded case.
    pub folded: String,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
}

/// A word while its text is being read: [`FoundWord`] without a copy.
#[derive(Debug, Clone, Copy)]
pub struct SeenWord<'a> {
    pub cased: &'a str,
    pub folded: &'a str,
    pub start: usize,
    pub end: usize,
}

/// Cuts `text` into its words, in order.
pub fn words(text: &str) -> Vec<FoundWord> {
    let mut found = Vec::new();
    each_word(text, |word| {
        found.push(FoundWord { cased: word.cased.to_owned(), folded: word.folded.to_owned(), range: word.start..word.end });
    });
    found
}

/// Hands each word of `text` on, in order; what [`words`] lists.
pub fn each_word(text: &str, mut take: impl FnMut(SeenWord<'_>)) {
    let mut folded = String::new();
    let mut from = 0;
    // No rule below looks across a space, so plain stretches need not be taken apart into characters.
    while from < text.len() {
        let rest = &text[from..];
        let plain = match rest.bytes().position(|byte| !byte.is_ascii()) {
            Some(other) => rest[..other].rfind(is_space).map_or(0, |space| space + 1),
            None => rest.len(),
        };
        ascii::each_word(&rest[..plain], from, &mut folded, &mut take);
        let other = rest[plain..].find(is_space).unwrap_or(rest.len() - plain);
        each_unicode_word(&rest[plain..plain + other], from + plain, &mut take);
        from += plain + other;
    }
}

/// Whether no word goes on behind it, nor any rule.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\n')
}

fn each_unicode_word(stretch: &str, from: usize, take: &mut impl FnMut(SeenWord<'_>)) {
    let units = units(stretch);
    let mut splitter = Splitter { units: &units, found: Vec::new(), open: None };
    let mut next = 0;
    while next < units.len() {
        next = splitter.take(next);
    }
    splitter.close();
    for FoundWord { cased, folded, range } in &splitter.found {
        take(SeenWord { cased, folded, start: from + range.start, end: from + range.end });
    }
}

/// One character of the normalised text, with the bytes of the original it came from.
struct Unit {
    char: char,
    range: Range<usize>,
}

fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = chars.next_if(|&(_, c)| !is_space(first) && extends(c)) {
            end = at + c.len_utf8();
        }
        if first.is_ascii() && end == start + 1 {
            units.push(Unit { char: first, range: start..end });
        } else {
            units.extend(plain(text[start..end].chars()).chars().map(|char| Unit { char, range: start..end }));
        }
    }
    units
}

/// Whether each character of this script is a word: no spaces between words, or particles attached.
pub fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' // Thai, Lao, Burmese, Khmer
        | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' // Hangul
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{318f}' | '\u{31a0}'..='\u{31ff}' // kana, Bopomofo
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}') // Han
        && c.is_alphanumeric()
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}')
}

struct Splitter<'a> {
    units: &'a [Unit],
    found: Vec<FoundWord>,
    open: Option<FoundWord>,
}

impl Splitter<'_> {
    /// Takes the unit at `at` and says where to go on.
    fn take(&mut self, at: usize) -> usize {
        let Unit { char: c, range } = &self.units[at];
        let open_alone = self.open.as_ref().is_some_and(|word| word.cased.starts_with(stands_alone));
        if is_combining_mark(*c) {
            self.extend(at..at + 1);
        } else if is_apostrophe(*c) {
            return self.take_apostrophe(at);
        } else if stands_alone(*c) || (c.is_alphanumeric() && (self.open.is_none() || open_alone)) {
            self.close();
            self.open = Some(FoundWord { cased: c.to_string(), folded: String::new(), range: range.clone() });
        } else if c.is_alphanumeric() {
            self.extend(at..at + 1);
        } else if let Some(signs) = self.signs_of_one_letter(at) {
            self.extend(at..at + signs);
            self.close();
            return at + signs;
        } else if self.open.is_none() && self.is_dot_net(at) {
            self.open = Some(FoundWord { cased: ".".to_owned(), folded: String::new(), range: range.clone() });
        } else {
            self.close();
        }
        at + 1
    }

    fn extend(&mut self, units: Range<usize>) {
        let Some(word) = &mut self.open else { return };
        for unit in &self.units[units] {
            word.cased.push(unit.char);
            word.range.end = unit.range.end;
        }
    }

    fn close(&mut self) {
        if let Some(mut word) = self.open.take() {
            if let Some(name) = greek::name(&word.cased) {
                word.cased = name;
            }
            word.folded = fold_case(&word.cased);
            self.found.push(word);
        }
    }

    /// `'s` at the end of a word is part of it, though not of its spelling; any other apostrophe ends the word.
    fn take_apostrophe(&mut self, at: usize) -> usize {
        let possessive = matches!(self.char_at(at + 1), Some('s' | 'S')) && !self.char_at(at + 2).is_some_and(char::is_alphanumeric);
        match &mut self.open {
            Some(word) if possessive && !word.cased.starts_with(stands_alone) => {
                word.range.end = self.units[at + 1].range.end;
                self.close();
                at + 2
            }
            _ => {
                self.close();
                at + 1
            }
        }
    }

    /// How many signs at `at` belong to the one letter before them: `C++`, `C#`.
    fn signs_of_one_letter(&self, at: usize) -> Option<usize> {
        let word = self.open.as_ref()?;
        let one_letter = word.cased.len() == 1 && word.cased.starts_with(|c: char| c.is_ascii_alphabetic());
        match (self.char_at(at), self.char_at(at + 1)) {
            (Some('+'), Some('+')) if one_letter => Some(2),
            (Some('#'), after) if one_letter && !after.is_some_and(char::is_alphanumeric) => Some(1),
            _ => None,
        }
    }

    fn is_dot_net(&self, at: usize) -> bool {
        let letters = (at + 1..at + 4).filter_map(|i| self.char_at(i)).map(|c| c.to_ascii_lowercase());
        self.char_at(at) == Some('.')
            && letters.eq("net".chars())
            && !self.char_at(at + 4).is_some_and(|c| c.is_alphanumeric() || is_combining_mark(c))
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.units.get(at).map(|unit| unit.char)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_cut_into_folded_words() {
        let check = |text: &str, expect: &[&str]| {
            let found: Vec<_> = words(text).into_iter().map(|word| word.folded).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("", &[]);
        check("Real-to-Sim, real–to–sim", &["real", "to", "sim", "real", "to", "sim"]);
        check("GPT-4o L2 o1 3D k-means CRISPR/Cas9", &["gpt", "4o", "l2", "o1", "3d", "k", "means", "crispr", "cas9"]);
        check("Erdős, Poincaré; Łukasiewicz Møller Straße STRASSE", &["erdos", "poincare", "lukasiewicz", "moller", "strasse", "strasse"]);
        check("e\u{301}cole ｆｕｌｌ L² ﬁne 𝐀", &["ecole", "full", "l2", "fine", "a"]);
        check("soft\u{ad}hyphen", &["softhyphen"]);
        check("C++ and C#, F# in .NET; ASP.NET a net", &["c++", "and", "c#", "f#", "in", ".net", "asp", "net", "a", "net"]);
        check("Parkinson's don't O’Brien's l'eau", &["parkinson", "don", "t", "o", "brien", "l", "eau"]);
        check("3D重建 モデル", &["3d", "重", "建", "モ", "デ", "ル"]);
        check("ﾓﾃﾞﾙ", &["モ", "デ", "ル"]);
        check("모델을", &["모", "델", "을"]);
        check("हिन्दी α-synuclein Ёлка", &["हिन्दी", "alpha", "synuclein", "елка"]);
        check("Σ 𝛽 µ ς αλφα μm", &["sigma", "beta", "mu", "sigma", "αλφα", "μm"]);
        check("🚀 !! — …", &[]);
        check("\u{301}\u{301}x", &["x"]);
    }

    #[test]
    fn case_is_kept_beside_the_folded_form() {
        assert_eq!(words("the RÁG")[1], FoundWord { cased: "RAG".into(), folded: "rag".into(), range: 4..8 });
    }

    /// The words of all of `text` by the rules for any script.
    fn by_characters(text: &str) -> Vec<FoundWord> {
        let mut found = Vec::new();
        each_unicode_word(text, 0, &mut |word: SeenWord<'_>| {
            found.push(FoundWord { cased: word.cased.to_owned(), folded: word.folded.to_owned(), range: word.start..word.end });
        });
        found
    }

    proptest! {
        #[test]
        fn plain_stretches_are_read_by_the_rules_of_all(
            text in prop_oneof![any::<String>(), r"([a-cA-C'’sS+#.nNeEtT \n-]|[é\u{301}深]|\.net|'s){0,40}"]
        ) {
            prop_assert_eq!(words(&text), by_characters(&text));
        }

        #[test]
        fn what_is_folded_stays_as_it_is(text in any::<String>()) {
            prop_assert_eq!(fold_case(&fold_case(&text)), fold_case(&text));
        }

        #[test]
        fn words_of_words_are_the_same_words(text in any::<String>()) {
            for word in words(&text) {
                let again = |form: &str| words(form).into_iter().map(|w| (w.cased, w.folded)).collect::<Vec<_>>();
                prop_assert_eq!(again(&word.cased), vec![(word.cased.clone(), word.folded.clone())]);
                prop_assert_eq!(again(&word.folded), vec![(word.folded.clone(), word.folded.clone())]);
            }
        }

        #[test]
        fn words_stand_in_order_where_they_say(text in any::<String>()) {
            let mut from = 0;
            for word in words(&text) {
                prop_assert!(word.range.start >= from && word.range.start < word.range.end);
                prop_assert!(text.get(word.range.clone()).is_some());
                from = word.range.start;
            }
        }
    }
}
