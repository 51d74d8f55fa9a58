/// What copies of [`Rumor`](crate::Rumor) say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<Id, Item> {
    /// A rumor, and the how manieth hop of it this is.
    Tell(Item, u8),
    /// What became of one that was told: whether it was news.
    Heard(Id, bool),
    /// Tell me what is hot with you.
    Ask,
    /// This is hot with me, and so far is its counter; do you know it?
    Have(Id, u32),
    /// I know it too, and so far is my counter: the greatest number if it is not hot any more.
    Known(Id, u32),
    /// I do not: tell me.
    Want(Id),
    /// Do you take one more contact in this cycle?
    Call,
    /// I do.
    Accept,
    /// I do not.
    Busy,
}
