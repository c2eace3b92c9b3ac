//! Files of papers: JSON Lines or a JSON list, gzipped or not, one file or a folder of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::{Months, NaiveDate};
use flate2::read::MultiGzDecoder;

use super::item::{self, Item};
use super::{Ask, DayPapers, Fetched, Problem, SourceError, Wanted};

/// The longest list or line taken, in bytes after decompression: a year of a raw listing fits.
const MAX_BYTES: u64 = 1 << 30;

/// Reads all days, or the items of one day. Items without a day of their own count for the day asked
/// for, else for today.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let day = match ask.wanted {
        Wanted::Latest => None,
        Wanted::Day(day) => Some(day),
        Wanted::Changed(_) => return Err(ask.unsupported("does not tell what it changed: leave out --reconcile")),
    };
    let path = ask.source.path.clone().ok_or_else(|| ask.unsupported("has no path"))?;
    let (today, shown) = (ask.today, path.display().to_string());
    let reading = tokio::task::spawn_blocking(move || read(&path, day, today)).await;
    reading.unwrap_or_else(|error| Err(SourceError::File { path: shown, source: io::Error::other(error) }))
}

fn read(path: &Path, day: Option<NaiveDate>, today: NaiveDate) -> Result<Fetched, SourceError> {
    // A mistyped year would be the newest day for ever.
    let latest = today.checked_add_months(Months::new(12)).unwrap_or(today);
    let mut fetched = Fetched::default();
    let mut days: BTreeMap<NaiveDate, Vec<crate::paper::Paper>> = BTreeMap::new();
    for file in files(path)? {
        let mut take = |place: String, json: &[u8], result: Result<Item, String>| match result {
            Ok(item) if item.day.is_some_and(|day| day > latest) => {
                let reason = format!("it is listed on a day after {latest}, more than a year ahead");
                fetched.problems.push(Problem::of(place, reason, json));
            }
            Ok(item) => {
                let listed = item.day.or(day).unwrap_or(today);
                if day.is_none_or(|day| day == listed) {
                    days.entry(listed).or_default().push(item.paper);
                }
            }
            Err(reason) => fetched.problems.push(Problem::of(place, reason, json)),
        };
        read_file(&file, &mut take).map_err(|source| SourceError::File { path: file.display().to_string(), source })?;
    }
    fetched.days = days.into_iter().map(|(day, papers)| DayPapers { day, papers }).collect();
    Ok(fetched)
}

/// The file itself, or the readable kinds in a folder by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let fail = |source| SourceError::File { path: path.display().to_string(), source };
    if !std::fs::metadata(path).map_err(fail)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let readable = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        !name.starts_with('.') && (name.ends_with(".json") || name.ends_with(".jsonl") || name.ends_with(".ndjson"))
    };
    let entries: Result<Vec<PathBuf>, _> = std::fs::read_dir(path).map_err(fail)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files: Vec<PathBuf> = entries.map_err(fail)?.into_iter().filter(|path| readable(path)).collect();
    files.sort();
    Ok(files)
}

/// Where an item stands, the item as it came, and what it says.
type Take<'a> = dyn FnMut(String, &[u8], Result<Item, String>) + 'a;

fn read_file(path: &Path, take: &mut Take<'_>) -> io::Result<()> {
    let mut raw = BufReader::new(File::open(path)?);
    let gzipped = raw.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let bytes: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(raw)) } else { Box::new(raw) };
    let mut reader = BufReader::new(bytes);
    let shown = path.display();
    let skipped = skip_blank_lines(&mut reader)?;
    if reader.fill_buf()?.starts_with(b"[") {
        let mut body = Vec::new();
        if reader.take(MAX_BYTES).read_to_end(&mut body)? as u64 == MAX_BYTES {
            return Err(too_long());
        }
        let items = item::list(&body).map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))?;
        for (json, number) in items.into_iter().zip(1..) {
            take(format!("{shown}, item {number}"), json.get().as_bytes(), item::read(json.get().as_bytes()));
        }
        return Ok(());
    }
    let mut line = Vec::new();
    for number in skipped + 1.. {
        line.clear();
        // Each line has the limit to itself.
        if reader.by_ref().take(MAX_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if !line.trim_ascii().is_empty() {
            take(format!("{shown}, line {number}"), &line, item::read(&line));
        }
    }
    Ok(())
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the list is longer than {MAX_BYTES} bytes; write one item a line instead"))
}

/// Skips white space and a byte order mark at the beginning; gives the number of lines skipped.
fn skip_blank_lines(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut lines = 0;
    while let Some(&byte) = reader.fill_buf()?.first()
        && matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf)
    {
        lines += u64::from(byte == b'\n');
        reader.consume(1);
    }
    Ok(lines)
}
