use crate::Counters;
use crate::admission::Admission;
use crate::care::Trouble;
use crate::join::Join;
use crate::keep::Keep;
use crate::leave::Leave;
use crate::news::News;
use crate::probe::Errands;
use crate::suspicion::Suspicions;
use crate::sync::Syncs;
use bruit_kit::Lamport;

/// What a node has to which anything happens. One that is quiet has none of it.
pub(crate) struct Busy {
    pub(crate) news: News,
    pub(crate) suspicions: Suspicions,
    pub(crate) sync: Syncs,
    pub(crate) join: Join,
    pub(crate) admission: Admission,
    pub(crate) errands: Errands,
    pub(crate) leave: Option<Leave>,
    pub(crate) keep: Option<Keep>,
    pub(crate) trouble: Trouble,
    pub(crate) counters: Counters,
    /// Of intents: leave, force-leave, prune.
    pub(crate) clock: Lamport,
}

bruit_kit::idle!(Busy {
    news: News::FRESH,
    suspicions: Suspicions::FRESH,
    sync: Syncs::FRESH,
    join: Join::FRESH,
    admission: Admission::FRESH,
    errands: Errands::FRESH,
    leave: None,
    keep: None,
    trouble: Trouble::FRESH,
    counters: Counters::FRESH,
    clock: Lamport::START,
});
