# shellcheck shell=bash
# A Docker engine of a script's own: its data, its processes, its mounts and its network are nobody else's, and all of them
# go when the script ends, however it ends.
#
# The script starts itself again in namespaces of its own (run_apart): when the first process there ends, the kernel ends
# the engine and every container with it, and takes back their mounts, bridges and rules.

# Where containers reach what listens in the engine's network: an address of nobody's (RFC 5737), which stays when their
# own networks are made anew.
readonly HOST_ADDRESS=192.0.2.1

# What the recipes upgrade Redis to.
readonly NEWER_REDIS=redis:8.0-alpine

# run_apart SCRIPT ARGUMENT…: runs the script in namespaces of its own, with $WEBHOOKS_COMPOSE_DIR, a directory that is
# removed afterwards. Where that isn't possible, says why and ends with 1, or with 0 if $if_possible.
run_apart() {
    local reason
    if reason=$(why_not_here); then
        if $if_possible; then
            echo "left out, since no Docker engine can run here: $reason"
            exit 0
        fi
        die "no Docker engine can run here: $reason"
    fi
    install_engine
    remove_leftovers
    directory=$(mktemp -d "${TMPDIR:-/tmp}/webhooks-compose.XXXXXX")
    exec 7>"$directory/lock"
    flock 7
    trap 'end_apart' EXIT
    trap 'exit 130' INT TERM HUP
    # If this script is killed, the other one is, too.
    WEBHOOKS_COMPOSE_DIR=$directory setpriv --pdeathsig KILL -- \
        unshare --mount --pid --fork --kill-child --mount-proc -- "$@" 7>&- &
    apart=$!
    wait "$apart"
}

end_apart() {
    trap '' INT TERM HUP
    if kill -KILL "$apart" 2>/dev/null; then wait "$apart" 2>/dev/null || true; fi
    remove_directory "$directory"
}

# Removes what killed runs left behind: nobody holds their locks.
remove_leftovers() {
    local left
    for left in "${TMPDIR:-/tmp}"/webhooks-compose.*/lock; do
        if [ -e "$left" ] && flock --nonblock "$left" true; then remove_directory "$(dirname "$left")"; fi
    done
}

remove_directory() {
    local name group
    name=$(basename "$1")
    rm -rf --one-file-system "$1"
    # Empty control groups, in each hierarchy that there is; right after a kill, the kernel still holds some.
    for group in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name"; do
        if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true; fi
    done
}

# Succeeds and prints the reason if no engine can run here.
why_not_here() {
    if [ "$(id -u)" != 0 ]; then echo "that needs root"
    elif ! have apt-get; then echo "its packages are Debian's"
    elif ! have unshare || ! have setpriv || ! have flock; then echo "unshare, setpriv and flock of util-linux are needed"
    elif ! unshare --mount --net --pid --fork --mount-proc mount -t tmpfs tmpfs /run 2>/dev/null; then
        echo "namespaces and mounts are not allowed"
    elif ! grep -q overlay /proc/filesystems && ! modprobe overlay 2>/dev/null; then echo "the kernel has no overlay file system"
    else return 1; fi
}

# Installs Debian's engine, and Docker's plugins from the release after bookworm, which has Compose 2.
install_engine() {
    local package missing=()
    for package in dockerd:docker.io containerd:containerd mmdebstrap:mmdebstrap iptables:iptables ip:iproute2; do
        have "${package%:*}" || missing+=("${package#*:}")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        say "installing ${missing[*]}"
        apt-get update -qq >/dev/null
        # At this run level no service is started: the machine's engine stays as it is.
        RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    fi
    # Later releases have the client in a package of its own.
    have docker || apt-get install -y -qq --no-install-recommends docker-cli >/dev/null
    plugins=$TOOLS/docker-plugins-trixie
    if [ -d "$plugins" ]; then return; fi
    say "fetching Docker's plugins (docker-compose, docker-buildx)"
    local new options
    mkdir -p "$TOOLS"
    new=$(mktemp -d "$TOOLS/new.XXXXXX")
    mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" >"$new/sources.list"
    options=(-o Dir::Etc::sourceparts=/dev/null -o "Dir::Etc::sourcelist=$new/sources.list"
        -o "Dir::State::lists=$new/lists" -o "Dir::Cache=$new/cache" -o APT::Sandbox::User=root)
    (
        cd "$new"
        apt-get "${options[@]}" update -qq >/dev/null
        apt-get "${options[@]}" download -qq docker-compose docker-buildx >/dev/null
        for package in *.deb; do dpkg-deb --extract "$package" files; done
    )
    # Another script may have been faster; then its copy is as good.
    mv -T "$new/files/usr/libexec/docker/cli-plugins" "$plugins" 2>/dev/null || [ -d "$plugins" ] || die "cannot make $plugins"
    rm -rf "$new"
}

