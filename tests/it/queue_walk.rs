//! The queue's state machine walked at random: two workers that crash, stall and come back, a relay that answers, refuses,
//! falls silent or loses its answer, a reader who leaves, mornings that follow one another; on the real SQL.
//!
//! What must hold is checked after every step. A walk that fails is made shorter by leaving steps out, and told with its
//! seed: `TEST_SEED=… cargo test --test it queue_walk`.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use paperlark::digest::{self, Content, NewDigest};
use paperlark::mail::queue::{self, Claimed, Ending, Fate, Hold, NewMail, Note, Outcome, Reported, Source, Transmission};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::database::{TestDatabase, database};

const READERS: i64 = 4;
const STEPS: usize = 120;
const WALKS: u64 = 4;
const LEASE: Duration = Duration::from_secs(120);
const QUARANTINE: Duration = Duration::from_secs(600);

/// Who tells what became of a doubtful mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Witness {
    /// Knows everything.
    Oracle,
    /// Nobody: sent again.
    None,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// The next morning of a reader: what waits is superseded.
    Morning(i64),
    Claim(usize),
    /// Worker, and which of its mails.
    Begin(usize, usize),
    /// All mails of both workers, in one statement.
    BeginAll,
    /// The relay takes the mail of this worker; the worker learns it, or does not.
    Take(usize, usize, Learns),
    /// All that is on its way, of both workers, and they learn it in one statement.
    TakeAll,
    /// The relay refuses: 4xx or 5xx.
    Refuse(usize, usize, bool),
    /// The relay fails before it has seen a byte.
    GiveBack(usize, usize),
    /// The worker forgets all it holds.
    Crash(usize),
    Heartbeat(usize),
    Wait(u32),
    Recover,
    Leave(i64),
}

#[derive(Debug, Clone, Copy)]
enum Learns {
    Accepted,
    Nothing,
    TooLate,
}

/// What a worker believes of a mail it holds.
#[derive(Debug, Clone)]
struct InHand {
    mail: Claimed,
    begun: bool,
    /// When, if it has.
    begun_at: DateTime<Utc>,
}

struct Walk {
    db: TestDatabase,
    now: DateTime<Utc>,
    witness: Witness,
    workers: [Vec<InHand>; 2],
    /// How often the relay took each mail.
    taken: BTreeMap<Uuid, usize>,
    /// How often each mail's acceptance was not learnt, or its worker died with it.
    doubts: BTreeMap<Uuid, usize>,
    /// Mails recorded as accepted.
    accepted: BTreeSet<Uuid>,
    left: BTreeSet<i64>,
    mornings: BTreeMap<i64, i64>,
}

fn random_step(random: &mut StdRng) -> Step {
    let (worker, place) = (random.random_range(0..2), random.random_range(0..4));
    match random.random_range(0..100) {
        0..10 => Step::Morning(random.random_range(1..=READERS)),
        10..25 => Step::Claim(worker),
        25..41 => Step::Begin(worker, place),
        41..45 => Step::BeginAll,
        45..54 => Step::Take(worker, place, Learns::Accepted),
        54..57 => Step::TakeAll,
        57..61 => Step::Take(worker, place, Learns::Nothing),
        61..64 => Step::Take(worker, place, Learns::TooLate),
        64..68 => Step::Refuse(worker, place, random.random_bool(0.3)),
        68..71 => Step::GiveBack(worker, place),
        71..76 => Step::Crash(worker),
        76..79 => Step::Heartbeat(worker),
        79..90 => Step::Wait([1, 30, 130, 700][random.random_range(0..4)]),
        90..99 => Step::Recover,
        _ => Step::Leave(random.random_range(1..=READERS)),
    }
}

impl Walk {
    async fn new(witness: Witness) -> Self {
        let db = database().await;
        for reader in 1..=READERS {
            let sql = "insert into subscriber (address, address_key, status, time_zone, hour, weekdays, max_papers, next_due_at, created_at, confirmed_at)
                       values ($1, $1, 'active', 'UTC', 7, 127, 20, '2100-01-01', '2026-01-01', '2026-01-01')";
            sqlx::query(sql).bind(format!("reader{reader}@example.org")).execute(db.pool()).await.unwrap();
        }
        Self {
            db,
            now: "2026-01-12T07:00:00Z".parse().unwrap(),
            witness,
            workers: Default::default(),
            taken: BTreeMap::new(),
            doubts: BTreeMap::new(),
            accepted: BTreeSet::new(),
            left: BTreeSet::new(),
            mornings: BTreeMap::new(),
        }
    }

    fn pool(&self) -> &PgPool {
        self.db.pool()
    }

