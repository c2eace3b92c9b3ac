//! Group commit: what many deliveries have to write at one moment goes into one statement, and so into one flush to disk.
//!
//! While one group is written the next one gathers. So nothing waits where nothing is being written, and the more there is to
//! write, the cheaper it gets.

use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use super::{Ending, Transmission, begin_transmissions, record};

/// Most entries of one statement: more do not make it cheaper.
const GROUP: usize = 256;

/// Writes attempts down for the deliveries of this process. Ends when it is dropped.
#[derive(Debug)]
pub struct Recorder {
    begun: mpsc::UnboundedSender<Asked<Transmission>>,
    ended: mpsc::UnboundedSender<Asked<Ending>>,
}

/// An entry, and who waits for the answer.
type Asked<Q> = (Q, oneshot::Sender<sqlx::Result<bool>>);

impl Recorder {
    /// Starts it; needs a runtime.
    pub fn start(db: &PgPool) -> Self {
        let (first, second) = (db.clone(), db.clone());
        Self {
            begun: writer(move |mails: Vec<Transmission>| {
                let db = first.clone();
                Box::pin(async move { begin_transmissions(&db, &mails).await })
            }),
            ended: writer(move |endings: Vec<Ending>| {
                let db = second.clone();
                Box::pin(async move { record(&db, &endings).await })
            }),
        }
    }

    /// As [`begin_transmissions`], for one mail.
    pub async fn begin(&self, mail: Transmission) -> sqlx::Result<bool> {
        ask(&self.begun, mail).await
    }

    /// As [`record`], for one ending.
    pub async fn end(&self, ending: Ending) -> sqlx::Result<bool> {
        ask(&self.ended, ending).await
    }
}

async fn ask<Q>(writer: &mpsc::UnboundedSender<Asked<Q>>, entry: Q) -> sqlx::Result<bool> {
    let (asker, answer) = oneshot::channel();
    // Both fail only when the runtime ends.
    writer.send((entry, asker)).map_err(|_| sqlx::Error::WorkerCrashed)?;
    answer.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

fn writer<Q, W>(write: W) -> mpsc::UnboundedSender<Asked<Q>>
where
    Q: Clone + Send + 'static,
    W: Fn(Vec<Q>) -> BoxFuture<'static, sqlx::Result<Vec<bool>>> + Send + Sync + 'static,
{
    let (sender, mut asked) = mpsc::unbounded_channel::<Asked<Q>>();
    tokio::spawn(async move {
        let mut group = Vec::new();
        while asked.recv_many(&mut group, GROUP).await > 0 {
            let (entries, askers): (Vec<Q>, Vec<_>) = group.drain(..).unzip();
            let answers = write_group(&write, entries).await;
            // Nobody minds an asker who is gone.
            askers.into_iter().zip(answers).for_each(|(asker, answer)| drop(asker.send(answer)));
        }
    });
    sender
}

/// An answer for each entry. What the database refuses for one of them shall cost the others nothing.
async fn write_group<Q: Clone>(
    write: &impl Fn(Vec<Q>) -> BoxFuture<'static, sqlx::Result<Vec<bool>>>,
    entries: Vec<Q>,
) -> Vec<sqlx::Result<bool>> {
    match write(entries.clone()).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if entries.len() == 1 => vec![Err(error)],
        Err(error) if error.as_database_error().is_some() => {
            let mut answers = Vec::with_capacity(entries.len());
            for entry in entries {
                answers.push(write(vec![entry]).await.map(|answer| answer == [true]));
            }
            answers
        }
        Err(error) => {
            let error = Arc::new(error);
            entries.iter().map(|_| Err(sqlx::Error::Io(io::Error::other(error.clone())))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::future::join_all;

    use super::*;

    /// Entries are numbers; the database refuses 13 and is away for 99.
    fn numbers(groups: &Arc<Mutex<Vec<usize>>>) -> mpsc::UnboundedSender<Asked<u32>> {
        let groups = groups.clone();
        writer(move |entries: Vec<u32>| {
            groups.lock().unwrap().push(entries.len());
            Box::pin(async move {
                tokio::task::yield_now().await;
                match entries {
                    entries if entries.contains(&99) => Err(sqlx::Error::PoolTimedOut),
                    entries if entries.contains(&13) => Err(sqlx::Error::Database(Box::new(Refused))),
                    entries => Ok(entries.iter().map(|entry| entry % 2 == 0).collect()),
                }
            })
        })
    }

    #[derive(Debug, thiserror::Error)]
    #[error("refused")]
    struct Refused;

    impl sqlx::error::DatabaseError for Refused {
        fn message(&self) -> &'static str {
            "refused"
        }
        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    #[tokio::test]
    async fn entries_that_come_together_are_written_together_and_each_asker_has_its_own_answer() {
        let groups = Arc::default();
        let numbers = numbers(&groups);
        assert!(ask(&numbers, 2).await.unwrap(), "one alone is written at once");
        let answers = join_all((0..1000).map(|number| ask(&numbers, number * 3 + 1 + number / 4 * 100))).await;
        for (number, answer) in answers.into_iter().enumerate() {
            let entry = number * 3 + 1 + number / 4 * 100;
            assert_eq!(answer.ok(), (entry != 13 && entry != 99).then_some(entry % 2 == 0), "{entry}");
        }
        assert!(groups.lock().unwrap().len() <= 1 + 1000usize.div_ceil(GROUP), "few statements: {:?}", groups.lock().unwrap());
    }

    #[tokio::test]
    async fn one_that_the_database_refuses_costs_the_others_nothing_and_without_it_all_are_told() {
        let numbers = numbers(&Arc::default());
        let answers = join_all([12, 13, 14].map(|number| ask(&numbers, number))).await;
        assert!(matches!(answers[..], [Ok(true), Err(sqlx::Error::Database(_)), Ok(true)]), "{answers:?}");
        let answers = join_all([12, 99, 14].map(|number| ask(&numbers, number))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.to_string().contains("timed out"))), "{answers:?}");
    }
}
