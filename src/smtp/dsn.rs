//! What is asked of a relay that offers delivery status notifications (RFC 3461): that they name the mail and the reader as
//! we do, tell failures and delays, successes only where that is wanted, and do not bring the whole mail back.

use std::fmt::Write as _;

use lettre::Address;

/// Parameters of MAIL. The envelope's id is the mail's signed name, which stands behind the `+` of the sender.
pub(super) fn of_mail(from: &Address) -> String {
    match from.user().split_once('+') {
        Some((_, name)) if name.is_ascii() => format!(" RET=HDRS ENVID={}", xtext(name)),
        _ => " RET=HDRS".to_owned(),
    }
}

/// Parameters of RCPT.
pub(super) fn of_recipient(to: &Address, success: bool) -> String {
    let success = if success { "SUCCESS," } else { "" };
    let address = to.to_string();
    match address.is_ascii() {
        true => format!(" NOTIFY={success}FAILURE,DELAY ORCPT=rfc822;{}", xtext(&address)),
        false => format!(" NOTIFY={success}FAILURE,DELAY"),
    }
}

/// RFC 3461, section 4: printable ASCII but `+` and `=` as it is, the rest in hexadecimal.
fn xtext(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'+' && byte != b'=' => encoded.push(char::from(byte)),
            _ => write!(encoded, "+{byte:02X}").expect("a String takes all"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_hold_nothing_that_a_command_could_trip_over() {
        let check = |address: &str, mail: &str, recipient: &str| {
            let address: Address = address.parse().unwrap();
            assert_eq!((of_mail(&address).as_str(), of_recipient(&address, false).as_str()), (mail, recipient));
        };
        check("bounce+abc@example.org", " RET=HDRS ENVID=abc", " NOTIFY=FAILURE,DELAY ORCPT=rfc822;bounce+2Babc@example.org");
        check("a=b@example.org", " RET=HDRS", " NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+3Db@example.org");
        check("jürgen+x@example.org", " RET=HDRS ENVID=x", " NOTIFY=FAILURE,DELAY");
        assert_eq!(of_recipient(&"jürgen@example.org".parse().unwrap(), true), " NOTIFY=SUCCESS,FAILURE,DELAY");
        assert_eq!(xtext("a b+=\r\n~!"), "a+20b+2B+3D+0D+0A~!");
    }
}
