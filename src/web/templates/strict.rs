//! `if` and `unless` that keep strict mode's promise. Handlebars' own take an unknown variable for a
//! false one, so that a misspelt condition would hide a part of a page for ever.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext, RenderError, RenderErrorReason, Renderable,
};

struct Condition {
    name: &'static str,
    holds_when: bool,
}

/// Replaces the built-in conditions of `registry`. Like those, they take zero and empty lists for
/// false; unlike them, a variable that does not exist is an error.
pub fn register(registry: &mut Handlebars<'_>) {
    for (name, holds_when) in [("if", true), ("unless", false)] {
        registry.register_helper(name, Box::new(Condition { name, holds_when }));
    }
}

impl HelperDef for Condition {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let value = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex(self.name, 0))?;
        if value.is_value_missing() {
            return Err(RenderError::strict_error(value.relative_path()));
        }
        let holds = value.value().is_truthy(false) == self.holds_when;
        let branch = if holds { helper.template() } else { helper.inverse() };
        branch.map_or(Ok(()), |template| template.render(registry, context, state, out))
    }
}
