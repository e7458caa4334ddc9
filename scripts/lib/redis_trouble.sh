# shellcheck shell=bash
# Explains from its log why a Redis or Valkey server ended, and what to do about it; for servers from 7.0.

# redis_trouble LOG OFFSET DIRECTORY PROGRAM: explains what the log says from this offset (in bytes) on. Fails silently if it
# doesn't know the reason.
redis_trouble() {
    local log directory=$3 program=$4 reason file
    log=$(tail -c "+$(($2 + 1))" "$1" | tr -d '\r')
    # The first write that no longer fits is short; those after it fail with "No space left".
    if grep -q -E 'No space left on device|Short write while writing to the AOF' <<<"$log"; then
        echo "the disk of $directory is full: it ends rather than acknowledge what it can't store. Nothing is lost; make room"
        return
    fi
    # The line, without process, time and level.
    reason=$(grep -E -m 1 'append only file appendonly|in RDB reading|Wrong (signature|RDB checksum)|RDB format version|Short read or OOM|AOF file appendonly|append log file|AOF manifest file' \
        <<<"$log" | grep -v 'Truncating the AOF' | sed -E 's/^[0-9]+:[A-Z] .* [0-9:.]+ [-.*#] //; s/(: make a backup|\. You can: ).*//') || true
    [ -n "$reason" ] || return 1
    file=$(grep -E -o 'appendonly\.aof\.[0-9]+\.(base|incr)\.(rdb|aof)' <<<"$reason" | head -n 1) || true
    case $reason in
        *"AOF manifest file"* | *"The AOF file"*) file=appendonly.aof.manifest ;;
    esac
    # It doesn't name the file that the others build on.
    file=${file:-$(sed -n 's/^file \([^ ]*\) .* type b.*/\1/p' "$directory/appendonlydir/appendonly.aof.manifest" 2>/dev/null)}
    case $file in
        *.incr.aof) cut_it_off ;;
        *) no_repair ;;
    esac
}

# redis_truncated LOG OFFSET: prints what Redis cut off by itself at this start, if anything.
redis_truncated() {
    tail -c "+$(($2 + 1))" "$1" | tr -d '\r' | sed -n -E 's/.*!!! (Truncating the AOF .* at offset [0-9]+) !!!.*/\1/p'
}

cut_it_off() {
    local checker
    # The same program checks files if it is called so; not every package has it under both names.
    case $("$program" --version) in Valkey*) checker=valkey-check-aof ;; *) checker=redis-check-aof ;; esac
    cat <<TEXT
it can't read its append-only file: $directory/appendonlydir/$file is damaged ($reason). Nothing was changed.
The way out costs what stands in the file from the damaged place on (the first command after the copy says how many bytes,
and asks): events that were accepted there are lost, deliveries that were finished there are sent again.

  cp -a '$directory' '$directory.damaged'
  (cd '$directory/appendonlydir' && exec -a $checker '$program' --fix $file)
  ./scripts/run

docs/operations.md says more, under "Redis can't read its append-only file".
TEXT
}

no_repair() {
    local base=$directory/appendonlydir/$file
    if [ "$(head -c 6 "$base" 2>/dev/null)" = VALKEY ] && [[ $("$program" --version) != Valkey* ]]; then
        echo "its append-only file $base was written by Valkey, and $program can't read it: set REDIS_SERVER to a Valkey of that version or a newer one"
        return
    fi
    cat <<TEXT
it can't read its append-only file: $base is damaged or missing ($reason). Nothing was changed.
Only the end of a file can be cut off, and this one is what the rest builds on. Put a backup of $directory in its place; without
one, move $directory away to start with nothing. docs/operations.md says more, under "Redis can't read its append-only file".
TEXT
}
