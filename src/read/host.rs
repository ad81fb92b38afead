//! Which site a document is from.
//!
//! What a record says of it -> the host's name, by which lines are counted together. The places are
//! tried in this order: the host field (`--host-field`, by default `host`), which may hold a name or
//! a whole URL; then the first of [`URL_FIELDS`] the record has. Plain text has no fields: its host
//! is the first folder below the given root. What names no host is no error: the document has none.

use std::net::Ipv6Addr;

/// Fields that hold the address of a page, the first of them first.
pub(super) const URL_FIELDS: [&str; 3] = ["url", "uri", "link"];

/// The host of a record: what its host field (called `name`) holds, else its first address that
/// names one.
pub(super) fn of_fields<U: Iterator<Item = Option<String>>>(
    name: &str,
    value: Option<String>,
    urls: impl FnOnce() -> U,
) -> Option<String> {
    let host = match value {
        Some(value) if URL_FIELDS.contains(&name) => of_url(&value),
        Some(value) => named(&value),
        None => None,
    };
    host.or_else(|| urls().find_map(|url| of_url(&url?)))
}

/// The host that the value of a host field names: of a URL its host, else the value as it stands,
/// a name of the net in its one spelling.
fn named(value: &str) -> Option<String> {
    let value = value.trim();
    if value.contains("://") || value.starts_with("//") {
        return of_url(value);
    }
    // `www.Site.example/page` is an address; `Site One` is what somebody calls a site.
    match authority(value) {
        Some(host) if host.contains('.') => Some(host),
        _ => (!value.is_empty()).then(|| value.to_owned()),
    }
}

/// The host of a URL: in lower case, without user, port and `www.`; none when it is no URL.
///
/// Letters beyond ASCII stay as they are written, and so does Punycode.
pub(super) fn of_url(url: &str) -> Option<String> {
    let url = url.trim();
    match url.split_once("//") {
        Some(("", rest)) => authority(rest),
        Some((scheme, rest)) => {
            let scheme = scheme.strip_suffix(':')?;
            let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
            (!scheme.is_empty() && scheme.chars().all(letter)).then(|| authority(rest))?
        }
        // `index.php` and `example.org` look alike.
        None => None,
    }
}

/// The host of `user:password@host:port/path?query#fragment`.
fn authority(rest: &str) -> Option<String> {
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let at = authority.rsplit('@').next()?;
    let (host, port) = match at.find(']') {
        // An IPv6 address stands in brackets and is full of colons.
        Some(end) => (&at[..=end], &at[end + 1..]),
        None => at.split_at(at.find(':').unwrap_or(at.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]"));
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
    let fits = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| {
                if c.is_ascii() {
                    c.is_ascii_alphanumeric() || c == '-' || c == '_'
                } else {
                    !c.is_control() && !c.is_whitespace()
                }
            })
    };
    if !host.split('.').all(fits) {
        return None;
    }
    // `www.com` is a site of its own.
    match host.strip_prefix("www.") {
        Some(bare) if bare.contains('.') => Some(bare.to_owned()),
        _ => Some(host),
    }
}

/// The host of a plain text file: the first folder of its path below the root it was found under.
pub(super) fn of_folder(relative: &str) -> Option<String> {
    relative.split_once('/').map(|(folder, _)| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_url_is_bare_and_in_lower_case() {
        for (url, host) in [
            ("https://www.Example.com/a?b#c", Some("example.com")),
            (" http://user:p@ss:w@host.org:8080/ ", Some("host.org")),
            ("HTTP://a.b?q=http://other.org/", Some("a.b")),
            ("ftp://a.b.#x", Some("a.b")),
            ("//cdn.example.org/x", Some("cdn.example.org")),
            ("http://localhost:3000/", Some("localhost")),
            ("http://www.com/", Some("www.com")),
            ("http://10.0.0.7/", Some("10.0.0.7")),
            ("http://[2001:DB8::1]:80/x", Some("[2001:db8::1]")),
            ("https://www.مثال.إختبار/صفحة", Some("مثال.إختبار")),
            ("https://BÜCHER.example", Some("bücher.example")),
        ] {
            assert_eq!(of_url(url).as_deref(), host, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_has_no_host() {
        for url in [
            "",
            "not a url",
            "nonsense",
            "/relative/path",
            "path.html",
            "example.org/page",
            "http:///x",
            "http://",
            "://a.org",
            "http://a b.org/",
            "http://a..b/",
            "http://host.org:port/",
            "http://[::1/",
            "http://[not:an:address]/",
            "file:///home/a.txt",
            "mailto:a@b",
            "data:text/plain,//x",
        ] {
            assert_eq!(of_url(url), None, "{url}");
        }
    }

    #[test]
    fn a_host_field_holds_a_name_or_a_url() {
        for (value, host) in [
            ("WWW.Site.org", Some("site.org")),
            ("site.org:8080/page", Some("site.org")),
            ("https://Site.org/a", Some("site.org")),
            ("Site One", Some("Site One")),
            ("aawsat", Some("aawsat")),
            ("الشرق الأوسط", Some("الشرق الأوسط")),
            ("http://", None),
            ("  ", None),
        ] {
            assert_eq!(named(value).as_deref(), host, "{value}");
        }
    }

    #[test]
    fn a_folder_for_each_site_names_it_and_a_flat_folder_names_none() {
        assert_eq!(of_folder("site-a/2024/x.txt").as_deref(), Some("site-a"));
        assert_eq!(of_folder("x.txt"), None);
    }
}
