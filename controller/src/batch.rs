//! One commit for everything that has arrived: a bounded queue, few writers, at most 128 items or what is there, answers
//! after the commit.
//!
//! A bad item is retried alone, so it spoils nobody else's. What an item is and how it is written is the caller's.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::db::{Trouble, trouble};

/// The most that goes into one commit.
const MOST: usize = 128;
/// How often what collided with others is tried again.
const TRIES: u32 = 3;
/// How long a caller waits for room in the queue before it hears that we are busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that writes many items in one statement and one commit.
pub trait Batch: Send + Sync + 'static {
    /// What is written.
    type Item: Send + Sync + 'static;
    /// What its sender hears once it is committed.
    type Answer: Send + 'static;

    /// Writes all items in one transaction and gives one answer for each, in order.
    fn write(
        &self,
        items: &[Self::Item],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, WriteError>> + Send;
}

/// Why nothing of a batch was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something about an item: the others may be fine without it.
    #[error("an item cannot be written")]
    Item(#[source] anyhow::Error),
    /// Nothing can be written now: trying items one by one would fail as often as there are items.
    #[error("nothing can be written")]
    Store(#[source] anyhow::Error),
    /// The store answers and has no room: that may last for hours.
    #[error("there is no room")]
    Full(#[source] anyhow::Error),
    /// Another transaction stood in its way, and has gone on since: the same items may be written a moment later.
    #[error("it collided with others")]
    Collision(#[source] anyhow::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let is_about_an_item = matches!(
            error,
            E::Database(_) | E::Encode(_) | E::Decode(_) | E::ColumnDecode { .. } | E::RowNotFound
        );
        match trouble(&error) {
            Trouble::Collision => Self::Collision(error.into()),
            Trouble::Full => Self::Full(error.into()),
            Trouble::Nul | Trouble::Other if is_about_an_item => Self::Item(error.into()),
            Trouble::Nul | Trouble::Other | Trouble::Away => Self::Store(error.into()),
        }
    }
}

/// Why an item was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The queue stayed full: the caller should be told to come back.
    #[error("too much is waiting to be written")]
    Busy,
    /// We are shutting down.
    #[error("the writer has stopped")]
    Stopped,
    /// It was tried and could not be written.
    #[error("it could not be written")]
    Failed(#[source] Arc<WriteError>),
}

struct Waiting<B: Batch> {
    item: B::Item,
    answer: oneshot::Sender<Result<B::Answer, Refused>>,
}

/// The caller's end of a batch writer, cheap to clone.
pub struct Batcher<B: Batch> {
    queue: mpsc::Sender<Waiting<B>>,
}

impl<B: Batch> Clone for Batcher<B> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<B: Batch> fmt::Debug for Batcher<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batcher({} free)", self.queue.capacity())
    }
}

