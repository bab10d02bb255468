//! One WebSocket of a link, after the upgrade: whole binary messages in, whole binary messages out. An idle one holds a kilobyte and no
//! queue; a message's memory is given back when it is handled. What the messages say is not known here.

use std::io::Cursor;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// The longest message: the session's largest frame and some room.
const LONGEST: usize = 128 * 1024;
/// What is read at once.
const CHUNK: usize = 1024;

/// Why a socket gives no more messages.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The connection broke.
    #[error("the connection broke")]
    Io(#[from] std::io::Error),
    /// The peer does not speak WebSocket as RFC 6455 has it, or not as the link needs it.
    #[error("the peer breaks the WebSocket protocol: {0}")]
    Protocol(&'static str),
    /// The peer said goodbye, or just went.
    #[error("the peer closed the connection")]
    Closed,
}

/// The server's end of a WebSocket.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    /// Bytes read and not yet looked at.
    buffer: [u8; CHUNK],
    from: usize,
    to: usize,
    /// The message being put together; survives a cancelled `receive`.
    partial: Partial,
}

#[derive(Debug, Default)]
struct Partial {
    /// The header as far as it came.
    header: Vec<u8>,
    frame: Option<Frame>,
    message: Vec<u8>,
    /// Whether frames of a message came before this one.
    continued: bool,
}

#[derive(Debug)]
struct Frame {
    opcode: OpCode,
    is_final: bool,
    mask: [u8; 4],
    left: usize,
    /// Where this frame's payload begins in the message, or the payload of a control frame.
    control: Vec<u8>,
    read: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Takes a connection on which the upgrade is done.
    pub const fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: [0; CHUNK],
            from: 0,
            to: 0,
            partial: Partial {
                header: Vec::new(),
                frame: None,
                message: Vec::new(),
                continued: false,
            },
        }
    }

    /// Waits for the next binary message. Dropped before it is done, it loses nothing.
    ///
    /// # Errors
    /// [`SocketError`]; the socket is of no use then.
    pub async fn receive(&mut self) -> Result<Vec<u8>, SocketError> {
        loop {
            while self.from < self.to {
                match self.step()? {
                    Step::More => {}
                    Step::Message(message) => return Ok(message),
                    Step::Ping(payload) => {
                        self.write(OpCode::Control(Control::Pong), &payload).await?
                    }
                    Step::Close => {
                        self.close().await?;
                        return Err(SocketError::Closed);
                    }
                }
            }
            let read = self.stream.read(&mut self.buffer).await?;
            if read == 0 {
                return Err(SocketError::Closed);
            }
            self.from = 0;
            self.to = read;
        }
    }

    /// Sends one binary message.
    ///
    /// # Errors
    /// [`SocketError`].
    pub async fn send(&mut self, message: &[u8]) -> Result<(), SocketError> {
        self.write(OpCode::Data(Data::Binary), message).await
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// [`SocketError`].
    pub async fn close(&mut self) -> Result<(), SocketError> {
        let code = u16::from(CloseCode::Normal).to_be_bytes();
        self.write(OpCode::Control(Control::Close), &code).await?;
        Ok(self.stream.shutdown().await?)
    }

    async fn write(&mut self, opcode: OpCode, payload: &[u8]) -> Result<(), SocketError> {
        let header = FrameHeader {
            opcode,
            ..FrameHeader::default()
        };
        let length = u64::try_from(payload.len())
            .map_err(|_| SocketError::Protocol("the message is too long"))?;
        let mut bytes = Vec::with_capacity(payload.len() + 10);
        header
            .format(length, &mut bytes)
            .map_err(|_| SocketError::Protocol("the header cannot be written"))?;
        bytes.extend_from_slice(payload);
        self.stream.write_all(&bytes).await?;
        Ok(self.stream.flush().await?)
    }

    fn step(&mut self) -> Result<Step, SocketError> {
        let waiting = &self.buffer[self.from..self.to];
        let Some(frame) = &mut self.partial.frame else {
            let (taken, frame) = self.partial.begin(waiting)?;
            self.from += taken;
            self.partial.frame = frame;
            return if self
                .partial
                .frame
                .as_ref()
                .is_some_and(|frame| frame.left == 0)
            {
                self.partial.end()
            } else {
                Ok(Step::More)
            };
        };
        let taken = waiting.len().min(frame.left);
        let is_control = matches!(frame.opcode, OpCode::Control(_));
        let target = if is_control {
            &mut frame.control
        } else {
            &mut self.partial.message
        };
        for byte in &waiting[..taken] {
            target.push(byte ^ frame.mask[frame.read % 4]);
            frame.read += 1;
        }
        frame.left -= taken;
        self.from += taken;
        if frame.left == 0 {
            self.partial.end()
        } else {
            Ok(Step::More)
        }
    }
}

