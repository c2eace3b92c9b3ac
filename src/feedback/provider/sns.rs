//! Amazon SNS, by which SES reports: the envelope, its signature, and where its certificate may come from.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use x509_parser::pem::parse_x509_pem;

/// The name of a topic: `arn:aws:sns:eu-west-1:123456789012:bounces`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic {
    arn: String,
    region: String,
    /// `amazonaws.com`, in China with `.cn`.
    domain: String,
}

impl FromStr for Topic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        match parts[..] {
            ["arn", partition, "sns", region, account, name]
                if matches!(partition, "aws" | "aws-cn" | "aws-us-gov")
                    && is_region(region)
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && is_name(name) =>
            {
                let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
                Ok(Self { arn: text.trim().to_owned(), region: region.to_owned(), domain: domain.to_owned() })
            }
            _ => Err(format!("{text:?} is no topic's ARN, such as arn:aws:sns:eu-west-1:123456789012:bounces")),
        }
    }
}

impl TryFrom<String> for Topic {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.arn
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// What a request carries. Nothing of it counts before [`Notice::is_signed_by`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notice {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The topic it says it is of.
    pub topic_arn: String,
    /// What SES says, as JSON in a text; in confirmations words for people.
    pub message: String,
    message_id: String,
    subject: Option<String>,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL", alias = "SigningCertUrl")]
    signing_cert_url: String,
}

impl Notice {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// When it is no JSON, or a field is missing: with "raw message delivery" SNS signs nothing.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// Where its certificate is, if that is a host of SNS itself, or `stand_in`, the operator's own.
    pub fn certificate_url(&self, stand_in: Option<&Url>) -> Option<Url> {
        let url = Url::parse(&self.signing_cert_url).ok()?;
        let is_bare = url.query().is_none() && url.fragment().is_none() && url.path().ends_with(".pem");
        (is_bare && may_be_asked(&url, stand_in)).then_some(url)
    }

    /// Where the subscription to `topic` is confirmed, if this confirms just that, at the topic's own host or `stand_in`.
    pub fn confirmation_url(&self, topic: &Topic, stand_in: Option<&Url>) -> Option<Url> {
        let url = Url::parse(self.subscribe_url.as_deref()?).ok()?;
        let parameter = |name: &str| url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned());
        let is_meant = parameter("Action")? == "ConfirmSubscription" && parameter("TopicArn")? == topic.arn;
        let own = format!("sns.{}.{}", topic.region, topic.domain);
        let is_there = stand_in.is_some() || url.host_str() == Some(&own);
        (is_meant && is_there && may_be_asked(&url, stand_in)).then_some(url)
    }

    /// Whether the holder of `certificate` signed it: version 1 with SHA-1, version 2 with SHA-256.
    pub fn is_signed_by(&self, certificate: &Certificate, now: DateTime<Utc>) -> bool {
        let Ok(signature) = BASE64.decode(&self.signature) else { return false };
        let algorithm = match self.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let Some(signed) = self.signed_text() else { return false };
        let key = UnparsedPublicKey::new(algorithm, &certificate.key);
        certificate.is_valid(now) && key.verify(signed.as_bytes(), &signature).is_ok()
    }

    /// The fields that are signed, each by name and value in a line, in the order of the names.
    fn signed_text(&self) -> Option<String> {
        let mut fields = vec![("Message", self.message.as_str()), ("MessageId", &self.message_id)];
        match self.kind.as_str() {
            "Notification" => {
                fields.extend(self.subject.as_deref().map(|subject| ("Subject", subject)));
                fields.push(("Timestamp", &self.timestamp));
            }
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                fields.push(("SubscribeURL", self.subscribe_url.as_deref()?));
                fields.extend([("Timestamp", self.timestamp.as_str()), ("Token", self.token.as_deref()?)]);
            }
            _ => return None,
        }
        fields.extend([("TopicArn", self.topic_arn.as_str()), ("Type", &self.kind)]);
        Some(fields.into_iter().map(|(name, value)| format!("{name}\n{value}\n")).collect())
    }
}

/// `https` on its own port at `sns.REGION.amazonaws.com`, `.cn` in China; or the stand-in's very origin.
fn may_be_asked(url: &Url, stand_in: Option<&Url>) -> bool {
    if let Some(stand_in) = stand_in {
        return url.origin() == stand_in.origin();
    }
    let host = url.host_str().unwrap_or_default();
    let region = host.strip_prefix("sns.").and_then(|rest| {
        let below = |domain| rest.strip_suffix(domain);
        below(".amazonaws.com").or_else(|| below(".amazonaws.com.cn"))
    });
    let is_plain = url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    is_plain && region.is_some_and(is_region)
}

/// A certificate's key and when it holds.
#[derive(Debug, Clone)]
pub struct Certificate {
    key: Vec<u8>,
    from: i64,
    until: i64,
}

impl Certificate {
    /// Reads the first certificate in a PEM file.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        let (_, pem) = parse_x509_pem(pem).ok()?;
        let certificate = pem.parse_x509().ok()?;
        let validity = certificate.validity();
        Some(Self {
            key: certificate.public_key().subject_public_key.data.to_vec(),
            from: validity.not_before.timestamp(),
            until: validity.not_after.timestamp(),
        })
    }

    /// Whether it holds at `now`.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        (self.from..=self.until).contains(&now.timestamp())
    }
}
