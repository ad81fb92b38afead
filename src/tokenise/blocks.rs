//! Words of ordinary letters, found and folded 64 bytes at a time.
//!
//! Bytes of a text -> for each, whether it belongs to a *plain* character or stands apart, and the
//! folded bytes. Plain is a letter or ASCII digit of one or two bytes whose comparison form is as
//! long as it is: a run of plain bytes between two that stand apart is a whole word, and its folded
//! bytes are its form. Everything else is left to [`scan`](super::scan), one token at a time, and so
//! is everything on a machine without AVX2.
//!
//! The rows are made from the [`Table`], which stays the only place that knows a fold. Bytes are
//! looked up with the shuffle that simdjson (Langdale & Lemire 2019) classifies with: ASCII in eight
//! rows of 16, and of each first byte of two that occurs in a block, in four.

use super::hash::{MARGIN, word_hash};
use super::table::{Class, Entry, Table};

/// Bytes looked at together.
pub(super) const BLOCK_LEN_BYTES: usize = 64;
/// Blocks between two walks over their words.
const BLOCKS: usize = 16;

/// Neither plain nor apart: to be looked at one by one.
const OTHERWISE: u8 = 0;
/// Divides words whatever stands around it, and ends no line.
const APART: u8 = 1;
/// Divides words unless it stands between two digits.
const BETWEEN_DIGITS: u8 = 2;

/// What becomes of the bytes of each character: one of the three above, or the byte itself folded.
pub(super) struct Rows {
    ascii: [[u8; 16]; 8],
    /// By the lower five bits of the first byte: the first and the second of two, by the second.
    two: Box<[[[[u8; 16]; 4]; 2]; 32]>,
}

/// What is known of some consecutive bytes.
pub(super) struct Chunk {
    /// Folded, where they are plain; with a margin on both sides.
    form: [u8; MARGIN + BLOCKS * BLOCK_LEN_BYTES + MARGIN],
    plain: [u64; BLOCKS],
    apart: [u64; BLOCKS],
    len: usize,
}

impl Rows {
    pub(super) fn new(table: &Table) -> Self {
        let short = table.short();
        let mut rows = Self { ascii: [[OTHERWISE; 16]; 8], two: Box::new([[[[OTHERWISE; 16]; 4]; 2]; 32]) };
        for (c, &entry) in short.iter().enumerate() {
            if c < 0x80 {
                let [byte, ..] = code::<1>(entry);
                rows.ascii[c / 16][c % 16] = byte;
            } else {
                let (lead, trail) = (c >> 6, c & 0x3f);
                let bytes = code::<2>(entry);
                (0..2).for_each(|i| rows.two[lead][i][trail / 16][trail % 16] = bytes[i]);
            }
        }
        rows
    }

    /// Whether this machine can do it.
    pub(super) fn available() -> bool {
        #[cfg(target_arch = "x86_64")]
        return std::arch::is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }
}

/// What stands for each byte of a character of `LEN` bytes.
fn code<const LEN: usize>(entry: Entry) -> [u8; 4] {
    // Digits decide what a mark after them does, so all plain ones must be told from letters: those
    // of ASCII can.
    let plain = match entry.class() {
        Class::Letter => true,
        Class::Digit => LEN == 1,
        _ => false,
    };
    if plain && entry.starts() && entry.form_len() == LEN {
        entry.form()
    } else if entry.is_other() && !entry.ends_line() {
        [APART; 4]
    } else if entry.class() == Class::MidDigit {
        [BETWEEN_DIGITS; 4]
    } else {
        [OTHERWISE; 4]
    }
}

impl Chunk {
    pub(super) fn new() -> Self {
        Self { form: [0; _], plain: [0; _], apart: [0; _], len: 0 }
    }

    /// How many bytes it is about.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The hash of a run of plain bytes, folded.
    #[inline]
    pub(super) fn hash(&self, start: usize, end: usize) -> u64 {
        word_hash(&self.form, MARGIN + start, MARGIN + end)
    }

    /// Whether the byte belongs to a plain character.
    #[inline]
    pub(super) fn is_plain(&self, at: usize) -> bool {
        self.plain[at / 64] >> (at % 64) & 1 != 0
    }

    /// Whether the byte certainly divides words.
    #[inline]
    pub(super) fn is_apart(&self, at: usize) -> bool {
        self.apart[at / 64] >> (at % 64) & 1 != 0
    }

