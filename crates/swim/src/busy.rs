use crate::admission::Admission;
use crate::join::Join;
use crate::leave::Leave;
use crate::probe::Errands;
use crate::sync::Syncs;

/// What keeps a node busy. One that is quiet has none of it.
pub(crate) struct Busy {
    pub(crate) sync: Syncs,
    pub(crate) join: Join,
    pub(crate) admission: Admission,
    pub(crate) errands: Errands,
    pub(crate) leave: Option<Leave>,
}

bruit_kit::idle!(Busy {
    sync: Syncs::FRESH,
    join: Join::FRESH,
    admission: Admission::FRESH,
    errands: Errands::FRESH,
    leave: None,
});
