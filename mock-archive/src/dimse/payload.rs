//! The data set of an outgoing C-STORE: as stored, or written anew in another transfer syntax without compression, a piece at a time.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use dicom_dictionary_std::uids;
use dicom_wire::dimse::pdv::{Kind, Pdv, Place, capacity, fragment};
use dicom_wire::dimse::{Command, DataSet};
use dicom_wire::part10::Encoding;
use dicom_wire::uid::Uid;
use tokio::sync::mpsc;

use super::connection::{Connection, Gone};
use super::retrieve::SubOperation;
use crate::damaged;
use crate::moment::{FileStyle, Syntax};
use crate::sink;
use crate::store::{Chunks, Stored};
use crate::transcode;

/// PDUs that are gathered before they are written.
const GATHER: usize = 256 * 1024;

/// Whether pixel data is uncompressed in this transfer syntax.
pub(super) fn is_native(transfer_syntax: &Uid) -> bool {
    let text = transfer_syntax.as_str();
    super::negotiate::is_plain(text) || text == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
}

/// Whether an instance can go out in the transfer syntaxes of [`is_native`]: it is in one of them, or there is a codec for it.
pub(super) fn is_rewritable(stored: &Stored) -> bool {
    is_native(&stored.identity().transfer_syntax)
        || transcode::to_explicit_little(stored).is_possible()
}

/// What goes out.
pub(super) enum Payload {
    /// The bytes as they were stored, and what makes them even.
    Stored(Chunks, Option<Bytes>),
    /// Other bytes, while they are made.
    Written(mpsc::Receiver<io::Result<Bytes>>),
}

impl Payload {
    /// The data set of an instance in this transfer syntax. The error says why there is none.
    pub(super) async fn of(
        stored: &Arc<Stored>,
        syntax: &Syntax,
        style: FileStyle,
    ) -> Result<Self, String> {
        match syntax {
            Syntax::AsStored if style != FileStyle::default() => {
                let stored = stored.clone();
                let write = move |sink: &mut _| damaged::data_set(&stored, &style, sink);
                Ok(Self::Written(sink::pieces(write)))
            }
            Syntax::To(to)
                if let (Some(unknown), uids::EXPLICIT_VR_LITTLE_ENDIAN) =
                    (&style.unknown, to.as_str()) =>
            {
                let (stored, unknown) = (stored.clone(), unknown.clone());
                let write = move |sink: &mut _| damaged::under_unknown(&stored, &unknown, sink);
                Ok(Self::Written(sink::pieces(write)))
            }
            Syntax::To(to) if *to != stored.identity().transfer_syntax => {
                rewritten(stored, to).await
            }
            Syntax::AsStored | Syntax::To(_) => {
                let range = stored.layout().data_set.clone();
                let length = range.end - range.start;
                let chunks = stored.chunks(range).map_err(|error| error.to_string())?;
                // A deflated stream ends with a null byte where it would be odd (PS3.5 A.5); files often leave that out, and some
                // receivers wait for it.
                let is_deflated = stored.identity().transfer_syntax.as_str()
                    == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
                let padding = (is_deflated && length % 2 == 1).then(|| Bytes::from_static(&[0]));
                Ok(Self::Stored(chunks, padding))
            }
            Syntax::Unacceptable => Err("no transfer syntax in common".to_owned()),
        }
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let next = match self {
            Self::Stored(chunks, padding) => chunks.next().or_else(|| padding.take().map(Ok)),
            Self::Written(pieces) => pieces.recv().await,
        };
        next.transpose()
    }
}

/// What a codec could find wrong is found before anything goes out: an instance that was begun has to come to its end.
async fn rewritten(stored: &Arc<Stored>, to: &Uid) -> Result<Payload, String> {
    if !is_native(to) || !is_rewritable(stored) {
        let from = &stored.identity().transfer_syntax;
        return Err(format!("{from} cannot be written as {to}"));
    }
    let tried = stored.clone();
    let begun = tokio::task::spawn_blocking(move || transcode::begin_sure(&tried)).await;
    let begun = begun.map_err(io::Error::other).flatten();
    let begun = begun.map_err(|error| error.to_string())?;
    let (stored, to) = (stored.clone(), Encoding::of(to.as_str()));
    let write = move |sink: &mut _| transcode::write_data_set(&stored, begun, to, sink);
    Ok(Payload::Written(sink::pieces(write)))
}

