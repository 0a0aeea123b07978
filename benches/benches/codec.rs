//! `cargo bench -p smbwho-benches --bench codec`: decoding 10,000 sessions.
#![allow(missing_docs, reason = "a benchmark")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use smbwho_benches::{borrowed, by_hand, narrow, reply, rows};
use smbwho_msrpc::srvsvc::session::SessionLevel;

const SESSIONS: u32 = 10_000;

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(SESSIONS.into()));
    for level in [SessionLevel::L1, SessionLevel::L10, SessionLevel::L502] {
        let stub = reply(SESSIONS, level);
        let id = |way| BenchmarkId::new(way, level.number());
        group.bench_with_input(id("by hand"), &stub, |bencher, stub| {
            bencher.iter(|| by_hand::decode(stub, level));
        });
        group.bench_with_input(id("declared"), &stub, |bencher, stub| {
            bencher.iter(|| borrowed(stub, level));
        });
        group.bench_with_input(id("rows"), &stub, |bencher, stub| {
            bencher.iter_with_large_drop(|| rows(stub, level));
        });
    }
    let stub = reply(SESSIONS, SessionLevel::L10);
    group.bench_function("narrowing alone/10", |bencher| {
        bencher.iter(|| narrow(&stub, SessionLevel::L10));
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
