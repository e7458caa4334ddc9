# shellcheck shell=bash
# The programs of ./scripts/run: started, watched, and stopped in the order in which nothing is lost.
#
# The script sets $data (where everything is kept), $programs (where they were built) and, if $own_redis, what own_redis.sh says.

declare -A pid_of=()  # program → process id, while it should run
stopping=false
own_redis=false

# How long the programs may take to end: the API 10 s, a worker its DELIVERY_TIMEOUT of 10 s and 2 s more.
readonly PROGRAMS_END_WITHIN=14 REDIS_ENDS_WITHIN=4

alive() { [ -n "${pid_of[$1]:-}" ] && kill -0 "${pid_of[$1]}" 2>/dev/null; }

# What any program may know: where things are, how to speak, and what helps to find a defect.
readonly OF_ALL="PATH HOME TMPDIR LANG LC_ALL TZ TERM NO_COLOR RUST_LOG RUST_BACKTRACE SSL_CERT_FILE SSL_CERT_DIR"

# keep_variables NAME…: forgets every other variable of the environment, but for those of OF_ALL. For a subshell.
keep_variables() {
    local name wanted=" $OF_ALL $* "
    while IFS= read -r name; do
        if [[ $wanted != *" $name "* ]]; then unset -v "$name" || export -n "${name?}"; fi
    done < <(compgen -e)
}

# run_program PROGRAM: becomes one of our programs, which gets no variable that it doesn't read. For a subshell.
run_program() {
    local program=$programs/$1 read_by
    # Its help has `[env: NAME=value]` for each.
    read_by=$("$program" --help | sed -n 's/.*\[env: \([A-Z_]*\).*/\1/p' | tr '\n' ' ')
    # shellcheck disable=SC2086  # names are words
    keep_variables $read_by
    exec "$program"
}

launch() {
    case $1 in
        redis)
            : >>"$data/redis.log"
            redis_log_from=$(wc -c <"$data/redis.log")
            (
                memory=${REDIS_MAXMEMORY:-1gb}
                keep_variables
                exec "$redis_program" --port "$redis_port" --bind 127.0.0.1 --dir "$data/redis" --daemonize no \
                    --appendonly yes --appendfsync always --save "" --maxmemory-policy noeviction \
                    --maxmemory "$memory" --loglevel notice
            ) >>"$data/redis.log" 2>&1 &
            ;;
        api) run_program webhooks-api & ;;
        worker) run_program webhooks-worker & ;;
    esac
    pid_of[$1]=$!
    record_pids
}

# Writes the process ids into a file, for people. Nothing depends on it, so a full disk doesn't matter.
record_pids() {
    local name
    (
        for name in "${!pid_of[@]}"; do echo "$name ${pid_of[$name]}"; done >"$data/pids.new" &&
            mv "$data/pids.new" "$data/pids"
    ) 2>/dev/null || true
}

# ended_within SECONDS NAME…: waits until the programs have ended; fails if they take longer.
ended_within() {
    local deadline=$((SECONDS + $1)) name left=true
    shift
    while $left; do
        left=false
        for name in "$@"; do if alive "$name"; then left=true; fi; done
        if ! $left; then return 0; fi
        if [ $SECONDS -ge $deadline ]; then return 1; fi
        # Ctrl-C reaches Redis too, which must be there until the worker has reported what it finished.
        if $stopping && $own_redis && [[ " $* " != *" redis "* ]] && ! alive redis; then launch redis; fi
        sleep 0.1
    done
}

# end_programs NAME…: stops those of the API and the worker that run, and waits until they have ended.
end_programs() {
    local name
    for name in "$@"; do
        if alive "$name"; then kill -TERM "${pid_of[$name]}" 2>/dev/null || true; fi
    done
    if ! ended_within $PROGRAMS_END_WITHIN "$@"; then
        say "the API or the worker did not end in time: killing it (nothing is lost; it is sent again later)"
        for name in "$@"; do
            if alive "$name"; then kill -KILL "${pid_of[$name]}" 2>/dev/null || true; fi
        done
    fi
}

stop_all() {
    if $stopping; then return; fi
    stopping=true
    # If something fails from here on, the rest must end all the same.
    set +e
    trap '' INT TERM HUP
    if [ -n "${build:-}" ]; then kill -TERM -- "-$build" 2>/dev/null || true; fi
    if [ ${#pid_of[@]} -gt 0 ]; then say "stopping"; fi
    end_programs api worker
    if alive redis; then
        kill -TERM "${pid_of[redis]}" 2>/dev/null || true
        if ! ended_within $REDIS_ENDS_WITHIN redis; then
            kill -KILL "${pid_of[redis]}" 2>/dev/null || true
        fi
    fi
    if [ ${#pid_of[@]} -gt 0 ]; then
        rm -f "$data/pids"
        say "stopped; everything is kept in $data"
    fi
}
