//! What each command of TeX and LaTeX does to the text.

use super::glyphs::{self, Alphabet};
use super::symbols::{self, Class};
use super::{Mode, Walk};

/// Environments that hold a formula without dollar signs; each also has a starred form.
const FORMULAS: [&str; 7] = ["equation", "align", "eqnarray", "gather", "multline", "displaymath", "math"];

impl Walk<'_> {
    /// Consumes a backslash and what it governs.
    pub(super) fn command(&mut self) {
        let after = &self.rest()[1..];
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let length = if letters > 0 { letters } else { after.chars().next().map_or(0, char::len_utf8) };
        let name = &after[..length];
        self.at += 1 + length;
        if letters == 0 {
            self.control_symbol(name);
        } else if !self.structure(name) && !self.style(name) {
            self.named(name);
        }
    }

    /// A command of one sign: an escaped character, a space, a math delimiter or an accent.
    fn control_symbol(&mut self, name: &str) {
        match name {
            "%" | "&" | "$" | "#" | "_" | "{" | "}" | "*" => self.out.push_str(name),
            "," | ";" | ":" | ">" | "\\" => self.space_once(),
            "!" | "/" | "-" | "@" => {}
            "(" | "[" => self.mode = if self.in_text() { Mode::Formula } else { self.mode },
            ")" | "]" => self.mode = if self.mode == Mode::Formula { Mode::Text } else { self.mode },
            "|" => self.out.push('‖'),
            _ if name.starts_with(char::is_whitespace) => self.space_once(),
            _ => match symbols::accent(name, !self.in_text()) {
                Some(mark) => self.accent(name, mark),
                None => self.out.extend(["\\", name]),
            },
        }
    }

    fn space_once(&mut self) {
        if !self.out.ends_with(' ') && self.mode != Mode::Script {
            self.out.push(' ');
        }
    }

    /// Puts an accent on the argument. A quote that was merely escaped (`don\'t`, `\"so\"`) stays a quote.
    fn accent(&mut self, name: &str, mark: char) {
        let is_quote = matches!(name, "'" | "\"" | "`");
        let is_sign = !name.starts_with(char::is_alphabetic);
        let opens_group = self.depth > 0 && self.out.is_empty();
        let stands_alone = is_sign && !opens_group && self.next_char().is_none_or(char::is_whitespace);
        if self.in_text() && (stands_alone || is_quote && self.is_escaped_quote(name)) {
            return self.out.push_str(name);
        }
        let argument = self.argument(self.mode);
        let is_wide = name.len() > 1 && argument.chars().count() > 1;
        if is_wide {
            self.out.push_str(&argument);
        } else if argument.starts_with(char::is_alphabetic) || !self.in_text() {
            self.out.push_str(&glyphs::accented(&argument, mark));
        } else {
            self.out.push_str(if is_sign { name } else { "" });
            self.out.push_str(&argument);
        }
    }

    fn is_escaped_quote(&self, name: &str) -> bool {
        let mut chars = self.rest().trim_start().chars();
        let (Some(first), second) = (chars.next(), chars.next()) else { return true };
        let ends_word = !second.is_some_and(char::is_alphanumeric);
        match first {
            '{' | '\\' => false,
            _ if name == "\"" => !"aeiouyAEIOUY".contains(first),
            's' if ends_word && self.last_char().is_some_and(char::is_alphanumeric) => true,
            _ => {
                !first.is_alphabetic()
                    || glyphs::accented(&first.to_string(), if name == "'" { '\u{301}' } else { '\u{300}' }).chars().count() > 1
            }
        }
    }

    /// Commands with arguments of their own; `false` if `name` is none of them.
    fn structure(&mut self, name: &str) -> bool {
        match name {
            "frac" | "dfrac" | "tfrac" | "cfrac" | "nicefrac" | "sfrac" => {
                let (above, below) = (self.argument(self.inner_mode()), self.argument(self.inner_mode()));
                self.out.push_str(&format!("{}/{}", in_parentheses(&above), in_parentheses(&below)));
            }
            "over" | "atop" => self.out.truncate(self.out.trim_end().len()),
            "sqrt" => {
                let degree = self.option().map(|span| self.source.render(span, Mode::Script, self.depth + 1)).unwrap_or_default();
                let radicand = self.argument(self.inner_mode());
                self.out.push_str(&format!("{}√{}", glyphs::script('^', &degree), in_parentheses(&radicand)));
            }
            "binom" | "tbinom" | "dbinom" => {
                let (n, k) = (self.argument(self.inner_mode()), self.argument(self.inner_mode()));
                self.out.push_str(&format!("({n} choose {k})"));
            }
            "pmod" => {
                let modulus = self.argument(self.mode);
                self.space_once();
                self.out.push_str(&format!("(mod {modulus})"));
            }
            "stackrel" | "overset" | "underset" => {
                let (small, base) = (self.argument(Mode::Script), self.argument(self.mode));
                self.out.push_str(&base);
                self.out.push_str(&glyphs::script(if name == "underset" { '_' } else { '^' }, &small));
            }
            "textsuperscript" | "textsubscript" => {
                let argument = self.argument(Mode::Script);
                self.out.push_str(&glyphs::script(if name == "textsuperscript" { '^' } else { '_' }, &argument));
            }
            "not" => {
                let negated = self.argument(self.mode);
                self.skip_whitespace();
                self.relation(&glyphs::accented(negated.trim(), '\u{338}'));
            }
            "left" | "right" | "middle" => {
                self.skip_whitespace();
                self.at += usize::from(self.rest().starts_with('.'));
            }
            "begin" | "end" => self.environment(name),
            "unicode" | "symbol" => self.code_point(),
            _ => return self.reference(name),
        }
        if name == "over" {
            self.out.push('/');
            self.skip_whitespace();
        }
        true
    }

    fn inner_mode(&self) -> Mode {
        if self.mode == Mode::Script { Mode::Script } else { Mode::Formula }
    }

    /// Links, citations, notes, and what only concerns the printed page.
    fn reference(&mut self, name: &str) -> bool {
        match name {
            "href" | "hyperlink" => {
                let address = self.raw_argument();
                let shown = self.argument(self.mode);
                self.out.push_str(if shown.is_empty() { address } else { &shown });
            }
            "url" | "path" | "nolinkurl" => {
                let address = self.raw_argument().replace('\\', "");
                self.out.push_str(&address);
            }
            "cite" | "citep" | "citet" | "citealp" | "citeauthor" | "parencite" | "textcite" | "ref" | "eqref" | "cref" | "Cref"
            | "autoref" => {
                while self.option().is_some() {}
                let keys = self.raw_argument();
                self.out.extend(["[", keys, "]"]);
            }
            "footnote" | "thanks" => {
                let note = self.argument(Mode::Text);
                self.out.extend([" (", &note, ")"]);
            }
            "color" | "label" | "tag" | "hspace" | "vspace" | "phantom" | "hphantom" | "vphantom" | "includegraphics" | "footnotemark"
            | "cyr" => {
                self.at += usize::from(self.rest().starts_with('*'));
                self.option();
                self.raw_argument();
            }
            "textcolor" | "colorbox" => {
                self.option();
                self.raw_argument();
                self.contents(self.mode);
            }
            _ => return false,
        }
        true
    }

    /// Commands that change how text looks, which plain Unicode shows in few cases; `false` if `name` is none of them.
    fn style(&mut self, name: &str) -> bool {
        if let Some(alphabet) = Alphabet::of(name) {
            let argument = self.argument(self.mode);
            self.out.push_str(&alphabet.set(&argument));
            return true;
        }
        match name {
            "text" | "textrm" | "textnormal" | "mbox" | "hbox" | "makebox" | "fbox" => self.contents(Mode::Text),
            "emph" | "textbf" | "textit" | "texttt" | "textsc" | "textsf" | "textsl" | "textmd" | "textup" | "underline" | "uline"
            | "ul" | "mathrm" | "mathbf" | "mathsf" | "mathit" | "mathtt" | "mathnormal" | "mathop" | "mathbin" | "mathrel" | "mathord"
            | "mathopen" | "mathclose" | "boldsymbol" | "bm" | "bold" | "pmb" | "ensuremath" | "mathstrut" | "smash" | "ce"
            | "uppercase" | "lowercase" | "em" | "it" | "bf" | "rm" | "tt" | "sc" | "sf" | "sl" | "bfseries" | "itshape" | "ttfamily"
            | "scshape" | "sffamily" | "rmfamily" => self.contents(self.mode),
            "tiny" | "scriptsize" | "footnotesize" | "small" | "normalsize" | "large" | "Large" | "LARGE" | "huge" | "Huge" | "big"
            | "Big" | "bigg" | "Bigg" | "bigl" | "bigr" | "Bigl" | "Bigr" | "biggl" | "biggr" | "bigm" | "limits" | "nolimits"
            | "displaystyle" | "textstyle" | "scriptstyle" | "nonumber" | "notag" | "noindent" | "protect" | "relax" | "centering"
            | "null" | "hfill" | "allowbreak" | "strut" | "overbrace" | "underbrace" | "operatorname" => {
                self.at += usize::from(self.rest().starts_with('*'));
                self.contents(self.mode)
            }
            "quad" | "qquad" | "newline" | "linebreak" | "par" | "hskip" | "space" | "xspace" | "nobreakspace" | "thinspace"
            | "enspace" => self.space_once(),
            "item" => self.out.push('•'),
            _ => return false,
        }
        true
    }

    /// Goes on with the group that follows, without its braces, or with what follows the space after the name.
    fn contents(&mut self, mode: Mode) {
        self.skip_whitespace();
        if self.group_span().is_some() {
            let inside = self.argument(mode);
            self.out.push_str(&inside);
        }
    }

    /// A symbol, an accent, a function, or a macro of the authors, whose name is the best clue to its meaning.
    fn named(&mut self, name: &str) {
        if let Some(mark) = symbols::accent(name, !self.in_text()) {
            return self.accent(name, mark);
        }
        let Some((text, class)) = symbols::symbol(name) else { return self.unknown(name) };
        if self.rest().starts_with("{}") {
            self.at += 2;
        } else if !self.in_text() || class == Class::Letter {
            self.skip_whitespace();
        }
        match class {
            Class::Spaced => self.relation(text),
            Class::Letter | Class::Ordinary => self.out.push_str(text),
        }
    }

    /// A relation or operator, with room on either side where it has two.
    fn relation(&mut self, text: &str) {
        let is_unary = self.last_char().is_none_or(|c| matches!(c, '(' | '[' | '{' | ',' | '⟨'));
        let is_last = self.rest().trim_start().is_empty();
        if self.mode == Mode::Script || is_unary || is_last {
            return self.out.push_str(text);
        }
        if self.in_text() {
            // The space after the name was kept; one before it makes the pair.
            if self.next_char() == Some(' ') {
                self.space_once();
            }
            return self.out.push_str(text);
        }
        self.space_once();
        self.out.extend([text, " "]);
    }

    fn unknown(&mut self, name: &str) {
        let is_formula = self.mode == Mode::Formula;
        if is_formula && self.last_char().is_some_and(char::is_alphanumeric) {
            self.out.push(' ');
        }
        self.out.push_str(name);
        if self.group_span().is_some() {
            let argument = self.argument(self.mode);
            if !argument.is_empty() {
                self.out.extend([" ", &argument]);
            }
        } else if is_formula && self.next_char().is_some_and(|c| c.is_alphanumeric() || c == '\\') {
            self.out.push(' ');
        }
    }

    fn environment(&mut self, edge: &str) {
        let name = self.raw_argument().trim_end_matches('*');
        if name == "array" || name == "tabular" {
            self.raw_argument();
        }
        if FORMULAS.contains(&name) {
            self.mode = if edge == "begin" { Mode::Formula } else { Mode::Text };
        }
        self.space_once();
    }

    /// `\unicode{x2013}`: a code point by number.
    fn code_point(&mut self) {
        let number = self.raw_argument();
        let hexadecimal = number.strip_prefix(['x', '"']);
        let code = hexadecimal.map_or_else(|| number.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => self.out.push(c),
            None => self.out.push_str(number),
        }
    }
}

/// `text` as one operand of a fraction or root.
fn in_parentheses(text: &str) -> String {
    let is_one_operand = !text.contains(|c: char| c.is_whitespace() || "+-−±·×/=<>".contains(c));
    let is_call = text.ends_with(')')
        && text.find('(').is_some_and(|at| text[..at].chars().all(char::is_alphanumeric))
        && text.matches('(').count() == 1;
    if is_one_operand || is_call { text.to_owned() } else { format!("({text})") }
}
