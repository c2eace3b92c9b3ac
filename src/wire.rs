//! Lines in, replies out, on one SMTP connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long a silent client is kept (RFC 5321 § 4.5.3.2.7 asks for five minutes at least).
const MAX_SILENCE: Duration = Duration::from_secs(300);

/// A line of a mail, in bytes with its end but without a stuffed dot (RFC 5321 § 4.5.3.1.6).
const MAX_TEXT_LINE_BYTES: usize = 1000;
const LINE_TOO_LONG: &str = "554 5.6.0 A line is longer than 998 bytes (RFC 5321 section 4.5.3.1.6)";

/// A server's buffer for what has come but is not read yet, in bytes.
const READ_BUFFER_BYTES: usize = 16 * 1024;

/// How reading a line ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    /// The line is there, with its line feed.
    Line,
    /// It was longer than allowed; all of it is consumed, so the conversation stays in step.
    TooLong,
    /// The client closed the connection.
    Closed,
}

/// What came between DATA and the final dot.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// The mail.
    Whole(Vec<u8>),
    /// The mail was read to its end, and this is what to answer.
    Refused(&'static str),
    /// The client left before the end.
    Cut,
}

/// A connection. Replies gather until the server must wait for input, which is what makes pipelining
/// (RFC 2920) one packet each way.
#[derive(Debug)]
pub struct Wire {
    stream: BufReader<TcpStream>,
    replies: Vec<u8>,
}

impl Wire {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(READ_BUFFER_BYTES, stream), replies: Vec::new() })
    }

    /// Queues one reply line, given without its end.
    pub fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    /// Sends what is queued.
    pub async fn flush(&mut self) -> io::Result<()> {
        if !self.replies.is_empty() {
            self.stream.write_all(&self.replies).await?;
            self.replies.clear();
        }
        self.stream.flush().await
    }

    /// Reads up to and with the next line feed into `line`, of at most `limit` bytes.
    ///
    /// # Errors
    /// `TimedOut` after five silent minutes, or what the connection reports.
    pub async fn read_line(&mut self, line: &mut Vec<u8>, limit: usize) -> io::Result<Reading> {
        line.clear();
        let mut too_long = false;
        loop {
            if self.stream.buffer().is_empty() {
                self.flush().await?;
            }
            let available = tokio::time::timeout(MAX_SILENCE, self.stream.fill_buf()).await??;
            if available.is_empty() {
                return Ok(Reading::Closed);
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let used = end.map_or(available.len(), |at| at + 1);
            too_long |= line.len() + used > limit;
            if !too_long {
                line.extend_from_slice(&available[..used]);
            }
            self.stream.consume(used);
            if end.is_some() {
                return Ok(if too_long { Reading::TooLong } else { Reading::Line });
            }
        }
    }

    /// Reads a mail of at most `limit` bytes: dots unstuffed, its end only at CRLF `.` CRLF, so that no second
    /// mail can be smuggled in behind a lone line feed.
    pub async fn read_content(&mut self, limit: usize) -> io::Result<Content> {
        let (mut bytes, mut line) = (Vec::new(), Vec::new());
        let mut refusal = None;
        let mut after_crlf = true;
        loop {
            match self.read_line(&mut line, MAX_TEXT_LINE_BYTES + 1).await? {
                Reading::Closed => return Ok(Content::Cut),
                Reading::TooLong => {
                    refusal = refusal.or(Some(LINE_TOO_LONG));
                    after_crlf = true;
                    continue;
                }
                Reading::Line => {}
            }
            if after_crlf && line == b".\r\n" {
                return Ok(refusal.map_or(Content::Whole(bytes), Content::Refused));
            }
            let unstuffed = if after_crlf { line.strip_prefix(b".").unwrap_or(&line) } else { &line };
            after_crlf = line.ends_with(b"\r\n");
            if !after_crlf {
                refusal = refusal.or(Some("554 5.6.0 A line feed stands without its carriage return"));
            } else if unstuffed.len() > MAX_TEXT_LINE_BYTES {
                refusal = refusal.or(Some(LINE_TOO_LONG));
            } else if bytes.len() + unstuffed.len() > limit {
                refusal = refusal.or(Some("552 5.3.4 Mail too large"));
            }
            if refusal.is_none() {
                bytes.extend_from_slice(unstuffed);
            }
        }
    }
}
