//! DCE/RPC for clients: NDR, PDUs and the association. No I/O, no clock, no async, no unsafe.
//!
//! # Bird's-eye view
//!
//! ```text
//!   typed call ── Call::encode ──▶ request stub ── Association::call ──▶ PDUs ──▶ pipe
//!   typed reply ◀─ Call::decode ── reply stub ◀── Association ◀── PDUs, cut anywhere ◀── pipe
//! ```
//!
//! - [`ndr`]: stubs. Types are declared once, as their MS-IDL reads, and decode into views that
//!   borrow from the stub.
//! - [`pdu`]: bind, bind_ack, request, response and their like, one file each.
//! - [`Association`]: the conversation on one pipe. It decides what to send, puts fragments
//!   together, and knows how many reads to have under way.
//! - [`Call`]: what a typed call looks like to whoever carries it. The calls themselves are in
//!   crate `smbwho-msrpc`.
//!
//! Every byte from the server is taken to be hostile: nothing panics on it, no count is believed
//! before the bytes for it are there, and every limit is a named constant or in [`Config`].
//!
//! # Order of calls
//!
//! The owner has a pipe and an [`Association`]. It repeats, in this order, until the event it
//! waits for has come:
//!
//! 1. [`poll_transmit`](Association::poll_transmit) until it gives nothing, and sends each PDU.
//!    What is marked `expects_reply` is sent with FSCTL_PIPE_TRANSCEIVE, which is a write and a
//!    read in one; the rest is written.
//! 2. [`reads_wanted`](Association::reads_wanted): has at most so many reads under way, those of
//!    the TRANSCEIVEs included. Each asks for
//!    [`max_receive_fragment`](Association::max_receive_fragment) bytes.
//! 3. [`handle_input`](Association::handle_input) with what each read brought, in the order the
//!    reads were *sent*, whatever the order their answers came in.
//! 4. [`poll_event`](Association::poll_event) until it gives nothing.
//!
//! After an error nothing more can be done with the pipe but close it. The same holds if a reply
//! ended while reads were still under way (a fault in the middle of one).
//!
//! ```
//! use smbwho_rpc::{Association, Config, Event, Interface, SyntaxId, Uuid};
//! use smbwho_rpc::pdu::{BindAck, BindResult, FIRST_FRAGMENT, LAST_FRAGMENT, Response};
//!
//! static SRVSVC: Interface = Interface {
//!     name: "srvsvc",
//!     syntax: SyntaxId {
//!         uuid: Uuid::new(0x4b324fc8, 0x1670, 0x01d3, 0x1278, 0x5a47bf6ee188),
//!         major: 3,
//!         minor: 0,
//!     },
//! };
//!
//! let mut association = Association::new(&SRVSVC, Config::default());
//! let call = association.call(12, b"request stub");
//! let bind = association.poll_transmit().unwrap();
//! let request = association.poll_transmit().unwrap();
//! assert!(bind.expects_reply && request.expects_reply);
//! assert_eq!(association.reads_wanted(), 2);
//!
//! // What a server would answer.
//! let result = BindResult { result: 0, reason: 0, transfer: smbwho_rpc::NDR20 };
//! let ack = BindAck { max_transmit: 4280, max_receive: 4280, group: 1, address: vec![], result };
//! association.handle_input(&ack.encode(1))?;
//! let response = Response { alloc_hint: 10, context_id: 0, cancel_count: 0, stub: b"reply stub" };
//! association.handle_input(&response.encode(call.0, FIRST_FRAGMENT | LAST_FRAGMENT))?;
//!
//! assert_eq!(association.poll_event(), Some(Event::Bound));
//! let reply = Event::Reply { call_id: call, stub: b"reply stub".to_vec() };
//! assert_eq!(association.poll_event(), Some(reply));
//! assert_eq!(association.reads_wanted(), 0);
//! # Ok::<(), smbwho_rpc::ProtocolError>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod association;
mod call;
pub mod ndr;
pub mod pdu;
mod syntax;

pub use association::{
    Association, CallId, Config, Event, MUST_RECEIVE_FRAGMENT, ProtocolError, Transmit,
    nak_reason_name, result_name, result_reason_name,
};
pub use call::Call;
pub use syntax::{Interface, NDR20, SyntaxId, Uuid};
