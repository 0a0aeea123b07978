//! `cargo bench -p smbwho-benches --bench association`: a reply of 2,269 fragments put together, as
//! 100,000 sessions come from smbd.
#![allow(missing_docs, reason = "a benchmark")]

#[path = "../../crates/smbwho-rpc/tests/common/mod.rs"]
mod common;

use common::{bound, fragments};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use smbwho_rpc::{CallId, Config, Event};

const FRAGMENT: usize = 4256;
const FRAGMENTS: usize = 2269;

fn reassemble(criterion: &mut Criterion) {
    let stub = vec![0x55; FRAGMENT * FRAGMENTS];
    // The first call of an association has this id.
    let fragments = fragments(CallId(2), &stub, FRAGMENT);
    let mut group = criterion.benchmark_group("association");
    group.throughput(Throughput::Bytes(stub.len() as u64));
    group.bench_function("reassemble", |bencher| {
        bencher.iter_batched(
            || bound(Config::default()).0,
            |mut association| {
                for fragment in &fragments {
                    association.handle_input(fragment).expect("in order");
                }
                let event = association.poll_event();
                assert!(matches!(event, Some(Event::Reply { .. })));
                event
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("bind and one call", |bencher| {
        bencher.iter(|| bound(Config::default()));
    });
    group.finish();
}

criterion_group!(benches, reassemble);
criterion_main!(benches);
