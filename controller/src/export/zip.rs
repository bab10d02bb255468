//! A ZIP file written from front to back, without going back and without compressing: every file's length and checksum follow it.
//!
//! A file inside it is at most 3.9 GB, so that everything reads it; whoever writes more begins another. The whole may be of any size: where a place
//! does not fit 32 bits, the list says it as ZIP64 does (APPNOTE 4.3.14, 4.3.15 and 4.5.3), and only then.

use mnara_protocol::clock::Timestamp;

/// Bit 3: lengths and checksum follow. Bit 11: names are UTF-8.
const FLAGS: u16 = (1 << 3) | (1 << 11);
const VERSION: u16 = 20;
/// Where ZIP64 is needed.
const VERSION_64: u16 = 45;
/// No file grows beyond, by more than what is written at once.
const FULL: u32 = 3_900_000_000;

/// A ZIP file being written.
#[derive(Debug)]
pub struct Zip {
    out: Vec<u8>,
    /// Bytes handed out already.
    gone: u64,
    stamp: (u16, u16),
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    offset: u64,
    crc: u32,
    length: u32,
}

impl Zip {
    /// Begins a file as of now.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            out: Vec::new(),
            gone: 0,
            stamp: stamp(now),
            files: Vec::new(),
        }
    }

    fn at(&self) -> u64 {
        self.gone + u64::try_from(self.out.len()).unwrap_or(0)
    }

    /// Whether the file that was begun should not grow any more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.files.last().is_some_and(|file| file.length >= FULL)
    }

    fn words(&mut self, words: &[u16]) {
        for word in words {
            self.out.extend_from_slice(&word.to_le_bytes());
        }
    }

    fn longs(&mut self, longs: &[u32]) {
        for long in longs {
            self.out.extend_from_slice(&long.to_le_bytes());
        }
    }

    /// Begins a file inside it.
    pub fn begin(&mut self, name: &str) {
        self.files.push(File {
            name: name.to_owned(),
            offset: self.at(),
            crc: u32::MAX,
            length: 0,
        });
        let (time, date) = self.stamp;
        self.longs(&[0x0403_4b50]);
        self.words(&[VERSION, FLAGS, 0, time, date]);
        self.longs(&[0, 0, 0]);
        self.words(&[word(name.len()), 0]);
        self.out.extend_from_slice(name.as_bytes());
    }

    /// Goes on with the file that was begun.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(file) = self.files.last_mut() {
            file.crc = bytes.iter().fold(file.crc, |crc, byte| {
                CRC[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8)
            });
            file.length = file.length.wrapping_add(short(bytes.len()));
        }
        self.out.extend_from_slice(bytes);
    }

    /// Ends the file that was begun.
    pub fn end(&mut self) {
        let Some(file) = self.files.last() else {
            return;
        };
        let (crc, length) = (!file.crc, file.length);
        self.longs(&[0x0807_4b50, crc, length, length]);
    }

    /// Writes the list of files, after which nothing comes.
    pub fn finish(&mut self) {
        let begin = self.at();
        let files = std::mem::take(&mut self.files);
        let (time, date) = self.stamp;
        for file in &files {
            let offset = u32::try_from(file.offset).unwrap_or(u32::MAX);
            let is_far = offset == u32::MAX;
            let version = if is_far { VERSION_64 } else { VERSION };
            self.longs(&[0x0201_4b50]);
            self.words(&[version, version, FLAGS, 0, time, date]);
            self.longs(&[!file.crc, file.length, file.length]);
            let extra = if is_far { 12 } else { 0 };
            self.words(&[word(file.name.len()), extra, 0, 0, 0]);
            self.longs(&[0, offset]);
            self.out.extend_from_slice(file.name.as_bytes());
            if is_far {
                self.words(&[1, 8]);
                self.out.extend_from_slice(&file.offset.to_le_bytes());
            }
        }
        let end = self.at();
        let length = end - begin;
        if end >= u64::from(u32::MAX) {
            let count = u64::try_from(files.len()).unwrap_or(0);
            self.longs(&[0x0606_4b50]);
            self.out.extend_from_slice(&44_u64.to_le_bytes());
            self.words(&[VERSION_64, VERSION_64]);
            self.longs(&[0, 0]);
            for number in [count, count, length, begin] {
                self.out.extend_from_slice(&number.to_le_bytes());
            }
            self.longs(&[0x0706_4b50, 0]);
            self.out.extend_from_slice(&end.to_le_bytes());
            self.longs(&[1]);
        }
        let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        self.longs(&[0x0605_4b50]);
        self.words(&[0, 0, word(files.len()), word(files.len())]);
        self.longs(&[short(length), short(begin)]);
        self.words(&[0]);
    }

    /// Hands out what was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        self.gone = self.at();
        std::mem::take(&mut self.out)
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn word(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Time and date as DOS had them.
fn stamp(now: Timestamp) -> (u16, u16) {
    let at = jiff::Timestamp::from_millisecond(now.as_millis())
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC);
    let part = |number: i8| u16::try_from(number).unwrap_or(0);
    let years = u16::try_from(at.year() - 1980).unwrap_or(0).min(127);
    let time = (part(at.hour()) << 11) | (part(at.minute()) << 5) | (part(at.second()) / 2);
    (
        time,
        (years << 9) | (part(at.month()) << 5) | part(at.day()),
    )
}

