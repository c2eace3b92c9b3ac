//! Categories, their families, and the pairs of names that mean the same category.

use super::words::fold_case;

/// Categories that arXiv lists under two names (<https://arxiv.org/category_taxonomy>).
pub const ALIASES: [(&str, &str); 6] = [
    ("cs.NA", "math.NA"),
    ("cs.SY", "eess.SY"),
    ("cs.IT", "math.IT"),
    ("stat.TH", "math.ST"),
    ("math-ph", "math.MP"),
    ("q-fin.EC", "econ.GN"),
];

/// A category, or a family of them: `cs.LG` is the one, `cs` is `cs` and every `cs.…`.
///
/// Either name of an aliased category stands for both. Names compare without case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CategoryPattern(String);

impl CategoryPattern {
    /// Reads `cs.LG`, `cs.*`, `cs*`, `cs`, `hep-th` or another source's name such as `cell biology`; `None` for anything with a
    /// star elsewhere, or without a letter or digit.
    pub fn parse(text: &str) -> Option<CategoryPattern> {
        let name = text.strip_suffix('*').map_or(text, |family| family.strip_suffix('.').unwrap_or(family));
        let star_after_dot = name.len() < text.len() && name.contains('.');
        if star_after_dot || name.contains('*') || !name.contains(char::is_alphanumeric) {
            return None;
        }
        Some(CategoryPattern(canonical(name)))
    }

    /// The name as it is printed.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether a paper in `category` is meant.
    pub fn covers(&self, category: &str) -> bool {
        let category = canonical(category);
        let other = ALIASES.iter().find_map(|&(a, b)| if a == category { Some(b) } else { (b == category).then_some(a) });
        let is_meant = |name: &str| name == self.0 || name.strip_prefix(&self.0).is_some_and(|below| below.starts_with('.'));
        is_meant(&category) || other.is_some_and(is_meant)
    }
}

/// One spelling of each category: `cs.lg` as `cs.LG`, `math.GT` and `q-bio.nc` in arXiv's case, others in folded case.
fn canonical(name: &str) -> String {
    // The plain form of a character may be a space.
    let folded = fold_case(name);
    let parts: Vec<_> = folded.split(|c: char| c.is_whitespace() || c == '_').filter(|part| !part.is_empty()).collect();
    let folded = parts.join(" ");
    match folded.rsplit_once('.') {
        Some((archive, class)) if class.len() == 2 && class.is_ascii() => format!("{archive}.{}", class.to_ascii_uppercase()),
        _ => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_its_category_its_family_and_its_other_name() {
        let check = |pattern: &str, category: &str, expect: bool| {
            assert_eq!(CategoryPattern::parse(pattern).unwrap().covers(category), expect, "{pattern} {category}");
        };
        check("cs.LG", "cs.LG", true);
        check("CS.lg", "cs.LG", true);
        check("cs.LG", "cs.CL", false);
        check("cs.*", "cs.CL", true);
        check("cs*", "cs.CL", true);
        check("cs", "cs.CL", true);
        check("cs", "csx.CL", false);
        check("hep-th", "hep-th", true);
        check("astro-ph", "astro-ph.GA", true);
        check("cs.NA", "math.NA", true);
        check("math.NA", "cs.NA", true);
        check("math.*", "cs.NA", true);
        check("math-ph", "math.MP", true);
        check("math.MP", "math-ph", true);
        check("econ", "q-fin.EC", true);
        check("Cell_Biology", "cell biology", true);
        check("ℬiology", "biology", true);
        check("cell˘", "cell", true);
        check("cond-mat.mes-hall", "cond-mat.mes-hall", true);
    }

    #[test]
    fn a_star_stands_for_a_whole_family_only() {
        for wrong in ["cs.L*", "*", "c*s", ".*", "", "cs.**"] {
            assert_eq!(CategoryPattern::parse(wrong), None, "{wrong}");
        }
    }
}
