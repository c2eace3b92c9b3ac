//! Why a reader got a mail on a day, or did not, and why each paper is in it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use crate::archive;
use crate::digest::{self, Content, StoredDigest};
use crate::filter::Filter;
use crate::filter::syntax::Field;
use crate::matching::highlights;
use crate::paper::Paper;
use crate::schedule::parse_zone;

/// The answer, in sentences.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The reader's own day.
    pub day: NaiveDate,
    /// What happened, in order.
    pub story: Vec<String>,
    /// The papers of the digest, in its order.
    pub papers: Vec<PaperWhy>,
}

/// Why a paper is in a digest.
#[derive(Debug, Clone, Serialize)]
pub struct PaperWhy {
    /// As the sources name it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why, in words.
    pub why: String,
    /// Whether the mail shows it, or only the web copy.
    pub shown: bool,
}

struct Reader {
    status: String,
    paused: bool,
    time_zone: String,
    next_due_at: Option<DateTime<Utc>>,
    confirmed_at: Option<DateTime<Utc>>,
    suppressed: Option<String>,
    filters: i64,
}

struct DigestRow {
    id: Uuid,
    kind: String,
    due_at: DateTime<Utc>,
    composed_at: DateTime<Utc>,
    after_batch: i64,
    through_batch: i64,
    arrived: i64,
    superseded_by: Option<Uuid>,
    mail_id: Option<Uuid>,
    state: Option<String>,
    held: Option<bool>,
    relay: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
}

struct Attempt {
    number: i32,
    ended_at: DateTime<Utc>,
    outcome: String,
    code: Option<i16>,
    note: String,
}

/// What `subscriber_id` got on `day`, or today, and why; none when there is no such reader.
pub async fn explain(db: &PgPool, now: DateTime<Utc>, subscriber_id: i64, day: Option<NaiveDate>) -> sqlx::Result<Option<Explanation>> {
    let reader = sqlx::query_as!(
        Reader,
        r#"select status, paused, time_zone, next_due_at, confirmed_at,
                  (select reason from suppression where suppression.address_key = subscriber.address_key) as suppressed,
                  (select count(*) from filter where subscriber_id = $1) as "filters!"
           from subscriber where id = $1"#,
        subscriber_id
    )
    .fetch_optional(db)
    .await?;
    let Some(reader) = reader else { return Ok(None) };
    let zone = parse_zone(&reader.time_zone).unwrap_or(chrono_tz::UTC);
    let day = day.unwrap_or_else(|| now.with_timezone(&zone).date_naive());
    let mut story = standing(&reader, now);
    let rows = digests(db, subscriber_id, day).await?;
    if rows.is_empty() {
        story.push(missing(&reader, now, day, now.with_timezone(&zone).date_naive()));
    }
    let mut papers = Vec::new();
    for row in &rows {
        let stored = digest::load(db, subscriber_id, row.id).await?;
        story.extend(told(row, stored.as_ref(), &reader));
        story.extend(attempts(db, subscriber_id, row).await?);
        if row.superseded_by.is_none() {
            papers.extend(whys(db, stored.map(|stored| stored.content).unwrap_or_default()).await?);
        }
    }
    Ok(Some(Explanation { day, story, papers }))
}

async fn digests(db: &PgPool, subscriber_id: i64, day: NaiveDate) -> sqlx::Result<Vec<DigestRow>> {
    sqlx::query_as!(
        DigestRow,
        r#"select d.id, d.kind, d.due_at, d.composed_at, d.after_batch, d.through_batch, d.superseded_by,
                  (select count(*) from arrival a where a.batch > d.after_batch and a.batch <= d.through_batch) as "arrived!",
                  m.id as "mail_id?", m.state as "state?", m.held as "held?", m.relay, m.next_attempt_at as "next_attempt_at?"
           from digest d left join mail m on m.subscriber_id = d.subscriber_id and m.digest_id = d.id
           where d.subscriber_id = $1 and d.day = $2 order by d.composed_at"#,
        subscriber_id,
        day
    )
    .fetch_all(db)
    .await
}

fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn standing(reader: &Reader, now: DateTime<Utc>) -> Vec<String> {
    let mut story = vec![match (reader.status.as_str(), reader.paused) {
        ("pending", _) => "The reader has not confirmed yet: no digests before that.".to_owned(),
        ("unsubscribed", _) => "The reader has left: no digests.".to_owned(),
        (_, true) => "The reader has paused: digests go on when they say so.".to_owned(),
        _ => match reader.next_due_at {
            Some(next) if next <= now => format!("The reader is subscribed; a digest has been due since {}.", moment(next)),
            Some(next) => format!("The reader is subscribed; the next digest is due {}.", moment(next)),
            None => "The reader is subscribed.".to_owned(),
        },
    }];
    if let Some(reason) = &reader.suppressed {
        story.push(format!("The address is suppressed ({reason}): it gets no mail, whoever asks."));
    }
    story
}

/// Why there is no digest on `day`.
fn missing(reader: &Reader, now: DateTime<Utc>, day: NaiveDate, today: NaiveDate) -> String {
    if reader.confirmed_at.is_none_or(|confirmed| confirmed.date_naive() > day + TimeDelta::days(1)) {
        return format!("No digest on {day}: the reader had not confirmed then.");
    }
    match reader.next_due_at {
        Some(next) if next <= now && day >= today => {
            "No digest yet: it is composed within moments, unless the last one must be settled first (see `paperlark mail held`)."
                .to_owned()
        }
        Some(next) if day >= today => format!("No digest on {day} so far: the next one is due {}.", moment(next)),
        _ => format!(
            "No digest was due on {day}: it was none of the reader's days, or they had paused, or the service was down and a later digest covers it."
        ),
    }
}

