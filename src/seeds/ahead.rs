//! Reading a file in a thread of its own, some rows ahead of who wants them: a database takes rows while the next ones are read.
//! What is ahead is bounded. It knows no form of a file and no database.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::{Node, Record, Rows};
use crate::error::FixtureMistake;

/// Rows that go from thread to thread together.
const ROWS: usize = 256;
/// What they hold together, about, in bytes.
const SIZE: usize = 1 << 20;
/// So many times that is ahead.
const AHEAD: usize = 4;

/// What was read together, and how the file ends if it does so behind it.
type Chunk = (Vec<Record>, Option<Result<(), FixtureMistake>>);

/// Rows that another thread reads.
pub struct Ahead {
    chunks: Receiver<Chunk>,
    /// Where rows go back to, so that their memory is used again.
    spent: SyncSender<Vec<Record>>,
    rows: Vec<Record>,
    at: usize,
    end: Option<Result<(), FixtureMistake>>,
}

impl Ahead {
    /// Reads what `open` opens.
    pub fn new<R: Rows>(open: impl FnOnce() -> Result<R, FixtureMistake> + Send + 'static) -> Self {
        let (give, chunks) = sync_channel(AHEAD);
        let (spent, back) = sync_channel(AHEAD);
        // It ends with the file, or when nobody wants more.
        std::thread::spawn(move || match open() {
            Ok(rows) => read(rows, &give, &back),
            Err(fault) => drop(give.send((Vec::new(), Some(Err(fault))))),
        });
        Self { chunks, spent, rows: Vec::new(), at: 0, end: None }
    }
}

impl Rows for Ahead {
    fn next(&mut self, record: &mut Record) -> Result<bool, FixtureMistake> {
        loop {
            if let Some(next) = self.rows.get_mut(self.at) {
                std::mem::swap(record, next);
                self.at += 1;
                return Ok(true);
            }
            if let Some(end) = &mut self.end {
                return std::mem::replace(end, Ok(())).map(|()| false);
            }
            // If it does not fit, its memory is given back.
            let _ = self.spent.try_send(std::mem::take(&mut self.rows));
            // A thread that is gone without an end has not read all of it.
            (self.rows, self.end) =
                self.chunks.recv().map_err(|_| FixtureMistake::new("kit has failed to read it to its end"))?;
            self.at = 0;
        }
    }
}

fn read(mut rows: impl Rows, give: &SyncSender<Chunk>, back: &Receiver<Vec<Record>>) {
    loop {
        let mut chunk = back.try_recv().unwrap_or_default();
        let (mut count, mut held) = (0, 0);
        let mut end = None;
        while count < ROWS && held < SIZE {
            if count == chunk.len() {
                chunk.push(Record::default());
            }
            let Some(record) = chunk.get_mut(count) else { break };
            match rows.next(record) {
                Ok(true) => {}
                Ok(false) => end = Some(Ok(())),
                Err(fault) => end = Some(Err(fault)),
            }
            if end.is_some() {
                break;
            }
            held += record.cells.iter().map(|cell| size(&cell.node)).sum::<usize>();
            count += 1;
        }
        chunk.truncate(count);
        let is_over = end.is_some();
        if give.send((chunk, end)).is_err() || is_over {
            return;
        }
    }
}

fn size(node: &Node) -> usize {
    match node {
        Node::Null => 0,
        Node::Text { text, .. } => text.len(),
        Node::List(list) => list.iter().map(size).sum(),
        Node::Map(map) => map.iter().map(|(name, node)| name.len() + size(node)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::source::tests::all;

    /// Rows with their numbers, then what is wrong.
    struct Numbers(u64);

    impl Rows for Numbers {
        fn next(&mut self, record: &mut Record) -> Result<bool, FixtureMistake> {
            self.0 += 1;
            record.number = self.0;
            if self.0 > 5000 { Err(FixtureMistake::new("over")) } else { Ok(true) }
        }
    }

    #[test]
    fn rows_come_in_their_order_and_what_is_wrong_behind_them() {
        let (mut rows, mut record) = (Ahead::new(|| Ok(Numbers(0))), Record::default());
        for number in 1..=5000 {
            assert_eq!(rows.next(&mut record), Ok(true));
            assert_eq!(record.number, number);
        }
        assert_eq!(rows.next(&mut record), Err(FixtureMistake::new("over")));
        assert_eq!(rows.next(&mut record), Ok(false));
        let nothing = Ahead::new(|| Err::<Numbers, _>(FixtureMistake::new("none")));
        assert_eq!(all(nothing), Err(FixtureMistake::new("none")));
        let dead = Ahead::new(|| -> Result<Numbers, _> { panic!("as it should") });
        let mistake = all(dead).unwrap_err();
        assert_eq!((mistake.line, mistake.row, mistake.column), (None, None, None));
    }
}
