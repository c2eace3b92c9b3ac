//! Due readers get their digest: papers, mail, new window and new due time in one transaction a
//! chunk. A crash leaves all of a chunk or nothing of it.
//!
//! A reader's windows `(read_through, newest]` follow one another without overlap and without gap,
//! so nothing comes twice and nothing is missed, however long the service was down.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::App;
use crate::archive;
use crate::clock::Stopwatch;
use crate::digest::{self, Content, Filters, NewDigest, Searched, StoredDigest, Wanted, Window, lay_out};
use crate::mail::queue::{self, NewMail, Subject};
use crate::schedule::next_due;
use crate::standing;
use crate::subscriber::{self, Due};

/// Readers a transaction: large enough that its cost is spread, small enough to end soon.
const CHUNK: i64 = 500;

/// What composing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Composed {
    /// Digests with a mail.
    pub mails: usize,
    /// Readers for whom nothing was found.
    pub nothing_to_say: usize,
    /// Readers whose last digest must settle first.
    pub waiting: usize,
    /// Unsent digests whose papers went into the new ones.
    pub superseded: usize,
}

/// Composes the digests of all readers due at `now`.
///
/// When the database refuses a chunk, its readers are composed one by one, so that one whose rows are
/// at odds costs nobody else the digest; that one is told in the log and tried again at the next step.
pub async fn step(app: &App, now: DateTime<Utc>) -> sqlx::Result<Composed> {
    let mut composed = Composed::default();
    let mut left_out: Vec<i64> = Vec::new();
    let mut chunk = CHUNK;
    // While a source is awaited, only those who waited long enough go without it.
    let wait_for = &app.config.digest.wait_for;
    let awaited = !wait_for.is_empty()
        && standing::missing(&app.db, &app.config, now).await?.iter().any(|missing| wait_for.contains(&missing.source));
    let due_at = if awaited { now - app.config.digest.wait_limit } else { now };
    loop {
        let mut tx = app.db.begin().await?;
        let due = subscriber::due(&mut tx, due_at, chunk, &left_out).await?;
        let Some(first) = due.first().map(|reader| reader.subscriber_id) else { break };
        let mut done = composed;
        match compose(app, &mut tx, now, due, app.config.delivery.spread, &mut done).await {
            Ok(waiting) => {
                tx.commit().await?;
                count(&done, &composed);
                composed = done;
                composed.waiting += waiting.len();
                left_out.extend(waiting);
            }
            Err(error) if error.as_database_error().is_none() => return Err(error),
            Err(_) if chunk > 1 => chunk = 1,
            Err(error) => {
                tracing::error!(subscriber_id = first, %error, "the digest of one reader cannot be composed");
                left_out.push(first);
            }
        }
    }
    Ok(composed)
}

/// Counts what a chunk added.
fn count(after: &Composed, before: &Composed) {
    let results = [
        ("mail", after.mails - before.mails),
        ("nothing_to_say", after.nothing_to_say - before.nothing_to_say),
        ("superseded", after.superseded - before.superseded),
    ];
    for (result, count) in results {
        metrics::counter!("paperlark_composed_total", "result" => result).increment(count as u64);
    }
}

/// Composes one reader's next digest ahead of its hour; `None` when they are not active.
pub async fn ahead(app: &App, now: DateTime<Utc>, subscriber_id: i64) -> sqlx::Result<Option<Composed>> {
    let mut tx = app.db.begin().await?;
    let Some(due) = subscriber::reader(&mut tx, subscriber_id).await? else { return Ok(None) };
    let mut composed = Composed::default();
    composed.waiting = compose(app, &mut tx, now, vec![due], Duration::ZERO, &mut composed).await?.len();
    // With nothing to say now, the reader's hour stays as it was.
    match composed.mails {
        0 => tx.rollback().await?,
        _ => {
            tx.commit().await?;
            count(&composed, &Composed::default());
        }
    }
    Ok(Some(composed))
}

/// What the reader's digest would hold now, without writing anything.
pub async fn preview(app: &App, now: DateTime<Utc>, subscriber_id: i64) -> sqlx::Result<Option<StoredDigest>> {
    let mut tx = app.db.begin().await?;
    let Some(due) = subscriber::reader(&mut tx, subscriber_id).await? else { return Ok(None) };
    let day = local_day(&due, now);
    let due = vec![due];
    let batches = Batches { after: begins(app, &due, &HashMap::new()).await?, through: archive::newest_batch(&app.db).await? };
    let content = contents(app, &mut tx, now, &due, &batches).await?.pop().unwrap_or_default();
    Ok(Some(StoredDigest { day, since: None, composed_at: now, content }))
}