    fn hand(&self, worker: usize, place: usize) -> Option<usize> {
        let count = self.workers[worker].len();
        (count > 0).then(|| place % count)
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Morning(reader) => self.morning(reader).await,
            Step::Claim(worker) => {
                let claimed = queue::claim(self.pool(), self.now, LEASE, 2).await.unwrap();
                for mail in &claimed {
                    assert!(!self.accepted.contains(&mail.id), "an accepted mail is claimed again");
                }
                self.workers[worker].extend(claimed.into_iter().map(|mail| InHand { mail, begun: false, begun_at: self.now }));
            }
            Step::Begin(worker, place) => {
                let at = self.hand(worker, place).filter(|at| !self.workers[worker][*at].begun);
                self.begin(at.map(|at| (worker, at)).into_iter().collect()).await;
            }
            Step::BeginAll => {
                let all = self.places().filter(|(worker, at)| !self.workers[*worker][*at].begun);
                self.begin(all.collect()).await;
            }
            Step::Take(worker, place, learns) => self.relay_takes(worker, place, learns).await,
            Step::TakeAll => {
                let mut taken = Vec::new();
                for worker in 0..self.workers.len() {
                    while let Some(held) = self.put_down_first_begun(worker) {
                        taken.extend(self.relay_has(held));
                    }
                }
                self.record(taken.into_iter().map(|mail| (mail, Outcome::Accepted)).collect()).await;
            }
            Step::Refuse(worker, place, forever) => {
                let outcome = if forever { Outcome::Failed } else { Outcome::Deferred(self.now + TimeDelta::seconds(60)) };
                if let Some(held) = self.put_down(worker, place, true) {
                    self.record(vec![(held.mail, outcome)]).await;
                }
            }
            Step::GiveBack(worker, place) => {
                if let Some(held) = self.put_down(worker, place, false) {
                    queue::release(self.pool(), &held.mail, None).await.unwrap();
                }
            }
            Step::Crash(worker) => {
                for held in std::mem::take(&mut self.workers[worker]) {
                    if held.begun {
                        *self.doubts.entry(held.mail.id).or_default() += 1;
                    }
                }
            }
            Step::Heartbeat(worker) => {
                let held: Vec<Hold> = self.workers[worker].iter().map(|held| held.mail.hold()).collect();
                queue::extend(self.pool(), self.now, LEASE, &held).await.unwrap();
            }
            Step::Wait(seconds) => self.now += TimeDelta::seconds(i64::from(seconds)),
            Step::Recover => self.recover().await,
            Step::Leave(reader) => {
                let mut tx = self.pool().begin().await.unwrap();
                sqlx::query("update subscriber set status = 'unsubscribed', next_due_at = null where id = $1")
                    .bind(reader)
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                queue::withdraw(&mut tx, self.now, reader).await.unwrap();
                tx.commit().await.unwrap();
                self.left.insert(reader);
            }
        }
    }

    /// As composing does it: an unsettled digest is waited for, a waiting one gives way.
    async fn morning(&mut self, reader: i64) {
        if self.left.contains(&reader) {
            return;
        }
        let mut tx = self.pool().begin().await.unwrap();
        if queue::unsettled(&mut tx, &[reader]).await.unwrap().contains(&reader) {
            return;
        }
        let id = Uuid::new_v4();
        let superseded = queue::supersede(&mut tx, self.now, &[reader]).await.unwrap();
        let replaced: Vec<_> = superseded.iter().map(|(reader, old)| (*reader, *old, id)).collect();
        let begins = digest::replace(&mut tx, &replaced).await.unwrap();
        let read = self.mornings.get(&reader).copied().unwrap_or(0);
        let after_batch = begins.get(&reader).copied().unwrap_or(read);
        let day = self.now.date_naive();
        let row = NewDigest {
            subscriber_id: reader,
            id,
            due_at: self.now,
            day,
            after_batch,
            through_batch: read + 1,
            content: Content::default(),
        };
        digest::insert(&mut tx, self.now, "morning", &[row]).await.unwrap();
        queue::enqueue_digests(&mut tx, self.now, &[NewMail { subscriber_id: reader, digest_id: id, not_before: self.now }]).await.unwrap();
        tx.commit().await.unwrap();
        self.mornings.insert(reader, read + 1);
    }

    /// Worker and place of all mails that are held.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        self.workers.iter().enumerate().flat_map(|(worker, hand)| (0..hand.len()).map(move |at| (worker, at)))
    }

    /// Which claims are still good, in their order.
    async fn are_mine(&self, mails: impl Iterator<Item = &Claimed>, states: &[&str]) -> Vec<bool> {
        let mut mine = Vec::new();
        for mail in mails {
            let (state, fence): (String, i64) =
                sqlx::query_as("select state, fence from mail where id = $1").bind(mail.id).fetch_one(self.pool()).await.unwrap();
            mine.push(states.contains(&state.as_str()) && fence == mail.fence);
        }
        mine
    }

    /// Begins the transmission of mails, by worker and place, in one statement.
    async fn begin(&mut self, which: Vec<(usize, usize)>) {
        let mails: Vec<Claimed> = which.iter().map(|(worker, at)| self.workers[*worker][*at].mail.clone()).collect();
        let (at, lease_until) = (self.now, self.now + LEASE);
        let transmission =
            |mail: &Claimed| Transmission { hold: mail.hold(), relay: "relay:25".into(), bytes_hash: vec![7; 32], at, lease_until };
        let mine = self.are_mine(mails.iter(), &["claimed"]).await;
        let begun = queue::begin_transmissions(self.pool(), &mails.iter().map(transmission).collect::<Vec<_>>()).await.unwrap();
        let wanted = mails.iter().zip(mine).map(|(mail, mine)| mine && !self.left.contains(&mail.subscriber_id));
        assert_eq!(begun, wanted.collect::<Vec<_>>(), "only the holder may begin, and only what is wanted");
        // From the last place to the first, so that none moves before its turn.
        for ((worker, at), begun) in which.into_iter().zip(begun).rev() {
            match begun {
                true => {
                    self.workers[worker][at].begun = true;
                    self.workers[worker][at].begun_at = self.now;
                }
                false => {
                    let held = self.workers[worker].remove(at);
                    queue::suppress(self.pool(), self.now, &held.mail).await.unwrap();
                }
            }
        }
    }

    /// Takes a mail out of a worker's hands: one that is on its way to the relay, or one that is not.
    fn put_down(&mut self, worker: usize, place: usize, begun: bool) -> Option<InHand> {
        let at = self.hand(worker, place).filter(|at| self.workers[worker][*at].begun == begun)?;
        Some(self.workers[worker].remove(at))
    }

    fn put_down_first_begun(&mut self, worker: usize) -> Option<InHand> {
        let at = self.workers[worker].iter().position(|held| held.begun)?;
        Some(self.workers[worker].remove(at))
    }

    /// The relay takes a mail, unless it has hung up on who was silent for so long (RFC 5321, section 4.5.3.2.7: five minutes):
    /// the quarantine is made for that.
    fn relay_has(&mut self, held: InHand) -> Option<Claimed> {
        let in_time = self.now - held.begun_at <= TimeDelta::from_std(QUARANTINE).unwrap();
        in_time.then(|| {
            *self.taken.entry(held.mail.id).or_default() += 1;
            held.mail
        })
    }

    async fn relay_takes(&mut self, worker: usize, place: usize, learns: Learns) {
        let Some(held) = self.put_down(worker, place, true) else { return };
        let Some(mail) = self.relay_has(held) else { return };
        let id = mail.id;
        match learns {
            Learns::Accepted => self.record(vec![(mail, Outcome::Accepted)]).await,
            Learns::Nothing => {
                *self.doubts.entry(id).or_default() += 1;
                self.record(vec![(mail, Outcome::Uncertain(self.now + QUARANTINE))]).await;
            }
            Learns::TooLate => {
                *self.doubts.entry(id).or_default() += 1;
                self.now += TimeDelta::from_std(LEASE).unwrap() + TimeDelta::seconds(1);
                self.recover().await;
                self.record(vec![(mail, Outcome::Accepted)]).await;
            }
        }
    }

    /// Records how attempts ended, in one statement.
    async fn record(&mut self, ended: Vec<(Claimed, Outcome)>) {
        let mine = self.are_mine(ended.iter().map(|(mail, _)| mail), &["claimed", "transmitting"]).await;
        let at = self.now;
        let ending =
            |(mail, outcome): &(Claimed, Outcome)| Ending { hold: mail.hold(), outcome: outcome.clone(), note: Note::default(), at };
        let recorded = queue::record(self.pool(), &ended.iter().map(ending).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(recorded, mine, "a stale worker writes nothing");
        for ((mail, _), recorded) in ended.iter().zip(recorded).filter(|((_, outcome), _)| *outcome == Outcome::Accepted) {
            match recorded {
                true => drop(self.accepted.insert(mail.id)),
                false => queue::report(self.pool(), self.now, mail.id, Reported::Accepted, Source::Worker).await.unwrap(),
            }
        }
    }

    async fn recover(&mut self) {
        queue::recover(self.pool(), self.now, QUARANTINE).await.unwrap();
        let mut fates = Vec::new();
        for doubt in queue::doubts(self.pool(), self.now).await.unwrap() {
            let knows = self.witness == Witness::Oracle && self.taken.contains_key(&doubt.id);
            let fate = if doubt.reported.is_some() || knows { Fate::Accepted } else { Fate::Resend };
            fates.push((doubt, fate));
        }
        queue::settle(self.pool(), self.now, &fates).await.unwrap();
        self.accepted.extend(fates.iter().filter(|(_, fate)| *fate == Fate::Accepted).map(|(doubt, _)| doubt.id));
    }

    async fn check(&self) {
        let rows: Vec<(Uuid, i64, String, bool, Option<Uuid>)> = sqlx::query_as(
            "select m.id, m.subscriber_id, m.state, m.doubtful, d.superseded_by from mail m
             join digest d on d.subscriber_id = m.subscriber_id and d.id = m.digest_id",
        )
        .fetch_all(self.pool())
        .await
        .unwrap();
        for (id, reader, state, doubtful, superseded_by) in &rows {
            let taken = self.taken.get(id).copied().unwrap_or(0);
            assert_eq!(self.accepted.contains(id), state == "accepted", "{id}: what is recorded stays");
            assert!(state != "accepted" || taken > 0, "{id}: accepted, but the relay never had it");
            assert_eq!(superseded_by.is_some(), state == "superseded", "{id}: the next digest took over, or it did not");
            assert!(state != "superseded" || taken == 0, "{id}: the relay had a superseded mail");
            assert!(state != "suppressed" || self.left.contains(reader), "{id}: nobody left");
            let again = taken.saturating_sub(1);
            let allowed = if self.witness == Witness::Oracle { 0 } else { self.doubts.get(id).copied().unwrap_or(0) };
            assert!(again <= allowed, "{id}: taken {taken} times with {allowed} doubts");
            assert!(again == 0 || *doubtful, "{id}: sent again without a doubt");
        }
        let chains: Vec<(i64, i64, i64)> =
            sqlx::query_as("select subscriber_id, after_batch, through_batch from digest where superseded_by is null order by 1, 2")
                .fetch_all(self.pool())
                .await
                .unwrap();
        for reader in 1..=READERS {
            let windows: Vec<_> = chains.iter().filter(|chain| chain.0 == reader).collect();
            assert!(windows.windows(2).all(|two| two[0].2 == two[1].1), "reader {reader}: windows follow one another: {windows:?}");
            assert_eq!(windows.first().map_or(0, |first| first.1), 0, "reader {reader}: from the first batch");
            assert_eq!(
                windows.last().map_or(0, |last| last.2),
                self.mornings.get(&reader).copied().unwrap_or(0),
                "reader {reader}: to the last"
            );
        }
    }

    /// With a well relay and a worker that lives everything ends, and nothing is lost.
    async fn finish(&mut self) {
        for _ in 0..40 {
            self.now += TimeDelta::seconds(800);
            self.take(Step::Crash(0)).await;
            self.take(Step::Crash(1)).await;
            self.recover().await;
            self.take(Step::Claim(0)).await;
            self.take(Step::Claim(0)).await;
            for _ in 0..self.workers[0].len() {
                self.take(Step::Begin(0, 0)).await;
                self.take(Step::Take(0, 0, Learns::Accepted)).await;
            }
            self.check().await;
        }
        let lost: Vec<(Uuid, String)> =
            sqlx::query_as("select id, state from mail where state not in ('accepted', 'failed', 'superseded', 'suppressed')")
                .fetch_all(self.pool())
                .await
                .unwrap();
        assert_eq!(lost, [], "everything ends");
    }
}

