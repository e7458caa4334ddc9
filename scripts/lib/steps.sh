# shellcheck shell=bash
# Steps with a name, and how long each took.

timings=()

# step NAME COMMAND…: runs it, and says how long it took. If it fails, ends the script.
step() {
    local name=$1 before=$SECONDS
    shift
    printf '\n\033[1m==> %s\033[0m\n' "$name"
    if ! "$@"; then
        printf '\n\033[1;31mFAILED: %s\033[0m (%s)\n' "$name" "$*" >&2
        exit 1
    fi
    timings+=("$(printf '%5d s  %s' $((SECONDS - before)) "$name")")
}

# all_good: the last words, with what every step took.
all_good() {
    printf '\n\033[1mAll good\033[0m in %d s\n' "$SECONDS"
    printf '%s\n' "${timings[@]}"
}
