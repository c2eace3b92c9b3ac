//! The words that papers use, and which of them somebody meant who typed another.

/// Distinct words with the number of their occurrences.
pub(super) struct Lexicon {
    words: Vec<Entry>,
}

struct Entry {
    word: Box<str>,
    occurrences: u32,
    chars: u8,
    letters: u32,
}

/// Rarer words are other people's typing errors as often as not.
const MIN_OCCURRENCES: usize = 3;
/// Below so many characters nearly every word is near another.
const MIN_CHARS: usize = 4;
/// From so many characters on, two errors still leave the word to be recognised.
const CHARS_FOR_TWO_ERRORS: usize = 8;
/// How much a word's frequency (its natural logarithm) weighs against one error: a word must be thousands of times
/// as frequent to be preferred at one error more.
const FREQUENCY_WEIGHT: f64 = 0.1;
/// The first letter is seldom the wrong one; in a short word another one makes another word.
const OTHER_FIRST_LETTER: f64 = 0.4;

impl Lexicon {
    /// Keeps what can be proposed of `vocabulary`: words in folded case with the number of their occurrences.
    pub fn new<'a>(vocabulary: impl Iterator<Item = (&'a str, usize)>) -> Self {
        let words = vocabulary.filter_map(|(word, occurrences)| {
            let chars = word.chars().count();
            let fits = occurrences >= MIN_OCCURRENCES && chars >= MIN_CHARS;
            let (chars, occurrences) = (u8::try_from(chars).ok()?, u32::try_from(occurrences).ok()?);
            fits.then(|| Entry { word: word.into(), occurrences, chars, letters: letters(word) })
        });
        Self { words: words.collect() }
    }

    /// The word most probably meant by `typed` (in folded case), where one is near enough. Counts a letter left out,
    /// added, changed or swapped with its neighbour as one error (Damerau 1964).
    pub fn nearest(&self, typed: &str) -> Option<&str> {
        let chars = typed.chars().count();
        let errors = match chars {
            0..MIN_CHARS => return None,
            MIN_CHARS..CHARS_FOR_TWO_ERRORS => 1,
            _ => 2,
        };
        let own = letters(typed);
        let near = self.words.iter().filter(|entry| {
            // Each error changes at most two letters of the set: most words need not be compared letter by letter.
            usize::from(entry.chars).abs_diff(chars) <= errors && (entry.letters ^ own).count_ones() as usize <= 2 * errors
        });
        let rated = near.filter_map(|entry| {
            let distance = strsim::osa_distance(typed, &entry.word);
            let same_start = typed.chars().next() == entry.word.chars().next();
            let start = if same_start { 0.0 } else { OTHER_FIRST_LETTER };
            let is_near = (1..=errors).contains(&distance) && (same_start || chars >= CHARS_FOR_TWO_ERRORS);
            let rating = distance as f64 + start - FREQUENCY_WEIGHT * f64::from(entry.occurrences).ln();
            is_near.then_some((rating, &*entry.word))
        });
        rated.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, word)| word)
    }
}

/// The set of characters, 32 of which share a bit each.
fn letters(word: &str) -> u32 {
    word.chars().fold(0, |set, c| set | 1 << (c as u32 % 32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_word_that_was_meant_is_found() {
        let words = [
            ("transformer", 900),
            ("transformers", 300),
            ("transformed", 12),
            ("diffusion", 700),
            ("diffusing", 4),
            ("graph", 400),
            ("grape", 3),
            ("grasp", 350),
            ("model", 5000),
            ("modal", 900),
            ("rag", 400),
            ("pretraining", 2),
        ];
        let lexicon = Lexicon::new(words.into_iter());
        let check = |typed: &str, expect: Option<&str>| assert_eq!(lexicon.nearest(typed), expect, "{typed}");
        check("transfomer", Some("transformer"));
        check("trasnformers", Some("transformers"));
        check("difusion", Some("diffusion"));
        check("diffusoin", Some("diffusion"));
        check("grapj", Some("graph"));
        check("modle", Some("model"));
        check("rga", None);
        check("hodel", None);
        check("graphene", None);
        check("pretrainig", None);
        check("kryptonite", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn the_quick_look_at_letters_rejects_no_near_word(word in "[a-zé]{8,12}", at in 0_usize..7, letter in proptest::char::range('a', 'z')) {
            let lexicon = Lexicon::new([(word.as_str(), 50)].into_iter());
            let chars: Vec<char> = word.chars().collect();
            let mut changed = chars.clone();
            changed[at] = letter;
            let mut shorter = chars.clone();
            shorter.remove(at);
            let mut longer = chars.clone();
            longer.insert(at, letter);
            let mut swapped = chars.clone();
            swapped.swap(at, at + 1);
            for typed in [changed, shorter, longer, swapped] {
                let typed: String = typed.into_iter().collect();
                prop_assert!(typed == word || typed.chars().count() < 8 || lexicon.nearest(&typed) == Some(word.as_str()), "{}", typed);
            }
        }
    }
}
