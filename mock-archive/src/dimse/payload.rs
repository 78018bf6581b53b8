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
use crate::store::{Chunks, Stored};
use crate::transcode;
use crate::web::produce;

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
    /// The bytes as they were stored, and how many.
    Stored(Chunks, u64),
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
                Ok(Self::Stored(chunks, length))
            }
            Syntax::Unacceptable => Err("no transfer syntax in common".to_owned()),
        }
    }
}

/// The data set with its pixels decoded, in Explicit VR Little Endian.
async fn decompress(stored: &Arc<Stored>) -> Result<Bytes, String> {
    let stored = stored.clone();
    let written = produce::gather(move |sink| {
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
        Payload::Stored(chunks, mut left) => {
            if left == 0 {
                let empty = fragment(context, Kind::DataSet, Bytes::new(), max_length);
                empty.for_each(|value| value.write_pdu(&mut out));
            }
            let capacity = capacity(max_length);
            for chunk in chunks {
                let mut chunk = chunk?;
                while !chunk.is_empty() {
                    let data = chunk.split_to(capacity.min(chunk.len()));
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
    }
    flush(connection, &mut out, 1).await
}

async fn flush(connection: &mut Connection, out: &mut BytesMut, least: usize) -> Result<(), Gone> {
    if out.len() >= least {
        connection.write(out).await?;
        out.clear();
    }
    Ok(())
}
