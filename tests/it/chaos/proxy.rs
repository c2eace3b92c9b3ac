//! The network between workers and relay: delays, cuts in the middle, replies that never arrive.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What befalls what passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weather {
    Fair,
    /// Each piece waits.
    Slow(Duration),
    /// Connections break after so many bytes to the relay.
    Cut(usize),
    /// The mail arrives, and the connection breaks before its reply does.
    Mute,
}

impl Weather {
    pub fn draw(random: &mut StdRng) -> Self {
        match random.random_range(0..4) {
            0 => Self::Slow(Duration::from_millis(random.random_range(1..60))),
            1 | 2 => Self::Cut(random.random_range(100..200_000)),
            _ => Self::Mute,
        }
    }
}

pub struct Proxy {
    pub address: SocketAddr,
    weather: Arc<Mutex<Weather>>,
}

impl Proxy {
    pub async fn start(to: SocketAddr) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), to).await
    }

    pub async fn start_at(at: SocketAddr, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let (address, weather) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Weather::Fair)));
        let shared = weather.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move {
                    // While the relay restarts, nobody answers.
                    if let Ok(relay) = TcpStream::connect(to).await {
                        let _ = carry(client, relay, &shared).await;
                    }
                });
            }
        });
        Self { address, weather }
    }

    pub fn set(&self, weather: Weather) {
        *self.weather.lock().unwrap() = weather;
    }
}

/// What a piece takes on a good day: a transmission should last long enough to be hit.
const USUAL: Duration = Duration::from_millis(2);

const END_OF_MAIL: &[u8] = b"\r\n.\r\n";

async fn carry(mut client: TcpStream, mut relay: TcpStream, weather: &Mutex<Weather>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    relay.set_nodelay(true)?;
    let (mut up, mut down) = (vec![0; 16_384], vec![0; 16_384]);
    let (mut carried, mut tail) = (0, Vec::new());
    loop {
        let (from_client, count) = tokio::select! {
            count = client.read(&mut up) => (true, count?),
            count = relay.read(&mut down) => (false, count?),
        };
        if count == 0 {
            return Ok(());
        }
        let now = *weather.lock().unwrap();
        let time = if let Weather::Slow(time) = now { time } else { USUAL };
        tokio::time::sleep(time).await;
        if !from_client {
            client.write_all(&down[..count]).await?;
            continue;
        }
        let rest = match now {
            Weather::Cut(after) => count.min(usize::saturating_sub(after, carried)),
            _ => count,
        };
        relay.write_all(&up[..rest]).await?;
        carried += rest;
        if rest < count {
            return Ok(());
        }
        tail.extend_from_slice(&up[..count]);
        let ended = tail.windows(END_OF_MAIL.len()).any(|window| window == END_OF_MAIL);
        if now == Weather::Mute && ended {
            // Long enough for the relay to take it.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Ok(());
        }
        let keep = if ended { 0 } else { tail.len().min(END_OF_MAIL.len() - 1) };
        tail.drain(..tail.len() - keep);
    }
}
