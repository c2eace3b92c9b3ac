use proptest::prelude::*;

use super::*;

fn check(input: &str, expect: &str) {
    assert_eq!(tex_to_unicode(input), expect, "{input}");
}

#[test]
fn formulas_lose_their_dollar_signs() {
    check("Sorting in $O(n^2)$ time", "Sorting in O(n²) time");
    check(r"$\alpha$-divergence", "α-divergence");
    check(r"$$a \leq b$$", "a ≤ b");
    check(r"\(x_{ij}\) and \[y^{-1}\].", "xᵢⱼ and y⁻¹.");
    check(r"$k$-means, $n$th", "k-means, nth");
    check(r"$ \epsilon $-close", "ε-close");
    check(r"\begin{equation} a = b \end{equation} holds", " a = b  holds");
    check("$>$3%, 2023$/$24, $ f $", ">3%, 2023/24, f");
    check(r"$f\colon X \to Y$, $\sqrt[\infty]{X}$, $A^{(2)}_{2n-1}$, A^{(2)}_{2n-1}", "f : X → Y, ^∞√X, A⁽²⁾₂ₙ₋₁, A⁽²⁾₂ₙ₋₁");
    check("$", "$");
    check("$$", "$$");
}

#[test]
fn money_stays() {
    for text in [
        "$5 and $10",
        "costs $5",
        "US$5 to US$7.50",
        "$5-$10",
        "$1,000/month and $20",
        r"a $5 plan for model_name and $6",
        "$AAPL and $TSLA rose",
    ] {
        check(text, text);
    }
    check(r"\$5 and \$10", "$5 and $10");
    check(r"from \$5 to $x^2$", "from $5 to x²");
}

