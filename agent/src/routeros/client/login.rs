//! Logging in, the first exchange on a connection: with the password, or where the router answers with a challenge (before 6.43),
//! with its MD5. Nothing else may be sent before it has ended.

use std::sync::Arc;

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::error::Error;
use super::inbox::{Inbox, READ};
use crate::routeros::wire::{Reply, Row, put_sentence};

/// Logs in.
///
/// # Errors
/// [`Error::Auth`] when name or password are refused.
pub(super) async fn log_in<S>(
    stream: &mut S,
    inbox: &mut Inbox,
    user: &str,
    password: &SecretString,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = format!("=name={user}");
    let plain = Zeroizing::new(format!("=password={}", password.expose_secret()));
    let done = exchange(
        stream,
        inbox,
        [b"/login", name.as_bytes(), plain.as_bytes()],
    )
    .await?;
    let Some(challenge) = done.ret() else {
        return Ok(());
    };
    let Ok(challenge) = hex::decode(challenge.as_bytes()) else {
        return Err(Error::Auth);
    };
    let digest = Md5::new()
        .chain_update([0])
        .chain_update(password.expose_secret())
        .chain_update(challenge)
        .finalize();
    let response = format!("=response=00{}", hex::encode(digest));
    let done = exchange(
        stream,
        inbox,
        [b"/login", name.as_bytes(), response.as_bytes()],
    )
    .await?;
    if done.ret().is_some() {
        Err(Error::Auth)
    } else {
        Ok(())
    }
}

async fn exchange<S>(stream: &mut S, inbox: &mut Inbox, words: [&[u8]; 3]) -> Result<Row, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut sentence = Zeroizing::new(Vec::with_capacity(256));
    put_sentence(&mut sentence, words);
    stream.write_all(&sentence).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let mut refused = None;
    loop {
        while let Some(received) = inbox.next()? {
            match received.reply {
                Reply::Trap(trap) => refused = Some(trap),
                Reply::Fatal(reason) => return Err(Error::Fatal(reason)),
                Reply::Done(done) => {
                    return match refused {
                        None => Ok(done),
                        Some(trap) if is_wrong_password(&trap.message) => Err(Error::Auth),
                        Some(trap) => Err(Error::refused(trap)),
                    };
                }
                Reply::Re(_) | Reply::Empty => {}
            }
        }
        inbox.bytes.reserve(READ);
        if stream.read_buf(&mut inbox.bytes).await.map_err(lost)? == 0 {
            return Err(Error::ConnectionLost(None));
        }
    }
}

fn is_wrong_password(message: &str) -> bool {
    message.starts_with("invalid user name or password") || message.starts_with("cannot log in")
}

fn lost(error: std::io::Error) -> Error {
    Error::ConnectionLost(Some(Arc::new(error)))
}
