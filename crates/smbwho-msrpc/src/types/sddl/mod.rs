//! [MS-DTYP 2.5.1] Security descriptors as text: SDDL, such as `O:BAG:SYD:(A;;FA;;;WD)`.

mod names;
mod read;
mod write;

pub use read::SddlError;
pub use write::NotInSddl;
