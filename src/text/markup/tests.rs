use proptest::prelude::*;

use super::*;
use crate::text::{one_line, tex_to_unicode};

fn check(markup: &str, expect: &str) {
    assert_eq!(one_line(&markup_to_text(markup)), expect, "{markup:?}");
}

#[test]
fn inline_markup_goes_and_its_text_stays() {
    check("A <i>nice</i> <b class='x>y'>title</b>", "A nice title");
    check("Effects of H<sub>2</sub>O on 10<sup>-3</sup> M", "Effects of H₂O on 10⁻³ M");
    check("Lark<SUP>+/-</SUP> mice", "Lark^(+/-) mice");
    check("<a href=\"https://example.org/?a>b\">here</a>", "here");
}

#[test]
fn blocks_are_set_apart_and_headings_named() {
    check("<p>One.</p><p>Two.</p>", "One. Two.");
    check("One<br/>two<BR>three", "One two three");
    check("<ul><li>one<li>two</ul>", "one two");
    check(
        "<jats:title>Abstract</jats:title><jats:sec><jats:title>Methods</jats:title><jats:p>We sang.</jats:p></jats:sec>",
        "Methods: We sang.",
    );
    check("<h3>Aim?</h3><p>Yes.</p>", "Aim? Yes.");
}

#[test]
fn what_is_not_for_reading_is_left_out() {
    check("a<script>alert('<p>')</script>b<style>p{}</style>c<!-- d -->e<?php x ?>f", "abcef");
    check("a<script>never closed", "a");
    check("<![CDATA[kept & whole]]>", "kept & whole");
    check("<!DOCTYPE html><html><head><title>t</title></head><body>b</body></html>", "b");
}

#[test]
fn entities_are_read_once() {
    check("a &amp; b &lt;i&gt; &eacute;&#233;&#xE9; &nbsp;x", "a & b <i> ééé x");
    check("&amp;lt;", "&lt;");
    check("&#150;&#x93;", "–“");
    check("AT&T; R&D &unknown; &", "AT&T; R&D &unknown; &");
    check("&#1114112;&#xD800;", "&#1114112;&#xD800;");
}

#[test]
fn what_only_looks_like_markup_is_text() {
    check("p<0.05 and p <0.01 > x", "p<0.05 and p <0.01 > x");
    check("the <think> token", "the <think> token");
    check("if a<b and c>d", "if a<b and c>d");
    check("a < b <", "a < b <");
    check("$x<y$ and $i<j$", "$x<y$ and $i<j$");
}

#[test]
fn formulas_are_put_on_the_line() {
    check("<mml:math> <mml:msup>\n <mml:mi>x</mml:mi>\n <mml:mn>2</mml:mn> </mml:msup></mml:math>", "x²");
    check(
        "<mml:math><mml:mmultiscripts><mml:mrow><mml:mi>He</mml:mi></mml:mrow><mml:mprescripts/><mml:none/><mml:mn>3</mml:mn></mml:mmultiscripts></mml:math>",
        "³He",
    );
    check("<math><mfrac><mn>1</mn><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math>", "1/(n+1)");
    check("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup><mo>=</mo><msqrt><mi>y</mi></msqrt></math>", "xᵢ²=√y");
    let both = r"<jats:alternatives><jats:tex-math>\documentclass{minimal}\begin{document}$$n^2$$\end{document}</jats:tex-math><mml:math><mml:mi>n</mml:mi></mml:math></jats:alternatives>.";
    assert_eq!(tex_to_unicode(&markup_to_text(both)), "n².");
}

proptest! {
    #[test]
    fn any_text_is_shown_in_no_more_than_a_few_times_its_length(
        text in r"(<(/)?(p|sub|sup|mml:msup|mfrac|mi|title|x|alternatives)( a='b')?/?>|&(amp|lt|#1|x)?;?|[a-z<>&/!\[\]é ]){0,60}",
    ) {
        let shown = markup_to_text(&text);
        prop_assert!(shown.len() <= 8 * text.len() + 8);
    }

    #[test]
    fn text_without_markup_stays(text in "[^<&]*") {
        prop_assert_eq!(markup_to_text(&text), text);
    }
}
