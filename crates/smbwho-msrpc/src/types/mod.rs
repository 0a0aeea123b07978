//! What several interfaces have in common ([MS-DTYP] and the like).

mod handle;
mod lists;
mod sddl;
pub mod security_descriptor;
mod sid;
mod sid_name_use;
mod text;
mod unicode_string;

pub use handle::{ContextHandle, NullPointer};
pub(crate) use lists::count_up_to;
pub use lists::{SidArray, UlongArray};
pub use sddl::{NotInSddl, SddlError};
pub use security_descriptor::SecurityDescriptor;
pub use sid::{MAX_SUB_AUTHORITIES, ParseSidError, Sid};
pub use sid_name_use::SidNameUse;
pub(crate) use text::borrowed;
pub use text::{Text, WString};
pub use unicode_string::RpcUnicodeString;
