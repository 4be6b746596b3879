//! How far the user is in a room, and that it writes there. None of it waits for the server but `mark_unread`.

use chat_protocol::Seq;
use chat_protocol::command as wire;

use crate::client::unnumbered;
use crate::session::Command;
use crate::{Error, RoomHandle};

impl RoomHandle {
    /// Moves the read pointer forward to `seq`; backward does nothing but clear what was marked unread.
    ///
    /// Resolves at once. The server is told together with all pointers that move within 250 ms, and until it has stored it,
    /// also after reconnects; of several calls in the meantime only the greatest number is sent.
    ///
    /// # Errors
    /// [`Error::Busy`] when 4,096 pointers wait, or the reason for which the client ended. A room that is not the user's is
    /// not told.
    pub async fn mark_read(&self, seq: Seq) -> Result<(), Error> {
        self.read_to(seq, None, false).await
    }

    /// As [`mark_read`](Self::mark_read), without telling others: the user's own counts follow all the same.
    ///
    /// # Errors
    /// As [`mark_read`](Self::mark_read).
    pub async fn mark_read_private(&self, seq: Seq) -> Result<(), Error> {
        self.read_to(seq, None, true).await
    }

    /// As [`mark_read`](Self::mark_read), in the thread of the message `root`, which has a pointer of its own.
    ///
    /// # Errors
    /// As [`mark_read`](Self::mark_read).
    pub async fn mark_thread_read(&self, root: Seq, seq: Seq) -> Result<(), Error> {
        self.read_to(seq, Some(root), false).await
    }

    /// As [`mark_thread_read`](Self::mark_thread_read), without telling others.
    ///
    /// # Errors
    /// As [`mark_read`](Self::mark_read).
    pub async fn mark_thread_read_private(&self, root: Seq, seq: Seq) -> Result<(), Error> {
        self.read_to(seq, Some(root), true).await
    }

    async fn read_to(&self, seq: Seq, thread: Option<Seq>, private: bool) -> Result<(), Error> {
        let room = self.id().clone();
        self.client().call(Command::Read { room, seq, thread, private }).await.map(drop)
    }

    /// Says that everything up to `seq` has arrived, as [`mark_read`](Self::mark_read) does, gathered for a second.
    ///
    /// Rooms of at most 100 members are told so by themselves, unless
    /// [`ClientBuilder::delivered_receipts`](crate::ClientBuilder::delivered_receipts) is off; what is read need not be said to
    /// have arrived.
    ///
    /// # Errors
    /// As [`mark_read`](Self::mark_read).
    pub async fn mark_delivered(&self, seq: Seq) -> Result<(), Error> {
        self.client().call(Command::Delivered { room: self.id().clone(), seq }).await.map(drop)
    }

    /// Marks the room unread from `seq` on, for the user's own devices, until something is read. What was read before is
    /// told before, what is read after it after it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who is no member, `ERR_BAD_REQUEST` when there is no such
    /// message; [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn mark_unread(&self, seq: Seq) -> Result<(), Error> {
        self.client().order(wire::MarkUnread { id: unnumbered(), room: self.id().clone(), seq }).await
    }

    /// Tells the room that the user is writing. Call it with every key press: it is sent at most every 3 seconds,
    /// and only while there is a connection. It holds for 6 seconds, or until the user's next message, and 5 seconds after the
    /// last call the room is told that the user stopped: there is nothing to hold or to drop.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn typing(&self) -> Result<(), Error> {
        self.tell_typing(None, false).await
    }

    /// As [`typing`](Self::typing), in the thread of the message `root`.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn typing_in(&self, root: Seq) -> Result<(), Error> {
        self.tell_typing(Some(root), false).await
    }

    /// Tells the room that the user stopped writing without sending, if it was told otherwise before.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn stop_typing(&self) -> Result<(), Error> {
        self.tell_typing(None, true).await
    }

    /// As [`stop_typing`](Self::stop_typing), in the thread of the message `root`.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn stop_typing_in(&self, root: Seq) -> Result<(), Error> {
        self.tell_typing(Some(root), true).await
    }

    async fn tell_typing(&self, thread: Option<Seq>, stop: bool) -> Result<(), Error> {
        let room = self.id().clone();
        self.client().call(Command::Typing { room, thread, stop }).await.map(drop)
    }
}
