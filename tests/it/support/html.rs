//! Just enough HTML to judge pages and mails: strict, so that nothing a stranger wrote passes for markup.

use std::collections::BTreeSet;

/// What our templates are made of.
const ELEMENTS: &str = "html head meta title link style script body a p div span br img nav main header footer section article aside h1 h2 h3 \
    ol ul li dl dt dd table tr td form label input textarea button select option datalist fieldset legend details summary time bdi code pre \
    mark strong small em svg desc rect figure thead tbody th";
const VOID: &str = "meta link br img input";
const ATTRIBUTES: &str = "accept-charset action align alt aria-describedby aria-hidden aria-invalid aria-label aria-labelledby \
    aria-current aria-roledescription autocapitalize autocomplete bgcolor border cellpadding cellspacing charset checked class content data-add-row data-preview \
    data-proposed data-row data-rows data-when datetime defer dir enterkeyhint for formaction formnovalidate height hidden href id inputmode lang list loading max maxlength method \
    min name open placeholder preserveAspectRatio rel required role rows scope selected spellcheck src style tabindex title type value viewBox width x y";

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Open(String, Vec<(String, String)>),
    Close(String),
    Text(String),
}

/// Checks that `html` holds no markup but what our templates write, properly nested, and no link that does more than
/// lead somewhere; gives its tokens.
///
/// # Panics
/// Where it does not, with the place.
pub fn checked(html: &str) -> Vec<Token> {
    assert!(!html.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')), "a control character");
    let tokens = tokens(html);
    let mut open: Vec<&str> = Vec::new();
    for token in &tokens {
        match token {
            Token::Open(name, attributes) => {
                assert!(is_listed(name, ELEMENTS), "<{name}> is none of our elements");
                attributes.iter().for_each(|(attribute, value)| check_attribute(name, attribute, value));
                if name == "script" {
                    assert!(attributes.iter().any(|(attribute, _)| attribute == "src"), "a script in the page");
                }
                if !is_listed(name, VOID) {
                    open.push(name);
                }
            }
            Token::Close(name) => assert_eq!(open.pop(), Some(name.as_str()), "the elements are not nested"),
            Token::Text(text) => assert!(open.last() != Some(&"script") || text.trim().is_empty(), "a script in the page"),
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "elements are left open");
    tokens
}

fn is_listed(name: &str, list: &str) -> bool {
    list.split_whitespace().any(|known| known == name)
}

fn check_attribute(element: &str, name: &str, value: &str) {
    assert!(is_listed(name, ATTRIBUTES), "{name}={value:?} of <{element}> is none of our attributes");
    if matches!(name, "href" | "src" | "action") {
        let own = value.starts_with('/') && !value.starts_with("//") || value.starts_with('#');
        let web = url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty());
        assert!(own || (web && name == "href"), "{name}={value:?} of <{element}>");
    }
}

fn tokens(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(after) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            tokens.push(Token::Text(unescaped(&rest[..end])));
            rest = &rest[end..];
            continue;
        };
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").expect("comments end").1;
        } else if let Some(doctype) = after.strip_prefix("!DOCTYPE html>") {
            rest = doctype;
        } else if let Some(closing) = after.strip_prefix('/') {
            let (name, behind) = closing.split_once('>').expect("tags end");
            tokens.push(Token::Close(name.to_owned()));
            rest = behind;
        } else {
            let (token, behind) = opening(after);
            rest = behind;
            let is_style = matches!(&token, Token::Open(name, _) if name == "style");
            tokens.push(token);
            if is_style {
                rest = &rest[rest.find("</style>").expect("styles end")..];
            }
        }
    }
    tokens
}

/// A tag from behind its `<`: a name, and attributes that are bare words or have their value in double quotes.
fn opening(text: &str) -> (Token, &str) {
    let name_end = text.find(|c: char| !c.is_ascii_alphanumeric()).expect("tags end");
    let (name, mut rest) = text.split_at(name_end);
    assert!(!name.is_empty(), "a bare < before {:?}", text.chars().take(40).collect::<String>());
    let mut attributes = Vec::new();
    loop {
        if let Some(behind) = rest.strip_prefix('>') {
            return (Token::Open(name.to_owned(), attributes), behind);
        }
        let trimmed = rest.trim_start();
        assert!(
            trimmed.len() < rest.len(),
            "attributes of <{name}> that run into each other: {:?}",
            rest.chars().take(40).collect::<String>()
        );
        let end = trimmed.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).expect("tags end");
        let attribute = trimmed[..end].to_owned();
        let (value, behind) = match trimmed[end..].strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').expect("quotes end"),
            None => ("", &trimmed[end..]),
        };
        assert!(!value.contains('<'), "an unescaped < in {attribute} of <{name}>");
        attributes.push((attribute, unescaped(value)));
        rest = behind;
    }
}

/// Resolves character references, of which only the numeric ones and those of markup are used.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let (reference, behind) = rest[at + 1..].split_once(';').unwrap_or_else(|| panic!("a bare & before {:?}", &rest[at..]));
        let named = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("nbsp", '\u{A0}')];
        let number = || match reference.strip_prefix("#x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => reference.strip_prefix('#')?.parse().ok(),
        };
        let found = named.iter().find(|(name, _)| *name == reference).map(|(_, c)| *c).or_else(|| char::from_u32(number()?));
        plain.push(found.unwrap_or_else(|| panic!("&{reference}; is no reference of ours")));
        rest = behind;
    }
    plain + rest
}

/// Every address a browser might follow or load.
pub fn links(tokens: &[Token]) -> BTreeSet<String> {
    let attributes = tokens.iter().filter_map(|token| if let Token::Open(_, attributes) = token { Some(attributes) } else { None });
    let addresses = attributes.flatten().filter(|(name, _)| matches!(name.as_str(), "href" | "src" | "action"));
    addresses.map(|(_, address)| address.clone()).collect()
}

/// What is to be read, in one line.
pub fn text(tokens: &[Token]) -> String {
    let texts = tokens.iter().filter_map(|token| if let Token::Text(text) = token { Some(text.as_str()) } else { None });
    texts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a browser sends when the form with this action is submitted as it stands.
pub fn form(tokens: &[Token], action: &str) -> Vec<(String, String)> {
    let is_start =
        |token: &Token| matches!(token, Token::Open(name, attributes) if name == "form" && value_of(attributes, "action") == Some(action));
    let start = tokens.iter().position(is_start).unwrap_or_else(|| panic!("no form goes to {action}"));
    let (mut fields, mut field) = (Vec::new(), String::new());
    for (at, token) in tokens.iter().enumerate().skip(start) {
        let Token::Open(element, attributes) = token else {
            if *token == Token::Close("form".to_owned()) {
                break;
            }
            continue;
        };
        let value = |name: &str| value_of(attributes, name).map(str::to_owned);
        match element.as_str() {
            "input" if value("type").as_deref() == Some("checkbox") && value("checked").is_none() => {}
            "input" => fields.push((value("name").unwrap(), value("value").unwrap_or_default())),
            "textarea" => match &tokens[at + 1] {
                Token::Text(text) => fields.push((value("name").unwrap(), text.strip_prefix('\n').unwrap_or(text).to_owned())),
                _ => fields.push((value("name").unwrap(), String::new())),
            },
            "select" => field = value("name").unwrap(),
            "option" if value("selected").is_some() => fields.push((field.clone(), value("value").unwrap())),
            _ => {}
        }
    }
    fields
}

fn value_of<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}
