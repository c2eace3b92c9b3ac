//! A Postfix log as a witness: which of our mails the queue manager has seen.
//!
//! `cleanup` logs a mail's Message-ID while the mail is still coming in; that proves nothing, for the sender may
//! die before the final dot. The mail is Postfix's once `cleanup` has committed the queue file, and the first
//! line after that is the queue manager's `(queue active)`, under the same queue id. A queue id can be used
//! again after a mail was not committed, so a later Message-ID under the same id takes the place of the first.
//! A Postfix that is aborted may lose `cleanup`'s line, though it has the mail: the queue manager's names the
//! sender too, whose address is signed and one mail's alone.
//! Lines are those of Postfix 2.x and 3.x, by syslog or `maillog_file`.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Local, NaiveDateTime, TimeZone, Utc};
use uuid::Uuid;

use crate::mail::queue::mail_named;

/// What the log shows of one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sighting {
    /// Its headers came in; nothing shows that it was taken.
    Begun,
    /// It is, or was, in the queue.
    Accepted,
}

/// What a log says, and of which time.
#[derive(Debug, Default)]
pub(super) struct Log {
    mails: HashMap<Uuid, Sighting>,
    /// Queue ids whose Message-ID is ours, while it is not known whether they were committed.
    open: HashMap<String, Uuid>,
    /// The instances that were ended and not started since: of a mail they took last, they may tell only when they run again.
    down: HashSet<String>,
    /// When one was started last.
    started: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
}

/// Longer lines are cut: ours are short.
const MAX_LINE: usize = 4096;
/// A queue manager that was started has found the mails that came before by then.
const FINDS_ITS_MAILS: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

impl Log {
    /// Reads the log and the file it was last rotated to (`.1` or `.0`), as of `now`; `mail_of` tells which mail of ours has an
    /// address as its sender.
    pub(super) fn read(path: &Path, now: DateTime<Utc>, mail_of: impl Fn(&str) -> Option<Uuid>) -> io::Result<Self> {
        let mut log = Self { now, ..Self::default() };
        let rotated = |ending: &str| PathBuf::from(format!("{}{ending}", path.display()));
        for older in [rotated(".1"), rotated(".0")] {
            match File::open(&older) {
                Ok(file) => log.lines(BufReader::new(file), &mail_of)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        log.lines(BufReader::with_capacity(1 << 16, File::open(path)?), &mail_of)?;
        Ok(log)
    }

    /// What is known of a mail; none where the log does not name it.
    pub(super) fn mail(&self, id: Uuid) -> Option<Sighting> {
        self.mails.get(&id).copied()
    }

    /// Whether a Postfix that wrote it does not run, or has only begun to: it may yet tell of mails that it took before.
    pub(super) fn is_down(&self) -> bool {
        !self.down.is_empty() || self.started.is_some_and(|started| started + FINDS_ITS_MAILS > self.now)
    }

    /// Whether the log was being written before `time` and after it, so that its silence means something.
    pub(super) fn covers(&self, time: DateTime<Utc>) -> bool {
        // A line's time may be cut to the second.
        let second = chrono::TimeDelta::seconds(1);
        self.first.is_some_and(|first| first <= time) && self.last.is_some_and(|last| last + second >= time)
    }

    fn lines(&mut self, mut reader: impl BufRead, mail_of: &impl Fn(&str) -> Option<Uuid>) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            self.line(&String::from_utf8_lossy(&line[..line.len().min(MAX_LINE)]), mail_of);
        }
    }

