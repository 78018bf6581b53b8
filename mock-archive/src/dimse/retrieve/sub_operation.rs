//! The C-STORE of an instance that goes out: on which context, in which transfer syntax.

use std::sync::Arc;

use dicom_dictionary_std::uids;
use dicom_wire::dimse::{Originator, Priority, Status, StoreRequest};
use dicom_wire::uid::Uid;

use super::super::association::Agreed;
use super::super::payload::{self, Payload};
use crate::exchange::Exchange;
use crate::moment::Syntax;
use crate::store::Stored;

/// What an instance is written anew in, the best first: with VRs, at full length, in today's byte order.
const ANEW: [&str; 4] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
    uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    "1.2.840.10008.1.2.2",
];

/// A C-STORE that can go out.
pub(in crate::dimse) struct SubOperation {
    /// The context that it goes out on.
    pub(in crate::dimse) context: u8,
    /// Its command.
    pub(in crate::dimse) request: StoreRequest,
    /// Its data set.
    pub(in crate::dimse) payload: Payload,
}

/// The context that an instance goes out on, and what has to be done to its bytes.
pub(in crate::dimse) struct Route {
    context: u8,
    syntax: Syntax,
}

impl Route {
    /// On a context that is not asked, as stored.
    pub(in crate::dimse) const fn on(context: u8) -> Self {
        Self {
            context,
            syntax: Syntax::AsStored,
        }
    }

    /// On one of these contexts. Where none fits, the sub-operation has failed with this status.
    pub(in crate::dimse) fn find<'a>(
        exchange: &Exchange,
        stored: &Stored,
        contexts: impl Iterator<Item = &'a Agreed>,
    ) -> Result<Self, Status> {
        route(exchange, stored, contexts).ok_or_else(|| {
            exchange.remark(format!("no context for {}", stored.identity().instance));
            Status::CLASS_NOT_SUPPORTED
        })
    }

    /// What goes out this way. Where the instance cannot be written as it has to be, the sub-operation has failed with this status.
    pub(in crate::dimse) async fn prepare(
        self,
        exchange: &Exchange,
        stored: &Arc<Stored>,
        number: usize,
        originator: Option<Originator>,
    ) -> Result<SubOperation, Status> {
        let (class, instance) = (&stored.identity().sop_class, &stored.identity().instance);
        let style = exchange.file(stored);
        let as_stored = self.syntax == Syntax::AsStored;
        let renamed = style.new_uid.clone().filter(|_| as_stored);
        let payload = Payload::of(stored, &self.syntax, style).await;
        let payload = payload.map_err(|why| {
            exchange.remark(format!("{instance}: {why}"));
            Status::PROCESSING_FAILURE
        })?;
        let request = StoreRequest {
            message_id: number as u16 + 1,
            sop_class: class.clone(),
            sop_instance: renamed.unwrap_or_else(|| instance.clone()),
            priority: Priority::Medium,
            originator,
        };
        Ok(SubOperation {
            context: self.context,
            request,
            payload,
        })
    }
}

fn route<'a>(
    exchange: &Exchange,
    stored: &Stored,
    contexts: impl Iterator<Item = &'a Agreed>,
) -> Option<Route> {
    let identity = stored.identity();
    let usable: Vec<_> = contexts
        .filter(|context| context.abstract_syntax == identity.sop_class)
        .collect();
    let on = |syntax: &str| {
        let mut usable = usable.iter();
        usable.find(|context| context.transfer_syntax.as_str() == syntax)
    };
    let anew = || ANEW.iter().find_map(|syntax| on(syntax));
    let own = match (
        on(identity.transfer_syntax.as_str()),
        payload::is_rewritable(stored),
    ) {
        (Some(_), _) => Syntax::AsStored,
        (None, true) => anew().map_or(Syntax::Unacceptable, |context| {
            Syntax::To(context.transfer_syntax.clone())
        }),
        (None, false) => Syntax::Unacceptable,
    };
    let syntax = exchange.syntax(stored, own);
    let chosen: &Uid = match &syntax {
        Syntax::AsStored => &identity.transfer_syntax,
        Syntax::To(uid) => uid,
        Syntax::Unacceptable => return None,
    };
    let context = on(chosen.as_str())?.id;
    Some(Route { context, syntax })
}
