//! Groups of a server or domain, who is in them, and which an account is in.
//!
//! samr ([MS-SAMR]) knows groups by number, lsarpc ([MS-LSAT]) knows whom a
//! SID stands for; each is asked over one pipe from beginning to end, since
//! the handles of a call hold there only.

mod accounts;
mod asked;
mod domain;
mod list;
mod lists;
mod members;
mod memberships;
mod names;
mod native;
mod of_user;
mod row;
mod sam;
mod walk;

pub(crate) use domain::DomainNames;
pub use list::GroupsQuery;
pub use members::MembersQuery;
pub use of_user::MembershipsQuery;
pub use row::{Group, GroupAttributes, Member, Membership, Scope};
