# shellcheck shell=bash
# Steps with a name, and how long each took. Some run beside the others, while those wait or leave a processor idle.

timings=()

# Of each step that runs beside the others, by its name.
declare -A beside_group beside_output

# step NAME COMMAND…: runs it, and says how long it took. If it fails, ends the script.
step() {
    local name=$1 before=$SECONDS
    shift
    headline "$name"
    if ! "$@"; then failed "$name" "$*"; fi
    took $((SECONDS - before)) "$name"
}

# beside NAME COMMAND…: begins a step in the background. What it says is kept until `join NAME`, which every such step needs. If the
# script ends before, so does the step.
beside() {
    local name=$1 output
    shift
    output=$(mktemp)
    trap end_those_beside EXIT
    # A job of its own has a process group of its own, which can be ended with all that it started.
    set -m
    (
        began=$SECONDS
        if "$@"; then status=0; else status=$?; fi
        echo $((SECONDS - began)) >"$output.took"
        exit "$status"
    ) </dev/null >"$output" 2>&1 &
    set +m
    beside_group[$name]=$!
    beside_output[$name]=$output
}

# join NAME: waits until a step has ended that runs beside the others, and shows what it said. If it failed, ends the script.
join() {
    local name=$1 output=${beside_output[$1]} status=0
    headline "$name, which ran beside others"
    wait "${beside_group[$name]}" || status=$?
    unset "beside_group[$name]"
    cat "$output"
    if [ $status != 0 ]; then failed "$name" "status $status"; fi
    took "$(cat "$output.took")" "$name, beside others"
    rm -f "$output" "$output.took"
}

end_those_beside() {
    local group
    for group in "${beside_group[@]}"; do kill -TERM -- "-$group" 2>/dev/null || true; done
    for group in "${beside_group[@]}"; do wait "$group" 2>/dev/null || true; done
    for group in "${beside_output[@]}"; do rm -f "$group" "$group.took"; done
}

headline() { printf '\n\033[1m==> %s\033[0m\n' "$1"; }

took() { timings+=("$(printf '%5d s  %s' "$1" "$2")"); }

# failed NAME WHY: ends the script.
failed() {
    printf '%s\n' "${timings[@]}"
    printf '\n\033[1;31mFAILED: %s\033[0m (%s)\n' "$1" "$2" >&2
    exit 1
}

# all_good: the last words, with what every step took.
all_good() {
    printf '\n\033[1mAll good\033[0m in %d s\n' "$SECONDS"
    printf '%s\n' "${timings[@]}"
}