impl<B: Batch> Batcher<B> {
    /// Starts so many writers, each with a transaction of its own, so that one fills its statement while another waits for the disk. On
    /// shutdown they write what is queued and end.
    #[must_use]
    pub fn start(
        batch: B,
        capacity: usize,
        writers: u8,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Self {
        let (queue, arriving) = mpsc::channel(capacity);
        let (batch, arriving) = (Arc::new(batch), Arc::new(Mutex::new(arriving)));
        for _ in 0..writers {
            let (batch, arriving) = (Arc::clone(&batch), Arc::clone(&arriving));
            tasks.spawn(run(batch, arriving, shutdown.clone()));
        }
        Self { queue }
    }

    /// Hands in an item and waits until it is committed.
    ///
    /// # Errors
    /// When the queue stays full, the writer has stopped, or the item cannot be written.
    pub async fn submit(&self, item: B::Item) -> Result<B::Answer, Refused> {
        let (answer, answered) = oneshot::channel();
        let place = tokio::time::timeout(PATIENCE, self.queue.reserve()).await;
        place
            .map_err(|_| Refused::Busy)?
            .map_err(|_| Refused::Stopped)?
            .send(Waiting { item, answer });
        answered.await.map_err(|_| Refused::Stopped)?
    }
}

async fn run<B: Batch>(
    batch: Arc<B>,
    arriving: Arc<Mutex<mpsc::Receiver<Waiting<B>>>>,
    shutdown: CancellationToken,
) {
    let mut waiting = Vec::with_capacity(MOST);
    loop {
        let arrived = {
            // Whoever holds it waits for items on behalf of all writers that are free.
            let mut arriving = arriving.lock().await;
            tokio::select! {
                biased;
                arrived = arriving.recv_many(&mut waiting, MOST) => arrived,
                () = shutdown.cancelled(), if !arriving.is_closed() => {
                    // Nothing new gets in; what was let in is still written.
                    arriving.close();
                    continue;
                }
            }
        };
        if arrived == 0 {
            return;
        }
        write(batch.as_ref(), waiting.drain(..)).await;
    }
}

async fn write<B: Batch>(batch: &B, waiting: impl Iterator<Item = Waiting<B>>) {
    let (items, senders): (Vec<_>, Vec<_>) = waiting.map(|one| (one.item, one.answer)).unzip();
    match answers(batch, &items).await {
        Ok(answers) => {
            for (sender, answer) in senders.into_iter().zip(answers) {
                tell(sender, Ok(answer));
            }
        }
        Err(WriteError::Item(_)) if items.len() > 1 => {
            for (item, sender) in items.iter().zip(senders) {
                let alone = answers(batch, std::slice::from_ref(item)).await;
                tell(
                    sender,
                    match alone {
                        Ok(mut answers) => answers.pop().ok_or(Refused::Stopped),
                        Err(error) => Err(Refused::Failed(Arc::new(error))),
                    },
                );
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for sender in senders {
                tell(sender, Err(Refused::Failed(Arc::clone(&error))));
            }
        }
    }
}

async fn answers<B: Batch>(batch: &B, items: &[B::Item]) -> Result<Vec<B::Answer>, WriteError> {
    let mut tries = 0;
    let answers = loop {
        match batch.write(items).await {
            Err(WriteError::Collision(_)) if tries < TRIES => tries += 1,
            written => break written?,
        }
    };
    if answers.len() == items.len() {
        Ok(answers)
    } else {
        Err(WriteError::Store(anyhow::anyhow!(
            "{} answers for {} items",
            answers.len(),
            items.len()
        )))
    }
}

fn tell<A>(sender: oneshot::Sender<Result<A, Refused>>, answer: Result<A, Refused>) {
    // A caller that went away does not undo what was committed.
    drop(sender.send(answer));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// Refuses odd numbers as bad items and keeps what it committed, one list a commit.
    struct Numbers {
        commits: Arc<std::sync::Mutex<Vec<Vec<u32>>>>,
        gate: Arc<Semaphore>,
        entered: mpsc::Sender<usize>,
        collisions: Arc<AtomicI32>,
    }

    impl Batch for Numbers {
        type Item = u32;
        type Answer = u32;

        async fn write(&self, items: &[u32]) -> Result<Vec<u32>, WriteError> {
            self.entered.send(items.len()).await.unwrap();
            self.gate.acquire().await.unwrap().forget();
            if self.collisions.fetch_sub(1, Ordering::Relaxed) > 0 {
                return Err(WriteError::Collision(anyhow::anyhow!("a deadlock")));
            }
            if items.contains(&99) {
                return Err(WriteError::Store(anyhow::anyhow!("the store is away")));
            }
            if items.iter().any(|n| n % 2 == 1) {
                return Err(WriteError::Item(anyhow::anyhow!("odd")));
            }
            self.commits.lock().unwrap().push(items.to_vec());
            Ok(items.iter().map(|n| n * 10).collect())
        }
    }

    struct World {
        batcher: Batcher<Numbers>,
        commits: Arc<std::sync::Mutex<Vec<Vec<u32>>>>,
        gate: Arc<Semaphore>,
        collisions: Arc<AtomicI32>,
        entered: mpsc::Receiver<usize>,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    }

    fn world() -> World {
        let commits = Arc::default();
        let gate = Arc::new(Semaphore::new(0));
        let (entering, entered) = mpsc::channel(1000);
        let collisions = Arc::default();
        let tasks = TaskTracker::new();
        let shutdown = CancellationToken::new();
        let batch = Numbers {
            commits: Arc::clone(&commits),
            gate: Arc::clone(&gate),
            entered: entering,
            collisions: Arc::clone(&collisions),
        };
        let batcher = Batcher::start(batch, 1000, 1, &tasks, &shutdown);
        World {
            batcher,
            commits,
            gate,
            collisions,
            entered,
            tasks,
            shutdown,
        }
    }

    impl World {
        /// Holds the writer in one commit while `items` queue up behind it.
        async fn queue(
            &mut self,
            items: &[u32],
        ) -> Vec<tokio::task::JoinHandle<Result<u32, Refused>>> {
            let mut handed_in = Vec::new();
            for (place, item) in std::iter::once(&0).chain(items).enumerate() {
                let (batcher, item) = (self.batcher.clone(), *item);
                handed_in.push(tokio::spawn(async move { batcher.submit(item).await }));
                if place == 0 {
                    assert_eq!(self.entered.recv().await, Some(1));
                }
                while self.batcher.queue.max_capacity() - self.batcher.queue.capacity() < place {
                    tokio::task::yield_now().await;
                }
            }
            handed_in
        }
    }

    #[tokio::test]
    async fn what_arrives_during_a_commit_goes_into_the_next_one_together() {
        let mut world = world();
        let items: Vec<u32> = (1..=200).map(|n| n * 2).collect();
        let handed_in = world.queue(&items).await;
        world.gate.add_permits(3);
        for (item, answer) in std::iter::once(0).chain(items).zip(handed_in) {
            assert_eq!(answer.await.unwrap().unwrap(), item * 10);
        }
        let sizes: Vec<usize> = world.commits.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 128, 72]);
    }

