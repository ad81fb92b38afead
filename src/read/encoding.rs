//! Text that is not UTF-8: read as UTF-8, written back in its own encoding, byte for byte.
//!
//! What cannot be decoded is carried through as bytes that no UTF-8 text has: an unpaired
//! surrogate of UTF-16 as its three bytes, any other byte `b` as `f8 + b / 64`, `80 + b % 64`. So a
//! damaged place is a damaged place for every reader, and comes back as it was.
//!
//! ```text
//! windows-1256:  c7 e1 0a      content:  d8 a7 d9 84 0a
//! utf-16le:      27 06 00 d8   content:  d8 a7 ed a0 80
//! ```

use std::io::{self, Read, Write};

use encoding_rs::{DecoderResult, EncoderResult, Encoding};

/// Bytes worked on at a time.
const PIECE_LEN_BYTES: usize = 1 << 16;

/// The longest character of any encoding here, GB 18030's.
const CHARACTER_LEN_BYTES_MAX: usize = 4;

/// The encoding of a name as the web knows it, such as `windows-1256` or `utf-16le`.
///
/// # Errors
/// Says why the name is none of ours.
pub(crate) fn named(name: &str) -> Result<&'static Encoding, String> {
    let encoding = Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        format!("no encoding is called `{name}`; hint: names are those of the web, such as windows-1256, iso-8859-6, utf-16le, gb18030")
    })?;
    // Their state goes beyond one character, so that bytes would not come back as they were.
    if encoding == encoding_rs::ISO_2022_JP || encoding == encoding_rs::REPLACEMENT {
        return Err(format!(
            "the encoding `{name}` cannot be written back byte for byte; hint: `iconv -t utf-8` first"
        ));
    }
    Ok(encoding)
}

