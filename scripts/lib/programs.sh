# shellcheck shell=bash
# Builds the programs of ./scripts/run. The first time, what is built soonest starts, and the optimised programs take its place once
# they are there.
#
# The script sets $profile (what is to run), $mask (of the files that are built) and $data (where everything is kept); these set
# $programs (where those are that run now).

build=                                       # the process that builds
optimising=false                             # whether it builds what takes the place of what runs
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$WORKSPACE/$target ;; esac

# are_built PROFILE: whether all programs were built with it before.
are_built() {
    local name
    for name in webhooks-api webhooks-worker webhooksctl; do [ -x "$target/$1/$name" ] || return 1; done
}

# Without a build: what was built before, which is less than it should be if a first start was interrupted.
find_programs() {
    programs=$target/$profile
    if are_built "$profile"; then return; fi
    if [ "$profile" != release ] || ! are_built quick; then die "$programs lacks programs: leave out --no-build"; fi
    programs=$target/quick
}

# start_build PROFILE NICENESS: builds in the background, so that traps run at once, and in a process group of its own, which can be ended
# with all that it started.
start_build() {
    local options=(build --locked)
    case $1 in
        release) options+=(--release) ;;
        quick) options+=(--profile quick) ;;
    esac
    set -m
    (umask "$mask" && cd "$WORKSPACE" && exec nice -n "$2" cargo "${options[@]}" 9>&-) </dev/null &
    set +m
    build=$!
}

# Builds what is to be started, and begins with what takes its place.
build_programs() {
    local first=$profile
    if [ "$profile" = release ] && ! are_built release; then first=quick; fi
    programs=$target/$first
    say "building; the first time takes some minutes"
    start_build "$first" 0
    wait "$build" || die "the build failed"
    build=
    if [ "$first" != "$profile" ]; then
        say "these programs are not optimised; optimised ones are being built, and take their place when they are there (see $data/build.log)"
        start_build "$profile" 19 >"$data/build.log" 2>&1
        optimising=true
    fi
}

# The optimised programs take the place of those that run, if they are there: the worker's, then the API's.
replace_programs() {
    local name status=0
    if ! $optimising || kill -0 "$build" 2>/dev/null; then return; fi
    optimising=false
    wait "$build" || status=$?
    build=
    if [ $status != 0 ]; then
        say "the optimised programs could not be built, so those that are not go on: $data/build.log says why"
        return
    fi
    programs=$target/$profile
    for name in worker api; do
        end_programs "$name"
        wait "${pid_of[$name]}" 2>/dev/null || true
        launch "$name"
    done
    say "optimised programs have taken the place of those that were built first"
}
