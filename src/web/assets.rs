//! The style sheet, the script and the mark, embedded in the binary.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// Hex digits of a file's SHA-256 that name its version: 64 bits, far from any collision among a handful of files.
const VERSION_DIGITS: usize = 16;

/// One file as it goes over the wire.
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `ETag`, with its quotes (RFC 9110 § 8.8.3).
    pub etag: String,
}

/// The file called `name`, such as `site.css`; none where there is no such file.
pub fn get(name: &str) -> Option<Asset> {
    let file = Embedded::get(name)?;
    let etag = format!("\"{}\"", version(&file.metadata.sha256_hash()));
    Some(Asset { bytes: file.data, content_type: content_type(name), etag })
}

/// Where pages find the file called `name`: its content is part of the address, so that answers to an
/// address with a version may be cached for good.
pub fn address(name: &str) -> Option<String> {
    let file = Embedded::get(name)?;
    Some(format!("/assets/{name}?v={}", version(&file.metadata.sha256_hash())))
}

fn version(hash: &[u8; 32]) -> String {
    let mut digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.truncate(VERSION_DIGITS);
    digits
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_type_and_an_address_that_changes_with_its_content() {
        for (name, expect) in
            [("site.css", "text/css; charset=utf-8"), ("site.js", "text/javascript; charset=utf-8"), ("favicon.svg", "image/svg+xml")]
        {
            let asset = get(name).unwrap();
            assert_eq!(asset.content_type, expect, "{name}");
            assert!(!asset.bytes.is_empty(), "{name}");
            let version = asset.etag.trim_matches('"');
            assert_eq!(version.len(), VERSION_DIGITS);
            assert_eq!(address(name), Some(format!("/assets/{name}?v={version}")));
        }
        assert_ne!(get("site.css").unwrap().etag, get("site.js").unwrap().etag);
    }

    #[test]
    fn nothing_outside_the_folder_is_an_asset() {
        for name in ["", "no.css", "../Cargo.toml", "/etc/passwd", "..%2fCargo.toml", "site.css/"] {
            assert!(get(name).is_none(), "{name}");
        }
    }
}
