//! Names of TeX and LaTeX commands that stand for one character.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a symbol behaves beside its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Letters of natural languages (`\ss`): TeX swallows the space that ends their name.
    Letter,
    /// Greek letters, brackets, dots, big operators: set tight.
    Ordinary,
    /// Relations, arrows and binary operators: a space on either side in formulas.
    Spaced,
}

const LETTERS: &str = "
    ss ß SS ẞ o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ imath ı jmath ȷ th þ TH Þ dh ð DH Ð dj đ DJ Đ ng ŋ NG Ŋ eth ð";

const ORDINARY: &str = "
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ lambda λ mu μ
    nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω digamma ϝ
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varUpsilon Υ varPhi Φ varPsi Ψ varOmega Ω
    N ℕ Z ℤ Q ℚ R ℝ C ℂ
    aleph ℵ beth ℶ gimel ℷ daleth ℸ ell ℓ hbar ℏ hslash ℏ Re ℜ Im ℑ wp ℘ partial ∂ nabla ∇ infty ∞ emptyset ∅ varnothing ∅
    forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ measuredangle ∡ triangle △ square □ Box □ blacksquare ■
    qed □ Diamond ◇ bigstar ★ complement ∁ Bbbk 𝕜
    sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ bigvee ⋁ bigwedge ⋀
    bigsqcup ⨆ biguplus ⨄ surd √
    ldots … dots … dotsc … dotso … textellipsis … cdots ⋯ dotsb ⋯ dotsm ⋯ dotsi ⋯ vdots ⋮ ddots ⋱
    langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ lbrace { rbrace } lbrack [ rbrack ] vert | lvert | rvert | Vert ‖ lVert ‖
    rVert ‖ llbracket ⟦ rrbracket ⟧ ulcorner ⌜ urcorner ⌝ llcorner ⌞ lrcorner ⌟ prime ′ backprime ‵ backslash \\ slash /
    flat ♭ natural ♮ sharp ♯ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ checkmark ✓ maltese ✠ cmark ✓ xmark ✗
    dag † dagger † ddag ‡ ddagger ‡ S § P ¶ copyright © circledR ® textregistered ® texttrademark ™ texttimes × pounds £ textsterling £
    euro € texteuro € yen ¥ textyen ¥ cent ¢ textcent ¢ textdollar $ dollar $ deg ° degree ° textdegree ° celsius °C
    textmu µ micro µ ohm Ω permil ‰ textperthousand ‰ textonehalf ½ textonequarter ¼ textthreequarters ¾ textordfeminine ª textordmasculine º
    textquotedblleft “ textquotedblright ” textquoteleft ‘ textquoteright ’ textquotesingle ' textquotedbl \" quotedblbase „ quotesinglbase ‚
    guillemotleft « guillemotright » guillemetleft « guillemetright » guilsinglleft ‹ guilsinglright › textendash – textemdash —
    textbackslash \\ textbar | textless < textgreater > textasciitilde ~ textasciicircum ^ textunderscore _ textbraceleft { textbraceright }
    textbullet • textperiodcentered · textasteriskcentered * textvisiblespace ␣ lq ‘ rq ’ ast * lt < gt > exclamdown ¡ questiondown ¿
    LaTeX LaTeX TeX TeX BibTeX BibTeX";

