//! Bytes to and from a relay: commands out, replies in (RFC 5321 § 4.2).

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use super::reply::Reply;

/// Of a longer line only so many bytes are kept. RFC 5321 § 4.5.3.1.5 allows 512; relays are chattier.
const MAX_LINE_BYTES: usize = 2048;

/// A reply that goes on for longer is none.
const MAX_REPLY_BYTES: usize = 1 << 20;

/// What SMTP is spoken over: TCP, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// One side of a conversation.
pub(super) struct Wire<S> {
    stream: BufReader<S>,
}

/// A reply line by line, the code apart.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: i16,
    pub(super) lines: Vec<String>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { code: Some(answer.code), text: answer.lines.join(" ") }
    }
}

impl<S: Stream> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Hands all of `bytes` to the system; what TLS holds back waits for [`Wire::flush`].
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.stream.flush().await
    }

    /// Sends whole command lines.
    pub(super) async fn command(&mut self, lines: &str) -> io::Result<()> {
        self.write(lines.as_bytes()).await?;
        self.flush().await
    }

    /// Reads one reply, in whatever character set.
    ///
    /// # Errors
    /// The connection's, or `InvalidData` for what is no SMTP.
    pub(super) async fn reply(&mut self) -> io::Result<Answer> {
        let (mut lines, mut budget) = (Vec::new(), MAX_REPLY_BYTES);
        loop {
            let line = self.line(&mut budget).await?;
            let (code, is_last, text) = split(&line).ok_or_else(|| invalid("its reply is no SMTP"))?;
            lines.push(text);
            if is_last {
                return Ok(Answer { code, lines });
            }
        }
    }

    async fn line(&mut self, budget: &mut usize) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let available = self.stream.fill_buf().await?;
            if available.is_empty() {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection"));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(available.len(), |at| at + 1);
            *budget = budget.checked_sub(used).ok_or_else(|| invalid("its reply does not end"))?;
            let room = MAX_LINE_BYTES.saturating_sub(line.len());
            line.extend_from_slice(&available[..used.min(room)]);
            self.stream.consume(used);
            if end.is_some() {
                return Ok(line);
            }
        }
    }

    /// The stream itself, for TLS to be spoken on.
    ///
    /// # Errors
    /// When more has come than was asked for: somebody on the way may have slipped it in, to be taken for what
    /// the relay says under TLS.
    pub(super) fn into_stream(self) -> io::Result<S> {
        match self.stream.buffer().is_empty() {
            true => Ok(self.stream.into_inner()),
            false => Err(invalid("it said more than was asked, in the clear")),
        }
    }
}

/// Code, whether it is the last line, and text.
fn split(line: &[u8]) -> Option<(i16, bool, String)> {
    let line = line.trim_ascii_end();
    let (code, rest) = line.split_at_checked(3)?;
    let code: i16 = std::str::from_utf8(code).ok()?.parse().ok()?;
    let is_last = match rest.first() {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    let text = String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).into_owned();
    (200..600).contains(&code).then_some((code, is_last, text))
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reply_is_read_line_by_line_and_nothing_else_is_taken_for_one() {
        let check = async |bytes: &'static [u8], expect: Option<(i16, &str)>| {
            let (mut relay, ours) = tokio::io::duplex(1 << 16);
            relay.write_all(bytes).await.unwrap();
            drop(relay);
            let found = Wire::new(ours).reply().await.ok().map(Reply::from);
            let expect = expect.map(|(code, text)| Reply { code: Some(code), text: text.to_owned() });
            assert_eq!(found, expect, "{}", bytes.escape_ascii());
        };
        check(b"250 2.1.0 Fine\r\n", Some((250, "2.1.0 Fine"))).await;
        check(b"250\r\n", Some((250, ""))).await;
        check(b"250 bare\n", Some((250, "bare"))).await;
        check(b"250-one\r\n250-\r\n250 two\r\n", Some((250, "one  two"))).await;
        check(b"550 Empf\xe4nger\r\n", Some((550, "Empf\u{fffd}nger"))).await;
        for noise in
            [&b"25\r\n"[..], b"\r\n", b"999 what\r\n", b"250_x\r\n", b"+25 x\r\n", b"HTTP/1.1 400\r\n", b"250-never ends\r\n", b"250 cut"]
        {
            check(noise, None).await;
        }
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_an_endless_reply_is_an_error() {
        let (mut relay, ours) = tokio::io::duplex(1 << 16);
        let mut wire = Wire::new(ours);
        let talking = tokio::spawn(async move {
            relay.write_all(format!("250 {}\r\n", "x".repeat(100_000)).as_bytes()).await.unwrap();
            while relay.write_all(&[b'x'; 4096]).await.is_ok() {}
        });
        let answer = wire.reply().await.unwrap();
        assert_eq!(answer.lines[0].len(), MAX_LINE_BYTES - "250 ".len());
        assert_eq!(wire.reply().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        drop(wire);
        talking.await.unwrap();
    }
}