/// What the reader's filters find among the papers listed on `day`, whatever they had before.
pub async fn of_day(app: &App, now: DateTime<Utc>, subscriber_id: i64, day: NaiveDate) -> sqlx::Result<Option<StoredDigest>> {
    let mut tx = app.db.begin().await?;
    let Some(due) = subscriber::reader(&mut tx, subscriber_id).await? else { return Ok(None) };
    let window = Window::new(archive::listed_on(&app.db, day, &app.config.digest.curated).await?);
    let catalogue = app.windows.catalogue();
    let filters = digest::compile(&catalogue, subscriber_id, &due.filters);
    let wanted = Wanted { filters: &filters, max_papers: due.max_papers, ranking: due.ranking, sent: &HashSet::new() };
    let content = lay_out(&mut Searched::new(&window, &catalogue), None, &wanted);
    Ok(Some(StoredDigest { day, since: None, composed_at: now, content }))
}

/// Stores and queues a digest an operator asked for; the reader's window stays where it is.
pub async fn request(app: &App, now: DateTime<Utc>, subscriber_id: i64, digest: StoredDigest) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    let id = Uuid::new_v4();
    let row = NewDigest { subscriber_id, id, due_at: now, day: digest.day, after_batch: 0, through_batch: 0, content: digest.content };
    digest::insert(&mut tx, now, "requested", &[row]).await?;
    queue::enqueue(&mut tx, now, subscriber_id, Subject::Digest(id), None).await?;
    tx.commit().await
}

/// Where each reader's window begins, and where all of them end.
struct Batches {
    after: Vec<i64>,
    through: i64,
}

/// Composes for `due`, which the transaction has locked; gives back who must wait.
/// Their mails leave spread over `spread`.
async fn compose(
    app: &App,
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    due: Vec<Due>,
    spread: Duration,
    composed: &mut Composed,
) -> sqlx::Result<Vec<i64>> {
    let everyone: Vec<i64> = due.iter().map(|reader| reader.subscriber_id).collect();
    let waiting = queue::unsettled(tx, &everyone).await?;
    let (_, due): (Vec<Due>, Vec<Due>) = due.into_iter().partition(|reader| waiting.contains(&reader.subscriber_id));
    let ready: Vec<i64> = due.iter().map(|reader| reader.subscriber_id).collect();

    let ids: HashMap<i64, Uuid> = ready.iter().map(|subscriber| (*subscriber, Uuid::new_v4())).collect();
    let superseded = queue::supersede(tx, now, &ready).await?;
    let replaced: Vec<(i64, Uuid, Uuid)> = superseded.iter().map(|(subscriber, old)| (*subscriber, *old, ids[subscriber])).collect();
    let taken_over = digest::replace(tx, &replaced).await?;

    let batches = Batches { after: begins(app, &due, &taken_over).await?, through: archive::newest_batch(&app.db).await? };
    let watch = Stopwatch::start();
    let contents = contents(app, tx, now, &due, &batches).await?;
    metrics::histogram!("paperlark_matching_seconds").record(watch.elapsed().as_secs_f64());
    let mut mails = Vec::new();
    let rows: Vec<NewDigest> = due
        .iter()
        .zip(contents)
        .zip(&batches.after)
        .map(|((reader, content), after)| {
            let id = ids[&reader.subscriber_id];
            tracing::debug!(digest = %id, reader = reader.subscriber_id, papers = content.papers().count(), "a digest is composed");
            if !content.is_empty() || reader.send_when_empty {
                mails.push(NewMail { subscriber_id: reader.subscriber_id, digest_id: id, not_before: leaves_at(reader, now, spread, id) });
            }
            let (subscriber_id, due_at) = (reader.subscriber_id, reader.due_at);
            let through_batch = batches.through.max(*after);
            NewDigest { subscriber_id, id, due_at, day: local_day(reader, now), after_batch: *after, through_batch, content }
        })
        .collect();
    digest::insert(tx, now, "morning", &rows).await?;
    queue::enqueue_digests(tx, now, &mails).await?;
    subscriber::advance(tx, now, &due, batches.through).await?;
    composed.mails += mails.len();
    composed.nothing_to_say += due.len() - mails.len();
    composed.superseded += superseded.len();
    Ok(waiting)
}

