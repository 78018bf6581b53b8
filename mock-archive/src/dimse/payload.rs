//! The data set of an outgoing C-STORE: as stored, or written anew in another uncompressed transfer syntax.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use dicom_dictionary_std::uids;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_wire::dimse::pdv::{Kind, Pdv, Place, capacity, fragment};
use dicom_wire::dimse::{Command, DataSet, StoreRequest};
use dicom_wire::uid::Uid;

use super::connection::{Connection, Gone};
use crate::moment::Syntax;
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

/// What goes out.
#[derive(Debug)]
pub(super) enum Payload {
    /// The bytes as they were stored, and what makes them even.
    Stored(Chunks, Option<Bytes>, u64),
    /// Other bytes.
    Written(Bytes),
}

impl Payload {
    /// The data set of an instance in this transfer syntax. The error says why there is none.
    pub(super) async fn of(stored: &Arc<Stored>, syntax: &Syntax) -> Result<Self, String> {
        match syntax {
            Syntax::To(to)
                if to.as_str() == uids::EXPLICIT_VR_LITTLE_ENDIAN
                    && !is_native(&stored.identity().transfer_syntax) =>
            {
                decompress(stored).await.map(Self::Written)
            }
            Syntax::To(to) if *to != stored.identity().transfer_syntax => {
                rewrite(stored, to).map(Self::Written)
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
                let length = length + padding.as_ref().map_or(0, |pad| pad.len() as u64);
                Ok(Self::Stored(chunks, padding, length))
            }
            Syntax::Unacceptable => Err("no transfer syntax in common".to_owned()),
        }
    }
}

/// The data set with its pixels decoded, in Explicit VR Little Endian.
async fn decompress(stored: &Arc<Stored>) -> Result<Bytes, String> {
    let stored = stored.clone();
    let written = sink::gather(move |sink| {
        let begun = transcode::begin(&stored)?;
        transcode::write_data_set(&stored, begun, sink)
    });
    written.await.map_err(|error| error.to_string())
}

/// Whether an instance that is compressed can go out uncompressed.
pub(super) fn decompresses(stored: &Stored) -> bool {
    !is_native(&stored.identity().transfer_syntax)
        && transcode::to_explicit_little(stored).is_possible()
}

fn rewrite(stored: &Stored, to: &Uid) -> Result<Bytes, String> {
    let from = &stored.identity().transfer_syntax;
    if !is_native(from) || !is_native(to) {
        return Err(format!("{from} cannot be written as {to}"));
    }
    let syntax = |uid: &Uid| {
        TransferSyntaxRegistry
            .get(uid.as_str())
            .ok_or_else(|| format!("{uid} is not known"))
    };
    let chunks = stored.chunks(stored.layout().data_set.clone());
    let chunks = chunks.and_then(|chunks| chunks.collect::<io::Result<Vec<_>>>());
    let bytes = chunks.map_err(|error| error.to_string())?.concat();
    let object = InMemDicomObject::read_dataset_with_ts(&bytes[..], syntax(from)?)
        .map_err(|error| error.to_string())?;
    let mut written = Vec::new();
    object
        .write_dataset_with_ts(&mut written, syntax(to)?)
        .map_err(|error| error.to_string())?;
    Ok(written.into())
}

/// Sends a C-STORE request with its data set, a piece at a time.
pub(super) async fn send(
    connection: &mut Connection,
    context: u8,
    request: StoreRequest,
    payload: Payload,
    max_length: u32,
) -> Result<(), Gone> {
    let mut out = BytesMut::new();
    let command = Command::from(request).to_bytes(DataSet::Present).into();
    fragment(context, Kind::Command, command, max_length)
        .for_each(|value| value.write_pdu(&mut out));
    match payload {
        Payload::Written(bytes) => {
            for value in fragment(context, Kind::DataSet, bytes, max_length) {
                value.write_pdu(&mut out);
                flush(connection, &mut out, GATHER).await?;
            }
        }
        Payload::Stored(chunks, padding, mut left) => {
            let chunks = chunks.chain(padding.map(Ok));
            if left == 0 {
                let empty = fragment(context, Kind::DataSet, Bytes::new(), max_length);
                empty.for_each(|value| value.write_pdu(&mut out));
            }
            for data in Fragments::of(chunks, capacity(max_length)) {
                let data = data?;
                left -= data.len() as u64;
                let place = if left == 0 { Place::Last } else { Place::Inner };
                Pdv {
                    context,
                    kind: Kind::DataSet,
                    place,
                    data,
                }
                .write_pdu(&mut out);
                flush(connection, &mut out, GATHER).await?;
            }
        }
    }
    flush(connection, &mut out, 1).await
}

/// Chunks of any length as fragments: no longer than the capacity, and even, as every fragment has to be (PS3.8 E.2).
struct Fragments<C> {
    chunks: C,
    capacity: usize,
    rest: Bytes,
    /// What was left over of a chunk that ended on an odd byte.
    held: Option<u8>,
}

impl<C: Iterator<Item = io::Result<Bytes>>> Fragments<C> {
    fn of(chunks: C, capacity: usize) -> Self {
        Self {
            chunks,
            capacity,
            rest: Bytes::new(),
            held: None,
        }
    }
}

impl<C: Iterator<Item = io::Result<Bytes>>> Iterator for Fragments<C> {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                match self.chunks.next() {
                    Some(Ok(chunk)) => self.rest = chunk,
                    Some(Err(error)) => return Some(Err(error)),
                    // A data set of odd length has no right form; it goes out as it is.
                    None => return self.held.take().map(|byte| Ok(Bytes::from(vec![byte]))),
                }
                continue;
            }
            let room = self.capacity - usize::from(self.held.is_some());
            let mut data = self.rest.split_to(room.min(self.rest.len()));
            if let Some(byte) = self.held.take() {
                data = [&[byte], &data[..]].concat().into();
            }
            // A peer that has room for a single byte gets single bytes.
            if self.capacity > 1 && !data.len().is_multiple_of(2) {
                self.held = data.split_off(data.len() - 1).first().copied();
            }
            if !data.is_empty() {
                return Some(Ok(data));
            }
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
                let chunks: Vec<_> = lengths.iter().map(|n| Ok(rest.split_to(*n))).collect();
                let fragments: Vec<_> = Fragments::of(chunks.into_iter(), capacity)
                    .map(Result::unwrap)
                    .collect();
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