# Prints where this machine's packages come from.
debian_mirror() {
    local codename uris
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    uris=$(apt-get -o Debug::NoLocking=true --print-uris update)
    sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" <<<"$uris" | sort -u | head -n 1
}

# start_engine [--for-builds]: for builds, in the machine's network, of which it changes nothing; else in one of its own.
start_engine() {
    local options=() enter=() deadline=$((SECONDS + 60))
    if [ "${1:-}" = --for-builds ]; then
        options=(--bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false)
    else
        # shellcheck disable=SC2016 # the inner shell expands it
        enter=(unshare --net sh -c 'ip link set lo up && ip address add "$0/32" dev lo && exec "$@"' "$HOST_ADDRESS")
    fi
    # The machine's own services have their sockets in /run.
    if [ ! -d /run/webhooks-compose ]; then
        mount -t tmpfs tmpfs /run
        mkdir /run/webhooks-compose
    fi
    mkdir -p "$directory/client"
    echo "{}" >"$directory/no.json"
    ln -sfn "$TOOLS/docker-plugins-trixie" "$directory/client/cli-plugins"
    "${enter[@]}" dockerd --data-root "$directory/data" --exec-root /run/webhooks-compose/exec \
        --pidfile /run/webhooks-compose/pid --host unix:///run/webhooks-compose/sock --config-file "$directory/no.json" \
        --cgroup-parent "/$(basename "$directory")" "${options[@]}" >>"$directory/engine.log" 2>&1 &
    engine=$!
    until in_engine docker version >/dev/null 2>&1; do
        if ! kill -0 "$engine" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
            tail -n 20 "$directory/engine.log" >&2
            die "the Docker engine doesn't start; the end of its log is above"
        fi
        sleep 0.1
    done
}

stop_engine() {
    kill -TERM "$engine"
    wait "$engine" || true
}

# in_engine COMMAND…: runs it with the engine's socket, and without anybody's configuration.
in_engine() {
    env -i PATH="$PATH" HOME="$directory" DOCKER_CONFIG="$directory/client" DOCKER_HOST=unix:///run/webhooks-compose/sock "$@"
}

# in_network COMMAND…: runs it in the engine's network.
in_network() { nsenter --net="/proc/$engine/ns/net" -- "$@"; }

# The releases of Debian that images are made of: the second has the Redis that the first one's is upgraded to, which takes long.
debian_releases() {
    echo bookworm
    if is_thorough; then echo trixie; fi
}

# Stand-ins for what the files build on: no image is pulled.
make_base_images() {
    local release
    for release in $(debian_releases); do
        say "making a base image of the packages of Debian's $release"
        mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --include=ca-certificates \
            "$release" "$directory/$release.tar" "$(debian_mirror)" 2>"$directory/mmdebstrap.log" ||
            { tail -n 20 "$directory/mmdebstrap.log" >&2 && die "mmdebstrap failed; the end of what it said is above"; }
    done
}

