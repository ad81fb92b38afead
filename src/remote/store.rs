//! The stores behind URLs: how they are reached, and what their errors mean to a user.

use std::collections::BTreeMap;
use std::io;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, RetryConfig};

use super::{Failed, scheme};

/// A URL in its parts: `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: &'static str,
    /// Bucket, container, host.
    pub(super) authority: String,
    /// What follows the first `/`, as it was typed.
    pub(super) key: String,
}

impl Url {
    pub(super) fn parse(url: &FilePath) -> Result<Self, Failed> {
        let parts = scheme(url).zip(url.to_str().and_then(|url| url.split_once("://")));
        let Some((scheme, (_, rest))) = parts else { return Err(Failed::for_good("this is no URL")) };
        // Hadoop's name for the same store.
        let scheme = if scheme == "s3a" { "s3" } else { scheme };
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(Failed::for_good("the URL names no bucket or host"));
        }
        Ok(Self { scheme, authority: authority.to_owned(), key: key.to_owned() })
    }

    pub(super) fn is_http(&self) -> bool {
        matches!(self.scheme, "http" | "https")
    }

    /// The URL of another key in the same place.
    pub(super) fn with_key(&self, key: &str) -> String {
        format!("{}://{}/{key}", self.scheme, self.authority)
    }

    pub(super) fn variables(&self) -> Variables {
        match self.scheme {
            "s3" => Variables {
                credentials: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (profiles are not read), \
                              or AWS_SKIP_SIGNATURE=true for a public bucket",
                place: "AWS_ENDPOINT and AWS_REGION",
                allow_http: "AWS_ALLOW_HTTP",
            },
            "gs" => Variables {
                credentials: "set GOOGLE_SERVICE_ACCOUNT, or GOOGLE_SKIP_SIGNATURE=true for a public bucket",
                place: "GOOGLE_BASE_URL",
                allow_http: "GOOGLE_ALLOW_HTTP",
            },
            _ => Variables {
                credentials: "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, \
                              or AZURE_SKIP_SIGNATURE=true for a public container",
                place: "AZURE_STORAGE_ACCOUNT_NAME",
                allow_http: "AZURE_ALLOW_HTTP",
            },
        }
    }

    /// The key as a store takes it: no slash at its ends.
    pub(super) fn path(&self) -> Result<Path, Failed> {
        Path::parse(self.key.trim_end_matches('/'))
            .map_err(|e| Failed::for_good(format!("no object can have this name: {e}")))
    }
}

/// Environment variables as errors name them: who asks, where the store is, whether it may be without TLS.
pub(super) struct Variables {
    pub(super) credentials: &'static str,
    pub(super) place: &'static str,
    pub(super) allow_http: &'static str,
}

/// What a store is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Read,
    Write,
}

/// The store of a URL; one for each bucket, so that connections are used again.
pub(super) fn connect(url: &Url, what_for: Use) -> Result<Arc<dyn ObjectStore>, Failed> {
    static STORES: Mutex<BTreeMap<(String, Use), Arc<dyn ObjectStore>>> = Mutex::new(BTreeMap::new());
    let bucket = format!("{}://{}", url.scheme, url.authority);
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(store) = stores.get(&(bucket.clone(), what_for)) {
        return Ok(Arc::clone(store));
    }
    let store = build(url.scheme, &bucket, what_for).map_err(|e| Failed::of(url, &e))?;
    stores.insert((bucket, what_for), Arc::clone(&store));
    Ok(store)
}

/// Reading has its own patience on top ([`super::object`]); a part of an upload may take minutes.
fn build(scheme: &str, bucket: &str, what_for: Use) -> object_store::Result<Arc<dyn ObjectStore>> {
    let (max_retries, timeout) = match what_for {
        Use::Read => (4, "30 seconds"),
        Use::Write => (10, "5 minutes"),
    };
    let retry = RetryConfig { max_retries, retry_timeout: Duration::from_secs(180), ..RetryConfig::default() };
    let key = ClientConfigKey::Timeout;
    Ok(match scheme {
        "s3" => {
            let builder = AmazonS3Builder::from_env().with_url(bucket).with_retry(retry);
            Arc::new(builder.with_config(AmazonS3ConfigKey::Client(key), timeout).build()?)
        }
        "gs" => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(bucket).with_retry(retry);
            Arc::new(builder.with_config(GoogleConfigKey::Client(key), timeout).build()?)
        }
        _ => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(bucket).with_retry(retry);
            Arc::new(builder.with_config(AzureConfigKey::Client(key), timeout).build()?)
        }
    })
}

