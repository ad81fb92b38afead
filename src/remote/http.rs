//! Single files on plain web servers, through the client of `object_store`.
//!
//! Its own store for HTTP wants a length in every answer, asks with HEAD and drops the query; signed
//! URLs and servers that make their answer on the way allow none of that.

use std::ops::Range;
use std::sync::OnceLock;

use futures_util::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RANGE};
use http::{Method, Request, StatusCode, Uri};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpRequestBody, ReqwestConnector};

use super::Failed;
use super::object::Part;
use super::store::whole_message;

/// One file on a web server.
#[derive(Clone, Debug)]
pub(super) struct Site {
    client: HttpClient,
    uri: Uri,
}

impl Site {
    pub(super) fn new(url: &str) -> Result<Self, Failed> {
        static CLIENT: OnceLock<HttpClient> = OnceLock::new();
        let uri = url.parse().map_err(|e| Failed::for_good(format!("the URL cannot be understood: {e}")))?;
        let client = match CLIENT.get() {
            Some(client) => client.clone(),
            None => {
                // A range arrives well within the default of 30 seconds; a file without ranges may take hours.
                let options = ClientOptions::new().with_allow_http(true).with_timeout_disabled();
                let client = ReqwestConnector::default().connect(&options);
                let client = client.map_err(|e| Failed::for_good(whole_message(&e)))?;
                CLIENT.get_or_init(|| client).clone()
            }
        };
        Ok(Self { client, uri })
    }

    /// Asks for a range, or for everything. Who does not know ranges answers with everything.
    pub(super) async fn fetch(&self, range: Option<Range<u64>>) -> Result<Part, Failed> {
        let mut request = Request::builder().method(Method::GET).uri(self.uri.clone());
        if let Some(range) = &range {
            request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        }
        let request = request.body(HttpRequestBody::empty()).map_err(|e| Failed::for_good(whole_message(&e)))?;
        let response = self.client.execute(request).await.map_err(|e| Failed::for_now(whole_message(&e)))?;
        let (parts, body) = response.into_parts();
        let header = |name: HeaderName| text(&parts.headers, name);
        let content_range = header(CONTENT_RANGE).and_then(|value| parsed(&value));
        let (partial, total) = match (parts.status, &range, content_range) {
            (StatusCode::PARTIAL_CONTENT, Some(range), Some((start, total))) if start == range.start => (true, total),
            // An empty file has no range at all.
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(_), Some((_, Some(total)))) => (true, Some(total)),
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(range), None) if range.start == 0 => (true, Some(0)),
            (StatusCode::OK, ..) => (false, header(CONTENT_LENGTH).and_then(|len| len.parse().ok())),
            (status, ..) => return Err(refused(status)),
        };
        let body = body.bytes_stream().map(|bytes| bytes.map_err(|e| Failed::for_now(whole_message(&e)))).boxed();
        Ok(Part { version: header(ETAG).or_else(|| header(LAST_MODIFIED)), total, partial, body })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `bytes 0-9/100`, `bytes 0-9/*`, `bytes */0`: where it begins and how long the whole is.
fn parsed(content_range: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = content_range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = if range == "*" { 0 } else { range.split_once('-')?.0.trim().parse().ok()? };
    Some((start, total.trim().parse().ok()))
}

fn refused(status: StatusCode) -> Failed {
    let why = format!("the server answered {status}");
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Failed::missing(why).hint("open the URL in a browser"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Failed::for_good(why).hint("give a signed URL, or download the file first")
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Failed::for_now(why),
        _ if status.is_server_error() || status.is_success() => Failed::for_now(why),
        // What was longer is shorter now.
        StatusCode::RANGE_NOT_SATISFIABLE => Failed::changed(),
        _ => Failed::for_good(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_understood() {
        assert_eq!(parsed("bytes 5-9/100"), Some((5, Some(100))));
        assert_eq!(parsed("bytes 0-9/*"), Some((0, None)));
        assert_eq!(parsed("bytes */0"), Some((0, Some(0))));
        ["", "bytes", "bytes 5/9", "lines 1-2/3"].iter().for_each(|bad| assert_eq!(parsed(bad), None, "{bad}"));
    }
}
