# Installs what the demonstration and the tests need, where it is missing.
# Sourced by demo.sh and test.sh; for sh.

# To build, and for servers that need no root.
packages_demo="ca-certificates gcc libc6-dev samba samba-common-bin smbclient libnss-wrapper libuid-wrapper util-linux"
# For a domain controller, and the implementations that judge ours.
packages_tests="$packages_demo samba-testsuite samba-ad-dc samba-ad-provision winbind python3-samba
    krb5-user iproute2 python3-venv tmux dbus-daemon systemd python3-dbus python3-gi"
# To build the program for Windows, and to run it.
packages_build_windows="gcc-mingw-w64-x86-64 rustc-web cargo-web rust-web-src"
packages_windows="$packages_build_windows wine wine64"
# For benches/counts, and for benches/compare.
packages_counts="$packages_tests valgrind python3"
packages_benches="$packages_tests"
# What Debian would start as soon as it is installed.
samba_services="smbd nmbd winbind samba-ad-dc"

# need_packages [-y] PACKAGE…
need_packages() {
    yes=${CI:-}
    if [ "$1" = -y ]; then
        yes=1
        shift
    fi
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        echo "This machine has no apt-get, so nothing is installed. The Debian packages needed are:" "$@" >&2
        return 0
    fi
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        "install ok installed") ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -z "$missing" ] && return 0

    echo "Missing Debian packages:$missing" >&2
    as_root=
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Please install them as root:  apt-get install$missing" >&2
            return 1
        fi
        as_root=sudo
    fi
    # With nobody at the terminal to ask, the call itself is the answer.
    if [ -z "$yes" ] && [ -t 0 ]; then
        printf 'Install them now%s? [Y/n] ' "${as_root:+ with sudo}" >&2
        read -r answer
        case $answer in
        '' | [yY]*) ;;
        *) return 1 ;;
        esac
    fi
    hold_services
    # Lists may be missing or old on a fresh machine.
    $as_root apt-get update -qq || echo "apt-get update failed; trying with the lists there are." >&2
    installed=0
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends $missing >&2 || installed=$?
    release_services
    return "$installed"
}

# Debian starts a server as soon as its package is installed. A file server on
# port 445 is not what somebody wants who came to see a demonstration: services
# that were not there before are neither started nor enabled.
hold_services() {
    held=
    [ -d /run/systemd/system ] || return 0
    for service in $samba_services; do
        if ! systemctl cat "$service" >/dev/null 2>&1; then
            held="$held $service"
        fi
    done
    # shellcheck disable=SC2086
    [ -z "$held" ] || $as_root systemctl mask --runtime --quiet $held
}

release_services() {
    [ -n "$held" ] || return 0
    for service in $held; do
        $as_root systemctl unmask --runtime --quiet "$service" || true
        $as_root systemctl disable --quiet "$service" 2>/dev/null || true
    done
    echo "Samba's own services were installed and are neither started nor enabled:$held" >&2
}

# need_oracles: Python with impacket and smbprotocol, made again when the list changes. To be called
# at the root of the repository; sets SMBWHO_ORACLE_PYTHON, unless it is set.
need_oracles() {
    [ -z "${SMBWHO_ORACLE_PYTHON-}" ] || return 0
    venv=$PWD/target/oracle-venv
    if ! cmp -s scripts/oracle-requirements.txt "$venv/requirements.txt"; then
        echo "Setting up the other implementations (scripts/oracle-requirements.txt) …" >&2
        rm -rf "$venv"
        mkdir -p target
        python3 -m venv "$venv" || return
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --requirement scripts/oracle-requirements.txt || return
        cp scripts/oracle-requirements.txt "$venv/requirements.txt"
    fi
    export SMBWHO_ORACLE_PYTHON="$venv/bin/python"
}

# need_cargo
need_cargo() {
    if ! command -v cargo >/dev/null 2>&1 && [ -x "$HOME/.cargo/bin/cargo" ]; then
        PATH=$HOME/.cargo/bin:$PATH
    fi
    if ! command -v cargo >/dev/null 2>&1; then
        echo "Rust is needed (rustup, or a cargo of version $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or later)." >&2
        return 1
    fi
}