    fn line(&mut self, line: &str, mail_of: &impl Fn(&str) -> Option<Uuid>) {
        let Some((before, text)) = line.trim_end().split_once("]: ") else { return };
        let Some(program) = before.split(' ').next_back().and_then(|word| word.split('[').next()) else { return };
        let Some((instance, daemon)) = program.rsplit_once('/') else { return };
        let time = time(before, self.now);
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
        let has_ended = match daemon {
            "postfix-script" => text.starts_with("stopping the ") || text.starts_with("aborting the "),
            "master" => text.starts_with("terminating on signal"),
            _ => false,
        };
        if has_ended {
            self.down.insert(instance.to_owned());
        } else if daemon == "master" && text.starts_with("daemon started") {
            self.down.remove(instance);
            self.started = self.started.max(time);
        }
        let Some((queue_id, text)) = text.split_once(": ") else { return };
        // Several instances of Postfix on one host give ids each of its own.
        let key = format!("{instance}/{queue_id}");
        if daemon == "cleanup" {
            let Some(message_id) = text.strip_prefix("message-id=") else { return };
            self.open.remove(&key);
            if let Some(mail) = mail_named(message_id) {
                self.mails.entry(mail).or_insert(Sighting::Begun);
                self.open.insert(key, mail);
            }
            return;
        }
        let is_active = daemon == "qmgr" && text.contains("(queue active)");
        if !is_active && !text.contains(" status=") {
            return;
        }
        let sender = text.strip_prefix("from=<").filter(|_| is_active).and_then(|rest| rest.split_once('>'));
        let under_id = self.open.remove(&key);
        if let Some(mail) = sender.and_then(|(sender, _)| mail_of(sender)).or(under_id) {
            self.mails.insert(mail, Sighting::Accepted);
        }
    }
}

