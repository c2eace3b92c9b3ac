//! Mails of unknown fate: what was heard of them, and how the doubt ends.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

/// Doubts settled at a time; more are looked at in the next step.
const BATCH: i64 = 1000;

/// How long a report is kept: longer than any doubt lasts.
const REPORT_LIFETIME: TimeDelta = TimeDelta::days(7);

/// A mail whose quarantine is over, or of which something was heard.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// Whose mail.
    pub subscriber_id: i64,
    /// The mail.
    pub id: Uuid,
    /// Which claim it was last sent under: should anything have happened since, the doubt is another.
    pub fence: i64,
    /// The relay that may have it.
    pub relay: Option<String>,
    /// Since when it may.
    pub transmitted_at: DateTime<Utc>,
    /// What a report said of it.
    pub reported: Option<Reported>,
}

/// What others can say of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// The relay or a receiver has it.
    Accepted,
    /// It was refused for good.
    Failed,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The relay, by the webhook.
    Webhook,
    /// A receiver's notice of delivery (RFC 3464).
    Dsn,
    /// One of our own workers, too late to record it under its claim.
    Worker,
    /// A provider, by its own webhook: its silence means nothing.
    Provider,
}

/// How a doubt ends, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The relay has it.
    Accepted,
    /// The relay refused it for good.
    Failed,
    /// The same bytes go out again.
    Resend,
    /// The operator decides.
    Hold,
    /// Nobody can tell yet; asked again then.
    Ask(DateTime<Utc>),
}

/// A mail the operator has to decide on.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// The part of its Message-ID between the first dot and the `@`.
    pub id: Uuid,
    /// Whose.
    pub address: String,
    /// confirmation, welcome, digest, goodbye …
    pub kind: String,
    /// When it was sent.
    pub transmitted_at: Option<DateTime<Utc>>,
    /// To which relay.
    pub relay: Option<String>,
    /// Why it is in doubt.
    pub note: Option<String>,
}

impl Reported {
    fn from_column(text: &str) -> Self {
        if text == "failed" { Self::Failed } else { Self::Accepted }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
        }
    }
}

impl Source {
    fn column(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Dsn => "dsn",
            Self::Worker => "worker",
            Self::Provider => "provider",
        }
    }
}

/// The mail of ours that a `Message-ID` names: `<d.` and the mail's id, then the domain.
pub fn mail_named(message_id: &str) -> Option<Uuid> {
    let local = message_id.trim().trim_start_matches('<').split('@').next()?;
    let (kind, id) = local.split_once('.')?;
    (kind.len() == 1).then(|| Uuid::try_parse(id).ok()).flatten()
}

/// Notes what was heard of a mail, for the day it is in doubt, or at once if it is. What was heard first stays.
pub async fn report(db: &PgPool, now: DateTime<Utc>, mail: Uuid, fate: Reported, source: Source) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into report (mail_id, fate, source, reported_at) values ($1, $2, $3, $4) on conflict (mail_id) do nothing",
        mail,
        fate.column(),
        source.column(),
        now
    )
    .execute(db)
    .await?;
    forget_old(db, now).await
}

/// As [`report`], of many mails of readers at once; of those that are finished there is nothing to note.
pub async fn report_open(db: &PgPool, now: DateTime<Utc>, mails: &[(i64, Uuid)], fate: Reported, source: Source) -> sqlx::Result<()> {
    let (subscribers, ids): (Vec<i64>, Vec<Uuid>) = mails.iter().copied().unzip();
    sqlx::query!(
        "insert into report (mail_id, fate, source, reported_at)
         select distinct mail.id, $3, $4, $5::timestamptz
         from unnest($1::bigint[], $2::uuid[]) as given (subscriber_id, id)
         join mail on mail.subscriber_id = given.subscriber_id and mail.id = given.id and mail.finished_at is null
         on conflict (mail_id) do nothing",
        &subscribers,
        &ids,
        fate.column(),
        source.column(),
        now
    )
    .execute(db)
    .await?;
    forget_old(db, now).await
}

async fn forget_old(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("delete from report where reported_at < $1", now - REPORT_LIFETIME).execute(db).await?;
    Ok(())
}

/// When the webhook last spoke: whether its silence means anything.
pub async fn last_webhook(db: &PgPool) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("select max(reported_at) from report where source = 'webhook'").fetch_one(db).await
}

