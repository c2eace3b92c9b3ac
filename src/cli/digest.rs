//! `paperlark digest`.

mod status;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Usage, output, subscriber as readers};
use crate::App;
use crate::digest::StoredDigest;
use crate::mail::model::Mail;
use crate::mail::queue::{Claimed, Subject};
use crate::mail::render::Rendered;
use crate::pipeline::{compose, deliver};
use crate::subscriber;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Digest {
    #[command(subcommand)]
    command: Option<Books>,
    /// The reader's address
    #[arg(long, value_name = "ADDRESS", required = true)]
    to: Option<String>,
    /// The papers listed on this day, such as 2025-08-07
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day)]
    date: Option<NaiveDate>,
    /// Send nothing and change nothing: print the mail as text, or write it to --out
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: a folder for digest.html, digest.txt and digest.eml
    #[arg(long, value_name = "DIR", requires = "dry_run")]
    out: Option<PathBuf>,
}

/// How long to wait for the relay before leaving the mail to the service.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
enum Books {
    /// Say what became of every reader who was due on a day
    ///
    /// Every reader is in exactly one column. Ends with code 1 if that does not hold.
    Status(status::Status),
}

impl Digest {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        if let Some(Books::Status(status)) = self.command {
            return status.run(app).await;
        }
        let id = readers::find(app, self.to.as_deref().unwrap_or_default()).await?;
        if self.dry_run {
            return self.look(app, id).await;
        }
        let now = app.clock.now();
        match self.date {
            None => {
                let composed = compose::ahead(app, now, id).await?.ok_or_else(inactive)?;
                if composed.waiting > 0 {
                    anyhow::bail!(
                        "the reader's last digest is still on its way; try again when `paperlark subscriber show` says how it ended"
                    );
                }
                if composed.mails == 0 {
                    return output::print("Nothing new matched, so no mail was sent.\n");
                }
            }
            Some(day) => {
                let digest = compose::of_day(app, now, id, day).await?.ok_or_else(inactive)?;
                if digest.content.is_empty() {
                    return output::print(&format!("Nothing of {day} matched, so no mail was sent.\n"));
                }
                compose::request(app, now, id, digest).await?;
            }
        }
        send(app, id).await
    }

    async fn look(&self, app: &App, subscriber_id: i64) -> anyhow::Result<()> {
        let digest = match self.date {
            None => compose::preview(app, app.clock.now(), subscriber_id).await?,
            Some(day) => compose::of_day(app, app.clock.now(), subscriber_id, day).await?,
        };
        let digest = digest.ok_or_else(inactive)?;
        let rendered = render(app, subscriber_id, &digest).await?;
        match &self.out {
            Some(folder) => write(folder, &rendered),
            None => output::print(&format!("Subject: {}\n\n{}", rendered.subject, rendered.text)),
        }
    }
}

fn inactive() -> Usage {
    Usage("that reader gets no digests: not confirmed, paused or unsubscribed".into())
}

async fn render(app: &App, subscriber_id: i64, digest: &StoredDigest) -> anyhow::Result<Rendered> {
    let id = Uuid::nil();
    let papers = app.cards.papers(&app.db, digest.content.papers()).await?;
    let mail = Mail::Digest(app.printer(&app.mail_site()).digest_mail(subscriber_id, id, digest, &papers)?);
    let row = Claimed::of(subscriber_id, id, Subject::Digest(id), app.clock.now());
    let mut readers = subscriber::readers(&app.db, &[subscriber_id]).await?;
    let reader = readers.remove(&subscriber_id).ok_or_else(inactive)?;
    Ok(deliver::letter(app, &app.mail_site(), &reader, &row, &mail)?)
}

fn write(folder: &Path, rendered: &Rendered) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let (html, text) = (rendered.html.to_string(), rendered.text.to_string());
    for (name, bytes) in [("digest.html", html.as_bytes()), ("digest.txt", text.as_bytes()), ("digest.eml", &rendered.bytes)] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        output::print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Works on the queue until this reader's digest is through; a service that runs may be faster. The
/// queue holds other readers' mails too: those on the wire are finished, whatever the time.
async fn send(app: &App, subscriber_id: i64) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let timer = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        timer.cancel();
    });
    loop {
        deliver::step(app, app.clock.now(), &stop).await?;
        let reader = subscriber::export(&app.db, subscriber_id).await?;
        let newest = reader.and_then(|reader| reader.mails.into_iter().find(|mail| mail.kind == "digest" && mail.state != "superseded"));
        let Some(mail) = newest else { anyhow::bail!("the reader has just left") };
        match mail.state.as_str() {
            "accepted" => return output::print(&format!("Sent: {} papers.\n", mail.papers.unwrap_or(0))),
            "failed" | "dead" | "suppressed" | "expired" => {
                anyhow::bail!("the digest was not sent: {} {}", mail.state, mail.last_note.unwrap_or_default())
            }
            _ if stop.is_cancelled() => {
                anyhow::bail!("the relay does not take the digest now; it waits in the queue, and `paperlark serve` will send it")
            }
            _ => tokio::time::sleep(POLL).await,
        }
    }
}
