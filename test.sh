#!/bin/sh
# Installs what is missing and runs every test.
#
# ./test.sh [-y] [ARGUMENT…]: the arguments go to the test runner, such as the
# name of a test, or `-p smbwho-rpc` for one crate. -y installs without asking.
set -eu
cd "$(dirname "$0")"
. scripts/packages.sh

assume_yes=
if [ "${1-}" = -y ]; then
    assume_yes=-y
    shift
fi

need_cargo
# shellcheck disable=SC2086 # lists of words
need_packages $assume_yes $packages_tests

need_oracles

root=
[ "$(id -u)" != 0 ] || root=1

if cargo nextest --version >/dev/null 2>&1; then
    # A domain controller takes ten seconds to start. nextest gives each test a
    # process, and so a controller, of its own; cargo lets them share one.
    if [ $# -gt 0 ]; then
        exec cargo nextest run --no-tests pass "$@"
    fi
    cargo nextest run --workspace -E 'not binary(/^(addc|kerberos)/)'
    if [ -n "$root" ]; then
        cargo test --workspace --test 'addc*' --test 'kerberos*'
    fi
elif [ $# -gt 0 ]; then
    exec cargo test "$@"
elif [ -n "$root" ]; then
    cargo test --workspace --all-targets
else
    cargo test --workspace --lib --bins --examples
    # Every test binary but those with a domain controller.
    for file in crates/*/tests/*.rs; do
        name=$(basename "$file" .rs)
        case $name in
        addc* | kerberos*) ;;
        *) cargo test --workspace --test "$name" ;;
        esac
    done
fi
cargo test --workspace --doc
if [ -z "$root" ]; then
    echo "Left out: the tests with a domain controller, which take root (namespaces)." >&2
fi
