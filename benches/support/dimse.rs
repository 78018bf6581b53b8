//! A small DIMSE client on a bare socket: C-STORE and C-FIND, one at a time.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use bytes::{Bytes, BytesMut};
use dicom_wire::dimse::pdv::{self, Assembler, Event};
use dicom_wire::dimse::{Command, DataSet, FindRequest, Message, Priority, Status, StoreRequest};
use dicom_wire::uid::Uid;

use crate::made::{Made, SOP_CLASS, TRANSFER_SYNTAX};

/// Study Root Query/Retrieve Information Model - FIND.
pub const FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
/// Longest PDU that goes out, as dcmtk has it.
const MAX_PDU: u32 = 16384;

/// Whether small writes wait for the acknowledgement of those before (Nagle's algorithm).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nagle {
    /// They do: the default of sockets, and of dcmtk.
    On,
    /// They do not: TCP_NODELAY.
    Off,
}

/// An association for Secondary Capture Image Storage (context 1) and C-FIND in the study root (context 3).
#[derive(Debug)]
pub struct Association {
    stream: TcpStream,
    assembler: Assembler,
    buffer: BytesMut,
    next: u16,
}

impl Association {
    /// Opens one.
    ///
    /// # Errors
    /// If nobody listens, or it is not accepted.
    pub fn open(address: impl ToSocketAddrs, called: &str, nagle: Nagle) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(nagle == Nagle::Off)?;
        stream.write_all(&request(called))?;
        let mut association = Self {
            stream,
            assembler: Assembler::default(),
            buffer: BytesMut::new(),
            next: 0,
        };
        match association.pdu()?.first() {
            Some(2) => Ok(association),
            other => Err(io::Error::other(format!(
                "not accepted: PDU type {other:?}"
            ))),
        }
    }

    /// Stores an instance: each PDU is one write, as dcmtk does it.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn store(&mut self, pdus: &[Bytes]) -> io::Result<Status> {
        for pdu in pdus {
            self.stream.write_all(pdu)?;
        }
        match self.response()? {
            (Command::StoreRsp(response), _) => Ok(response.outcome.status),
            (other, _) => Err(io::Error::other(format!("{} instead", other.name()))),
        }
    }

    /// The number of matches of an identifier, in Implicit VR Little Endian.
    ///
    /// # Errors
    /// If the connection breaks, or the archive says anything but success.
    pub fn find(&mut self, identifier: &[u8]) -> io::Result<usize> {
        self.next += 1;
        let message = Message {
            context: 3,
            command: Command::from(FindRequest {
                message_id: self.next,
                sop_class: uid(FIND),
                priority: Priority::Medium,
            }),
            data_set: Some(Bytes::copy_from_slice(identifier)),
        };
        self.stream.write_all(&message.to_pdus(MAX_PDU))?;
        let mut matches = 0;
        loop {
            match self.response()? {
                (Command::FindRsp(response), DataSet::Present)
                    if response.outcome.status.0 & 0xFF00 == 0xFF00 =>
                {
                    matches += 1;
                }
                (Command::FindRsp(response), _) if response.outcome.status.0 == 0 => {
                    return Ok(matches);
                }
                (other, _) => return Err(io::Error::other(format!("{other:?}"))),
            }
        }
    }

    /// The next command; its data set is read and dropped.
    fn response(&mut self) -> io::Result<(Command, DataSet)> {
        loop {
            let pdu = self.pdu()?;
            let values = pdv::read_body(pdu.slice(6..)).map_err(io::Error::other)?;
            for value in values {
                if let Some(Event::Command { set, data_set, .. }) =
                    self.assembler.push(value).map_err(io::Error::other)?
                {
                    let command = Command::from_set(&set).map_err(io::Error::other)?;
                    return Ok((command, data_set));
                }
            }
        }
    }

    fn pdu(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(&[_, _, a, b, c, d]) = self.buffer.first_chunk() {
                let length = 6 + u32::from_be_bytes([a, b, c, d]) as usize;
                if self.buffer.len() >= length {
                    return Ok(self.buffer.split_to(length).freeze());
                }
            }
            let mut chunk = [0; 64 * 1024];
            match self.stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }
}

/// The PDUs of a C-STORE request: the command, then the data set in pieces.
pub fn store_pdus(instance: &Made, message_id: u16) -> Vec<Bytes> {
    let mut data_set = instance.data_set();
    data_set.resize(data_set.len() + instance.pixels() as usize, 0x55);
    let message = Message {
        context: 1,
        command: Command::from(StoreRequest {
            message_id,
            sop_class: uid(SOP_CLASS),
            sop_instance: uid(&instance.uid()),
            priority: Priority::Medium,
            originator: None,
        }),
        data_set: Some(data_set.into()),
    };
    let pdus = message.values(MAX_PDU).map(|value| {
        let mut pdu = BytesMut::new();
        value.write_pdu(&mut pdu);
        pdu.freeze()
    });
    pdus.collect()
}

/// An identifier at STUDY level: keys of group 0008, 0010 or 0020, sorted.
pub fn identifier(keys: &[(u16, u16, &str)]) -> Vec<u8> {
    let mut set = Vec::new();
    for (group, element, value) in keys {
        set.extend_from_slice(&group.to_le_bytes());
        set.extend_from_slice(&element.to_le_bytes());
        set.extend_from_slice(&((value.len() + value.len() % 2) as u32).to_le_bytes());
        set.extend_from_slice(value.as_bytes());
        if value.len() % 2 == 1 {
            set.push(b' ');
        }
    }
    set
}

fn uid(text: &str) -> Uid {
    Uid::parse(text).expect("a UID of this file is one")
}

/// A-ASSOCIATE-RQ (PS3.8 9.3.2).
fn request(called: &str) -> Vec<u8> {
    let item = |kind: u8, value: &[u8]| {
        let mut item = vec![kind, 0];
        item.extend_from_slice(&(value.len() as u16).to_be_bytes());
        item.extend_from_slice(value);
        item
    };
    let context = |id: u8, class: &str, syntax: &str| {
        let mut value = vec![id, 0, 0, 0];
        value.extend(item(0x30, class.as_bytes()));
        value.extend(item(0x40, syntax.as_bytes()));
        item(0x20, &value)
    };
    let mut body = vec![0, 1, 0, 0];
    body.extend_from_slice(format!("{called:<16}{:<16}", "BENCH").as_bytes());
    body.extend_from_slice(&[0; 32]);
    body.extend(item(0x10, b"1.2.840.10008.3.1.1.1"));
    body.extend(context(1, SOP_CLASS, TRANSFER_SYNTAX));
    body.extend(context(3, FIND, "1.2.840.10008.1.2"));
    let mut user = item(0x51, &65536_u32.to_be_bytes());
    user.extend(item(0x52, b"1.2.826.0.1.1"));
    body.extend(item(0x50, &user));
    let mut pdu = vec![1, 0];
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend(body);
    pdu
}