/// Sends a C-STORE request with its data set, a piece at a time.
pub(super) async fn send(
    connection: &mut Connection,
    sub_operation: SubOperation,
    max_length: u32,
) -> Result<(), Gone> {
    let SubOperation {
        context,
        request,
        mut payload,
    } = sub_operation;
    let mut out = BytesMut::new();
    let command = Command::from(request).to_bytes(DataSet::Present).into();
    fragment(context, Kind::Command, command, max_length)
        .for_each(|value| value.write_pdu(&mut out));
    let mut fragments = Fragments::of(capacity(max_length));
    let value = |data, place| Pdv {
        context,
        kind: Kind::DataSet,
        place,
        data,
    };
    while let Some(chunk) = payload.next().await? {
        fragments.push(chunk);
        while let Some(data) = fragments.next() {
            value(data, Place::Inner).write_pdu(&mut out);
            flush(connection, &mut out, GATHER).await?;
        }
    }
    let (inner, last) = fragments.end();
    if let Some(data) = inner {
        value(data, Place::Inner).write_pdu(&mut out);
    }
    value(last, Place::Last).write_pdu(&mut out);
    flush(connection, &mut out, 1).await
}

/// Chunks of any length as fragments: no longer than the capacity, and even, as every fragment has to be (PS3.8 E.2). One is held back until it
/// is known not to be the last.
struct Fragments {
    capacity: usize,
    rest: Bytes,
    /// What was left over of a chunk that ended on an odd byte.
    odd: Option<u8>,
    waiting: Option<Bytes>,
}

impl Fragments {
    fn of(capacity: usize) -> Self {
        Self {
            capacity,
            rest: Bytes::new(),
            odd: None,
            waiting: None,
        }
    }

    /// Takes a chunk, when [`Self::next`] has nothing of the one before.
    fn push(&mut self, chunk: Bytes) {
        self.rest = chunk;
    }

    /// The next fragment, if another follows it.
    fn next(&mut self) -> Option<Bytes> {
        while !self.rest.is_empty() {
            let room = self.capacity - usize::from(self.odd.is_some());
            let mut data = self.rest.split_to(room.min(self.rest.len()));
            if let Some(byte) = self.odd.take() {
                data = [&[byte], &data[..]].concat().into();
            }
            // A peer that has room for a single byte gets single bytes.
            if self.capacity > 1 && !data.len().is_multiple_of(2) {
                self.odd = data.split_off(data.len() - 1).first().copied();
            }
            if !data.is_empty()
                && let Some(before) = self.waiting.replace(data)
            {
                return Some(before);
            }
        }
        None
    }

    /// The last fragment, with one before it if there has to be. A data set of odd length has no right form; it goes out as it is.
    fn end(self) -> (Option<Bytes>, Bytes) {
        match (self.waiting, self.odd.map(|byte| Bytes::from(vec![byte]))) {
            (waiting, None) => (None, waiting.unwrap_or_default()),
            (waiting, Some(odd)) => (waiting, odd),
        }
    }
}

async fn flush(connection: &mut Connection, out: &mut BytesMut, least: usize) -> Result<(), Gone> {
    if out.len() >= least {
        connection.write(out).await?;
        out.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_end_on_odd_bytes_become_even_fragments() {
        let whole: Vec<u8> = (0..=99).collect();
        for lengths in [
            &[1, 1, 1, 97][..],
            &[33, 33, 34],
            &[7, 0, 93],
            &[100],
            &[99, 1],
        ] {
            for capacity in [1, 2, 6, 64, 1000] {
                let mut rest = Bytes::from(whole.clone());
                let mut cut = Fragments::of(capacity);
                let mut fragments = Vec::new();
                for length in lengths {
                    cut.push(rest.split_to(*length));
                    fragments.extend(std::iter::from_fn(|| cut.next()));
                }
                let (before, last) = cut.end();
                fragments.extend(before);
                fragments.push(last);
                assert_eq!(fragments.concat(), whole);
                for fragment in &fragments {
                    let length = fragment.len();
                    assert!(capacity == 1 || length.is_multiple_of(2));
                    assert!((1..=capacity).contains(&length));
                }
            }
        }
    }
}