const SPACED: &str = "
    colon : le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ ll ≪ gg ≫ lll ⋘ ggg ⋙ lesssim ≲ gtrsim ≳ lessgtr ≶ gtrless ≷ nleq ≰ ngeq ≱
    sim ∼ nsim ≁ simeq ≃ approx ≈ approxeq ≊ cong ≅ ncong ≇ equiv ≡ doteq ≐ triangleq ≜ coloneqq ≔ coloneq ≔ eqqcolon ≕ asymp ≍ propto ∝ varpropto ∝
    prec ≺ preceq ⪯ succ ≻ succeq ⪰ preccurlyeq ≼ succcurlyeq ≽ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ subsetneq ⊊ nsubseteq ⊈ supset ⊃ supseteq ⊇
    supsetneq ⊋ Subset ⋐ Supset ⋑ sqsubset ⊏ sqsubseteq ⊑ sqsupset ⊐ sqsupseteq ⊒ mid | nmid ∤ parallel ∥ nparallel ∦ perp ⊥ indep ⫫ models ⊨ vDash ⊨
    vdash ⊢ dashv ⊣ Vdash ⊩ bowtie ⋈ smile ⌣ frown ⌢ therefore ∴ because ∵
    to → rightarrow → longrightarrow ⟶ leftarrow ← gets ← longleftarrow ⟵ leftrightarrow ↔ longleftrightarrow ⟷ Rightarrow ⇒ Longrightarrow ⟹
    implies ⟹ Leftarrow ⇐ Longleftarrow ⟸ Leftrightarrow ⇔ Longleftrightarrow ⟺ iff ⟺ mapsto ↦ longmapsto ⟼ hookrightarrow ↪ hookleftarrow ↩
    twoheadrightarrow ↠ rightarrowtail ↣ rightsquigarrow ⇝ leadsto ⇝ rightharpoonup ⇀ rightleftharpoons ⇌ nrightarrow ↛ rightrightarrows ⇉
    uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ textrightarrow → textuparrow ↑ textdownarrow ↓
    upharpoonright ↾ restriction ↾ circlearrowleft ↺ circlearrowright ↻
    pm ± mp ∓ textpm ± times × div ÷ cdot · cdotp · bullet ∙ circ ∘ star ⋆ diamond ⋄ cup ∪ cap ∩ sqcup ⊔ sqcap ⊓ uplus ⊎ vee ∨ lor ∨ wedge ∧ land ∧
    oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ boxtimes ⊠ boxplus ⊞ boxdot ⊡ setminus ∖ smallsetminus ∖ wr ≀ amalg ⨿ ltimes ⋉ rtimes ⋊ bowtie ⋈
    triangleleft ◁ triangleright ▷ trianglelefteq ⊴ trianglerighteq ⊵ unlhd ⊴ lhd ◁ rhd ▷ bigtriangleup △ bigtriangledown ▽ barwedge ⊼ veebar ⊻";

static SYMBOLS: LazyLock<HashMap<&str, (&str, Class)>> = LazyLock::new(|| {
    let mut symbols = HashMap::new();
    for (table, class) in [(LETTERS, Class::Letter), (ORDINARY, Class::Ordinary), (SPACED, Class::Spaced)] {
        let mut words = table.split_whitespace();
        while let (Some(name), Some(text)) = (words.next(), words.next()) {
            symbols.insert(name, (text, class));
        }
    }
    symbols
});

/// The character that `\name` stands for, with the room it takes.
pub(super) fn symbol(name: &str) -> Option<(&'static str, Class)> {
    SYMBOLS.get(name).copied()
}

/// The combining character that the accent command `\name` puts on its argument.
pub(super) fn accent(name: &str, in_formula: bool) -> Option<char> {
    Some(match name {
        "`" | "grave" => '\u{300}',
        "'" | "acute" => '\u{301}',
        "^" | "hat" | "widehat" => '\u{302}',
        "~" | "tilde" | "widetilde" => '\u{303}',
        "=" | "bar" | "overline" => '\u{304}',
        "." | "dot" => '\u{307}',
        "\"" | "ddot" => '\u{308}',
        "breve" => '\u{306}',
        "check" | "widecheck" => '\u{30C}',
        "mathring" => '\u{30A}',
        "vec" | "overrightarrow" => '\u{20D7}',
        // One-letter names are accents in prose; in formulas they are the authors' own macros.
        _ if in_formula => return None,
        "u" => '\u{306}',
        "v" => '\u{30C}',
        "H" => '\u{30B}',
        "r" => '\u{30A}',
        "c" => '\u{327}',
        "k" => '\u{328}',
        "d" => '\u{323}',
        "b" => '\u{331}',
        "t" => '\u{361}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_spelled_in_letters_and_has_a_text() {
        for table in [LETTERS, ORDINARY, SPACED] {
            let words: Vec<&str> = table.split_whitespace().collect();
            assert_eq!(words.len() % 2, 0);
            for pair in words.chunks(2) {
                assert!(pair[0].bytes().all(|b| b.is_ascii_alphabetic()), "{pair:?}");
            }
        }
        assert_eq!(symbol("leq"), Some(("≤", Class::Spaced)));
        assert_eq!(symbol("omega"), Some(("ω", Class::Ordinary)));
        assert_eq!(symbol("nosuchname"), None);
    }
}