/// The table of CRC-32 as IEEE 802.3 has it, reflected.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0_u32;
    while at < 256 {
        let mut value = at;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xEDB8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[at as usize] = value;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_one_everybody_knows() {
        let mut zip = Zip::new(Timestamp::from_secs(1_800_000_000));
        zip.begin("a");
        zip.write(b"12345");
        zip.write(b"6789");
        zip.end();
        let out = zip.take();
        let tail = &out[out.len() - 12..];
        assert_eq!(tail[..4], 0xCBF4_3926_u32.to_le_bytes());
        assert_eq!(tail[4..8], 9_u32.to_le_bytes());
        zip.finish();
        let end = zip.take();
        assert_eq!(end[end.len() - 22..][..4], 0x0605_4b50_u32.to_le_bytes());
        // Where the list begins, counted from the start of it all.
        assert_eq!(end[end.len() - 6..][..4], short(out.len()).to_le_bytes());
    }

    #[test]
    fn beyond_four_gigabytes_places_are_told_as_zip64_has_it() {
        let mut zip = Zip::new(Timestamp::from_secs(1_800_000_000));
        zip.begin("a");
        zip.write(b"123456789");
        zip.end();
        let first = zip.take();
        zip.gone = 5_000_000_000;
        zip.begin("b");
        assert!(!zip.is_full());
        zip.files[1].length = FULL;
        assert!(zip.is_full());
        zip.files[1].length = 0;
        zip.write(b"1");
        zip.end();
        let second = zip.take();
        let list = 5_000_000_000 + u64::try_from(second.len()).unwrap();
        zip.finish();
        let end = zip.take();
        let number = |at: usize| u64::from_le_bytes(end[at..at + 8].try_into().unwrap());
        // The first entry is as ever, the second tells its place in an extra field.
        let far = 46 + 1 + 46 + 1;
        assert_eq!(end[47 + 42..47 + 46], u32::MAX.to_le_bytes());
        assert_eq!(end[far..far + 4], [1, 0, 8, 0]);
        assert_eq!(number(far + 4), 5_000_000_000);
        let record = far + 12;
        assert_eq!(end[record..record + 4], 0x0606_4b50_u32.to_le_bytes());
        assert_eq!((number(record + 24), number(record + 32)), (2, 2));
        assert_eq!(number(record + 40), u64::try_from(record).unwrap());
        assert_eq!(number(record + 48), list);
        let locator = record + 56;
        assert_eq!(end[locator..locator + 4], 0x0706_4b50_u32.to_le_bytes());
        assert_eq!(number(locator + 8), list + u64::try_from(record).unwrap());
        assert_eq!(end.len(), locator + 20 + 22);
        assert_eq!(end[end.len() - 6..][..4], u32::MAX.to_le_bytes());
        assert!(!first.is_empty());
    }
}
