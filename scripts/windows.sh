#!/usr/bin/env bash
# The program for Windows, built with Debian's compilers and tried under Wine.
#
# scripts/windows.sh [-y] build         the program, unoptimised, and the DLLs of
#                                       lab/windows; says where they are
# scripts/windows.sh [-y] test [ARG…]   builds, then runs the tests that take Wine
# scripts/windows.sh [-y] release       the .exe to hand out; says its path
#
# -y installs what is missing without asking.
#
# rustup has the standard library for Windows, but Debian's own packages need
# no download from elsewhere: they come with its source, and it is built here.
set -eu -o pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

assume_yes=
if [ "${1-}" = -y ]; then
    assume_yes=-y
    shift
fi
what=${1-}
[ $# -eq 0 ] || shift

target=x86_64-pc-windows-gnu
folder=$PWD/target/windows
gcc=x86_64-w64-mingw32-gcc

# build_program [ARGUMENT…]: into $folder/$target.
build_program() {
    # The compiler is a stable one; building its library takes what is not.
    RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTC_WRAPPER='' \
        /usr/bin/cargo build --locked --quiet -Zbuild-std=std,panic_abort \
        --target "$target" --target-dir "$folder" -p smbwho-cli --bin smbwho "$@"
}

# Everything a run under Wine needs, in one folder.
build_lab() {
    mkdir -p "$folder/lab"
    # Without the optimisation that other tests have for cryptography: it would
    # take as long again to build, and here one sign-in more or less is nothing.
    build_program --config 'profile.dev.package."*".opt-level=0'
    cp "$folder/$target/debug/smbwho.exe" "$folder/lab/"
    local dll
    for dll in netapi32 secur32 bcryptprimitives; do
        "$gcc" -std=gnu17 -O1 -Wall -Wextra -Werror -D_WIN32_WINNT=0x0a00 -shared \
            -o "$folder/lab/$dll.dll" "lab/windows/$dll.c" -ladvapi32
    done
}

# One file must be enough: the DLLs it asks for are all Windows' own.
check_imports() {
    local strange
    strange=$(x86_64-w64-mingw32-objdump -p "$1" | sed -n 's/^\tDLL Name: //p' |
        grep -viE '^(kernel32|ntdll|msvcrt|ws2_32|userenv|advapi32|secur32|netapi32|bcrypt|bcryptprimitives|crypt32|ole32|oleaut32|shell32|user32|api-ms-win-[a-z0-9-]*)\.dll$' || true)
    if [ -n "$strange" ]; then
        echo "$1 needs DLLs that Windows does not have: $strange" >&2
        return 1
    fi
}

case $what in
build | test)
    # shellcheck disable=SC2086 # a list of words
    need_packages $assume_yes $packages_demo $packages_windows tmux
    build_lab
    check_imports "$folder/lab/smbwho.exe"
    echo "$folder/lab"
    ;;
release)
    # shellcheck disable=SC2086
    need_packages $assume_yes $packages_build_windows
    build_program --release
    check_imports "$folder/$target/release/smbwho.exe"
    echo "$folder/$target/release/smbwho.exe"
    ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac

if [ "$what" = test ]; then
    need_cargo
    # A Windows of its own, which ends with this script.
    WINEPREFIX=$(mktemp -d)
    export WINEPREFIX WINEDEBUG=-all
    trap 'wineserver -k || true; wineserver -w || true; rm -rf "$WINEPREFIX"' EXIT
    unset DISPLAY WAYLAND_DISPLAY
    WINEDLLOVERRIDES='mscoree,mshtml=' wineboot --init >/dev/null 2>&1
    SMBWHO_WINDOWS_LAB="$folder/lab" cargo test -p smbwho-cli --test wine -- --ignored "$@"
fi
