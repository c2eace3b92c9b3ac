//! The configuration as the program reads, checks and shows it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::program::{Program, finish};
use crate::support::service::KEY;

#[tokio::test]
async fn the_built_in_configuration_is_itself_a_right_one() {
    let program = Program::new();
    let defaults = program.run(&["config", "show", "--defaults"]).await.ends(0).out;
    let file = program.file("own.toml", &defaults);
    program.run(&["config", "check", "--config", &file]).await.ends(0).says(&["The configuration is right."]);
    let shown =
        |program: Program, file: String| async move { program.run(&["config", "show", "--json", "--config", &file]).await.ends(0).json() };
    let with_file = shown(program, file).await;
    assert_eq!(with_file, shown(Program::new(), "/dev/null".into()).await);
    for (number, line) in defaults.lines().enumerate().filter(|(_, line)| line.contains(" = ") && !line.starts_with('#')) {
        let above = defaults.lines().take(number).filter(|line| !line.starts_with('[')).last().unwrap();
        let explained = above.starts_with('#') || above.contains(" = ");
        assert!(explained, "{line:?} stands there without a word");
    }
}

#[tokio::test]
async fn the_defaults_are_shown_however_wrong_the_configuration_is() {
    let program = Program::new().set("RELAY_HOTS", "x");
    program.run(&["config", "show", "--defaults", "--config", "/no/such/file"]).await.ends(0).says(&["[relay]"]);
}

#[tokio::test]
async fn the_environment_goes_before_the_file_and_the_file_before_the_defaults() {
    let program = Program::new().set("RELAY_HOST", "from-environment.example");
    let file = program.file(
        "own.toml",
        "[relay]\nhost = \"from-file.example\"\nport = 2525\n[source.mine]\nkind = \"file\"\npath = \"/p\"\nschedule = \"@hourly\"\n",
    );
    let config = program.run(&["config", "show", "--json", "--config", &file]).await.ends(0).json();
    assert_eq!(config["relay"]["host"], "from-environment.example");
    assert_eq!((&config["relay"]["port"], &config["relay"]["connections"]), (&2525.into(), &8.into()));
    assert_eq!(config["source"].as_object().unwrap().len(), 2);
    let text = program.run(&["config", "show", "--config", &file]).await.ends(0);
    text.says(&["[relay]", "host = \"from-environment.example\"", "port = 2525"]);
    let usual = Program::new();
    usual.file("paperlark.toml", "[site]\nname = \"Found by itself\"\n");
    let mut command = usual.command(&["config", "show"]);
    finish({
        command.env_remove("PAPERLARK_CONFIG");
        command
    })
    .await
    .ends(0)
    .says(&["Found by itself"]);
}

#[tokio::test]
async fn what_a_file_says_wrongly_is_named() {
    for (content, expect) in [
        ("[relay]\nhots = \"x\"", &["own.toml", "relay.hots", "did you mean relay.host?"][..]),
        ("[relais]\nhost = \"x\"", &["own.toml", "relais.host", "did you mean relay.host?"]),
        ("host = \"x\"", &["own.toml", "sets host", "config show --defaults"]),
        ("[source.mine]\nknd = \"file\"", &["source.mine.knd", "did you mean source.mine.kind?"]),
        ("[source.mine]\nkind = \"file\"\nschedule = \"@hourly\"", &["source.mine.path", "a file source needs it"]),
        ("[source.mine]\nkind = \"gopher\"\nschedule = \"@hourly\"", &["source.mine.kind", "gopher"]),
        ("[relay]\nport = \"many\"", &["relay.port", "many"]),
        ("[relay]\nrate = \"fast\"", &["relay.rate", "fast", "10/s"]),
        ("[relay]\nauth = \"kerberos\"", &["relay.auth", "kerberos", "xoauth2"]),
        ("[relays.a]\nhots = \"x\"", &["relays.a.hots", "did you mean relays.a.host?"]),
        ("[relays.a]\nport = \"many\"", &["relays.a.port", "many"]),
        ("[relays.a]\nweight = 0", &["relays.a.weight", "at least 1"]),
        ("[relays.a]\nuser = \"ann\"", &["relays.a.user", "relay.password"]),
        ("[relays.A]\nport = 25", &["relays.A", "a–z"]),
        ("[relay]\nhost = \"mx.example\"\n[relays.a]\nport = 26", &["relay.host", "give host, user and password to each"]),
        ("[dkim]\nselector = \"lark1\"", &["dkim.key_file", "set both"]),
        ("[dkim]\ndomain = \"elsewhere.example\"", &["dkim.domain", "site.from_address"]),
        ("[dkim]\ned25519_selector = \"e\"\ned25519_key_file = \"k\"", &["dkim.ed25519_selector", "dkim.selector"]),
        ("[relay]\nport = 70000", &["relay.port", "70000"]),
        ("[digest]\ncurated = \"huggingface\"", &["digest.curated"]),
        ("[web]\ntrust_forwarded_for = \"sometimes\"", &["web.trust_forwarded_for", "sometimes"]),
        ("[relay\nhost = 1", &["own.toml", "line 1"]),
        ("[relay]\nhost = \"a\"\nhost = \"b\"", &["own.toml", "duplicate key"]),
    ] {
        let program = Program::new();
        let file = program.file("own.toml", content);
        program.run(&["config", "check", "--config", &file]).await.ends(3).complains(expect);
    }
    let program = Program::new();
    program.run(&["config", "check", "--config", "/no/such/file.toml"]).await.ends(3).complains(&["/no/such/file.toml", "No such file"]);
    program.run(&["serve", "--config", "/no/such/file.toml"]).await.ends(3);
    let binary = program.file("own.toml", b"\xff\xfe[relay]");
    program.run(&["config", "check", "--config", &binary]).await.ends(3).complains(&["own.toml", "UTF-8"]);
}