impl Failed {
    /// Asking again does not help.
    pub(super) fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), hint: None, kind: io::ErrorKind::Other, transient: false }
    }

    /// Asking again may help.
    pub(super) fn for_now(why: impl Into<String>) -> Self {
        Self { transient: true, ..Self::for_good(why) }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn missing(why: impl Into<String>) -> Self {
        Self { kind: io::ErrorKind::NotFound, ..Self::for_good(why) }
    }

    /// The object is not the one that was first seen.
    pub(super) fn changed() -> Self {
        Self::for_good("the object changed while it was read").hint("run again when nothing writes to it")
    }

    pub(super) fn is_missing(&self) -> bool {
        self.kind == io::ErrorKind::NotFound
    }

    /// What a store's error means.
    pub(super) fn of(url: &Url, e: &object_store::Error) -> Self {
        use object_store::Error as E;
        let why = whole_message(e);
        let Variables { credentials, place, allow_http } = url.variables();
        match e {
            E::NotFound { .. } => Self::missing(why),
            E::Generic { .. } if why.contains("status code: 404") => Self::missing(why),
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
                Self::for_good(why).hint(format!("the credentials do not allow this; {credentials}"))
            }
            E::Precondition { .. } => Self::changed(),
            // Where no variable is set, the machine is asked who it is.
            E::Generic { .. } if why.contains("169.254.169.254") || why.contains("metadata.google") => {
                Self::for_good("no credentials were found").hint(credentials)
            }
            E::Generic { .. } if why.contains("builder error") || why.contains("scheme is not allowed") => {
                Self::for_good(why).hint(format!("set {allow_http}=true for an endpoint without TLS"))
            }
            E::Generic { .. } if why.contains("configured region") => Self::for_good(why).hint("set AWS_REGION"),
            // The crate keeps the status to itself. 408 and 429 ask for patience.
            E::Generic { .. } if why.contains("status code: 4") && !why.contains(": 408") && !why.contains(": 429") => {
                Self::for_good(why).hint(credentials)
            }
            E::Generic { .. } => Self::for_now(why).hint(format!("look at the network and {place}")),
            _ => Self::for_good(why),
        }
    }
}

/// An error with the innermost cause, which says more than those around it.
pub(super) fn whole_message(e: &dyn std::error::Error) -> String {
    let mut message = e.to_string();
    let mut cause = e.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !message.contains(&said) {
            message = format!("{message}: {said}");
        }
        cause = inner.source();
    }
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // Stores answer in XML, of which one element is for people.
    let Some((before, xml)) = message.split_once("<?xml") else { return message };
    let said = xml.split_once("<Message>").and_then(|(_, rest)| rest.split_once("</Message>"));
    format!("{before}{}", said.map_or("", |(said, _)| said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_in_xml_the_message_is_shown() {
        let e = io::Error::other("404:\n<?xml version=\"1.0\"?>\n<Error><Message>No such  bucket</Message></Error>");
        assert_eq!(whole_message(&e), "404: No such bucket");
    }

    #[test]
    fn a_url_has_scheme_bucket_and_key() {
        let parts = |url: &str| Url::parse(FilePath::new(url)).map(|u| (u.scheme, u.authority, u.key));
        assert_eq!(parts("s3a://b/a/ملف.jsonl").unwrap(), ("s3", "b".into(), "a/ملف.jsonl".into()));
        assert_eq!(parts("gs://b").unwrap(), ("gs", "b".into(), String::new()));
        assert!(parts("s3:///k").is_err());
        assert!(Url::parse(FilePath::new("s3://b/a//b")).unwrap().path().is_err());
        assert_eq!(Url::parse(FilePath::new("s3://b/a/")).unwrap().path().unwrap().as_ref(), "a");
    }
}
