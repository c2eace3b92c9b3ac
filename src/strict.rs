//! Conditions that keep strict mode's promise. Handlebars' own `if`, `unless`, `or` and `and` take an
//! unknown variable for a false one, so that a misspelt condition would hide a part of a page for ever.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, JsonValue, Output, PathAndJson, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};

/// Replaces the built-in conditions of `registry`. Like those, they take zero, empty texts and empty
/// lists for false; unlike them, a variable that does not exist is an error.
pub fn register(registry: &mut Handlebars<'_>) {
    registry.register_helper("if", Box::new(Branch { name: "if", when: true }));
    registry.register_helper("unless", Box::new(Branch { name: "unless", when: false }));
    registry.register_helper("or", Box::new(Join { ends_at: true }));
    registry.register_helper("and", Box::new(Join { ends_at: false }));
}

fn is_true(param: &PathAndJson<'_>) -> Result<bool, RenderError> {
    if param.is_value_missing() {
        return Err(RenderError::strict_error(param.relative_path()));
    }
    Ok(param.value().is_truthy(false))
}

/// `{{#if a}}…{{else}}…{{/if}}`.
struct Branch {
    name: &'static str,
    when: bool,
}

impl HelperDef for Branch {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let param = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex(self.name, 0))?;
        let branch = if is_true(param)? == self.when { helper.template() } else { helper.inverse() };
        branch.map_or(Ok(()), |template| template.render(registry, context, state, out))
    }
}

/// `(or a b …)`, true as soon as one is; `(and a b …)`, false as soon as one is.
struct Join {
    ends_at: bool,
}

impl HelperDef for Join {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        // All are looked at, so that a misspelt one is found whatever the others say.
        let values = helper.params().iter().map(is_true).collect::<Result<Vec<bool>, _>>()?;
        let result = if values.contains(&self.ends_at) { self.ends_at } else { !self.ends_at };
        Ok(ScopedJson::Derived(JsonValue::Bool(result)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_choose_as_the_built_in_ones_do() {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        let data = json!({"yes": "x", "no": "", "none": null, "zero": 0, "empty": [], "list": [1]});
        let cases = [
            "{{#if yes}}A{{else}}B{{/if}}",
            "{{#if no}}A{{/if}}",
            "{{#if none}}A{{else if yes}}B{{else}}C{{/if}}",
            "{{#unless zero}}A{{else}}B{{/unless}}",
            "{{#if empty}}A{{else}}B{{/if}}{{#if list}}A{{/if}}",
            "{{#if (or no none zero)}}A{{else}}B{{/if}}{{#if (or no yes)}}A{{/if}}",
            "{{#if (and yes list)}}A{{else}}B{{/if}}{{#if (and yes no)}}A{{/if}}",
            "{{#if (and yes (or no list))}}A{{else}}B{{/if}}",
        ];
        let built_in = cases.map(|case| registry.render_template(case, &data).unwrap());
        register(&mut registry);
        assert_eq!(cases.map(|case| registry.render_template(case, &data).unwrap()), built_in);
        assert_eq!(built_in, ["A", "", "B", "A", "BA", "BA", "A", "A"]);
    }

    #[test]
    fn a_misspelt_condition_is_an_error() {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        register(&mut registry);
        let data = json!({"yes": true, "page": {}});
        for case in [
            "{{#if yse}}{{/if}}",
            "{{#unless page.yse}}{{/unless}}",
            "{{#if (or yes yse)}}{{/if}}",
            "{{#if (and yse yes)}}{{/if}}",
            "{{#if}}{{/if}}",
        ] {
            assert!(registry.render_template(case, &data).is_err(), "{case}");
        }
    }
}