fn told(row: &DigestRow, stored: Option<&StoredDigest>, reader: &Reader) -> Vec<String> {
    let found: usize = stored.map_or(0, |stored| stored.content.sections.iter().map(|section| section.papers.len() + section.more).sum());
    let asked = match reader.filters {
        0 => "the reader has no filters, so the most upvoted ones are taken".to_owned(),
        1 => "the reader has one filter".to_owned(),
        filters => format!("the reader has {filters} filters"),
    };
    let mut story = vec![match row.kind.as_str() {
        "requested" => format!("A digest was sent on the operator's request at {}.", moment(row.composed_at)),
        _ => format!(
            "The digest due {} was composed {} from the {} papers that arrived since the last one (batches after {}, up to {}); now {asked}; {found} matched.",
            moment(row.due_at),
            moment(row.composed_at),
            row.arrived,
            row.after_batch,
            row.through_batch
        ),
    }];
    let held = row.held.unwrap_or(false);
    story.push(match row.state.as_deref() {
        None if found == 0 => "Nothing matched, so there was nothing to say and no mail.".to_owned(),
        None => "There are papers but no mail: the books do not balance. Please report this.".to_owned(),
        Some("accepted") => format!("The relay{} has the mail.", row.relay.as_ref().map(|relay| format!(" {relay}")).unwrap_or_default()),
        Some("superseded") => "The mail could not leave before the next digest was due, which took over its papers.".to_owned(),
        Some("failed") => "The relay refused the mail for good; it is not sent again.".to_owned(),
        Some("dead") => "The mail could not be rendered.".to_owned(),
        Some("suppressed") => "The reader left, or the address was suppressed, before the mail went out.".to_owned(),
        Some("uncertain") if held => "The relay may have the mail; it waits for your decision (`paperlark mail settle`).".to_owned(),
        Some("uncertain") => "The relay may have the mail, but its answer was lost; it is looked into.".to_owned(),
        Some("claimed" | "transmitting") => "The mail is being sent.".to_owned(),
        Some(_) => format!("The mail waits; it is tried {}.", row.next_attempt_at.map(moment).unwrap_or_default()),
    });
    story
}

async fn attempts(db: &PgPool, subscriber_id: i64, row: &DigestRow) -> sqlx::Result<Vec<String>> {
    let Some(mail) = row.mail_id else { return Ok(Vec::new()) };
    let rows = sqlx::query_as!(
        Attempt,
        "select number, ended_at, outcome, code, note from attempt where subscriber_id = $1 and mail_id = $2 order by number",
        subscriber_id,
        mail
    )
    .fetch_all(db)
    .await?;
    let line = |row: Attempt| {
        let code = row.code.map(|code| format!(" {code}")).unwrap_or_default();
        format!("Attempt {}, {}: {}{code} {}", row.number, moment(row.ended_at), row.outcome, row.note)
    };
    Ok(std::iter::once(format!("The mail's Message-ID begins with d.{mail}.")).chain(rows.into_iter().map(line)).collect())
}

async fn whys(db: &PgPool, content: Content) -> sqlx::Result<Vec<PaperWhy>> {
    let papers = archive::revisions(db, &content.papers().collect::<Vec<_>>()).await?;
    let mut found = Vec::new();
    for section in &content.sections {
        let filter = section.query.as_deref().and_then(|query| Filter::parse(query).ok());
        for (place, entry) in section.papers.iter().enumerate() {
            let Some(paper) = papers.get(&entry.key()) else { continue };
            let mut why = match (&section.name, &section.query) {
                (Some(name), Some(query)) if name == query => format!("matches “{name}”{}", words(filter.as_ref(), paper)),
                (Some(name), query) => {
                    format!("matches “{name}” ({}){}", query.as_deref().unwrap_or_default(), words(filter.as_ref(), paper))
                }
                (None, _) => format!("one of the day's most upvoted ({})", paper.upvotes.unwrap_or(0)),
            };
            if !entry.also.is_empty() {
                why.push_str(&format!("; found by {} too", entry.also.join(", ")));
            }
            found.push(PaperWhy { id: paper.id.slug().to_owned(), title: paper.title.clone(), why, shown: place < section.shown });
        }
    }
    Ok(found)
}

/// The words that matched, by where they stand.
fn words(filter: Option<&Filter>, paper: &Paper) -> String {
    let Some(filter) = filter else { return String::new() };
    let of = |field: Field, text: &str| -> BTreeSet<String> {
        highlights(&[filter], field, text).into_iter().map(|range| text[range].to_lowercase()).collect()
    };
    let authors = paper.authors.iter().flat_map(|author| of(Field::Author, author)).collect();
    let places = [("title", of(Field::Title, &paper.title)), ("abstract", of(Field::Abstract, &paper.abstract_text)), ("authors", authors)];
    let told: Vec<String> = places
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(place, words)| format!("{} in the {place}", words.into_iter().collect::<Vec<_>>().join(", ")))
        .collect();
    match told.is_empty() {
        true => ", by its category, votes, source or the like".to_owned(),
        false => format!(": {}", told.join("; ")),
    }
}
