//! Parameters of a system besides `self` and the frame.

#![expect(unsafe_code, reason = "declares the contract of parameters that cross the ABI")]

use crate::abi::ParamDescriptor;
use crate::frame::Frame;

/// A [`Query`](crate::Query) or [`Publisher`](crate::Publisher).
///
/// # Safety
/// `fetch` uses the host's value only as `DESCRIPTOR` declares it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a system parameter",
    note = "a system takes `&Frame`, `Query<…>` and `Publisher<…>`; keep data between frames in fields of `self`"
)]
pub unsafe trait SystemParam {
    /// The parameter with the call's lifetime.
    type Item<'call>;
    /// Its description for the host.
    const DESCRIPTOR: ParamDescriptor;

    /// The parameter's value in this call.
    ///
    /// # Safety
    /// The call's parameter `index` was made by the host for [`Self::DESCRIPTOR`], and no earlier value of it is live.
    unsafe fn fetch<'call>(frame: &'call Frame<'call>, index: usize) -> Self::Item<'call>;
}
