//! Responses cut into PDUs otherwise than is usual or allowed (PS3.8 9.3.5), as a rule says.

use bytes::{BufMut, Bytes, BytesMut};
use dicom_wire::dimse::pdv::{self, Kind, P_DATA_TF, Pdv, Place};

use crate::moment::PduForm;

/// Bytes before the body of a PDU.
const PDU_HEADER: usize = 6;
/// Bytes of each value where they are small, and where they are odd.
const SMALL: usize = 32;
const ODD: usize = 31;
/// What a truncated PDU says it has besides what follows.
const MISSING: u32 = 64;
/// No PDU is made longer than this, whatever the peer takes.
const MOST: usize = 4 * 1024 * 1024;

/// PDUs that carry whole values, in another form. What cannot be read stays as it is.
pub(super) fn reshape(pdus: &[u8], form: PduForm, max_length: u32) -> BytesMut {
    let Some(values) = values(pdus) else {
        return BytesMut::from(pdus);
    };
    let mut out = BytesMut::new();
    match form {
        PduForm::Usual => out.extend_from_slice(pdus),
        PduForm::Split => cut(&values, SMALL).for_each(|value| put(&mut out, &[value])),
        PduForm::Odd => cut(&values, ODD).for_each(|value| put(&mut out, &[value])),
        PduForm::Coalesced => put(&mut out, &values),
        PduForm::WrongContext => {
            for mut value in values {
                value.context = value.context.wrapping_add(2);
                put(&mut out, &[value]);
            }
        }
        PduForm::Truncated => {
            let last = values.len().saturating_sub(1);
            for (number, value) in values.into_iter().enumerate() {
                let start = out.len();
                put(&mut out, &[value]);
                if number == last
                    && let Some(length) = out[start..]
                        .get_mut(2..6)
                        .and_then(|length| length.first_chunk_mut())
                {
                    *length = (u32::from_be_bytes(*length) + MISSING).to_be_bytes();
                }
            }
        }
        PduForm::Oversize => put(&mut out, &padded(values, max_length as usize)),
    }
    out
}

/// The values of PDUs.
fn values(mut pdus: &[u8]) -> Option<Vec<Pdv>> {
    let mut values = Vec::new();
    while let Some(&[kind, _, a, b, c, d]) = pdus.first_chunk() {
        let end = PDU_HEADER + u32::from_be_bytes([a, b, c, d]) as usize;
        let body = pdus.get(PDU_HEADER..end)?;
        if kind != P_DATA_TF {
            return None;
        }
        values.extend(pdv::read_body(Bytes::copy_from_slice(body)).ok()?);
        pdus = &pdus[end..];
    }
    (!values.is_empty()).then_some(values)
}

/// The same values in pieces of at most so many bytes.
fn cut(values: &[Pdv], size: usize) -> impl Iterator<Item = Pdv> {
    values.iter().flat_map(move |value| {
        let pieces = value.data.len().div_ceil(size).max(1);
        (0..pieces).map(move |number| {
            let start = number * size;
            let is_end = number + 1 == pieces && value.place == Place::Last;
            Pdv {
                context: value.context,
                kind: value.kind,
                place: if is_end { Place::Last } else { Place::Inner },
                data: value.data.slice(start..value.data.len().min(start + size)),
            }
        })
    })
}

/// The same values after as many empty ones as make a PDU longer than the peer takes.
fn padded(values: Vec<Pdv>, max_length: usize) -> Vec<Pdv> {
    let Some(first) = values.first() else {
        return values;
    };
    let empty = Pdv {
        context: first.context,
        kind: first.kind,
        place: Place::Inner,
        data: Bytes::new(),
    };
    let length: usize = values.iter().map(|value| value.data.len() + 6).sum();
    let missing = (max_length + 1).saturating_sub(length).min(MOST);
    let mut all = vec![empty; missing.div_ceil(6)];
    all.extend(values);
    all
}

/// One PDU with these values.
fn put(out: &mut BytesMut, values: &[Pdv]) {
    let length: usize = values.iter().map(|value| value.data.len() + 6).sum();
    out.put_slice(&[P_DATA_TF, 0]);
    out.put_u32(length as u32);
    for value in values {
        out.put_u32(value.data.len() as u32 + 2);
        out.put_u8(value.context);
        let command = u8::from(value.kind == Kind::Command);
        let last = u8::from(value.place == Place::Last) << 1;
        out.put_u8(command | last);
        out.put_slice(&value.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pdus() -> BytesMut {
        let mut out = BytesMut::new();
        let value = |kind, length| Pdv {
            context: 1,
            kind,
            place: Place::Last,
            data: Bytes::from(vec![7; length]),
        };
        put(&mut out, &[value(Kind::Command, 100)]);
        put(&mut out, &[value(Kind::DataSet, 50)]);
        out
    }

    /// The bytes of command and data set together, and how many values and PDUs they came in.
    fn told(pdus: &[u8]) -> (usize, usize, usize) {
        let values = values(pdus).unwrap();
        let mut count = 0;
        let mut rest = pdus;
        while let Some(&[_, _, a, b, c, d]) = rest.first_chunk() {
            rest = &rest[6 + u32::from_be_bytes([a, b, c, d]) as usize..];
            count += 1;
        }
        let bytes = values.iter().map(|value| value.data.len()).sum();
        (bytes, values.len(), count)
    }

    #[test]
    fn forms_that_are_allowed_carry_the_same_bytes() {
        assert_eq!(told(&reshape(&pdus(), PduForm::Usual, 0)), (150, 2, 2));
        assert_eq!(told(&reshape(&pdus(), PduForm::Split, 0)), (150, 6, 6));
        assert_eq!(told(&reshape(&pdus(), PduForm::Coalesced, 0)), (150, 2, 1));
        assert_eq!(told(&reshape(&pdus(), PduForm::Odd, 0)), (150, 6, 6));
    }

    #[test]
    fn forms_that_are_not_allowed_are_what_they_say() {
        let wrong = reshape(&pdus(), PduForm::WrongContext, 0);
        assert!(
            values(&wrong)
                .unwrap()
                .iter()
                .all(|value| value.context == 3)
        );
        let long = reshape(&pdus(), PduForm::Oversize, 16_384);
        assert_eq!(told(&long).2, 1);
        assert!(long.len() > 16_384 + 6);
        assert!(values(&reshape(&pdus(), PduForm::Truncated, 0)).is_none());
    }
}