/// The encoding that a byte order mark names, other than UTF-8.
pub(crate) fn of_mark(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        // UTF-32, which nobody writes, begins like UTF-16 does.
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// What `encoding` has for a character that is missing.
pub(crate) fn replacement(encoding: &'static Encoding) -> &'static str {
    let (_, _, unmappable) = encoding.encode("\u{fffd}");
    if unmappable && !is_utf_16(encoding) { "?" } else { "\u{fffd}" }
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE
}

/// A byte that stands for no character.
fn push_byte(out: &mut Vec<u8>, byte: u8) {
    out.extend([0xf8 | byte >> 6, 0x80 | byte & 0x3f]);
}

/// Bytes of an encoding, read as UTF-8.
pub(crate) struct Transcoded<R> {
    input: R,
    encoding: &'static Encoding,
    /// Read and not yet decoded: the beginning of a character.
    rest: Vec<u8>,
    decoded: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcoded<R> {
    pub(crate) fn new(input: R, encoding: &'static Encoding) -> Self {
        Self { input, encoding, rest: Vec::new(), decoded: Vec::new(), given: 0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let start = self.rest.len();
        self.rest.resize(start + PIECE_LEN_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.rest[start..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.rest.truncate(start + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        self.decoded.clear();
        self.given = 0;
        let used = if is_utf_16(self.encoding) {
            let big = self.encoding == encoding_rs::UTF_16BE;
            decode_utf_16(&self.rest, big, self.ended, &mut self.decoded)
        } else {
            decode(&self.rest, self.encoding, self.ended, &mut self.decoded)
        };
        self.rest.drain(..used);
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() && !self.ended {
            self.refill()?;
        }
        let len = buffer.len().min(self.decoded.len() - self.given);
        buffer[..len].copy_from_slice(&self.decoded[self.given..self.given + len]);
        self.given += len;
        Ok(len)
    }
}

/// Decodes all but the beginning of a character at the end; gives how many bytes were used.
fn decode_utf_16(bytes: &[u8], big: bool, last: bool, out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| {
        let pair = [bytes[at], bytes[at + 1]];
        if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let mut at = 0;
    while at + 2 <= bytes.len() {
        let high = unit(at);
        if (0xd800..0xdc00).contains(&high) {
            if at + 4 > bytes.len() && !last {
                break;
            }
            if at + 4 <= bytes.len() && (0xdc00..0xe000).contains(&unit(at + 2)) {
                let low = u32::from(unit(at + 2)) - 0xdc00;
                let character = char::from_u32(0x10000 + ((u32::from(high) - 0xd800) << 10) + low);
                out.extend(character.unwrap_or_default().encode_utf8(&mut [0; 4]).bytes());
                at += 4;
                continue;
            }
        }
        match char::from_u32(u32::from(high)) {
            Some(character) => out.extend(character.encode_utf8(&mut [0; 4]).bytes()),
            None => out.extend([0xed, 0x80 | (high >> 6 & 0x3f) as u8, 0x80 | (high & 0x3f) as u8]),
        }
        at += 2;
    }
    if last && at < bytes.len() {
        push_byte(out, bytes[at]);
        at += 1;
    }
    at
}

/// The same for every other encoding.
fn decode(bytes: &[u8], encoding: &'static Encoding, last: bool, out: &mut Vec<u8>) -> usize {
    // A line end is no part of a character in any of them, so lines stand on their own.
    let end = if last { bytes.len() } else { memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1) };
    if end == 0 && bytes.len() < 16 * PIECE_LEN_BYTES {
        return 0;
    }
    let (text, damaged) = encoding.decode_without_bom_handling(&bytes[..end]);
    if end > 0 && !damaged && !holds_ours(&text) && encoding.encode(&text).0[..] == bytes[..end] {
        out.extend(text.as_bytes());
        return end;
    }
    // Something does not come back: character by character.
    let end = if last { bytes.len() } else { bytes.len().saturating_sub(CHARACTER_LEN_BYTES_MAX - 1).max(end) };
    let mut at = 0;
    while at < end {
        match character(&bytes[at..], encoding) {
            Some((character, len)) => {
                out.extend(character.as_bytes());
                at += len;
            }
            None => {
                push_byte(out, bytes[at]);
                at += 1;
            }
        }
    }
    at
}

/// The replacement character says that something was lost on the way, whatever the decoder says.
fn holds_ours(text: &str) -> bool {
    text.contains('\u{fffd}')
}

/// The character at the beginning of `bytes` (in Big5 it may be two), when it is written the same
/// way again.
fn character(bytes: &[u8], encoding: &'static Encoding) -> Option<(String, usize)> {
    let decoded = (1..=CHARACTER_LEN_BYTES_MAX.min(bytes.len())).find_map(|len| {
        let mut text = String::with_capacity(16);
        let mut decoder = encoding.new_decoder_without_bom_handling();
        match decoder.decode_to_string_without_replacement(&bytes[..len], &mut text, true) {
            (DecoderResult::InputEmpty, _) => Some((text, len)),
            _ => None,
        }
    });
    let (text, len) = decoded?;
    let (written, _, unmappable) = encoding.encode(&text);
    (!unmappable && written[..] == bytes[..len]).then_some((text, len))
}

/// Writes UTF-8 in another encoding; the other way round of [`Transcoded`].
pub(crate) struct Transcoder<W> {
    output: W,
    encoding: &'static Encoding,
    /// The beginning of a character.
    rest: Vec<u8>,
    encoded: Vec<u8>,
}

impl<W: Write> Transcoder<W> {
    pub(crate) fn new(output: W, encoding: &'static Encoding) -> Self {
        Self { output, encoding, rest: Vec::new(), encoded: Vec::new() }
    }

    /// Writes what is left and gives the output back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if !self.rest.is_empty() {
            return Err(invalid("the text ends inside a character"));
        }
        self.output.flush()?;
        Ok(self.output)
    }

    fn encode(&mut self, text: &str) -> io::Result<()> {
        match (self.encoding == encoding_rs::UTF_16LE, is_utf_16(self.encoding)) {
            (true, _) => self.encoded.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            (_, true) => self.encoded.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            _ => {
                let mut encoder = self.encoding.new_encoder();
                let len = encoder.max_buffer_length_from_utf8_without_replacement(text.len());
                self.encoded.reserve(len.unwrap_or(text.len() * 4));
                let all = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut self.encoded, true);
                if let (EncoderResult::Unmappable(character), _) = all {
                    let name = self.encoding.name();
                    return Err(invalid(&format!("{name} has no character `{}`", character.escape_default())));
                }
            }
        }
        Ok(())
    }

    /// One carried place at the beginning of `bytes`; gives its length, 0 when it goes on.
    fn carried(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match *bytes {
            [high @ 0xf8..=0xfb, low @ 0x80..=0xbf, ..] => {
                self.encoded.push((high & 3) << 6 | low & 0x3f);
                Ok(2)
            }
            [0xed, middle @ 0xa0..=0xbf, low @ 0x80..=0xbf, ..] if is_utf_16(self.encoding) => {
                let unit = 0xd000 | u16::from(middle & 0x3f) << 6 | u16::from(low & 0x3f);
                let big = self.encoding == encoding_rs::UTF_16BE;
                self.encoded.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
                Ok(3)
            }
            // The piece ends here; whether the character does is seen with the next one.
            _ if bytes.len() < CHARACTER_LEN_BYTES_MAX && (bytes[0] >= 0xf8 || bytes[0] >= 0xc2) => Ok(0),
            _ => Err(invalid("the text is no UTF-8")),
        }
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

impl<W: Write> Write for Transcoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len();
        let joined;
        let mut left = if self.rest.is_empty() {
            bytes
        } else {
            joined = [&self.rest, bytes].concat();
            &joined[..]
        };
        self.encoded.clear();
        while !left.is_empty() {
            let valid = match simdutf8::compat::from_utf8(left) {
                Ok(text) => text,
                // Valid up to there.
                Err(e) => std::str::from_utf8(&left[..e.valid_up_to()]).unwrap_or_default(),
            };
            self.encode(valid)?;
            left = &left[valid.len()..];
            if left.is_empty() {
                break;
            }
            match self.carried(left)? {
                0 => break,
                carried => left = &left[carried..],
            }
        }
        self.rest = left.to_vec();
        self.output.write_all(&self.encoded)?;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives its bytes in small pieces.
    struct Sips<'a>(&'a [u8], usize);

    impl Read for Sips<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(buffer.len()).min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    /// Reads bytes as UTF-8, writes them back, and gives the UTF-8.
    fn check(bytes: &[u8], name: &str, sip: usize) -> Vec<u8> {
        let encoding = named(name).unwrap();
        let mut content = Vec::new();
        Transcoded::new(Sips(bytes, sip), encoding).read_to_end(&mut content).unwrap();
        let mut transcoder = Transcoder::new(Vec::new(), encoding);
        content.chunks(sip).for_each(|piece| transcoder.write_all(piece).unwrap());
        assert_eq!(transcoder.finish().unwrap(), bytes, "{name}");
        content
    }

    #[test]
    fn arabic_in_its_old_encodings_is_read_and_comes_back() {
        for (name, bytes) in [
            ("windows-1256", &b"\xc7\xe1\xda\xd1\xc8\xed\xc9\r\n"[..]),
            ("iso-8859-6", b"\xc7\xe4\xd9\xd1\xc8\xea\xc9\r\n"),
            ("utf-16le", b"\x27\x06\x44\x06\x39\x06\x31\x06\x28\x06\x4a\x06\x29\x06\r\0\n\0"),
            ("utf-16be", b"\x06\x27\x06\x44\x06\x39\x06\x31\x06\x28\x06\x4a\x06\x29\0\r\0\n"),
        ] {
            for sip in [1, 2, 3, 1000] {
                assert_eq!(String::from_utf8(check(bytes, name, sip)).unwrap(), "العربية\r\n", "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_character_is_no_utf_8_and_comes_back() {
        for (name, bytes) in [
            ("utf-16le", &b"\x27\x06\x00\xd8\n\0\x00\xdc\x00\xdc!"[..]),
            ("utf-16be", b"\xd8\x00\xd8\x00\xdc\x00\xd8"),
            ("iso-8859-6", b"a\xa1\xff\n"),
            ("shift_jis", b"\x82\xa0\x81\n\xa0\xfd"),
            ("gb18030", b"\x81\x30\x81\n\xff\x80"),
        ] {
            for sip in [1, 2, 1000] {
                assert!(String::from_utf8(check(bytes, name, sip)).is_err(), "{name}");
            }
        }
    }

    #[test]
    fn names_are_checked() {
        assert!(named("klingon").unwrap_err().contains("no encoding is called `klingon`"));
        assert!(named("iso-2022-jp").is_err());
        assert_eq!(named("cp1256").unwrap().name(), "windows-1256");
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_from_any_encoding(
            bytes: Vec<u8>,
            name in prop::sample::select(vec![
                "windows-1256", "iso-8859-6", "windows-1252", "windows-874", "utf-16le", "utf-16be", "gb18030", "gbk",
                "shift_jis", "euc-jp", "euc-kr", "big5", "koi8-r", "macintosh",
            ]),
            sip in 1usize..9,
        ) {
            let content = check(&bytes, name, sip);
            prop_assert_eq!(content, check(&bytes, name, 1000), "pieces do not matter");
        }
    }
}
