//! A server that says exactly the bytes it is told to, as slowly as it is told to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// What it does with a request once it has read its head.
#[derive(Clone)]
pub enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends the first bytes at once and the others one by one, with this pause before each.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Sends these bytes and then so many zeros.
    Zeros(Vec<u8>, u64),
}

/// A running server; clones share it.
#[derive(Clone)]
pub struct Raw {
    /// `http://127.0.0.1:port`
    pub url: String,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
    sent: Arc<AtomicU64>,
}

impl Raw {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let raw = Self { url, replies: Arc::default(), asked: Arc::default(), sent: Arc::default() };
        let server = raw.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.answer(stream).await });
            }
        });
        raw
    }

    /// Answers requests whose target contains `part` with `reply`; "" is everything else.
    pub fn reply(&self, part: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(part.to_owned(), reply);
    }

    /// The targets asked for since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap()).into_iter().map(|(target, _)| target).collect()
    }

    /// When it was asked, so far.
    pub fn asked_at(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().iter().map(|(_, at)| *at).collect()
    }

    /// Bytes sent in all.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    async fn answer(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte).await {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        let target = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push((target.clone(), Instant::now()));
        let reply = {
            let replies = self.replies.lock().unwrap();
            let found = replies.iter().filter(|(part, _)| target.contains(part.as_str())).max_by_key(|(part, _)| part.len());
            found.map(|(_, reply)| reply.clone())
        };
        match reply {
            None => {}
            Some(Reply::Bytes(bytes)) => drop(self.send(&mut stream, &bytes).await),
            Some(Reply::Drip(first, bytes, pause)) => {
                let mut going = self.send(&mut stream, &first).await;
                for byte in bytes {
                    if going.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                    going = self.send(&mut stream, &[byte]).await;
                }
            }
            Some(Reply::Zeros(bytes, count)) => {
                let zeros = vec![0; 1 << 20];
                let mut left = count;
                let mut going = self.send(&mut stream, &bytes).await;
                while left > 0 && going.is_ok() {
                    let now = left.min(zeros.len() as u64);
                    going = self.send(&mut stream, &zeros[..usize::try_from(now).unwrap()]).await;
                    left -= now;
                }
            }
        }
        let _ = stream.shutdown().await;
    }

    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
        stream.write_all(bytes).await?;
        self.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(())
    }
}

/// An answer with its length.
pub fn http(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// `size` spaces, gzipped. They are compressed once and repeated: after a full flush the next part begins like the first.
pub fn bomb(size: usize) -> Vec<u8> {
    const PART: usize = 4 << 20;
    let mut part = Vec::with_capacity(PART);
    Compress::new(Compression::fast(), false).compress_vec(&vec![b' '; PART], &mut part, FlushCompress::Full).unwrap();
    // The header of RFC 1952 § 2.3 without a name.
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255][..], &part.repeat(size / PART)].concat()
}
