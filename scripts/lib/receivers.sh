# shellcheck shell=bash
# The servers that customers run their receivers on, beside Python's and Node's own, for the tests with real receivers.
#
# Like the servers of Redis (servers.sh, to be sourced first) they are unpacked under .tools/ and not installed.

# real_receivers: nginx and PHP from Debian bookworm, gunicorn and waitress as Python packages.
real_receivers() {
    local directory=$TOOLS/receivers-of-bookworm new
    python_packages "$TOOLS/receivers-python-$GUNICORN-$WAITRESS" "gunicorn==$GUNICORN" "waitress==$WAITRESS"
    ln -sfn "receivers-python-$GUNICORN-$WAITRESS" "$TOOLS/receivers-python"
    if [ ! -d "$directory" ]; then
        echo "unpacking nginx and PHP of Debian bookworm"
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        unpack_debian bookworm "$new/root" nginx-light php8.2-cli &&
            gather "$new/root" "$new/kept" "$new/root/usr/sbin/nginx" "$new/root/usr/bin/php8.2" &&
            mv -T "$new/kept" "$directory"
        rm -rf "$new"
    fi
    receiver_script "$directory" nginx nginx && receiver_script "$directory" php8.2 php
}

# receiver_script DIRECTORY PROGRAM NAME: a script .tools/receivers/NAME that starts it.
receiver_script() {
    local name=$3 script
    script=$(loader_script "$1" "$2") || return 1
    mkdir -p "$TOOLS/receivers"
    mv -Tf "$script" "$TOOLS/receivers/$name"
}

# prometheus_and_promtool: what scrapes our programs, and checks alert rules, from Debian bookworm.
prometheus_and_promtool() {
    local directory=$TOOLS/prometheus-of-bookworm new
    if [ ! -d "$directory" ]; then
        echo "unpacking Prometheus of Debian bookworm"
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        unpack_debian bookworm "$new/root" prometheus &&
            gather "$new/root" "$new/kept" "$new/root/usr/bin/prometheus" "$new/root/usr/bin/promtool" &&
            mv -T "$new/kept" "$directory"
        rm -rf "$new"
    fi
    receiver_script "$directory" prometheus prometheus && receiver_script "$directory" promtool promtool
}
