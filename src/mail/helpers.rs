//! What the templates of mails can say besides Handlebars' own words.

use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperResult, JsonTruthy, JsonValue, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, StringOutput,
};

use super::text::wrap;

/// Columns of the text part: what terminals and quoting leave room for.
const TEXT_COLUMNS: usize = 76;

/// Adds them to `registry`.
pub fn register(registry: &mut Handlebars<'_>) {
    registry.register_helper("wrap", Box::new(wrapped));
    registry.register_helper("cards", Box::new(cards));
    registry.register_helper("spans", Box::new(spans));
}

/// `{{#wrap indent="  "}}…{{/wrap}}`: its contents as one paragraph of `TEXT_COLUMNS`.
fn wrapped<'reg, 'rc>(
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let contents = inner(helper, registry, context, state)?;
    let indent = helper.hash_get("indent").and_then(|indent| indent.value().as_str()).unwrap_or_default();
    out.write(&wrap(&contents, indent, TEXT_COLUMNS))?;
    Ok(())
}

/// `{{#cards papers numbered=true}}…{{/cards}}`: the card of each paper on lines of its own, its contents between each two.
/// What `{{#each papers}}` would print, at a fraction of its cost: it is most of a digest's.
fn cards<'reg, 'rc>(
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let papers = list(helper, "cards")?;
    let numbered = helper.hash_get("numbered").is_some_and(|numbered| numbered.value().is_truthy(false));
    let between = inner(helper, registry, context, state)?;
    for (place, paper) in papers.iter().enumerate() {
        if place > 0 {
            out.write(&between)?;
        }
        if numbered {
            out.write_fmt(format_args!("{}. ", paper["number"]))?;
        }
        out.write(paper["card"].as_str().unwrap_or_default())?;
        out.write("\n")?;
    }
    Ok(())
}

/// `{{#spans title}}<b>{{this}}</b>{{/spans}}`: a text in pieces, each that is marked as the block prints it.
fn spans<'reg, 'rc>(
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    for piece in list(helper, "spans")? {
        let text = &piece["text"];
        match helper.template() {
            Some(marked) if piece["marked"].is_truthy(false) => {
                let mut block = BlockContext::new();
                block.set_base_value(text.clone());
                state.push_block(block);
                let printed = marked.render(registry, context, state, out);
                state.pop_block();
                printed?;
            }
            _ => out.write(&registry.get_escape_fn()(text.as_str().unwrap_or_default()))?,
        }
    }
    Ok(())
}

/// The first parameter of the helper `name`.
fn list<'a>(helper: &'a Helper<'_>, name: &'static str) -> Result<&'a Vec<JsonValue>, RenderError> {
    let list = helper.param(0).and_then(|list| list.value().as_array());
    list.ok_or_else(|| RenderErrorReason::ParamTypeMismatchForName(name, "0".to_owned(), "list".to_owned()).into())
}

/// What stands in a block.
fn inner<'reg, 'rc>(
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
) -> Result<String, handlebars::RenderError> {
    let mut contents = StringOutput::new();
    if let Some(template) = helper.template() {
        template.render(registry, context, state, &mut contents)?;
    }
    Ok(contents.into_string()?)
}
