//! Presentation data values: how messages are cut into P-DATA-TF PDUs and put together again (PS3.8 9.3.5 and Annex E).

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::set::{CommandSet, DataSet, SetError};

/// Type of a P-DATA-TF PDU.
pub const P_DATA_TF: u8 = 0x04;
/// Bytes of a PDU before its body: type, reserved, length.
pub const PDU_HEADER: usize = 6;
/// Bytes of a PDV item before its fragment: item length, context ID, message control header.
pub const PDV_HEADER: usize = 6;
/// The longest command set that [`Assembler`] takes; real ones have a few hundred bytes.
pub const MAX_COMMAND: usize = 64 * 1024;

/// Fragment size where the peer set no limit of its own.
const UNLIMITED_FRAGMENT: usize = 128 * 1024;

/// One presentation data value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdv {
    /// Presentation context ID.
    pub context: u8,
    /// Command or data set.
    pub kind: Kind,
    /// Where in the command or data set it stands.
    pub place: Place,
    /// The fragment.
    pub data: Bytes,
}

/// Bit 0 of the message control header (PS3.8 E.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A fragment of a command set.
    Command,
    /// A fragment of a data set.
    DataSet,
}

/// Bit 1 of the message control header (PS3.8 E.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// More fragments follow.
    Inner,
    /// The last fragment.
    Last,
}

impl Pdv {
    /// Appends the value as a P-DATA-TF PDU of its own.
    pub fn write_pdu(&self, out: &mut BytesMut) {
        let item = self.data.len() + 2;
        out.reserve(PDU_HEADER + PDV_HEADER + self.data.len());
        out.put_slice(&[P_DATA_TF, 0]);
        out.put_u32(item as u32 + 4);
        self.write_item(out);
    }

    /// Appends the value as an item, to be put with others into one P-DATA-TF PDU.
    pub fn write_item(&self, out: &mut BytesMut) {
        out.put_u32(self.data.len() as u32 + 2);
        out.put_u8(self.context);
        let kind = u8::from(self.kind == Kind::Command);
        let place = u8::from(self.place == Place::Last) << 1;
        out.put_u8(kind | place);
        out.put_slice(&self.data);
    }
}

/// Bytes of a fragment, at most, that fit into a PDU for a peer with this maximum length (PS3.8 D.1; 0 = no limit).
/// Even, as long as the limit leaves room for two bytes.
pub fn capacity(max_length: u32) -> usize {
    match max_length as usize {
        0 => UNLIMITED_FRAGMENT,
        limit => match limit.saturating_sub(PDV_HEADER).min(UNLIMITED_FRAGMENT) {
            0 | 1 => 1,
            room => room & !1,
        },
    }
}

/// Cuts a whole command set or data set into values that fit a peer with this maximum length. At least one value, for nothing an empty one.
///
/// A data set that is streamed needs no more than [`capacity`]: every chunk read is a [`Pdv`] with [`Place::Inner`], the last one with [`Place::Last`].
pub fn fragment(
    context: u8,
    kind: Kind,
    data: Bytes,
    max_length: u32,
) -> impl Iterator<Item = Pdv> {
    let capacity = capacity(max_length);
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let mut data = rest.take()?;
        let place = if data.len() > capacity {
            rest = Some(data.split_off(capacity));
            Place::Inner
        } else {
            Place::Last
        };
        Some(Pdv {
            context,
            kind,
            place,
            data,
        })
    })
}

/// The values in the body of a P-DATA-TF PDU, as slices of it.
///
/// # Errors
/// No item at all, or an item that is too short or reaches over the end.
pub fn read_body(mut body: Bytes) -> Result<Vec<Pdv>, PdvError> {
    let mut values = Vec::new();
    let end = body.len();
    loop {
        let offset = end - body.len();
        if body.len() < PDV_HEADER {
            return Err(PdvError::ShortItem {
                offset,
                left: body.len(),
            });
        }
        let length = u32::from_be_bytes([body[0], body[1], body[2], body[3]]) as usize;
        let (context, control) = (body[4], body[5]);
        if length < 2 || length > body.len() - 4 {
            return Err(PdvError::ItemLength {
                offset,
                length,
                left: body.len() - 4,
            });
        }
        let mut item = body.split_to(4 + length);
        values.push(Pdv {
            context,
            kind: if control & 1 != 0 {
                Kind::Command
            } else {
                Kind::DataSet
            },
            place: if control & 2 != 0 {
                Place::Last
            } else {
                Place::Inner
            },
            data: item.split_off(PDV_HEADER),
        });
        if body.is_empty() {
            return Ok(values);
        }
    }
}