#[tokio::test]
async fn what_the_environment_says_wrongly_is_named() {
    for (key, value, expect) in [
        ("RELAY_HOTS", "x", &["the environment", "PAPERLARK_RELAY_HOTS", "did you mean PAPERLARK_RELAY_HOST?"][..]),
        ("COMPLETELY_ELSE", "x", &["PAPERLARK_COMPLETELY_ELSE", "config show --defaults"]),
        ("RELAY_PORT", "many", &["relay.port", "many"]),
        ("RELAY_PORT", "-1", &["relay.port"]),
        ("RELAY_TLS", "perhaps", &["relay.tls", "perhaps", "starttls"]),
        ("RELAY_CONNECTIONS", "0", &["relay.connections", "at least 1"]),
        ("RELAY_USER", "ann", &["relay.user", "relay.password"]),
        ("SITE_TIME_ZONE", "Mars/Base", &["site.time_zone", "Mars/Base"]),
        ("SITE_HOUR", "24", &["site.hour", "24"]),
        ("SITE_FROM_ADDRESS", "nobody", &["site.from_address", "@"]),
        ("SITE_BASE_URL", "ftp://example.org", &["site.base_url", "http"]),
        ("WEB_LISTEN", "8080", &["web.listen"]),
        ("WEB_TRUST_FORWARDED_FOR", "maybe", &["web.trust_forwarded_for", "maybe"]),
        ("DELIVERY_LEASE", "soon", &["delivery.lease"]),
        ("DELIVERY_UNCERTAIN", "guess", &["delivery.uncertain", "resend"]),
        ("DATABASE_MAX_CONNECTIONS", "1", &["database.max_connections", "at least 4"]),
        ("DIGEST_MAX_PAPERS", "0", &["digest.max_papers", "1 to 100"]),
        ("DIGEST_CURATED", "nowhere", &["digest.curated", "[source.nowhere]"]),
        ("SOURCE_HUGGINGFACE_SCHEDULE", "every day", &["source.huggingface.schedule", "five fields"]),
        ("LOG_FILTER", "paperlark=chatty", &["log.filter", "chatty"]),
        ("LOG_FORMAT", "xml", &["log.format", "xml"]),
        ("SECRET_KEY", "short", &["secret", "at least 32"]),
        ("CLOCK_START", "noon", &["clock.start"]),
    ] {
        let program = Program::new().set(key, value);
        program.run(&["config", "check"]).await.ends(3).complains(expect);
    }
}

#[tokio::test]
async fn secrets_come_from_files_and_are_never_shown() {
    let program = Program::new();
    let key = program.file("key", format!("{KEY}\n"));
    let secrets =
        [("RELAY_USER", "ann"), ("RELAY_PASSWORD", "sesame-open"), ("DATABASE_URL", "postgres://ann:sesame-open@db.example/paperlark")];
    let program = secrets.iter().fold(program, |program, (name, value)| program.set(name, value)).set("SECRET_KEY_FILE", &key);
    for arguments in [&["config", "show"][..], &["config", "show", "--json"], &["config", "check"]] {
        let ran = program.run(arguments).await.ends(0);
        for secret in ["sesame-open", KEY] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
        }
    }
    program.run(&["config", "show"]).await.says(&["••••••"]);
    let both = program.set("SECRET_KEY", KEY);
    let ran = both.run(&["config", "check"]).await.ends(3).complains(&["secret.key", "secret.key_file", "keep one"]);
    assert!(!ran.err.contains(KEY));
    let unreadable = Program::new().set("RELAY_USER", "ann").set("RELAY_PASSWORD_FILE", "/no/such/secret");
    unreadable.run(&["config", "check"]).await.ends(3).complains(&["relay.password_file", "/no/such/secret", "No such file"]);
}

#[tokio::test]
async fn several_relays_share_what_stands_in_relay() {
    let program = Program::new().set("RELAYS_SPARE_PASSWORD", "sesame-open");
    let file = program.file(
        "own.toml",
        "[relay]\nconnections = 3\ntls = \"tls\"\n[relays.main]\nhost = \"a.example\"\nrate = \"14/s\"\n\
         [relays.spare]\nhost = \"b.example\"\nconnections = 2\nuser = \"ann\"\npassword = \"\"\n",
    );
    let ran = program.run(&["config", "show", "--json", "--config", &file]).await.ends(0);
    assert!(!ran.out.contains("sesame-open"));
    let relays = ran.json()["relays"].clone();
    assert_eq!(
        (&relays["main"]["host"], &relays["main"]["connections"], &relays["main"]["rate"]),
        (&"a.example".into(), &3.into(), &"14/s".into())
    );
    assert_eq!((&relays["spare"]["connections"], &relays["spare"]["tls"]), (&2.into(), &"tls".into()));
}

#[tokio::test]
async fn variables_of_others_are_no_concern_of_ours() {
    let program = Program::new();
    let mut command = program.command(&["config", "check"]);
    command.env("LESSOPEN", OsStr::from_bytes(b"\xff\xfe")).env("PAPERLARKS", "birds").env("RELAY_HOTS", "x");
    finish(command).await.ends(0).complains(&[]);
}
