//! Several processes and one server.

use super::*;

#[tokio::test]
async fn an_orphan_that_missed_its_owners_death_is_stopped() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    let mut orphan = postgres(dir.path(), "cluster_name=paperlark").await;
    let server = start(dir.path()).await;
    assert!(orphan.wait().unwrap().success());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_owner_is_refused_by_name_of_the_first() {
    let dir = folder();
    let mut first = own_process(dir.path());
    let message = refusal(dir.path()).await;
    assert!(message.contains(&format!("in use by process {}", first.id())), "{message}");
    assert!(message.contains("database.url"), "{message}");
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
}

#[tokio::test]
async fn a_short_command_joins_the_server_of_another_process() {
    let dir = folder();
    let mut owner = own_process(dir.path());
    let guest = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    keep_a_note(&guest).await;
    guest.stop().await.unwrap();
    assert!(owner.try_wait().unwrap().is_none() && is_running(postmaster_pid(dir.path())));
    drop(owner.stdin.take());
    assert!(owner.wait().unwrap().success());
    let alone = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    assert_eq!(read_the_note(&alone).await, "kept");
    alone.stop().await.unwrap();
}

#[tokio::test]
async fn a_short_command_that_owns_the_server_lets_its_guests_finish() {
    let dir = folder();
    let owner = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    let guest = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    let stopping = tokio::spawn(owner.stop());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(query(&guest, "select 'still here'").await, "still here");
    assert!(!stopping.is_finished());
    guest.stop().await.unwrap();
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn of_many_that_start_at_once_one_owns_and_the_others_join() {
    let dir = folder();
    let starts = (0..8).map(|_| {
        let settings = settings(dir.path(), Sharing::Attach);
        tokio::spawn(async move {
            let server = Managed::start(&settings).await.unwrap();
            let answer = query(&server, "select current_user::text").await;
            server.stop().await.unwrap();
            answer
        })
    });
    for start in starts.collect::<Vec<_>>() {
        assert_eq!(start.await.unwrap(), "paperlark");
    }
}

#[tokio::test]
async fn a_server_that_somebody_else_started_is_left_alone() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    let mut foreign = postgres(dir.path(), "cluster_name=other").await;
    let message = refusal(dir.path()).await;
    assert!(message.contains(&format!("process {}", foreign.id())) && message.contains("pg_ctl stop -D"), "{message}");
    assert!(foreign.try_wait().unwrap().is_none());
    send(Signal::INT, foreign.id().try_into().unwrap());
    foreign.wait().unwrap();
}