/// What a value brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command set is complete.
    Command {
        /// Presentation context ID.
        context: u8,
        /// The command.
        set: CommandSet,
        /// Whether [`Event::Data`] follows.
        data_set: DataSet,
    },
    /// The next bytes of the data set; may be none.
    Data {
        /// The bytes.
        bytes: Bytes,
        /// Whether the data set ends here.
        place: Place,
    },
}

/// Puts messages together from values, however they were cut. Commands are held until complete, data sets are passed on.
///
/// After an error the association is beyond repair: abort it.
///
/// ```
/// use dicom_wire::dimse::pdv::{Assembler, Event, Kind, fragment};
/// use dicom_wire::dimse::{Command, DataSet, EchoRequest};
///
/// let echo = Command::from(EchoRequest::new(7));
/// let mut assembler = Assembler::default();
/// let mut events = Vec::new();
/// for value in fragment(1, Kind::Command, echo.to_bytes(DataSet::Absent).into(), 8) {
///     events.extend(assembler.push(value)?);
/// }
/// let [Event::Command { context: 1, set, data_set: DataSet::Absent }] = &events[..] else { panic!("{events:?}") };
/// assert_eq!(Command::from_set(set).as_ref(), Ok(&echo));
/// # Ok::<(), dicom_wire::dimse::pdv::PdvError>(())
/// ```
#[derive(Debug, Default)]
pub struct Assembler {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Between messages.
    #[default]
    Idle,
    /// Inside a command set.
    Command { context: u8, bytes: BytesMut },
    /// A command was complete and announced a data set that has not ended.
    DataSet { context: u8 },
}

impl Assembler {
    /// Takes the next value. `None` means that a command set is not complete yet.
    ///
    /// # Errors
    /// A value that cannot stand here, or a command set that cannot be read or is longer than [`MAX_COMMAND`].
    pub fn push(&mut self, value: Pdv) -> Result<Option<Event>, PdvError> {
        let found = value.context;
        match (&mut self.state, value.kind) {
            (State::Idle, Kind::DataSet) => {
                return Err(PdvError::DataSetWithoutCommand { context: found });
            }
            (State::Idle, Kind::Command) => {
                self.state = State::Command {
                    context: found,
                    bytes: BytesMut::new(),
                };
            }
            (State::Command { context, .. } | State::DataSet { context }, _)
                if *context != found =>
            {
                return Err(PdvError::ContextChanged {
                    expected: *context,
                    found,
                });
            }
            (State::Command { .. }, Kind::DataSet) => {
                return Err(PdvError::DataSetInsideCommand { context: found });
            }
            (State::DataSet { .. }, Kind::Command) => {
                return Err(PdvError::CommandInsideDataSet { context: found });
            }
            _ => {}
        }
        match &mut self.state {
            State::Command { context, bytes } => {
                if bytes.len() + value.data.len() > MAX_COMMAND {
                    return Err(PdvError::CommandTooLong {
                        length: bytes.len() + value.data.len(),
                    });
                }
                bytes.extend_from_slice(&value.data);
                if value.place == Place::Inner {
                    return Ok(None);
                }
                let (context, set) = (*context, CommandSet::from_bytes(bytes)?);
                let data_set = set.data_set();
                self.state = match data_set {
                    DataSet::Present => State::DataSet { context },
                    DataSet::Absent => State::Idle,
                };
                Ok(Some(Event::Command {
                    context,
                    set,
                    data_set,
                }))
            }
            _ => {
                if value.place == Place::Last {
                    self.state = State::Idle;
                }
                Ok(Some(Event::Data {
                    bytes: value.data,
                    place: value.place,
                }))
            }
        }
    }

    /// Whether a message has begun and not ended: a release now would cut it.
    pub fn is_inside_message(&self) -> bool {
        !matches!(self.state, State::Idle)
    }
}

