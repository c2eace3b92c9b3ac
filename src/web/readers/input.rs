//! From what was typed to what is meant, or to the same form with its errors. Pure.

use chrono_tz::Tz;

use crate::address::EmailAddress;
use crate::filter::{Filter, MAX_FILTER_NAME, NamedFilter};
use crate::schedule::{Hour, ReaderSchedule, Weekdays, parse_zone};
use crate::subscriber::{MAX_FILTERS, Preferences, SignUp};
use crate::text;
use crate::web::Web;
use crate::web::form::Fields;
use crate::web::view::{
    FilterProblem, FilterRow, LIMITS, PreferencesPage, RankingChoice, SubscribeForm, TextField, WeekdayChoice, WhenFields,
};

/// What a visitor wants, or the form again.
pub(super) fn sign_up(web: &Web, fields: &Fields) -> Result<SignUp, Box<SubscribeForm>> {
    let site = &web.app.config.site;
    let (address, keywords) = (shortened(fields.text("address"), LIMITS.address), shortened(fields.text("keywords"), LIMITS.keywords));
    let mut form = SubscribeForm {
        address: TextField::new(address.clone()),
        keywords: TextField::new(keywords.clone()),
        ..super::papers::empty_form(web)
    };
    let parsed = EmailAddress::parse(&address);
    form.address.error = parsed.as_ref().err().map(ToString::to_string);
    if fields.text("keywords").chars().count() > LIMITS.keywords {
        form.keywords.error = Some(format!("At most {} characters, please; more filters can be added later.", LIMITS.keywords));
    }
    let lines: Vec<(usize, &str)> =
        keywords.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty()).map(|(line, number)| (number, line)).collect();
    if lines.len() > MAX_FILTERS {
        form.keywords.error = Some(format!("At most {MAX_FILTERS} filters, please; one filter can hold many alternatives."));
    }
    form.problems = lines.iter().filter_map(|(number, line)| problem(Some(*number), line)).collect();
    let (when, schedule) = when(fields, site.hour, site.time_zone);
    form.when = when;
    match (parsed, schedule) {
        (Ok(address), Some((zone, hour))) if !form.has_errors() => {
            Ok(SignUp { address, queries: lines.into_iter().map(|(_, line)| line.to_owned()).collect(), zone, hour })
        }
        _ => Err(Box::new(form)),
    }
}

/// Hour and zone; empty ones are the operator's.
fn when(fields: &Fields, hour: Hour, zone: Tz) -> (WhenFields, Option<(Tz, Hour)>) {
    let (typed_hour, typed_zone) = (fields.text("hour"), shortened(fields.text("zone"), LIMITS.zone));
    let parsed_zone = if typed_zone.is_empty() { Ok(zone) } else { parse_zone(&typed_zone) };
    let parsed_hour = if typed_hour.is_empty() { Some(hour) } else { typed_hour.parse().ok() };
    let shown_zone = if typed_zone.is_empty() { zone.name().to_owned() } else { typed_zone };
    let mut form = WhenFields::chosen(parsed_hour.unwrap_or(hour).get(), shown_zone);
    if parsed_hour.is_none() {
        form = form.with_hour_error("Choose an hour from 0 to 23.");
    }
    if let Err(error) = &parsed_zone {
        form = form.with_zone_error(error.to_string());
    }
    (form, parsed_zone.ok().zip(parsed_hour))
}

fn problem(line: Option<usize>, query: &str) -> Option<FilterProblem> {
    if query.chars().count() > LIMITS.filter_query {
        return Some(FilterProblem::new(line, &shortened(query, 60), 0..0, format!("At most {} characters, please.", LIMITS.filter_query)));
    }
    Some(FilterProblem::of(line, query, &Filter::parse(query).err()?))
}

/// What is shown again of an input that is too long.
fn shortened(text: &str, max_chars: usize) -> String {
    text.chars().take(max_chars + 1).collect()
}

/// The page as typed, with its errors, and what the reader wants if there are none.
pub(super) fn preferences(fields: &Fields, known: Preferences, blank: PreferencesPage) -> (PreferencesPage, Option<Preferences>) {
    let (rows, filters, filters_error) = filters(fields);
    let (when, schedule) = when(fields, known.schedule.hour, known.schedule.zone);
    let ticked = fields.all("weekday").collect::<Vec<_>>().join(",");
    let weekdays = Weekdays::parse(&ticked).ok();
    let typed_max = shortened(fields.text("max_papers"), 10);
    let max_papers = typed_max.parse::<u8>().ok().filter(|max| (1..=100).contains(max));
    // Operators' own templates may not have it.
    let ranking = fields.text("ranking").parse().unwrap_or(known.ranking);
    let (paused, send_when_empty) = (fields.ticked("paused"), fields.ticked("send_when_empty"));
    let page = PreferencesPage {
        filters_error,
        when,
        weekdays: WeekdayChoice::week(&weekdays.map(|days| days.iter().collect::<Vec<_>>()).unwrap_or_default()),
        weekdays_error: weekdays.is_none().then(|| "Tick at least one day, or pause instead.".to_owned()),
        max_papers: TextField { value: typed_max, error: max_papers.is_none().then(|| "Give a number from 1 to 100.".to_owned()) },
        rankings: RankingChoice::all(ranking),
        send_when_empty,
        paused,
        filters: rows,
        ..blank
    };
    let field_errors = [page.filters_error.is_some(), schedule.is_none(), weekdays.is_none(), max_papers.is_none()];
    let row_errors = page.filters.iter().filter(|row| row.problem.is_some() || row.name.error.is_some()).count();
    let errors = row_errors + field_errors.iter().filter(|wrong| **wrong).count();
    let wanted = match (schedule, weekdays, max_papers) {
        (Some((zone, hour)), Some(weekdays), Some(max_papers)) if errors == 0 => {
            let schedule = ReaderSchedule { zone, hour, weekdays };
            Some(Preferences { filters, schedule, paused, max_papers, ranking, send_when_empty, ..known })
        }
        _ => None,
    };
    (PreferencesPage { errors, ..page }, wanted)
}

/// The rows as typed, with their errors; the filters they mean; what is wrong with all of them.
fn filters(fields: &Fields) -> (Vec<FilterRow>, Vec<NamedFilter>, Option<String>) {
    let removed: Vec<usize> = fields.all("filter_remove").filter_map(|index| index.parse().ok()).collect();
    let names = fields.all("filter_name").chain(std::iter::repeat(""));
    let (mut rows, mut filters): (Vec<FilterRow>, Vec<NamedFilter>) = (Vec::new(), Vec::new());
    for (index, (query, name)) in fields.all("filter_query").zip(names).enumerate() {
        let (query, name) = (query.trim(), text::one_line(name));
        if query.is_empty() && name.is_empty() {
            continue;
        }
        let mut row = FilterRow::new(rows.len(), name.clone(), shortened(query, LIMITS.filter_query));
        row.remove = removed.contains(&index);
        if !row.remove {
            row.problem = problem(None, query);
            if name.chars().count() > MAX_FILTER_NAME {
                row.name.error = Some(format!("At most {MAX_FILTER_NAME} characters, please."));
            }
            let unnamed = NamedFilter::from_query(query);
            filters.push(if name.is_empty() { unnamed } else { NamedFilter { name, ..unnamed } });
        }
        rows.push(row);
    }
    let too_many =
        (filters.len() > MAX_FILTERS).then(|| format!("At most {MAX_FILTERS} filters, please; one filter can hold many alternatives."));
    rows.truncate(MAX_FILTERS);
    rows.push(FilterRow::empty(rows.len()));
    (rows, filters, too_many)
}
