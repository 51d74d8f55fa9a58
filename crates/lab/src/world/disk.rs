use bruit_proto::{Batch, Lost, Restored, Rng};
use bruit_store::{Memory, Table};

/// What a node keeps over a restart: the table that an agent has, on bytes in memory.
///
/// A batch is kept a while after it was asked for. If the process ends before, some of its bytes may be there.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Absent until something is kept: most worlds keep nothing.
    table: Option<Box<Table<Memory>>>,
    full: bool,
    damaged: u32,
}

impl Disk {
    /// All that is kept, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let rows = self.table.iter().flat_map(|table| table.rows());
        rows.map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// What the next process is made with.
    pub fn restored(&self) -> Restored {
        Restored::new(self.table.as_ref().map(|table| table.rows().clone()).unwrap_or_default())
    }

    /// From now on it takes nothing, or takes it again.
    pub fn set_full(&mut self, full: bool) {
        self.full = full;
        let room = self.full.then_some(0);
        self.table().medium_mut().room = room;
    }

    /// How many processes found it damaged at their start.
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    fn table(&mut self) -> &mut Table<Memory> {
        let fresh = || Box::new(Table::open(Memory::default()).expect("memory has room").0);
        self.table.get_or_insert_with(fresh)
    }

    pub(crate) fn keep(&mut self, batch: Batch) -> Result<(), Lost> {
        self.table().keep(vec![batch]).map_err(|_| Lost)
    }

    /// The process ends while this is being written.
    pub(crate) fn tear(&mut self, batch: &Batch, dice: &mut Rng) {
        self.table().tear(batch, dice);
    }

    /// A process starts: it reads what is there.
    pub(crate) fn open(&mut self) {
        let Some(table) = &mut self.table else { return };
        let (found, damage) = Table::open(table.medium().clone()).expect("a log in memory can be read and set aside");
        self.damaged += u32::from(damage.is_some());
        **table = found;
    }
}
