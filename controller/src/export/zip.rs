//! A ZIP file written from front to back, without going back and without compressing: every file's length and checksum follow it.

use mnara_protocol::clock::Timestamp;

/// Bit 3: lengths and checksum follow. Bit 11: names are UTF-8.
const FLAGS: u16 = (1 << 3) | (1 << 11);
const VERSION: u16 = 20;

/// A ZIP file being written.
#[derive(Debug)]
pub struct Zip {
    out: Vec<u8>,
    /// Bytes handed out already.
    gone: u32,
    stamp: (u16, u16),
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    offset: u32,
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

    fn at(&self) -> u32 {
        self.gone.wrapping_add(short(self.out.len()))
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
            self.longs(&[0x0201_4b50]);
            self.words(&[VERSION, VERSION, FLAGS, 0, time, date]);
            self.longs(&[!file.crc, file.length, file.length]);
            self.words(&[word(file.name.len()), 0, 0, 0, 0]);
            self.longs(&[0, file.offset]);
            self.out.extend_from_slice(file.name.as_bytes());
        }
        let length = self.at().wrapping_sub(begin);
        self.longs(&[0x0605_4b50]);
        self.words(&[0, 0, word(files.len()), word(files.len())]);
        self.longs(&[length, begin]);
        self.words(&[0]);
    }

    /// Hands out what was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        self.gone = self.gone.wrapping_add(short(self.out.len()));
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
}
