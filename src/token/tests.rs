use super::*;
use proptest::prelude::*;

const PURPOSES: [Purpose; 5] = [Purpose::Confirm, Purpose::Preferences, Purpose::Unsubscribe, Purpose::Digest, Purpose::Bounce];
const OLD: &[u8] = b"an older key of thirty-two bytes";
const NEW: &[u8] = b"the newest key has more than thirty-two bytes";

fn keys() -> Keys {
    Keys::new(NEW, &[OLD]).unwrap()
}

#[test]
fn a_token_tells_whom_it_belongs_to_for_its_purpose_only() {
    for purpose in PURPOSES {
        for (subscriber, payload) in [
            (1, &b""[..]),
            (0, b"\0"),
            (127, b"x"),
            (128, &[7; 16]),
            (-1, b"minus"),
            (i64::MAX, b""),
            (i64::MIN, &[0xFF; MAX_PAYLOAD_BYTES]),
        ] {
            let token = keys().sign(purpose, subscriber, payload);
            for other in PURPOSES {
                let expect = if other == purpose { Ok((subscriber, payload.to_vec())) } else { Err(TokenError) };
                assert_eq!(keys().verify(other, &token), expect, "{purpose:?} as {other:?}");
            }
        }
    }
}

#[test]
fn tokens_stay_what_they_are() {
    // Links in mails that were sent years ago must keep working. Computed apart, with Python's hmac and base64.
    let check = |purpose, payload: &[u8], expect: &str| assert_eq!(keys().sign(purpose, 421_337, payload), expect);
    check(Purpose::Unsubscribe, b"", "xNnbGZdXfIWOgoXY8rqy279CUEQ");
    check(Purpose::Bounce, &[1; 16], "ytm5wgibaeaqcaibaeaqcaibaeaqcaibnio2ghxzm5hxrspuxk3q");
}

#[test]
fn a_replaced_key_verifies_until_it_is_forgotten() {
    let token = Keys::new(OLD, &[]).unwrap().sign(Purpose::Unsubscribe, 7, b"");
    assert_eq!(keys().verify(Purpose::Unsubscribe, &token), Ok((7, vec![])));
    assert_eq!(Keys::new(NEW, &[]).unwrap().verify(Purpose::Unsubscribe, &token), Err(TokenError));
    assert_ne!(keys().sign(Purpose::Unsubscribe, 7, b""), token);
}

#[test]
fn tokens_fit_where_they_are_used() {
    assert!(keys().sign(Purpose::Unsubscribe, 10_000_000, b"").len() <= 28);
    let bounce = keys().sign(Purpose::Bounce, 1 << 41, &[0xAB; 16]);
    assert!(format!("bounce+{bounce}").len() <= 64);
    assert!(bounce.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
}

#[test]
fn damaged_tokens_are_refused() {
    for purpose in PURPOSES {
        let token = keys().sign(purpose, 421_337, b"payload");
        let damaged = [
            String::new(),
            token[1..].to_owned(),
            token[..token.len() - 1].to_owned(),
            format!("{token}A"),
            format!("{token}AAAA"),
            format!("{token}="),
            format!(" {token}"),
            format!("{token}\n"),
            token.to_uppercase(),
            token.replace(|c: char| c.is_ascii_lowercase(), "é"),
            "A".repeat(MAX_TOKEN_CHARS + 1),
            "AAAA".to_owned(),
        ];
        for text in damaged {
            assert_eq!(keys().verify(purpose, &text), Err(TokenError), "{text:?}");
        }
    }
    let token = keys().sign(Purpose::Unsubscribe, 421_337, b"");
    assert_eq!(keys().verify(Purpose::Unsubscribe, &token.to_lowercase()), Err(TokenError));
}

#[test]
fn no_other_spelling_of_a_token_is_accepted() {
    // Every last character that decodes to the same bytes is a second spelling unless it is refused.
    for purpose in PURPOSES {
        for payload_bytes in 0..6 {
            let token = keys().sign(purpose, 5, &vec![9; payload_bytes]);
            let spellings = (' '..='~').filter(|last| keys().verify(purpose, &format!("{}{last}", &token[..token.len() - 1])).is_ok());
            assert_eq!(spellings.count(), 1, "{purpose:?}");
        }
    }
}

#[test]
fn weak_keys_are_refused_with_advice() {
    assert_eq!(Keys::new(&[1; 31], &[]).unwrap_err(), KeyError::TooShort(31));
    assert_eq!(Keys::new(NEW, &[b""]).unwrap_err(), KeyError::TooShort(0));
    assert_eq!(Keys::new(&[0; 64], &[]).unwrap_err(), KeyError::Repetitive);
    assert!(KeyError::TooShort(3).to_string().contains("openssl rand"));
}

#[test]
fn keys_are_named_but_not_shown() {
    let keys = keys();
    assert_eq!(keys.fingerprints(), [keys.fingerprint(), Keys::new(OLD, &[]).unwrap().fingerprint()]);
    assert_eq!(keys.fingerprint().len(), 16);
    let shown = format!("{keys:?}");
    assert!(shown.contains(&keys.fingerprint()) && !shown.contains("newest") && !shown.contains("mac"), "{shown}");
}

proptest! {
    #[test]
    fn what_was_signed_verifies(purpose in prop::sample::select(PURPOSES.to_vec()), subscriber: i64, payload in prop::collection::vec(any::<u8>(), 0..64)) {
        let token = keys().sign(purpose, subscriber, &payload);
        prop_assert_eq!(keys().verify(purpose, &token), Ok((subscriber, payload)));
    }

    #[test]
    fn a_flipped_bit_never_verifies(purpose in prop::sample::select(PURPOSES.to_vec()), subscriber: i64, payload in prop::collection::vec(any::<u8>(), 0..20), at: prop::sample::Index, bit in 0..8) {
        let mut bytes = purpose.decode(&keys().sign(purpose, subscriber, &payload)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert_eq!(keys().verify(purpose, &purpose.encode(&bytes)), Err(TokenError));
    }

    #[test]
    fn no_text_verifies_by_chance(purpose in prop::sample::select(PURPOSES.to_vec()), text in "[A-Za-z0-9_-]{0,80}|\\PC{0,40}") {
        prop_assert_eq!(keys().verify(purpose, &text), Err(TokenError));
    }
}