/// The time of a line: RFC 3339, or the traditional `Nov 25 03:51:36` in local time, whose year is the one that
/// brings it nearest before `now`.
fn time(before: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(before.split(' ').next()?) {
        return Some(time.to_utc());
    }
    const LENGTH: usize = "Nov 25 03:51:36".len();
    let text = before.get(..LENGTH)?;
    let of_year = |year: i32| {
        let time = NaiveDateTime::parse_from_str(&format!("{year} {text}"), "%Y %b %e %H:%M:%S").ok()?;
        Some(Local.from_local_datetime(&time).earliest()?.to_utc())
    };
    let a_day_ahead = now + chrono::TimeDelta::days(1);
    of_year(now.year() + 1)
        .filter(|time| *time <= a_day_ahead)
        .or_else(|| of_year(now.year()))
        .filter(|time| *time <= a_day_ahead)
        .or_else(|| of_year(now.year() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "d.12345678-9abc-def0-1234-56789abcdef0@papers.example";
    const NOW: &str = "2026-03-02T12:00:00Z";

    fn read(lines: &str) -> Log {
        let mut log = Log { now: NOW.parse().unwrap(), ..Log::default() };
        let mail_of = |sender: &str| (sender == "bounce+ours@x").then(|| mail_named(OURS).unwrap());
        log.lines(lines.as_bytes(), &mail_of).unwrap();
        log
    }

    fn sighting(lines: &[&str]) -> Option<Sighting> {
        let lines: String = lines.iter().map(|line| format!("2026-03-02T11:00:00.123456+00:00 mx {line}\n")).collect();
        read(&lines.replace("OURS", OURS)).mail(mail_named(OURS).unwrap())
    }

    #[test]
    fn only_the_queue_managers_line_proves_that_a_mail_was_taken() {
        let begun = "postfix/cleanup[7]: 4A1: message-id=<OURS>";
        let active = "postfix/qmgr[3]: 4A1: from=<b@x>, size=48012, nrcpt=1 (queue active)";
        assert_eq!(sighting(&[]), None);
        assert_eq!(sighting(&["postfix/smtpd[1]: 4A1: client=localhost[127.0.0.1]"]), None);
        assert_eq!(sighting(&[begun]), Some(Sighting::Begun));
        assert_eq!(sighting(&[begun, "postfix/smtpd[1]: lost connection after DATA (9 bytes) from localhost"]), Some(Sighting::Begun));
        assert_eq!(sighting(&[begun, "postfix/cleanup[7]: 4A1: milter-reject: END-OF-MESSAGE from x: 5.7.1 no"]), Some(Sighting::Begun));
        assert_eq!(sighting(&[begun, active]), Some(Sighting::Accepted));
        assert_eq!(
            sighting(&[begun, "postfix/smtp[9]: 4A1: to=<a@b>, relay=c, delay=1, dsn=4.4.1, status=deferred (x)"]),
            Some(Sighting::Accepted)
        );
        assert_eq!(sighting(&[begun, &active.replace("4A1", "4A2")]), Some(Sighting::Begun), "another mail's line");
    }

    #[test]
    fn the_sender_names_a_mail_whose_message_id_was_lost() {
        let active = "postfix/qmgr[3]: 4A1: from=<bounce+ours@x>, size=48012, nrcpt=1 (queue active)";
        assert_eq!(sighting(&["postfix/smtpd[1]: 4A1: client=localhost[127.0.0.1]", active]), Some(Sighting::Accepted));
        assert_eq!(sighting(&[&active.replace("ours", "others")]), None);
        assert_eq!(sighting(&["postfix/qmgr[3]: 4A1: from=<bounce+ours@x>, status=expired, returned to sender"]), None);
        let begun = "postfix/cleanup[7]: 4A1: message-id=<OURS>";
        let of_another = begun.replace("OURS", "d.00000000-9abc-def0-1234-56789abcdef0@papers.example");
        assert_eq!(sighting(&[begun, &of_another, active]), Some(Sighting::Accepted), "the sender is surer than the id");
    }

    #[test]
    fn a_queue_id_used_again_proves_nothing_for_the_first_mail() {
        let begun = "postfix/cleanup[7]: 4A1: message-id=<OURS>";
        let other = "postfix/cleanup[7]: 4A1: message-id=<somebody@else>";
        let active = "postfix/qmgr[3]: 4A1: from=<b@x>, size=48012, nrcpt=1 (queue active)";
        assert_eq!(sighting(&[begun, other, active]), Some(Sighting::Begun));
        let elsewhere = "postfix-two/qmgr[3]: 4A1: from=<b@x>, size=48012, nrcpt=1 (queue active)";
        assert_eq!(sighting(&[begun, elsewhere]), Some(Sighting::Begun), "another instance's id");
        assert_eq!(sighting(&[begun, active, other]), Some(Sighting::Accepted));
    }

    #[test]
    fn a_log_speaks_of_the_time_it_covers() {
        let log =
            read("2026-03-02T11:00:00+00:00 mx postfix/smtpd[1]: connect\n2026-03-02T11:30:00+00:00 mx postfix/smtpd[1]: disconnect\n");
        let covers = |time: &str| log.covers(time.parse().unwrap());
        assert!(covers("2026-03-02T11:00:00Z") && covers("2026-03-02T11:30:00.9Z"));
        assert!(!covers("2026-03-02T10:59:59Z") && !covers("2026-03-02T11:30:02Z"));
        assert!(!read("").covers(NOW.parse().unwrap()));
    }

    #[test]
    fn a_postfix_is_down_from_its_end_until_shortly_after_its_start() {
        let running = "2026-03-02T11:00:00+00:00 mx postfix/master[1]: daemon started -- version 3.7.11, configuration /etc/postfix\n";
        let stopped = "2026-03-02T11:20:00+00:00 mx postfix/postfix-script[2]: stopping the Postfix mail system\n";
        let aborted = "2026-03-02T11:20:00+00:00 mx postfix/postfix-script[2]: aborting the Postfix mail system\n";
        let ended = "2026-03-02T11:20:00+00:00 mx postfix/master[1]: terminating on signal 15\n";
        let reloaded = "2026-03-02T11:20:00+00:00 mx postfix/postfix-script[2]: refreshing the Postfix mail system\n";
        let again = "2026-03-02T11:40:00+00:00 mx postfix/master[9]: daemon started -- version 3.7.11, configuration /etc/postfix\n";
        let is_down = |lines: &[&str]| read(&lines.concat()).is_down();
        assert!(!is_down(&[running, reloaded]));
        for down in [stopped, aborted, ended] {
            assert!(is_down(&[running, down]), "{down}");
            assert!(!is_down(&[running, down, again]), "{down}");
            assert!(is_down(&[running, down, &again.replace("postfix/", "postfix-two/")]), "{down}");
            assert!(is_down(&[running, down, &again.replace("11:40:00", "11:59:51")]), "just started");
        }
    }

    #[test]
    fn the_traditional_time_has_the_year_that_fits() {
        let year = |text: &str| time(text, NOW.parse().unwrap()).map(|time| time.year());
        assert_eq!(year("Mar  2 11:00:00 mx postfix/qmgr[3"), Some(2026));
        assert_eq!(year("Dec 31 11:00:00 mx postfix/qmgr[3"), Some(2025));
        assert_eq!(year("no time at all"), None);
    }
}
