//! Whole messages, for those whose data set is small: an identifier, a list of failed instances.

use bytes::{Bytes, BytesMut};

use super::command::Command;
use super::pdv::{Assembler, Event, Kind, Pdv, PdvError, Place, fragment};
use super::set::{CommandSet, DataSet};

/// A command with its data set as bytes, in the transfer syntax of the presentation context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<C = Command> {
    /// Presentation context ID.
    pub context: u8,
    /// The command.
    pub command: C,
    /// The data set, if there is one.
    pub data_set: Option<Bytes>,
}

impl Message {
    /// The values it is cut into for a peer with this maximum length (0 = no limit).
    pub fn values(&self, max_length: u32) -> impl Iterator<Item = Pdv> {
        let present = if self.data_set.is_some() {
            DataSet::Present
        } else {
            DataSet::Absent
        };
        self.clone_with(self.command.to_set(present))
            .into_values(max_length)
    }

    /// The PDUs it travels as, one value each: to be written at once, so that no part of it waits for an acknowledgement.
    pub fn to_pdus(&self, max_length: u32) -> Bytes {
        let mut out = BytesMut::new();
        self.values(max_length)
            .for_each(|value| value.write_pdu(&mut out));
        out.freeze()
    }

    fn clone_with(&self, command: CommandSet) -> Message<CommandSet> {
        Message {
            context: self.context,
            command,
            data_set: self.data_set.clone(),
        }
    }
}

impl Message<CommandSet> {
    /// The PDUs it travels as, the command set as it is: (0000,0800) too is the caller's.
    pub fn to_pdus(&self, max_length: u32) -> Bytes {
        let mut out = BytesMut::new();
        self.clone()
            .into_values(max_length)
            .for_each(|value| value.write_pdu(&mut out));
        out.freeze()
    }

    fn into_values(self, max_length: u32) -> impl Iterator<Item = Pdv> {
        let context = self.context;
        let command = fragment(
            context,
            Kind::Command,
            self.command.to_bytes().into(),
            max_length,
        );
        let data_set = self
            .data_set
            .map(|data| fragment(context, Kind::DataSet, data, max_length));
        command.chain(data_set.into_iter().flatten())
    }
}

/// Puts whole messages together, holding data sets up to a limit.
#[derive(Debug)]
pub struct Collector {
    assembler: Assembler,
    limit: usize,
    message: Option<(u8, CommandSet)>,
    data_set: BytesMut,
}

impl Collector {
    /// A collector for data sets of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            assembler: Assembler::default(),
            limit,
            message: None,
            data_set: BytesMut::new(),
        }
    }

    /// Takes the next value; gives a message with its last one.
    ///
    /// # Errors
    /// What [`Assembler::push`] objects to, or a data set over the limit.
    pub fn push(&mut self, value: Pdv) -> Result<Option<Message<CommandSet>>, PdvError> {
        match self.assembler.push(value)? {
            None => Ok(None),
            Some(Event::Command {
                context,
                set,
                data_set: DataSet::Absent,
            }) => Ok(Some(Message {
                context,
                command: set,
                data_set: None,
            })),
            Some(Event::Command {
                context,
                set,
                data_set: DataSet::Present,
            }) => {
                self.message = Some((context, set));
                Ok(None)
            }
            Some(Event::Data { bytes, place }) => {
                let length = self.data_set.len() + bytes.len();
                if length > self.limit {
                    return Err(PdvError::DataSetTooLong {
                        length,
                        limit: self.limit,
                    });
                }
                self.data_set.extend_from_slice(&bytes);
                if place == Place::Inner {
                    return Ok(None);
                }
                let data_set = Some(self.data_set.split().freeze());
                Ok(self.message.take().map(|(context, command)| Message {
                    context,
                    command,
                    data_set,
                }))
            }
        }
    }
}
