//! The balance of a morning: every reader who was due is in exactly one column.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

/// What became of the readers who were due on one of their own days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// The day, as the readers' clocks had it.
    pub day: NaiveDate,
    /// Readers whose digest was due.
    pub due: i64,
    /// The relay has the mail.
    pub accepted: i64,
    /// Yet to be composed or sent: due now, pending, claimed, transmitting or deferred.
    pub waiting: i64,
    /// Refused for good.
    pub failed: i64,
    /// The next digest took over.
    pub superseded: i64,
    /// Could not be rendered.
    pub dead: i64,
    /// The reader left before it went out.
    pub suppressed: i64,
    /// Nobody knows yet whether the relay has it.
    pub uncertain: i64,
    /// Of these: left for the operator.
    pub held: i64,
    /// Nothing matched, so there is no mail.
    pub nothing_to_say: i64,
}

impl Balance {
    /// Readers in none of the columns, or in two: there must be none.
    pub fn unexplained(&self) -> i64 {
        let columns =
            [self.accepted, self.waiting, self.failed, self.superseded, self.dead, self.suppressed, self.uncertain, self.nothing_to_say];
        self.due - columns.iter().sum::<i64>()
    }

    /// Whether nothing is left to be done for the day.
    pub fn is_closed(&self) -> bool {
        self.waiting == 0 && self.uncertain == 0 && self.unexplained() == 0
    }
}

/// A digest that is in no column.
#[derive(Debug, Clone, Serialize)]
pub struct Odd {
    /// Whose.
    pub subscriber_id: i64,
    /// Which.
    pub digest_id: Uuid,
    /// Its mail's state, if it has a mail.
    pub state: Option<String>,
    /// How many papers it holds.
    pub papers: i32,
}

/// The balance of `day` at `now`.
pub async fn balance(db: &PgPool, now: DateTime<Utc>, day: NaiveDate) -> sqlx::Result<Balance> {
    // A digest that was taken over, and went out all the same, is in no column: its papers came twice.
    sqlx::query_as!(
        Balance,
        r#"with uncomposed as (
               select count(*) as readers from subscriber
               where next_due_at <= $1 and (next_due_at at time zone time_zone)::date = $2),
           composed as (
               select d.papers, m.state, coalesce(m.held, false) as held,
                      case when m.state = 'superseded' then exists (
                          select from digest n where n.subscriber_id = d.subscriber_id and n.id = d.superseded_by)
                      else d.superseded_by is null end as sound
               from digest d left join mail m on m.subscriber_id = d.subscriber_id and m.digest_id = d.id
               where d.kind = 'morning' and d.day = $2)
           select $2::date as "day!", (select readers from uncomposed) + count(*) as "due!",
                  count(*) filter (where sound and state = 'accepted') as "accepted!",
                  (select readers from uncomposed)
                      + count(*) filter (where sound and state in ('pending', 'claimed', 'transmitting', 'deferred')) as "waiting!",
                  count(*) filter (where sound and state = 'failed') as "failed!",
                  count(*) filter (where sound and state = 'superseded') as "superseded!",
                  count(*) filter (where sound and state = 'dead') as "dead!",
                  count(*) filter (where sound and state = 'suppressed') as "suppressed!",
                  count(*) filter (where sound and state = 'uncertain') as "uncertain!",
                  count(*) filter (where held) as "held!",
                  count(*) filter (where sound and state is null and papers = '{}') as "nothing_to_say!"
           from composed"#,
        now,
        day
    )
    .fetch_one(db)
    .await
}

/// The digests of `day` that are in no column; at most twenty.
pub async fn odd(db: &PgPool, day: NaiveDate) -> sqlx::Result<Vec<Odd>> {
    sqlx::query_as!(
        Odd,
        r#"select d.subscriber_id, d.id as digest_id, m.state as "state?", cardinality(d.papers) as "papers!"
           from digest d left join mail m on m.subscriber_id = d.subscriber_id and m.digest_id = d.id
           where d.kind = 'morning' and d.day = $1
             and not coalesce(case m.state
                     when 'superseded' then exists (select from digest n where n.subscriber_id = d.subscriber_id and n.id = d.superseded_by)
                     when 'expired' then false
                     else d.superseded_by is null end and m.state is not null, false)
             and not (m.state is null and d.papers = '{}')
           order by d.subscriber_id limit 20"#,
        day
    )
    .fetch_all(db)
    .await
}
