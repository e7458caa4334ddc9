# shellcheck shell=bash
# The server that ./scripts/run starts if it is given none. Source processes.sh and redis_trouble.sh first.
#
# The script sets $redis_program and $data; start_redis sets $redis_port, $REDIS_URL and $redis_described.

# Says why Redis ended, or else shows the end of its log.
die_of_redis() {
    local why
    if why=$(redis_trouble "$data/redis.log" "$redis_log_from" "$data/redis" "$redis_program"); then die "Redis ended: $why"; fi
    tail -n 20 "$data/redis.log" >&2
    die "Redis ($redis_program) ended; the end of $data/redis.log is above"
}

start_redis() {
    redis_port=${REDIS_PORT:-6379}
    if [ -n "${REDIS_PORT:-}" ]; then demand_free REDIS_PORT "127.0.0.1:$redis_port"; fi
    while port_busy 127.0.0.1 "$redis_port"; do redis_port=$((20000 + RANDOM % 12000)); done
    own_redis=true
    launch redis
    local deadline=$((SECONDS + 120)) answer
    # Its log too must say that it is ready: another server may be the one that answers.
    until redis_says 'eady to accept connections' && answer=$(redis_answer) && [ "$answer" = "+PONG" ]; do
        if ! alive redis; then
            if [ -n "${REDIS_PORT:-}" ] || ! redis_says 'ddress already in use'; then die_of_redis; fi
            redis_port=$((20000 + RANDOM % 12000))
            launch redis
        fi
        if [ $SECONDS -ge $deadline ]; then die "Redis does not answer; see $data/redis.log"; fi
        sleep 0.05
    done
    local truncated
    truncated=$(redis_truncated "$data/redis.log" "$redis_log_from")
    if [ -n "$truncated" ]; then
        say "Redis has cut off the end of its append-only file ($truncated): what a crash left incomplete, or a damaged place and all after it"
    fi
    REDIS_URL=redis://127.0.0.1:$redis_port
    export REDIS_URL
    redis_described="$("$redis_program" --version | sed -E 's/^(Valkey|Redis) server v=([^ ]+).*/\1 \2/'), append-only file synced at every write"
}

# redis_says TEXT: whether the log has it since the last start.
redis_says() { grep -q "$1" < <(tail -c "+$((redis_log_from + 1))" "$data/redis.log"); }

redis_answer() {
    local line
    { exec 3<>"/dev/tcp/127.0.0.1/$redis_port"; } 2>/dev/null || return 1
    printf 'PING\r\n' >&3
    IFS= read -r -t 2 line <&3 || return 1
    exec 3>&-
    printf '%s' "${line%$'\r'}"
}

# Sets `why` and `wait_for`. A file that can't be read won't be readable in a second; for room on the disk it waits.
redis_ended() {
    why=$(redis_trouble "$data/redis.log" "$redis_log_from" "$data/redis" "$redis_program") || return 0
    if [[ $why = *append-only* ]]; then die "Redis ended: $why"; fi
    wait_for=5
}