enum Step {
    More,
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Close,
}

impl Partial {
    /// Reads a frame's header, which may come in pieces; says how many bytes belonged to it.
    fn begin(&mut self, waiting: &[u8]) -> Result<(usize, Option<Frame>), SocketError> {
        let mut taken = 0;
        while taken < waiting.len() {
            self.header.push(waiting[taken]);
            taken += 1;
            let mut cursor = Cursor::new(&self.header);
            let parsed = FrameHeader::parse(&mut cursor)
                .map_err(|_| SocketError::Protocol("a broken header"))?;
            if let Some((header, length)) = parsed {
                self.header = Vec::new();
                return self
                    .check(&header, length)
                    .map(|frame| (taken, Some(frame)));
            }
        }
        Ok((taken, None))
    }

    fn check(&self, header: &FrameHeader, length: u64) -> Result<Frame, SocketError> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(SocketError::Protocol("an extension nobody agreed on"));
        }
        let mask = header
            .mask
            .ok_or(SocketError::Protocol("a client has to mask its frames"))?;
        let left = usize::try_from(length)
            .map_err(|_| SocketError::Protocol("the message is too long"))?;
        match header.opcode {
            OpCode::Data(Data::Binary) if !self.continued => {}
            OpCode::Data(Data::Continue) if self.continued => {}
            OpCode::Data(_) => {
                return Err(SocketError::Protocol("only binary messages are understood"));
            }
            OpCode::Control(_) if !header.is_final || left > 125 => {
                return Err(SocketError::Protocol("a control frame is short and whole"));
            }
            OpCode::Control(_) => {}
        }
        if self.message.len().saturating_add(left) > LONGEST {
            return Err(SocketError::Protocol("the message is too long"));
        }
        Ok(Frame {
            opcode: header.opcode,
            is_final: header.is_final,
            mask,
            left,
            control: Vec::new(),
            read: 0,
        })
    }

    fn end(&mut self) -> Result<Step, SocketError> {
        let Some(frame) = self.frame.take() else {
            return Ok(Step::More);
        };
        match frame.opcode {
            OpCode::Data(_) if frame.is_final => {
                self.continued = false;
                Ok(Step::Message(std::mem::take(&mut self.message)))
            }
            OpCode::Data(_) => {
                self.continued = true;
                Ok(Step::More)
            }
            OpCode::Control(Control::Ping) => Ok(Step::Ping(frame.control)),
            OpCode::Control(Control::Close) => Ok(Step::Close),
            OpCode::Control(_) => Ok(Step::More),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, is_final: bool, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut bytes = vec![opcode | if is_final { 0x80 } else { 0 }];
        match payload.len() {
            short @ 0..126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
            }
        }
        bytes.extend_from_slice(&mask);
        bytes.extend(
            payload
                .iter()
                .enumerate()
                .map(|(place, byte)| byte ^ mask[place % 4]),
        );
        bytes
    }

    async fn hear(bytes: &[u8]) -> (Vec<Vec<u8>>, SocketError) {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        far.write_all(bytes).await.unwrap();
        far.shutdown().await.unwrap();
        let mut socket = Socket::new(near);
        let mut heard = Vec::new();
        loop {
            match socket.receive().await {
                Ok(message) => heard.push(message),
                Err(error) => return (heard, error),
            }
        }
    }

    #[tokio::test]
    async fn messages_come_whole_however_they_are_cut() {
        let long: Vec<u8> = (0..5000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut bytes = frame(2, true, b"one");
        bytes.extend(frame(9, true, b"ping"));
        bytes.extend(frame(2, false, &long));
        bytes.extend(frame(9, true, b""));
        bytes.extend(frame(0, true, b"tail"));
        let (heard, error) = hear(&bytes).await;
        assert_eq!(heard[0], b"one");
        assert_eq!(heard[1], [long.as_slice(), b"tail"].concat());
        assert_eq!(heard.len(), 2);
        assert!(matches!(error, SocketError::Closed));
    }

    #[tokio::test]
    async fn what_breaks_the_protocol_ends_the_link() {
        for bad in [
            frame(1, true, b"text"),
            frame(0, true, b"orphan"),
            frame(9, false, b"half a ping"),
            vec![0x82, 3, b'a', b'b', b'c'],
        ] {
            let (heard, error) = hear(&bad).await;
            assert!(heard.is_empty());
            assert!(matches!(error, SocketError::Protocol(_)), "{error}");
        }
        let mut huge = vec![0x82, 0x80 | 127];
        huge.extend_from_slice(&(1_u64 << 40).to_be_bytes());
        huge.extend_from_slice(&[0; 4]);
        assert!(matches!(hear(&huge).await.1, SocketError::Protocol(_)));
    }
}
