//! Formulas: raised and lowered parts, MathML's constructions, TeX wrapped as a document.

use super::elements::Shape;
use crate::text::tex;

/// `text` raised (`^`) or lowered (`_`), or nothing.
pub(super) fn script(marker: char, text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => tex::script(marker, text),
    }
}

/// The texts of the children of an element that begins at `start`.
pub(super) fn parts<'a>(out: &'a str, start: usize, children: &[usize]) -> Vec<&'a str> {
    let ends = children.iter().skip(1).copied().chain([out.len()]);
    let parts: Vec<&str> = children.iter().zip(ends).filter_map(|(from, to)| out.get(*from..to)).map(str::trim).collect();
    if parts.is_empty() { vec![out[start..].trim()] } else { parts }
}

/// Puts the parts of a MathML element together on one line.
pub(super) fn build(shape: Shape, parts: &[&str]) -> String {
    let part = |place: usize| parts.get(place).copied().unwrap_or_default();
    match shape {
        Shape::Raised => format!("{}{}", part(0), script('^', part(1))),
        Shape::Lowered => format!("{}{}", part(0), script('_', part(1))),
        Shape::LoweredRaised => format!("{}{}{}", part(0), script('_', part(1)), script('^', part(2))),
        Shape::Fraction => format!("{}/{}", grouped(part(0)), grouped(part(1))),
        Shape::Root => format!("√{}", grouped(part(0))),
        Shape::Multiscripts => multiscripts(parts),
    }
}

/// A base, pairs of lower and upper marks behind it, and, after an empty part for `mprescripts`, pairs before it.
/// An empty part inside a pair stands for `none`, so the pairs decide: `mprescripts` is the empty part at an odd place.
fn multiscripts(parts: &[&str]) -> String {
    let Some((base, marks)) = parts.split_first() else { return String::new() };
    let pairs = |marks: &[&str]| -> String {
        marks.chunks(2).map(|pair| format!("{}{}", script('_', pair[0]), script('^', pair.get(1).copied().unwrap_or_default()))).collect()
    };
    // An odd number of marks can only come from `mprescripts`.
    let divider = (0..marks.len()).step_by(2).find(|place| !marks.len().is_multiple_of(2) && marks[*place].is_empty());
    match divider {
        Some(place) => format!("{}{base}{}", pairs(&marks[place + 1..]), pairs(&marks[..place])),
        None => format!("{base}{}", pairs(marks)),
    }
}

fn grouped(text: &str) -> String {
    match text.chars().all(char::is_alphanumeric) {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

/// What stands between `\begin{document}` and `\end{document}`, where a publisher wrote a whole document.
pub(super) fn source(tex: &str) -> &str {
    let Some((_, inside)) = tex.split_once(r"\begin{document}") else { return tex };
    inside.split_once(r"\end{document}").map_or(inside, |(formula, _)| formula)
}
