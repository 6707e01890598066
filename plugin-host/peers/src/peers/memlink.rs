//! memlink-runtime and memlink-msdk.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use measure::{NEAR, Round, pin, sample};
use memlink_msdk::arena::Arena;
use memlink_msdk::context::CallContext;
use memlink_msdk::dispatch::{dispatch_with_context, register_method};
use memlink_msdk::serialize::{Serializer, default_serializer};
use memlink_runtime::resolver::ModuleRef;
use memlink_runtime::runtime::{ModuleRuntime, Runtime};

use crate::libraries::library;

/// Calls of one sample.
const CALLS: u64 = 1 << 10;

/// A call through the runtime, which does nothing but write one byte.
pub(crate) fn runtime(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let runtime = Runtime::with_local_resolver();
    let path = library("peer_memlink")?;
    let module = runtime.load(ModuleRef::parse(path.to_str().context("a path that is no text")?)?)?;
    let figures = sample(budget, CALLS, || {
        for _ in 0..CALLS {
            let reply = runtime.call(module, "nothing", &[])?;
            ensure!(reply.first() == Some(&7), "a wrong reply");
        }
        Ok(())
    });
    runtime.unload(module)?;
    figures
}

const NEXT: u32 = 7;

fn next(_: &CallContext<'_>, arguments: &[u8]) -> memlink_msdk::Result<Vec<u8>> {
    let failed = |_| memlink_msdk::ModuleError::InvalidMethod;
    let number: u64 = default_serializer().deserialize(arguments).map_err(failed)?;
    default_serializer().serialize(&(number + 1)).map_err(failed)
}

/// The SDK's dispatch within one library: arguments and reply are MessagePack, nothing crosses to a library.
#[expect(unsafe_code, reason = "the SDK's arena takes a pointer")]
pub(crate) fn dispatch(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    register_method(NEXT, next);
    let mut memory = vec![0_u8; 1 << 16];
    // SAFETY: the memory is as long and outlives the arena.
    let arena = unsafe { Arena::new(memory.as_mut_ptr(), memory.len()) };
    let context = CallContext::new(&arena, 0.0, 0, 0, None, None);
    let serializer = default_serializer();
    sample(budget, CALLS, || {
        let mut number = 0_u64;
        for _ in 0..CALLS {
            let arguments = serializer.serialize(&number).map_err(|error| anyhow!("{error:?}"))?;
            let reply = dispatch_with_context(&context, NEXT, &arguments).map_err(|error| anyhow!("{error:?}"))?;
            number = serializer.deserialize(&reply).map_err(|error| anyhow!("{error:?}"))?;
        }
        ensure!(number == CALLS, "the last reply is {number}");
        Ok(())
    })
}