/// Why values do not make messages. Each is a reason for an A-ABORT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdvError {
    /// Fewer bytes than a PDV header has.
    #[error("PDV item at offset {offset} has {left} bytes, its header alone has 6")]
    ShortItem {
        /// Where in the body of the PDU.
        offset: usize,
        /// Bytes left there.
        left: usize,
    },
    /// An item length that is below 2 or reaches over the end of the PDU.
    #[error("PDV item at offset {offset} declares {length} bytes, {left} are left in the PDU")]
    ItemLength {
        /// Where in the body of the PDU.
        offset: usize,
        /// The declared length.
        length: usize,
        /// Bytes left there.
        left: usize,
    },
    /// A data set fragment where a command has to start.
    #[error("data set fragment on context {context} without a command before it")]
    DataSetWithoutCommand {
        /// Its context.
        context: u8,
    },
    /// A data set fragment before the command set ended.
    #[error("data set fragment on context {context} inside a command set")]
    DataSetInsideCommand {
        /// Its context.
        context: u8,
    },
    /// A command fragment before the data set ended.
    #[error("command fragment on context {context} inside a data set")]
    CommandInsideDataSet {
        /// Its context.
        context: u8,
    },
    /// A message that goes on with another context.
    #[error("message on context {expected} goes on with context {found}")]
    ContextChanged {
        /// Where the message began.
        expected: u8,
        /// What came.
        found: u8,
    },
    /// A command set without a sensible end.
    #[error("command set of {length} bytes or more, at most {MAX_COMMAND} are taken")]
    CommandTooLong {
        /// Bytes so far.
        length: usize,
    },
    /// A data set for a reader that holds it, longer than that reader wants.
    #[error("data set of {length} bytes or more, at most {limit} are taken here")]
    DataSetTooLong {
        /// Bytes so far.
        length: usize,
        /// What the reader takes.
        limit: usize,
    },
    /// Bytes that are no command set.
    #[error(transparent)]
    Set(#[from] SetError),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "command",
            Self::DataSet => "data set",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimse::{Command, EchoRequest};

    fn value(context: u8, kind: Kind, place: Place, data: &'static [u8]) -> Pdv {
        Pdv {
            context,
            kind,
            place,
            data: Bytes::from_static(data),
        }
    }

    fn echo() -> Bytes {
        Command::from(EchoRequest::new(1))
            .to_bytes(DataSet::Absent)
            .into()
    }

    #[test]
    fn fragments_fill_the_peers_limit_and_not_more() {
        assert_eq!(capacity(0), UNLIMITED_FRAGMENT);
        assert_eq!(capacity(4096), 4090);
        assert_eq!(capacity(4097), 4090);
        assert_eq!(capacity(7), 1);
        assert_eq!(capacity(1), 1);
        let sizes: Vec<_> = fragment(1, Kind::DataSet, vec![0; 25].into(), 16)
            .map(|v| (v.data.len(), v.place))
            .collect();
        assert_eq!(
            sizes,
            [(10, Place::Inner), (10, Place::Inner), (5, Place::Last)]
        );
    }

    #[test]
    fn an_empty_data_set_is_one_empty_value() {
        let values: Vec<_> = fragment(1, Kind::DataSet, Bytes::new(), 0).collect();
        assert_eq!(values, [value(1, Kind::DataSet, Place::Last, b"")]);
    }

    #[test]
    fn values_in_the_wrong_place_are_named() {
        let start = || {
            let mut assembler = Assembler::default();
            assembler
                .push(value(3, Kind::Command, Place::Inner, b"\0\0"))
                .unwrap();
            assembler
        };
        let data = Assembler::default()
            .push(value(3, Kind::DataSet, Place::Last, b"x"))
            .unwrap_err();
        assert_eq!(data, PdvError::DataSetWithoutCommand { context: 3 });
        let other = start()
            .push(value(5, Kind::Command, Place::Last, b"x"))
            .unwrap_err();
        assert_eq!(
            other.to_string(),
            "message on context 3 goes on with context 5"
        );
        let mixed = start()
            .push(value(3, Kind::DataSet, Place::Last, b"x"))
            .unwrap_err();
        assert_eq!(mixed, PdvError::DataSetInsideCommand { context: 3 });
        assert!(start().is_inside_message());
    }

    #[test]
    fn a_command_without_end_is_refused_before_it_fills_memory() {
        let mut assembler = Assembler::default();
        let piece = Bytes::from(vec![0; 40_000]);
        let next = Pdv {
            context: 1,
            kind: Kind::Command,
            place: Place::Inner,
            data: piece,
        };
        assert_eq!(assembler.push(next.clone()), Ok(None));
        assert_eq!(
            assembler.push(next),
            Err(PdvError::CommandTooLong { length: 80_000 })
        );
    }

    #[test]
    fn a_pdu_is_read_back_as_it_was_written() {
        let mut out = BytesMut::new();
        for pdv in fragment(9, Kind::Command, echo(), 20) {
            pdv.write_item(&mut out);
        }
        let values = read_body(out.freeze()).unwrap();
        assert_eq!(
            values,
            fragment(9, Kind::Command, echo(), 20).collect::<Vec<_>>()
        );
    }

    #[test]
    fn lying_item_lengths_are_errors() {
        assert_eq!(
            read_body(Bytes::new()),
            Err(PdvError::ShortItem { offset: 0, left: 0 })
        );
        let long = Bytes::from_static(b"\xFF\xFF\xFF\xFF\x01\x03");
        assert_eq!(
            read_body(long),
            Err(PdvError::ItemLength {
                offset: 0,
                length: 0xFFFF_FFFF,
                left: 2
            })
        );
        let short = Bytes::from_static(b"\0\0\0\x01\x01\x03");
        assert!(matches!(
            read_body(short),
            Err(PdvError::ItemLength { length: 1, .. })
        ));
    }
}
