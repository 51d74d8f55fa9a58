//! What a table survives: torn at every byte, changed at every byte, a full medium, years of changes.

use bruit_proto::{Batch, Rng};
use bruit_store::{MAGIC, Memory, Rows, SHORT, Table};

fn batch(rng: &mut Rng, keys: u32) -> Batch {
    let change = |rng: &mut Rng| {
        let key = format!("key-{}", rng.below(keys)).into_bytes();
        (key, (rng.below(3) > 0).then(|| vec![rng.below(256) as u8; rng.below(40) as usize]))
    };
    (0..1 + rng.below(4)).map(|_| change(rng)).collect()
}

fn apply(rows: &mut Rows, batch: &Batch) {
    for (key, value) in batch {
        match value {
            Some(value) => drop(rows.insert(key.clone(), value.clone())),
            None => drop(rows.remove(key)),
        }
    }
}

fn fresh() -> Table<Memory> {
    Table::open(Memory::default()).unwrap().0
}

/// A table after some batches, and its rows after each of them, the empty one first.
fn lived(batches: u32) -> (Table<Memory>, Vec<Rows>) {
    let (mut table, mut rng, mut past) = (fresh(), Rng::seeded(3), vec![Rows::new()]);
    for _ in 0..batches {
        let batch = batch(&mut rng, 9);
        let mut rows = past.last().unwrap().clone();
        apply(&mut rows, &batch);
        table.keep(vec![batch]).unwrap();
        past.push(rows);
    }
    (table, past)
}

fn open(log: &[u8]) -> (Table<Memory>, Option<bruit_store::Damage>) {
    Table::open(Memory { log: Some(log.to_vec()), ..Memory::default() }).unwrap()
}

#[test]
fn what_was_kept_is_there_again() {
    let (table, past) = lived(30);
    assert_eq!(table.rows(), past.last().unwrap());
    let (again, damage) = Table::open(table.medium().clone()).unwrap();
    assert_eq!((again.rows(), damage), (table.rows(), None));
}

#[test]
fn torn_at_every_byte_it_is_what_it_was_at_some_moment_and_says_what_is_lost() {
    let (table, past) = lived(12);
    let log = table.medium().log.clone().unwrap();
    let mut moments = 0;
    for cut in 0..log.len() {
        let (mut torn, damage) = open(&log[..cut]);
        let moment = past.iter().rposition(|rows| rows == torn.rows()).expect("the rows of some moment");
        assert!(moment >= moments, "cut at {cut}: more is there, and less of it is read");
        moments = if cut < MAGIC.len() { 0 } else { past.iter().position(|rows| rows == torn.rows()).unwrap() };
        if let Some(damage) = damage {
            assert_eq!(damage.good + damage.lost, cut);
            assert_eq!(torn.medium().aside.as_deref(), Some(&log[..cut]), "set aside as it was");
        }
        torn.keep(vec![vec![(b"more".to_vec(), Some(b"1".to_vec()))]]).unwrap();
        let (again, damage) = Table::open(torn.medium().clone()).unwrap();
        assert_eq!((again.rows(), damage), (torn.rows(), None), "cut at {cut}: it goes on");
    }
    assert!(moments > 8, "only {moments} moments were seen");
}

#[test]
fn a_changed_bit_at_every_byte_is_seen_and_nothing_after_it_is_believed() {
    let (table, past) = lived(12);
    let log = table.medium().log.clone().unwrap();
    for at in 0..log.len() {
        let mut changed = log.clone();
        changed[at] ^= 1 << (at % 8);
        let (found, damage) = open(&changed);
        let damage = damage.unwrap_or_else(|| panic!("byte {at} was changed unseen"));
        assert!(damage.good <= at && past.contains(found.rows()), "byte {at}");
        assert!(damage.to_string().contains(&format!("at byte {}", damage.good)));
    }
    let mut zeros = log.clone();
    zeros.extend_from_slice(&[0; 4_096]);
    let (found, damage) = open(&zeros);
    assert_eq!((found.rows(), damage.map(|d| d.lost)), (table.rows(), Some(4_096)), "a file grown and never written");
}

