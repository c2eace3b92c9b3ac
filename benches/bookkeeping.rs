//! What deliveries cost in the books: mails are claimed in batches, begun and recorded on a private PostgreSQL that flushes
//! every commit to disk; each mail by statements of its own against those the service groups. Both in one run; only the
//! ratio and the order of magnitude count.
//!
//!     cargo bench --bench bookkeeping

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use paperlark::database::MIGRATIONS;
use paperlark::database::managed::{Managed, Settings};
use paperlark::mail::queue::{self, Claimed, Ending, Note, Outcome, Recorder, Transmission};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Runtime;

const MAILS: i64 = 20_000;
const ROUNDS: usize = 3;
/// As the service has them: mails a claim, batches under way.
const CLAIM: i64 = 50;
const BATCHES: usize = 4;
const LEASE: Duration = Duration::from_secs(120);

fn main() {
    let runtime = Runtime::new().expect("the runtime starts");
    runtime.block_on(async {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("there is room");
        let settings = Settings { data_dir: Some(folder.path().to_owned()), ..Settings::default() };
        let server = Managed::start(&settings).await.expect("PostgreSQL starts");
        let pool = PgPoolOptions::new().max_connections(16).connect(&server.url()).await.expect("it answers");
        MIGRATIONS.run(&pool).await.expect("the schema is made");
        sqlx::query(
            "insert into subscriber (address, address_key, status, time_zone, hour, weekdays, max_papers, next_due_at, created_at, confirmed_at)
             select 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'active', 'UTC', 7, 127, 20, '2100-01-01', now(), now()
             from generate_series(1, $1) n",
        )
        .bind(MAILS)
        .execute(&pool)
        .await
        .expect("there are readers");
        println!("{MAILS} deliveries claimed, begun and recorded, fsync on; deliveries a second, the best of {ROUNDS} rounds\n");
        let mut best = [0.0f64; 2];
        for _ in 0..ROUNDS {
            let recorder = Arc::new(Recorder::start(&pool));
            let paces = [pace(&pool, None).await, pace(&pool, Some(&recorder)).await];
            best.iter_mut().zip(paces).for_each(|(best, pace)| *best = best.max(pace));
        }
        println!("  each by itself  {:>8.0}", best[0]);
        println!("  grouped         {:>8.0}", best[1]);
        println!("  ratio           {:>8.1}", best[1] / best[0]);
        pool.close().await;
        server.stop().await.expect("PostgreSQL stops");
    });
}

/// Deliveries a second.
async fn pace(pool: &PgPool, recorder: Option<&Arc<Recorder>>) -> f64 {
    sqlx::query("truncate mail cascade").execute(pool).await.expect("the queue is emptied");
    sqlx::query(
        "insert into mail (subscriber_id, id, kind, state, dated, next_attempt_at)
         select id, gen_random_uuid(), 'welcome', 'pending', now(), now() from subscriber",
    )
    .execute(pool)
    .await
    .expect("mails wait");
    sqlx::query("vacuum analyze mail").execute(pool).await.expect("it is tidied");
    let now = paperlark::clock::Clock::system().now();
    let start = Instant::now();
    let batches: Vec<_> = (0..BATCHES)
        .map(|_| {
            let (pool, recorder) = (pool.clone(), recorder.cloned());
            tokio::spawn(async move {
                let mut done = 0;
                loop {
                    let mails = queue::claim(&pool, now, LEASE, CLAIM).await.expect("mails are claimed");
                    if mails.is_empty() {
                        return done;
                    }
                    done += mails.len();
                    futures::stream::iter(mails).for_each_concurrent(None, |mail| deliver(&pool, recorder.as_deref(), now, mail)).await;
                }
            })
        })
        .collect();
    let mut done = 0;
    for batch in batches {
        done += batch.await.expect("the batch ends well");
    }
    let took = start.elapsed();
    assert_eq!(i64::try_from(done).expect("a count"), MAILS);
    #[expect(clippy::cast_precision_loss, reason = "a number of mails")]
    let pace = MAILS as f64 / took.as_secs_f64();
    pace
}

/// All of a delivery that is written down, without the sending.
async fn deliver(pool: &PgPool, recorder: Option<&Recorder>, now: DateTime<Utc>, mail: Claimed) {
    let hold = mail.hold();
    let transmission = Transmission { hold, relay: "relay:25".to_owned(), bytes_hash: vec![7; 32], at: now, lease_until: now + LEASE };
    let note = Note { code: Some(250), text: "2.0.0 Ok: queued".to_owned() };
    let ending = Ending { hold, outcome: Outcome::Accepted, note, at: now };
    let written = match recorder {
        Some(recorder) => {
            let begun = recorder.begin(transmission).await.expect("it is begun");
            begun && recorder.end(ending).await.expect("it is recorded")
        }
        None => {
            let begun = queue::begin_transmissions(pool, &[transmission]).await.expect("it is begun");
            begun == [true] && queue::record(pool, &[ending]).await.expect("it is recorded") == [true]
        }
    };
    assert!(written, "nobody else has this mail");
}