#[test]
fn accents_join_their_letters() {
    check(r"Poincar\'e and {\'e}, \'{e}, \'{\i}, {\'\i}", "Poincaré and é, é, í, í");
    check(r#"G\"odel, K\"{a}hler, Erd\H{o}s, Erd\H os"#, "Gödel, Kähler, Erdős, Erdős");
    check(r"\v{C}ech, Ho\v{r}ava, \c{C}a, \u{g}, \~n, \^o, \=a, \.z, \k{a}, \r{a}", "Čech, Hořava, Ça, ğ, ñ, ô, ā, ż, ą, å");
    check(r#"Stra\ss e, \O rsted, \L{}ukasz, {\AA}ngstr\"om, {\ae}"#, "Straße, Ørsted, Łukasz, Ångström, æ");
    check(r"\'Etale, \`a la, Pozna\'n", "Étale, à la, Poznań");
    check(r#"don\'t say \"this\" or it\'s"#, r#"don't say "this" or it's"#);
    check(r"$\hat{x}$, $\bar\beta$, $\tilde{xy}$, $\vec v$", "x̂, β̄, xy, v⃗");
}

#[test]
fn styles_leave_their_text() {
    check(r"\emph{very} \textbf{bold} {\it italic} {\em so} \texttt{code}", "very bold italic so code");
    check(
        r"$\mathcal{L}$, $\cal L$, $\mathbb{R}^n$, $\mathbb F_q$, $\mathfrak{g}$, $\mathbf{x}$, $\mathrm{SL}_2$",
        "ℒ, ℒ, ℝⁿ, 𝔽_q, 𝔤, x, SL₂",
    );
    check(r"$\text{if } x > 0$", "if x > 0");
    check(r"\textcolor{red}{warm} \href{https://example.org}{site} \url{https://example.org/a\_b}", "warm site https://example.org/a_b");
}

#[test]
fn formulas_read_as_plain_text() {
    check(r"$\frac{a}{b}$, $\frac12$, $\frac{n+1}{2}$, $\tfrac{\log n}{n}$", "a/b, 1/2, (n+1)/2, (log n)/n");
    check(r"$\sqrt{n}$, $\sqrt{n+1}$, $\sqrt[3]{n}$, $\sqrt 2$", "√n, √(n+1), ³√n, √2");
    check(r"$a\leq b\to\infty$, $\sim 10$, $3\times 4$, $2\times$, $\pm 1$, $a \pm b$", "a ≤ b → ∞, ∼10, 3 × 4, 2×, ±1, a ± b");
    check(r"$x^{1/2}$, $x^*$, $f'$, $90^\circ$, $x^\top y$, $x_\infty$, $\ell_p$", "x^(1/2), x*, f′, 90°, xᵀy, x_∞, ℓₚ");
    check(r"$O(n \log n)$, $n\log n$, $\max_{x} f$, $\mathop{\rm lim}$", "O(n log n), n log n, maxₓ f, lim");
    check(r"$\left(\frac{1}{2}\right)$, $\{0,1\}^n$, $\|x\|_2$, $x \not\in S$, $x \notin S$", "(1/2), {0,1}ⁿ, ‖x‖₂, x ∉ S, x ∉ S");
    check(r"$\operatorname{argmax}_i p$, $a \pmod{n}$, $\binom{n}{k}$, $a \over b$", "argmaxᵢ p, a (mod n), (n choose k), a/b");
    check(r"$^{13}$C, ${}^3$He, $\alpha\beta$, $\alpha x$", "¹³C, ³He, αβ, αx");
}

#[test]
fn commands_outside_formulas_are_shown_too() {
    check(r"\alpha particles, \leq 5, O(n^2), 10^{-3}, 10^-14 kg, x_{max}", "α particles, ≤ 5, O(n²), 10⁻³, 10⁻¹⁴ kg, xₘₐₓ");
    check(r"S^4\times S^3, Cr{\' e}mer", "S⁴ × S³, Crémer");
    check(r"50\% of A\&B, snake\_case, \#1, 360{\deg}, a\,b", "50% of A&B, snake_case, #1, 360°, a b");
    check(r"as shown~\cite{ann2025} in Fig.~2", "as shown [ann2025] in Fig. 2");
}

#[test]
fn unknown_commands_keep_their_name() {
    check(r"\ourmodel{} beats \method on \Bench.", "ourmodel beats method on Bench.");
    check(r"\foo{bar} $\Ext(A)$ $\rank A$", "foo bar Ext(A) rank A");
    check(r"ends in \", r"ends in \");
}

#[test]
fn dashes_quotes_and_ties_become_signs() {
    check("pages 3--7, a---b, word -- word", "pages 3–7, a—b, word – word");
    check("run with --help, -----", "run with --help, -----");
    check("``quotes'' and `single' ones, don't", "“quotes” and ‘single’ ones, don't");
    check("`code` and x'' and the US Air Force`s", "`code` and x'' and the US Air Force's");
    check("Smith~et al., ~10%, 5~10, a/~home", "Smith et al., ~10%, 5~10, a/~home");
    check("see https://example.org/~a/b--c_{d", "see https://example.org/~a/b--c_{d");
}

#[test]
fn braces_hold_words_but_stay_around_sets() {
    check("{BERT} and {Deep Learning}, 5{,}000 {Net360}", "BERT and Deep Learning, 5,000 Net360");
    for text in ["{-1, 0, 1}", "{x | x > 0}", "{\"a\": [1]}", "a } b { c"] {
        check(text, text);
    }
}

#[test]
fn plain_text_stays_as_it_is() {
    for text in [
        "Attention is all you need",
        "snake_case and f(x_i) ^_^",
        "don't -- ",
        "a^b",
        "C*-algebras & co.",
        "50% of #1",
        "“done” – ‘so’",
        "ˆ√ℝ²",
    ] {
        let expect = text.replace("--", "–");
        check(text, &expect);
    }
}

#[test]
fn hostile_nesting_takes_linear_time() {
    for unit in [
        "{", "}", "$", "$$", "\\", "^", "_{", "\\frac", "\\hat", "\\sqrt{", "$\\text{", "`", "``", "~", "{\\'", "\\(", "\\cite[", "$x",
        "\\left(", "^{^{}",
    ] {
        let small = tex_to_unicode(&unit.repeat(300));
        let large = tex_to_unicode(&unit.repeat(20_000));
        assert!(large.len() <= 20_000 * (unit.len() + 8), "{unit}");
        assert!(small.len() <= 300 * (unit.len() + 8), "{unit}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![any::<String>(), r"([\\${}^_~`' \[\]()a-z&é0-9-]|\\frac|\\'|\\hat|\\left|\\begin\{equation\}|\\not|\\cite|\\sqrt|\$\$){0,40}"]) {
        let shown = tex_to_unicode(&text);
        prop_assert!(shown.len() <= 8 * text.len() + 8);
    }

    #[test]
    fn words_without_markup_are_untouched(text in "[ A-Za-zäé0-9.,;:!?()\"'%#&*+=/<>@|-]{0,60}") {
        prop_assume!(!text.contains("--"));
        prop_assert_eq!(tex_to_unicode(&text), text);
    }
}