/// The begin of each reader's window: where the superseded one began, else where the last one
/// ended, else so that a first digest covers the latest day.
async fn begins(app: &App, due: &[Due], taken_over: &HashMap<i64, i64>) -> sqlx::Result<Vec<i64>> {
    let first = match due.iter().any(|reader| reader.read_through.is_none()) {
        true => archive::first_window(&app.db).await?,
        false => 0,
    };
    let begin = |reader: &Due| taken_over.get(&reader.subscriber_id).copied().or(reader.read_through).unwrap_or(first);
    Ok(due.iter().map(begin).collect())
}

/// The digests of a chunk, in its order. Readers with the same window are served together, and a window
/// goes before the next one comes: after an outage a chunk can have many.
///
/// Each says which sources were missing when it was composed.
async fn contents(app: &App, tx: &mut PgConnection, now: DateTime<Utc>, due: &[Due], batches: &Batches) -> sqlx::Result<Vec<Content>> {
    let catalogue = app.windows.catalogue();
    let filters: Vec<Filters> = due.iter().map(|reader| digest::compile(&catalogue, reader.subscriber_id, &reader.filters)).collect();
    let recent = match filters.iter().any(looks_back) {
        true => Some(app.windows.recent(&app.db, now, app.config.digest.lookback, batches.through).await?),
        false => None,
    };
    let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (place, after) in batches.after.iter().enumerate() {
        groups.entry(*after).or_default().push(place);
    }
    let missing = standing::missing(&app.db, &app.config, now).await?;
    let mut contents = vec![Content::default(); due.len()];
    let mut searched_recent = recent.as_deref().map(|recent| Searched::new(recent, &catalogue));
    for (after, places) in groups {
        let window = app.windows.batches(&app.db, after, batches.through, &app.config.digest.curated).await?;
        let sent = sent_before(tx, &window, recent.as_deref(), due, &filters, &places).await?;
        let mut searched = Searched::new(&window, &catalogue);
        for place in places {
            let (reader, filters) = (&due[place], &filters[place]);
            // Somebody whose filters all became unreadable must not get trending papers instead.
            if filters.is_empty() && !reader.filters.is_empty() {
                continue;
            }
            let nothing = HashSet::new();
            let sent = sent.get(&reader.subscriber_id).unwrap_or(&nothing);
            let content = lay_out(
                &mut searched,
                searched_recent.as_mut(),
                &Wanted { filters, max_papers: reader.max_papers, ranking: reader.ranking, sent },
            );
            let note = standing::note(&missing, now.with_timezone(&reader.schedule.zone).time());
            contents[place] = Content { note, ..content };
        }
    }
    Ok(contents)
}

fn looks_back(filters: &Filters) -> bool {
    filters.iter().any(|(_, filter)| filter.depends_on_changing_facts())
}

/// Which of the papers that may come a second time each reader had before. Papers that are new in this
/// window need no check.
async fn sent_before(
    tx: &mut PgConnection,
    window: &Window,
    recent: Option<&Window>,
    due: &[Due],
    filters: &[Filters],
    places: &[usize],
) -> sqlx::Result<HashMap<i64, HashSet<i64>>> {
    let known = window.papers.iter().filter(|paper| !paper.new).chain(recent.into_iter().flat_map(|recent| &recent.papers));
    let known: Vec<i64> = known.map(|paper| paper.key.0).collect();
    let window_has_known = window.papers.iter().any(|paper| !paper.new);
    let concerned = places.iter().filter(|place| window_has_known || looks_back(&filters[**place])).map(|place| due[*place].subscriber_id);
    digest::sent_papers(tx, &concerned.collect::<Vec<_>>(), &known).await
}

/// The reader's own date: a digest due late yesterday and composed after an outage is today's.
fn local_day(reader: &Due, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&reader.schedule.zone).date_naive()
}

/// When a digest may leave: some time within `spread`, which its id decides, but well before the reader's next one.
fn leaves_at(reader: &Due, now: DateTime<Utc>, spread: Duration, id: Uuid) -> DateTime<Utc> {
    let until_next = next_due(&reader.schedule, now.max(reader.due_at)) - now;
    let spread = TimeDelta::from_std(spread).unwrap_or(TimeDelta::zero()).min(until_next / 2);
    let share = i64::from(u16::from_be_bytes([id.as_bytes()[0], id.as_bytes()[1]]));
    now + TimeDelta::milliseconds(spread.num_milliseconds() * share / i64::from(u16::MAX))
}
