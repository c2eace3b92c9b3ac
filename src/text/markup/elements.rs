//! The elements that metadata uses, and what each does to the text in it.

/// How an element of MathML is put together from its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Raised,
    Lowered,
    LoweredRaised,
    Multiscripts,
    Fraction,
    Root,
}

/// What an element does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: its text belongs to the line.
    Inline,
    /// An end of line without content.
    Break,
    /// Set apart from what stands around it.
    Block,
    Heading,
    /// Left out with all that is in it.
    Hidden,
    Raised,
    Lowered,
    /// Several forms of the same: the first is enough.
    FirstOnly,
    /// TeX, often a whole document of it.
    Source,
    Formula,
    Built(Shape),
}

/// What the element `name` does; `None` when there is no such element, so that it is text.
///
/// Names are taken without their prefix: `jats:p` and `mml:mi` are `p` and `mi`.
pub(super) fn effect(name: &str) -> Option<Effect> {
    let local = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
    Some(match local.as_str() {
        "br" | "hr" | "break" | "wbr" => Effect::Break,
        "p" | "div" | "section" | "sec" | "article" | "aside" | "header" | "footer" | "main" | "nav" | "blockquote" | "disp-quote"
        | "pre" | "ul" | "ol" | "li" | "list" | "list-item" | "dl" | "dt" | "dd" | "def-list" | "table" | "thead" | "tbody" | "tfoot"
        | "tr" | "td" | "th" | "caption" | "fieldset" | "address" | "center" | "body" | "html" | "abstract" | "trans-abstract"
        | "disp-formula" | "figcaption" | "label" => Effect::Block,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "title" | "summary" => Effect::Heading,
        "script" | "style" | "head" | "svg" | "iframe" | "noscript" | "template" | "object" | "video" | "audio" | "canvas" | "button"
        | "select" | "textarea" | "annotation" | "annotation-xml" | "figure" | "fig" | "xref-group" => Effect::Hidden,
        "sup" => Effect::Raised,
        "sub" | "inf" => Effect::Lowered,
        "alternatives" => Effect::FirstOnly,
        "tex-math" => Effect::Source,
        "math" => Effect::Formula,
        "msup" | "mover" => Effect::Built(Shape::Raised),
        "msub" | "munder" => Effect::Built(Shape::Lowered),
        "msubsup" | "munderover" => Effect::Built(Shape::LoweredRaised),
        "mmultiscripts" => Effect::Built(Shape::Multiscripts),
        "mfrac" => Effect::Built(Shape::Fraction),
        "msqrt" | "mroot" => Effect::Built(Shape::Root),
        "a" | "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "data" | "del" | "details" | "dfn" | "em" | "font"
        | "form" | "i" | "img" | "input" | "ins" | "kbd" | "link" | "mark" | "meta" | "q" | "s" | "samp" | "small" | "span" | "strike"
        | "strong" | "time" | "tt" | "u" | "var" | "o" | "bold" | "italic" | "sc" | "monospace" | "underline" | "overline" | "roman"
        | "sans-serif" | "styled-content" | "named-content" | "ext-link" | "uri" | "email" | "xref" | "inline-formula"
        | "inline-graphic" | "graphic" | "def" | "term" | "colgroup" | "col" | "mi" | "mn" | "mo" | "mtext" | "ms" | "mrow" | "mstyle"
        | "mspace" | "mpadded" | "mphantom" | "menclose" | "mfenced" | "mtable" | "mtr" | "mtd" | "mprescripts" | "none" | "merror"
        | "semantics" => Effect::Inline,
        _ => return None,
    })
}
