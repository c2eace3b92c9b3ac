//! A storm over the whole service: workers are killed, PostgreSQL is killed and stopped, the relay misbehaves, the network
//! delays and cuts. Afterwards every reader has every paper, once.
//!
//! `make chaos ARGS="--kills 1000 --seed 7"` runs a long one and prints the table; the test runs a short one.

mod cluster;
mod ledger;
mod proxy;
mod relay;
mod stage;

use std::time::{Duration, Instant};

use clap::Parser;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use ledger::Ledger;
use proxy::Weather;
use relay::Kind;
use stage::Stage;

/// How wild it gets.
#[derive(Debug, Clone, Parser)]
#[command(no_binary_name = true)]
struct Storm {
    /// Kills of workers and of PostgreSQL, in all.
    #[arg(long, default_value_t = 12)]
    kills: usize,
    /// The same seed draws the same misfortunes.
    #[arg(long)]
    seed: Option<u64>,
    #[arg(long, default_value_t = 150)]
    readers: usize,
    /// Kills before everything is put right and the books are looked at, if the mails last so long.
    #[arg(long, default_value_t = 100)]
    kills_a_morning: usize,
    /// smtp-sink (the catcher where it is not installed), the catcher, or a real Postfix with its log as the oracle.
    #[arg(long, default_value = "sink")]
    relay: Kind,
}

/// What can happen next.
#[derive(Debug, Clone, Copy)]
enum Misfortune {
    KillWorker,
    RestartWorker,
    KillPostgres,
    StopPostgres,
    Relay,
    Network,
    Hours,
}

fn draw(random: &mut StdRng) -> Misfortune {
    match random.random_range(0..100) {
        0..58 => Misfortune::KillWorker,
        58..64 => Misfortune::RestartWorker,
        64..70 => Misfortune::KillPostgres,
        70..73 => Misfortune::StopPostgres,
        73..82 => Misfortune::Relay,
        82..94 => Misfortune::Network,
        _ => Misfortune::Hours,
    }
}

/// One morning: misfortunes until `kills` are done or all mails are through; then everything is put right.
async fn morning(stage: &mut Stage, random: &mut StdRng, kills: usize, ledger: &mut Ledger) {
    stage.papers_arrive_and_everyone_is_due().await;
    let mut killed = 0;
    while killed < kills {
        // What is hit must be at work: a worker that has nothing to do, or has only just started, is worth no kill.
        if !stage.mails_move(Duration::from_secs(2)).await {
            if stage.is_done().await {
                break;
            }
            stage.revive_workers();
            stage.hours_pass().await;
            stage.relay.behave().await;
            stage.proxy.set(Weather::Fair);
            continue;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..120))).await;
        let worker = random.random_range(0..2);
        match draw(random) {
            Misfortune::KillWorker => {
                stage.kill_worker(worker);
                (killed, ledger.worker_kills) = (killed + 1, ledger.worker_kills + 1);
            }
            Misfortune::RestartWorker => {
                stage.restart_worker(worker);
                ledger.restarts += 1;
            }
            Misfortune::KillPostgres => {
                stage.postgres.kill();
                (killed, ledger.postgres_kills) = (killed + 1, ledger.postgres_kills + 1);
            }
            Misfortune::StopPostgres => {
                stage.postgres.restart(random.random_bool(0.5));
                ledger.postgres_stops += 1;
            }
            Misfortune::Relay => {
                stage.relay.misbehave(random).await;
                ledger.relay_faults += 1;
            }
            Misfortune::Network => {
                stage.proxy.set(Weather::draw(random));
                ledger.network_faults += 1;
            }
            Misfortune::Hours => stage.hours_pass().await,
        }
        if random.random_bool(0.3) {
            stage.relay.behave().await;
            stage.proxy.set(Weather::Fair);
        }
    }
    stage.settle().await;
    stage.look_at_the_books(ledger).await;
}

async fn run(storm: Storm) -> Ledger {
    let seed = storm.seed.unwrap_or_else(rand::random);
    eprintln!("seed {seed}: {storm:?}");
    let began = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::new(storm.readers, storm.relay).await;
    let mut ledger = Ledger::new(storm.readers, stage.relay.name());
    while ledger.kills() < storm.kills {
        let kills = storm.kills_a_morning.min(storm.kills - ledger.kills());
        morning(&mut stage, &mut random, kills, &mut ledger).await;
        ledger.mornings += 1;
        eprintln!("{:6.0} s  {}", began.elapsed().as_secs_f64(), ledger.line());
    }
    eprintln!("\n{}", ledger.table(began.elapsed()));
    ledger
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_loses_nothing_repeats_no_paper_and_sends_again_only_what_was_in_doubt() {
    let arguments = std::env::var("CHAOS").unwrap_or_default();
    let storm = Storm::try_parse_from(arguments.split_whitespace()).unwrap_or_else(|error| panic!("{error}"));
    let has_oracle = storm.relay == Kind::Postfix;
    let ledger = run(storm).await;
    assert_eq!((ledger.lost, ledger.repeated_papers, ledger.other_bytes), (0, 0, 0));
    assert_eq!(ledger.unexplained, 0, "each copy of a mail beyond the first needs a doubt of its own");
    assert!(!has_oracle || ledger.copies == 0, "with the relay's log nothing goes out twice");
}
