//! A connection that is broken off when its peer takes nothing of what it is sent.
//!
//! Whoever asks for more than the system's buffers hold and reads none of it would keep a place for ever. Who sends nothing is not judged
//! here.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long nothing may be taken.
///
/// The system tells of room only when a third of its buffer is free, which a slow phone takes a while for.
pub const TAKEN: Duration = Duration::from_secs(60);

/// The connection.
#[derive(Debug)]
pub struct Patient<S> {
    stream: S,
    /// Runs while the peer takes nothing.
    due: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Takes a connection.
    pub const fn new(stream: S) -> Self {
        Self { stream, due: None }
    }

    /// What a write came to, or that it was waited for too long.
    fn judge<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.due = None;
            return written;
        }
        let due = self
            .due
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(TAKEN)));
        due.as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.judge(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.judge(flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let closed = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.judge(closed, cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_is_waited_for_and_who_reads_nothing_is_not() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Patient::new(near);
        let reading = async {
            let mut chunk = [0; 64];
            for _ in 0..4 {
                tokio::time::sleep(TAKEN - Duration::from_secs(1)).await;
                far.read_exact(&mut chunk).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(near.write_all(&[7; 5 * 64]), reading);
        written.unwrap();
        let refused = near.write_all(&[7]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        // Until here it was there and did not read.
        drop(far);
    }
}