#[test]
fn a_full_medium_loses_the_batch_and_nothing_else_whatever_was_written_of_it() {
    for room in 0..60 {
        let (mut table, _) = lived(6);
        let before = table.rows().clone();
        table.medium_mut().room = Some(room);
        assert!(table.keep(vec![vec![(b"k".to_vec(), Some(vec![7; 60]))]]).is_err(), "room {room}");
        assert!(table.keep(vec![vec![(b"k".to_vec(), Some(vec![7; 60]))]]).is_err(), "still full");
        assert_eq!(table.rows(), &before);
        table.medium_mut().room = None;
        table.keep(vec![vec![(b"k".to_vec(), Some(vec![8]))]]).unwrap();
        let (again, damage) = Table::open(table.medium().clone()).unwrap();
        assert_eq!((again.rows(), damage), (table.rows(), None), "room {room}");
        assert_eq!(again.rows().get(&b"k"[..]), Some(&vec![8]));
    }
}

#[test]
fn batches_that_wait_are_kept_together_or_not_at_all() {
    let mut table = fresh();
    let one = |key: &[u8]| vec![(key.to_vec(), Some(vec![1; 100]))];
    table.keep(vec![one(b"a"), one(b"b")]).unwrap();
    table.medium_mut().room = Some(150);
    assert!(table.keep(vec![one(b"c"), one(b"d")]).is_err());
    let known: Vec<_> = table.rows().keys().cloned().collect();
    assert_eq!(known, [b"a".to_vec(), b"b".to_vec()]);
}

#[test]
fn the_log_is_bounded_by_what_is_kept() {
    let (mut table, mut rng) = (fresh(), Rng::seeded(1));
    let mut longest = 0;
    for _ in 0..40_000 {
        table.keep(vec![batch(&mut rng, 50)]).unwrap();
        longest = longest.max(table.length());
    }
    assert_eq!(table.length(), table.medium().log.as_ref().unwrap().len());
    assert!(longest < SHORT + 1_000, "{longest} bytes for fifty rows");
}

#[test]
fn a_batch_that_is_too_large_is_refused_and_harms_nothing() {
    let mut table = fresh();
    assert!(table.keep(vec![vec![(b"k".to_vec(), Some(vec![0; 17 << 20]))]]).is_err());
    table.keep(vec![vec![(b"k".to_vec(), Some(vec![1]))]]).unwrap();
    assert_eq!(table.rows().len(), 1);
}

/// A process ends amid a write, again and again: what was acknowledged is there at the next start.
#[test]
fn whatever_a_crash_tears_what_was_acknowledged_stays() {
    let mut rng = Rng::seeded(11);
    let (mut table, mut safe, mut torn) = (fresh(), Rows::new(), 0);
    for _ in 0..2_000 {
        for _ in 0..rng.below(4) {
            let batch = batch(&mut rng, 20);
            apply(&mut safe, &batch);
            table.keep(vec![batch]).unwrap();
        }
        let last = batch(&mut rng, 20);
        table.tear(&last, &mut rng);
        let (next, damage) = Table::open(table.medium().clone()).unwrap();
        torn += u32::from(damage.is_some());
        let mut whole = safe.clone();
        apply(&mut whole, &last);
        assert!(*next.rows() == safe || *next.rows() == whole);
        (table, safe) = (next.clone(), next.rows().clone());
    }
    assert!((1_000..2_000).contains(&torn), "{torn} of 2,000 were torn");
}

/// The layout of the crate's page, byte by byte: what one version wrote, the next must read.
#[test]
fn the_layout_is_pinned() {
    let mut table = fresh();
    table.keep(vec![vec![(b"k".to_vec(), Some(b"value".to_vec())), (b"gone".to_vec(), None)]]).unwrap();
    let hex: String = table.medium().log.as_ref().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "627275697420310a0f000000d4b9b7c9016b010576616c756504676f6e6500");
}
