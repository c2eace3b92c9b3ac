//! What the templates of mails can say besides Handlebars' own words.

use handlebars::{
    Context, Handlebars, Helper, HelperResult, JsonTruthy, Output, RenderContext, RenderErrorReason, Renderable, StringOutput,
};

use super::text::wrap;

/// Columns of the text part: what terminals and quoting leave room for.
const TEXT_COLUMNS: usize = 76;

/// Adds them to `registry`.
pub fn register(registry: &mut Handlebars<'_>) {
    registry.register_helper("wrap", Box::new(wrapped));
    registry.register_helper("cards", Box::new(cards));
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
    let papers = helper.param(0).and_then(|papers| papers.value().as_array());
    let papers = papers.ok_or_else(|| RenderErrorReason::ParamTypeMismatchForName("cards", "papers".to_owned(), "list".to_owned()))?;
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
