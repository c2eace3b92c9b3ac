//! Sources behind a proxy: of HTTP and of SOCKS, and what is never asked by one.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{MONDAY, NOW, add_source, ask, hub_source};
use crate::support::papers::{invented, item};
use crate::support::program::{Program, finish};
use crate::support::raw::http;
use crate::support::service::Service;

const JSON: &str = "content-type: application/json";

/// A proxy that answers everything itself, and keeps what it is asked.
#[derive(Clone)]
struct Proxy {
    address: String,
    answer: Arc<Mutex<Vec<u8>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { address: listener.local_addr().unwrap().to_string(), answer: Arc::default(), heads: Arc::default() };
        let server = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        proxy
    }

    fn answers(&self, answer: Vec<u8>) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The heads of the requests since the last call.
    fn heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = vec![stream.read_u8().await?];
        if head == [5] {
            let wanted = socks(&mut stream).await?;
            self.heads.lock().unwrap().push(wanted);
            head.clear();
        }
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        self.heads.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
        let answer = self.answer.lock().unwrap().clone();
        stream.write_all(&answer).await?;
        stream.shutdown().await
    }
}

/// The server's side of SOCKS 5 without a password (RFC 1928), after its first byte: what is to be connected with.
async fn socks(stream: &mut TcpStream) -> std::io::Result<String> {
    let methods = stream.read_u8().await?;
    stream.read_exact(&mut vec![0; methods.into()]).await?;
    stream.write_all(&[5, 0]).await?;
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    let mut name = match request[3] {
        3 => vec![0; stream.read_u8().await?.into()],
        _ => vec![0; 4],
    };
    stream.read_exact(&mut name).await?;
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(if request[3] == 3 { format!("{}:{port}", String::from_utf8_lossy(&name)) } else { format!("{name:?}:{port}") })
}

/// A service behind `proxy`, and a hub that only the proxy can find.
async fn behind(proxy: &str, hub: &str) -> Service {
    let mut service = Service::start_with(NOW, &[("FETCH_PROXY", proxy), ("FETCH_CONTACT", "mailto:ops@example.org")]).await;
    add_source(&mut service, "far", hub_source(hub)).await;
    service
}

fn list(id: &str) -> Vec<u8> {
    http("200 OK", &[JSON], serde_json::to_string(&[item(id, "From afar", "Text.", 1)]).unwrap())
}

#[tokio::test]
async fn a_source_is_asked_by_way_of_the_proxy_and_private_ones_are_not() {
    let proxy = Proxy::start().await;
    let service = behind(&format!("http://ada:s3cret@{}", proxy.address), "http://far.invalid").await;
    proxy.answers(list("9901.00001"));
    assert_eq!(ask(&service, "far", Some(MONDAY)).await.unwrap().papers, 1);
    let heads = proxy.heads();
    assert!(
        heads[0].starts_with(&format!("GET http://far.invalid/api/daily_papers?date={MONDAY}&limit=100&p=0 HTTP/1.1\r\n")),
        "{heads:?}"
    );
    // Who asks, and for whom.
    let agent =
        format!("user-agent: Paperlark/{} (+{}; mailto:ops@example.org)\r\n", env!("CARGO_PKG_VERSION"), service.app.config.site.base_url);
    assert!(heads[0].contains(&agent), "{heads:?}");
    for wanted in ["accept-encoding: gzip,deflate,br\r\n", "accept: application/json\r\n"] {
        assert!(heads[0].contains(wanted), "{heads:?}");
    }
    assert!(heads[0].to_lowercase().contains("proxy-authorization: basic ywrhonmzy3jlda=="), "{heads:?}");

    service.hub.list(MONDAY.parse().unwrap(), invented(MONDAY.parse().unwrap(), 3));
    assert_eq!(service.fetch(MONDAY).await.papers, 3, "the other stands at an address of this machine");
    assert!(proxy.heads().is_empty());

    for (to, says) in [("http://169.254.169.254/latest/", "a link-local address"), ("http://127.0.0.1:1/", "it is this machine")] {
        proxy.answers(http("302 Found", &[&format!("location: {to}")], ""));
        let error = ask(&service, "far", Some(MONDAY)).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(proxy.heads().len(), 1, "the proxy is not asked for it");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_apart_from_the_source_and_its_password_from_nobody() {
    let proxy = Proxy::start().await;
    let service = behind(&format!("http://ada:s3cret@{}", proxy.address), "https://far.invalid").await;
    proxy.answers(http("403 Forbidden", &[], ""));
    let error = ask(&service, "far", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.contains("https://far.invalid/") && error.contains("by way of fetch.proxy: ") && !error.contains("s3cret"), "{error}");
    assert!(proxy.heads()[0].starts_with("CONNECT far.invalid:443 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn with_socks_the_proxy_finds_names_or_the_rules_hold_for_them() {
    let proxy = Proxy::start().await;
    proxy.answers(list("9901.00001"));
    let service = behind(&format!("socks5h://{}", proxy.address), "http://far.invalid").await;
    assert_eq!(ask(&service, "far", Some(MONDAY)).await.unwrap().papers, 1);
    let heads = proxy.heads();
    assert_eq!(heads[0], "far.invalid:80");
    assert!(heads[1].starts_with("GET /api/daily_papers?"), "{heads:?}");

    let service = behind(&format!("socks5://{}", proxy.address), "http://far.invalid").await;
    let error = ask(&service, "far", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.contains("by way of fetch.proxy"), "{error}");
    assert!(proxy.heads().iter().all(|head| !head.contains("far.invalid")), "the name is looked up here, in vain");
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_used_and_a_wrong_one_is_told() {
    let (program, _database) = Program::with_database().await;
    let (hub, environments) = (Proxy::start().await, Proxy::start().await);
    hub.answers(list("9901.00001"));
    let program = program.set("CLOCK_START", NOW).set("SOURCE_HUGGINGFACE_BASE_URL", &format!("http://{}", hub.address));
    let mut command = program.command(&["fetch", "--date", MONDAY]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, format!("http://{}", environments.address));
    }
    finish(command).await.ends(0).says(&["1 paper: 1 new"]);
    assert!(environments.heads().is_empty());
    let program = program.set("FETCH_PROXY", "proxy.example.org:3128");
    program.run(&["config", "check"]).await.ends(3).complains(&["fetch.proxy: must begin with http://"]);
    let program = program.set("FETCH_PROXY", "http://ada:s3cret@proxy.example.org:3128");
    let shown = program.run(&["config", "show"]).await.ends(0);
    assert!(!shown.out.contains("s3cret"), "{}", shown.out);
}
