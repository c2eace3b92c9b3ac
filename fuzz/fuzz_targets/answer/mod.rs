//! What must hold of every answer that can be read.

use paperlark::source::answer::{self, Format};
use paperlark::text;

/// Reads `body` as `format`.
pub fn check(format: Format, body: &[u8]) {
    let Ok(answered) = answer::read(format, body, None) else { return };
    assert!(answered.papers.len() + answered.problems.len() <= answered.count + 1);
    for listed in &answered.papers {
        let paper = &listed.paper;
        assert!(!paper.title.is_empty());
        for line in [&paper.title, &paper.abstract_text].into_iter().chain(&paper.authors).chain(&paper.categories) {
            assert_eq!(text::one_line(line), *line);
        }
        assert!(!paper.aliases.contains(&paper.id));
    }
}
