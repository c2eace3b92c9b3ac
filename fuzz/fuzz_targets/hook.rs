//! What any stranger may post to a webhook is read without harm; a note never holds an address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::feedback::provider::{Event, Said, mailgun, postmark, sendgrid, ses, sns};

fuzz_target!(|body: &[u8]| {
    let mut events: Vec<Event> = ses::events(&String::from_utf8_lossy(body));
    events.extend(postmark::events(body).unwrap_or_default());
    events.extend(sendgrid::events(body).unwrap_or_default());
    events.extend(mailgun::Payload::parse(body).map(|payload| payload.events()).unwrap_or_default());
    for event in events {
        if let Said::Report(report) = event.said {
            assert!(!report.note.contains('@'));
        }
    }
    if let Ok(notice) = sns::Notice::parse(body) {
        let asked = notice.certificate_url(None).map(|url| url.host_str().unwrap_or_default().to_owned());
        assert!(
            asked.is_none_or(|host| host.starts_with("sns.") && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")))
        );
    }
    let _ = sns::Certificate::from_pem(body);
});