# The image that the programs are built in. The Rust toolchain is this machine's, and what it calls a release is built without
# optimisation. It trusts whom this machine trusts.
stand_in_for_rust() {
    local toolchain host libraries rust quick
    toolchain=$(rustc --print sysroot)
    host=$(rustc --version --verbose | sed -n 's/^host: //p')
    mapfile -t libraries < <(cd "$toolchain" && ls -d lib/*.so*)
    cp "$directory/bookworm.tar" "$directory/rust.tar"
    tar --append --file "$directory/rust.tar" --directory "$toolchain" --transform 's,^,usr/local/,' \
        bin/cargo bin/rustc "lib/rustlib/$host" "${libraries[@]}"
    tar --append --file "$directory/rust.tar" --dereference --directory / --transform 's,.*,usr/local/etc/authorities.pem,' \
        "$(readlink -f "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" | cut -c 2-)"
    quick="CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16"
    rust=$(sed -n 's/^FROM \(rust:[^ ]*\) AS .*/\1/p' "$WORKSPACE/Dockerfile")
    in_engine docker import --change \
        "ENV CARGO_HOME=/usr/local/cargo CARGO_HTTP_CAINFO=/usr/local/etc/authorities.pem $quick" \
        "$directory/rust.tar" "$rust" >/dev/null
    rm "$directory/rust.tar"
}

import_base_images() {
    redis_name=$(sed -n 's/^ *image: .*:-\(redis:[^}]*\)}/\1/p' "$WORKSPACE/docker-compose.yml")
    local release
    for release in $(debian_releases); do
        in_engine docker import "$directory/$release.tar" "debian:$release-slim" >/dev/null
    done
    say "standing in for $redis_name: Debian's redis-server, BusyBox"
    # Beside the build of the image, which waits for it.
    {
        stand_in_for_redis bookworm "$redis_name"
        if is_thorough; then stand_in_for_redis trixie "$NEWER_REDIS"; fi
    } >"$directory/redis.log" 2>&1 &
    redis_image=$!
}

# stand_in_for_redis RELEASE NAME: makes an image of the Redis of one of Debian's releases.
stand_in_for_redis() {
    mkdir "$directory/redis-$1"
    # Its shell and tools are BusyBox's, as in the image.
    cat >"$directory/redis-$1/Dockerfile" <<TEXT
FROM debian:$1-slim
RUN apt-get update && apt-get install -y --no-install-recommends redis-server busybox \\
    && busybox --install -s /usr/local/bin && install -d -o 999 -g 1000 /data
VOLUME /data
TEXT
    in_engine docker buildx build --network host --progress plain --tag "$2" "$directory/redis-$1"
}

# Makes the image `webhooks`, as the Dockerfile says; of $programs, if it is set and they can run in it.
build_the_image() {
    local context=$WORKSPACE
    if [ -n "$programs" ] && run_in_the_image; then
        say "making the image of the Dockerfile's last stage, with the programs of $programs"
        context=$directory/built
        { printf '%s\n' "FROM scratch AS build" "COPY out /out" && sed -n '/^FROM debian:/,$p' "$WORKSPACE/Dockerfile"; } >"$context/Dockerfile"
    else
        stand_in_for_rust
        say "building the image from the Dockerfile"
    fi
    # The network is the machine's: only the build needs it.
    in_engine docker buildx build --network host --progress plain --tag webhooks "$context" >"$directory/build.log" 2>&1 ||
        { tail -n 40 "$directory/build.log" >&2 && die "the image can't be built; the end of what was said is above"; }
    wait "$redis_image" || { tail -n 20 "$directory/redis.log" >&2 && die "the stand-in for Redis's image can't be built"; }
}

# Takes the programs to where the Dockerfile's last stage finds them. Tells whether they can run there: this machine's C library may be
# newer than the image's.
run_in_the_image() {
    mkdir -p "$directory/built/out"
    cp "$programs"/webhooks-api "$programs"/webhooks-worker "$programs"/webhooksctl "$directory/built/out/"
    in_engine docker run --rm --network none --volume "$directory/built/out:/out" debian:bookworm-slim /out/webhooksctl --version \
        >"$directory/version.log" 2>&1
}