/// Mails of unknown fate that are to be decided on now; those held only where something was heard of them.
pub async fn doubts(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<Vec<Doubt>> {
    let rows = sqlx::query!(
        r#"select m.subscriber_id, m.id, m.fence, m.relay, coalesce(m.transmitted_at, m.dated) as "transmitted_at!", r.fate as "fate?"
           from mail m left join report r on r.mail_id = m.id
           where m.state = 'uncertain' and ((m.next_attempt_at <= $1 and not m.held) or r.fate is not null)
           order by m.next_attempt_at limit $2"#,
        now,
        BATCH
    )
    .fetch_all(db)
    .await?;
    let doubts = rows.into_iter().map(|row| Doubt {
        subscriber_id: row.subscriber_id,
        id: row.id,
        fence: row.fence,
        relay: row.relay,
        transmitted_at: row.transmitted_at,
        reported: row.fate.as_deref().map(Reported::from_column),
    });
    Ok(doubts.collect())
}

/// Ends doubts, where nothing else happened to the mail meanwhile; says how many.
pub async fn settle(db: &PgPool, now: DateTime<Utc>, fates: &[(Doubt, Fate)]) -> sqlx::Result<u64> {
    let column = |(_, fate): &(Doubt, Fate)| match fate {
        Fate::Accepted => "accepted",
        Fate::Failed => "failed",
        Fate::Resend => "pending",
        Fate::Hold | Fate::Ask(_) => "uncertain",
    };
    let states: Vec<String> = fates.iter().map(|fate| column(fate).to_owned()).collect();
    let next: Vec<Option<DateTime<Utc>>> = fates.iter().map(|(_, fate)| if let Fate::Ask(at) = fate { Some(*at) } else { None }).collect();
    let settled = sqlx::query!(
        "update mail
         set state = given.state, held = given.held, next_attempt_at = coalesce(given.next, next_attempt_at),
             finished_at = case when given.state in ('accepted', 'failed') then $7::timestamptz end
         from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::boolean[], $6::timestamptz[])
              as given (subscriber_id, id, fence, state, held, next)
         where mail.subscriber_id = given.subscriber_id and mail.id = given.id and mail.fence = given.fence and mail.state = 'uncertain'",
        &fates.iter().map(|(doubt, _)| doubt.subscriber_id).collect::<Vec<_>>(),
        &fates.iter().map(|(doubt, _)| doubt.id).collect::<Vec<_>>(),
        &fates.iter().map(|(doubt, _)| doubt.fence).collect::<Vec<_>>(),
        &states,
        &fates.iter().map(|(_, fate)| *fate == Fate::Hold).collect::<Vec<_>>(),
        &next as &[Option<DateTime<Utc>>],
        now
    )
    .execute(db)
    .await?;
    Ok(settled.rows_affected())
}

/// The mails that wait for the operator, oldest first.
pub async fn held(db: &PgPool) -> sqlx::Result<Vec<Held>> {
    sqlx::query_as!(
        Held,
        r#"select m.id, s.address, m.kind, m.transmitted_at, m.relay,
                  (select note from attempt a where a.subscriber_id = m.subscriber_id and a.mail_id = m.id
                   order by number desc limit 1) as note
           from mail m join subscriber s on s.id = m.subscriber_id
           where m.state = 'uncertain' and m.held order by m.transmitted_at, m.id"#
    )
    .fetch_all(db)
    .await
}

/// The operator's word on held mails, all or one: they were accepted, or they are to be sent again, as they
/// are rendered now. Says how many there were.
pub async fn release_held(db: &PgPool, now: DateTime<Utc>, one: Option<Uuid>, accepted: bool) -> sqlx::Result<u64> {
    let released = sqlx::query!(
        "update mail
         set held = false, state = case when $3 then 'accepted' else 'pending' end,
             finished_at = case when $3 then $2::timestamptz end, next_attempt_at = $2, bytes_hash = null
         where state = 'uncertain' and held and ($1::uuid is null or id = $1)",
        one,
        now,
        accepted
    )
    .execute(db)
    .await?;
    Ok(released.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_of_ours_names_its_mail() {
        let id = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        for text in [format!("<d.{id}@papers.example>"), format!("w.{id}@papers.example"), format!("  <c.{id}@x> ")] {
            assert_eq!(mail_named(&text), Some(id), "{text}");
        }
        for text in ["", "<@>", "<d.@x>", "<20260101.1234@host>", "<digest.12345678-9abc-def0-1234-56789abcdef0@x>"] {
            assert_eq!(mail_named(text), None, "{text}");
        }
    }
}
