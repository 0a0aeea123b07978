#!/usr/bin/env bash
# Runs every fuzz target for so many seconds (60), two at a time. What a target
# that fails said last stands in target/fuzz-TARGET.log, and here.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-60}

# A plain compiler may do what nightly does, when it is told so.
if cargo +nightly --version >/dev/null 2>&1; then
    nightly=(cargo +nightly)
else
    nightly=(env RUSTC_BOOTSTRAP=1 cargo)
fi

# No input of a few kilobytes may make one allocation of 8 MB, or take 256 MB in
# all. Freed memory, of which the sanitizer keeps 256 MB by itself to notice its
# use, is not what that limit is about.
limits=(-max_len=8192 -malloc_limit_mb=8 -rss_limit_mb=256 -timeout=5)
export ASAN_OPTIONS=quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}

one() {
    local target=$1 log=target/fuzz-$1.log
    mkdir -p "fuzz/corpus/$target"
    if ! "${nightly[@]}" fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        "${limits[@]}" "-max_total_time=$seconds" -print_final_stats=1 >"$log" 2>&1; then
        tail -n 60 "$log"
        echo "fuzz target $target failed"
        return 1
    fi
    echo "fuzz target $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s," \
        "at most $(sed -n 's/^stat::peak_rss_mb: *//p' "$log") MB"
}

mkdir -p target
"${nightly[@]}" fuzz build || exit
status=0 waiting=()
for file in fuzz/fuzz_targets/*.rs; do
    one "$(basename "$file" .rs)" &
    waiting+=($!)
    if [ ${#waiting[@]} -ge 2 ]; then
        wait "${waiting[0]}" || status=1
        waiting=("${waiting[@]:1}")
    fi
done
for process in "${waiting[@]}"; do
    wait "$process" || status=1
done
exit $status