    /// The first byte from `at` on that does not stand apart; the length if there is none.
    #[inline]
    pub(super) fn skip_apart(&self, at: usize) -> usize {
        first_zero(&self.apart, at).min(self.len)
    }

    /// The first byte from `at` on that is not plain; the length if there is none.
    #[inline]
    pub(super) fn skip_plain(&self, at: usize) -> usize {
        first_zero(&self.plain, at).min(self.len)
    }

    /// Looks at the bytes of a text from `at` on, where a character begins and which is not the
    /// first. Needs what [`Rows::available`] says.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn look(&mut self, rows: &Rows, text: &[u8], at: usize) {
        // A block is looked at with the byte before and the byte after it.
        let whole = ((text.len() - at - 1) / BLOCK_LEN_BYTES).min(BLOCKS);
        assert!(Rows::available());
        // SAFETY: the feature was detected on this machine.
        #[allow(unsafe_code)]
        unsafe {
            if whole > 0 {
                self.len = whole * BLOCK_LEN_BYTES;
                self.look_avx2(rows, &text[at - 1..at + self.len + 1]);
            } else {
                self.len = text.len() - at;
                let mut last = [0; BLOCK_LEN_BYTES + 2];
                last[..self.len + 1].copy_from_slice(&text[at - 1..]);
                self.look_avx2(rows, &last);
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn look(&mut self, _: &Rows, _: &[u8], _: usize) {
        unreachable!("not available");
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn look_avx2(&mut self, rows: &Rows, bytes: &[u8]) {
        let forms = self.form[MARGIN..].as_chunks_mut::<BLOCK_LEN_BYTES>().0;
        let mut after_digit = 0;
        for (block, form) in forms.iter_mut().enumerate().take((bytes.len() - 2) / BLOCK_LEN_BYTES) {
            let start = block * BLOCK_LEN_BYTES;
            let masks = avx2::look(rows, &bytes[start..start + BLOCK_LEN_BYTES + 2], form);
            // Of a mark of two bytes the first decides; one by one the second is never looked at.
            let between = masks.between_digits & !(masks.digits << 1 | after_digit);
            after_digit = masks.digits >> 63;
            self.plain[block] = masks.plain;
            self.apart[block] = masks.apart | between;
        }
    }
}

/// The place of the first bit from `at` on that is not set.
#[inline]
fn first_zero(bits: &[u64; BLOCKS], at: usize) -> usize {
    let mut word = at / 64;
    if word >= BLOCKS {
        return BLOCKS * 64;
    }
    let mut zeros = !bits[word] & u64::MAX << (at % 64);
    while zeros == 0 {
        word += 1;
        if word == BLOCKS {
            return BLOCKS * 64;
        }
        zeros = !bits[word];
    }
    word * 64 + zeros.trailing_zeros() as usize
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{APART, BETWEEN_DIGITS, BLOCK_LEN_BYTES, OTHERWISE, Rows};

    /// A bit a byte.
    pub struct Masks {
        pub plain: u64,
        pub apart: u64,
        pub between_digits: u64,
        pub digits: u64,
    }

    /// Half a block.
    #[derive(Clone, Copy)]
    struct Half {
        bytes: __m256i,
        before: __m256i,
        /// The lower four bits of the second byte of two, in both places.
        second: __m256i,
        /// Its bits 4 and 5, as highest bits.
        bit4: __m256i,
        bit5: __m256i,
        form: __m256i,
    }

    /// Looks at a block, given with the byte before and the byte after.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn look(rows: &Rows, bytes: &[u8], form: &mut [u8; BLOCK_LEN_BYTES]) -> Masks {
        let bytes = &bytes[..BLOCK_LEN_BYTES + 2];
        let mut halves = [half(rows, &bytes[..34]), half(rows, &bytes[32..])];
        // Each first byte of two that occurs, the byte before the block being the lowest bit.
        let with_before = |bits: u64, before: bool| u128::from(bits) << 1 | u128::from(before);
        let firsts = both(halves, |half| is_first_of_two(half.bytes));
        let mut firsts = with_before(firsts, bytes[0] & 0xe0 == 0xc0);
        while firsts != 0 {
            let byte = bytes[firsts.trailing_zeros() as usize];
            let [of_first, of_second] = &rows.two[byte as usize & 0x1f];
            let first = splat(byte);
            for half in &mut halves {
                let is_first = _mm256_cmpeq_epi8(half.bytes, first);
                let is_second = _mm256_cmpeq_epi8(half.before, first);
                let found = _mm256_or_si256(
                    _mm256_and_si256(is_first, half.in_rows(of_first)),
                    _mm256_and_si256(is_second, half.in_rows(of_second)),
                );
                half.form = _mm256_or_si256(half.form, found);
            }
            let same = both(halves, |half| _mm256_cmpeq_epi8(half.bytes, first));
            firsts &= !with_before(same, bytes[0] == byte);
        }
        let (low, high) = form.split_at_mut(32);
        store(low, halves[0].form);
        store(high, halves[1].form);
        let is = |code| both(halves, |half| _mm256_cmpeq_epi8(half.form, splat(code)));
        let (otherwise, apart, between_digits) = (is(OTHERWISE), is(APART), is(BETWEEN_DIGITS));
        let digits = both(halves, |half| {
            let above = _mm256_cmpgt_epi8(half.form, splat(b'0' - 1));
            _mm256_and_si256(above, _mm256_cmpgt_epi8(splat(b'9' + 1), half.form))
        });
        Masks { plain: !(otherwise | apart | between_digits), apart, between_digits, digits }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn half(rows: &Rows, bytes: &[u8]) -> Half {
        let (before, bytes, after) = (load(&bytes[..32]), load(&bytes[1..33]), load(&bytes[2..]));
        let second = _mm256_blendv_epi8(bytes, after, is_first_of_two(bytes));
        let half = Half {
            bytes,
            before,
            second: _mm256_and_si256(second, splat(0x0f)),
            bit4: _mm256_slli_epi16(second, 3),
            bit5: _mm256_slli_epi16(second, 2),
            form: _mm256_setzero_si256(),
        };
        // The shuffle gives nothing for a byte that is not ASCII.
        let shuffled = |row: usize| _mm256_shuffle_epi8(twice(&rows.ascii[row]), bytes);
        let (bit4, bit5, bit6) =
            (_mm256_slli_epi16(bytes, 3), _mm256_slli_epi16(bytes, 2), _mm256_slli_epi16(bytes, 1));
        let two = |row| _mm256_blendv_epi8(shuffled(row), shuffled(row + 1), bit4);
        let four = |row| _mm256_blendv_epi8(two(row), two(row + 2), bit5);
        Half { form: _mm256_blendv_epi8(four(0), four(4), bit6), ..half }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn is_first_of_two(bytes: __m256i) -> __m256i {
        _mm256_cmpeq_epi8(_mm256_and_si256(bytes, splat(0xe0)), splat(0xc0))
    }

    impl Half {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn in_rows(&self, rows: &[[u8; 16]; 4]) -> __m256i {
            let shuffled = |row: usize| _mm256_shuffle_epi8(twice(&rows[row]), self.second);
            let (low, high) = (
                _mm256_blendv_epi8(shuffled(0), shuffled(1), self.bit4),
                _mm256_blendv_epi8(shuffled(2), shuffled(3), self.bit4),
            );
            _mm256_blendv_epi8(low, high, self.bit5)
        }
    }

    /// The highest bit of each byte of both halves.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn both(halves: [Half; 2], of: impl Fn(Half) -> __m256i) -> u64 {
        let [low, high] = halves;
        u64::from(_mm256_movemask_epi8(of(low)) as u32) | u64::from(_mm256_movemask_epi8(of(high)) as u32) << 32
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte as i8)
    }

    /// A row for both halves of a register.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn twice(row: &[u8; 16]) -> __m256i {
        // SAFETY: the row has the 16 bytes that are read; they need not be aligned.
        #[allow(unsafe_code)]
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(row.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8]) -> __m256i {
        assert_eq!(bytes.len(), 32);
        // SAFETY: there are the 32 bytes that are read; they need not be aligned.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_loadu_si256(bytes.as_ptr().cast())
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn store(bytes: &mut [u8], vector: __m256i) {
        assert_eq!(bytes.len(), 32);
        // SAFETY: there is room for the 32 bytes that are written; it need not be aligned.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_si256(bytes.as_mut_ptr().cast(), vector);
        }
    }
}