    #[tokio::test]
    async fn a_bad_item_fails_alone() {
        let mut world = world();
        let handed_in = world.queue(&[2, 3, 4]).await;
        world.gate.add_permits(10);
        let mut answers = Vec::new();
        for answer in handed_in {
            answers.push(answer.await.unwrap().ok());
        }
        assert_eq!(answers, [Some(0), Some(20), None, Some(40)]);
    }

    #[tokio::test]
    async fn what_collides_with_others_is_tried_again_whole() {
        let mut world = world();
        world.collisions.store(3, Ordering::Relaxed);
        world.gate.add_permits(10);
        assert_eq!(world.batcher.submit(2).await.unwrap(), 20);
        while world.entered.try_recv().is_ok() {}
        world.collisions.store(100, Ordering::Relaxed);
        assert!(matches!(
            world.batcher.submit(4).await,
            Err(Refused::Failed(_))
        ));
        assert_eq!(*world.commits.lock().unwrap(), [[2]]);
    }

    #[tokio::test]
    async fn a_store_that_is_away_fails_everybody_at_once() {
        let mut world = world();
        let handed_in = world.queue(&[2, 99, 4]).await;
        world.gate.add_permits(2);
        let mut failed = 0;
        for answer in handed_in {
            if let Err(Refused::Failed(error)) = answer.await.unwrap() {
                assert!(matches!(*error, WriteError::Store(_)));
                failed += 1;
            }
        }
        assert_eq!(failed, 3);
    }

    #[tokio::test]
    async fn shutdown_writes_what_was_taken_and_takes_no_more() {
        let mut world = world();
        let handed_in = world.queue(&[2, 4]).await;
        world.shutdown.cancel();
        world.gate.add_permits(10);
        for answer in handed_in {
            assert!(answer.await.unwrap().is_ok());
        }
        world.tasks.close();
        world.tasks.wait().await;
        assert!(matches!(
            world.batcher.submit(6).await,
            Err(Refused::Stopped)
        ));
    }
}