async fn run(witness: Witness, steps: &[Step]) -> Result<(), String> {
    let walking = async {
        let mut walk = Walk::new(witness).await;
        for step in steps {
            walk.take(*step).await;
            walk.check().await;
        }
        walk.finish().await;
    };
    let told = |panic: Box<dyn std::any::Any + Send>| panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".to_owned());
    AssertUnwindSafe(walking).catch_unwind().await.map_err(told)
}

/// The shortest walk found that still fails: halves, quarters … are left out as long as that helps.
async fn shrink(witness: Witness, mut steps: Vec<Step>) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let without: Vec<Step> = [&steps[..at], &steps[(at + size).min(steps.len())..]].concat();
            match run(witness, &without).await {
                Err(_) => steps = without,
                Ok(()) => at += size,
            }
        }
        size /= 2;
    }
    steps
}

#[tokio::test]
async fn random_walks_of_two_workers_lose_nothing_and_send_nothing_again_without_a_doubt() {
    let seed: u64 = std::env::var("TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    for walk in 0..WALKS {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(walk));
        let steps: Vec<Step> = (0..STEPS).map(|_| random_step(&mut random)).collect();
        let witness = if walk % 2 == 0 { Witness::Oracle } else { Witness::None };
        if let Err(problem) = run(witness, &steps).await {
            let shortest = shrink(witness, steps).await;
            panic!("TEST_SEED={seed}, walk {walk}, {witness:?}: {problem}\n{shortest:#?}");
        }
    }
}
