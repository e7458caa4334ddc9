# shellcheck shell=bash
# Packages of npm, of our own directory, and of Debian, as root. Source common.sh first; python_packages is there.

# node_packages NAME DIRECTORY PACKAGE…: installs npm packages into a directory of their own; .tools/NAME leads to it.
node_packages() {
    local name=$1 directory=$TOOLS/$2 new
    shift 2
    if [ ! -d "$directory" ]; then
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        npm install --prefix "$new" --no-save --no-audit --no-fund --ignore-scripts --loglevel error "$@"
        mv -T "$new" "$directory"
    fi
    ln -sfn "$(basename "$directory")" "$TOOLS/$name"
}

have_one_of() {
    local program
    for program in "$@"; do if have "$program"; then return; fi; done
    return 1
}

# need_debian_package PACKAGE WHY PROGRAM…: ends the script if none of the programs is there and we can't install the package.
need_debian_package() {
    local package=$1 why=$2
    shift 2
    have_one_of "$@" || { [ "$(id -u)" = 0 ] && have apt-get; } || die "$package is needed for $why: install it"
}

# debian_package PACKAGE PROGRAM…: installs it, as root on Debian, unless one of the programs is there.
debian_package() {
    local package=$1
    shift
    if have_one_of "$@"; then return; fi
    echo "installing $package"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
}
