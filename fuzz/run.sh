#!/bin/sh
# Runs every fuzz target for so many seconds (60). Fails at the first crash.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
for target in $(cargo +nightly fuzz list); do
    mkdir -p "fuzz/corpus/$target"
    # No input of a few kilobytes may make one allocation of 8 MB, or take 256 MB in all.
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        "-max_total_time=$seconds" -max_len=8192 -malloc_limit_mb=8 -rss_limit_mb=256 -timeout=5 \
        -print_final_stats=1
done
