# shellcheck shell=bash
# For test-compose: Redis as several servers, with the commands of docs/operations.md, word for word.
#
# What they say goes to $directory/recipes.log. Where THOROUGH is set, all of them are run; else those that take seconds.

# recipe SECTION [NUMBER]: runs the commands of a section, or its NUMBERth block of them.
recipe() {
    local commands
    commands=$(awk -v title="### $1" -v number="${2:-0}" '
        /^## / || /^### / { here = $0 == title }
        here && /^```sh$/ { block++; inside = 1; next }
        /^```$/ { inside = 0 }
        here && inside && (number == 0 || number == block) { print }
    ' "$WORKSPACE/docs/operations.md")
    [ -n "$commands" ] || die "docs/operations.md has no commands in its section \"$1\""
    say "  $1"
    echo "== $1" >>"$directory/recipes.log"
    # An operator's shell takes no notice of a pipe whose end has heard enough.
    set +o pipefail
    recipe_ends=$((SECONDS + 240))
    eval "$commands" >>"$directory/recipes.log" 2>&1
    recipe_ends=
    set -o pipefail
}

# The functions and variables that a profile's other recipes use: the last block of how it is installed.
words_of() { recipe "$1: install" 2; }

# waits_for SECONDS COMMAND…: until it succeeds.
waits_for() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        if [ $SECONDS -ge $deadline ]; then die "in vain: ${*:2}"; fi
        sleep 1
    done
}

# begin_profile: as if nothing but the single server's variables had been there.
begin_profile() {
    # The commands call Docker as an operator does. (Before, it would be taken for the program.)
    docker() {
        if [ "$1" = compose ]; then compose "${@:2}"; else in_engine docker "$@"; fi
    }
    # What they wait for may never come.
    sleep() {
        if [ -n "${recipe_ends:-}" ] && [ $SECONDS -ge "$recipe_ends" ]; then die "a recipe doesn't end"; fi
        command sleep "$@"
    }
    cp "$directory/single.env" "$directory/.env"
    ln -sfn "$WORKSPACE/docker" "$directory/docker"
}

# is_away SERVER: kills a server's container for good, and delivers an event without it; then brings it back.
is_away() {
    say "  $1 is killed, and stays away"
    scene leave
    compose --progress quiet kill "$1"
    scene deliver
    up
    all_is_well
}

# Asserts that all servers run the newer Redis.
are_upgraded() {
    local servers server version
    servers=$(compose ps --services --status running | grep -E '^(redis|sentinel)')
    for server in $servers; do
        version=$(compose exec -T "$server" redis-server --version)
        say "  $server: ${version%% sha=*}"
        [[ $version == *v=8.* ]] || die "$server was not upgraded"
    done
}

end_profile() { compose --progress quiet down --volumes --remove-orphans; }

run_sentinel() {
    say "profile sentinel, on what the single server left"
    compose --progress quiet down
    begin_profile
    recipe "Sentinel: install" 1
    words_of Sentinel
    limits_are_set
    all_is_well
    local killed
    killed=$(primary)
    is_away "$killed"
    [ "$(primary)" != "$killed" ] || die "the sentinels have made no other server the primary"
    recipe "Sentinel: fail over by hand"
    all_is_well
    if is_thorough; then
        recipe "Sentinel: add a node"
        all_is_well
        recipe "Sentinel: replace a node"
        all_is_well
        recipe "Sentinel: back up"
        recipe "Sentinel: restore"
        all_is_well
        recipe "Sentinel: upgrade Redis" 1
        recipe "Sentinel: fail over by hand"
        recipe "Sentinel: upgrade Redis" 2
        are_upgraded
        all_is_well
    fi
    end_profile
}

# The server of the slot that has the account's shard.
server_of_account() {
    local shard
    shard=$(($(printf %s "$account" | sha256sum | awk '{ print "0x" substr($1, 16, 1) }') % 16))
    compose --progress quiet run --rm -T check webhooksctl shards 2>/dev/null | awk -v shard="$shard" '$1 == shard { sub(/:.*/, "", $2); print $2 }'
}

run_cluster() {
    say "profile cluster"
    begin_profile
    rm -f "$directory/state.json"
    recipe "Cluster: install" 1
    words_of Cluster
    limits_are_set
    all_is_well
    local killed
    killed=$(server_of_account)
    is_away "$killed"
    ! is "$killed" master || die "no replica was promoted"
    recipe "Cluster: fail over by hand"
    all_is_well
    if is_thorough; then
        recipe "Cluster: add a node"
        waits_for 30 is redis-7 master
        [ "$(at redis-7 CLUSTER NODES | awk '/myself/ { print (NF > 8) }')" = 1 ] || die "the new primary has no slots"
        all_is_well
        recipe "Cluster: replace a node"
        all_is_well
        recipe "Cluster: back up"
        recipe "Cluster: restore"
        all_is_well
        recipe "Cluster: upgrade Redis"
        are_upgraded
        all_is_well
    fi
    end_profile
}
