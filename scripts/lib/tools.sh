# shellcheck shell=bash
# What the tests need beside Rust and Redis, and which tests need what. Source common.sh, packages.sh and servers.sh first.
#
# Each tool has two functions: need_TOOL ends the script if we lack what we can't install, install_TOOL installs the rest.

# Which tests use a tool, by what `cargo nextest list` prints of them: package and binary, module, name.
declare -A tests_that_use=(
    [redis]='^(e2e|bench|worker::run)\b'
    [signature_libraries]='^e2e::reliability signatures::'
    [languages]='^e2e::reliability snippets::'
    [client_compiler]='^e2e::client typescript::'
    [stream_clients]='^e2e::client streams::'
    [python_generator]='^e2e::client (python|linters)::'
    [rust_generator]='^e2e::client long::'
    [document_linters]='^e2e::client linters::'
    [schemathesis]='^e2e::api fuzzing::'
    [browser]='^e2e::(api documented::|packaging docs_page::|dashboard )'
    [browser_driver]='^e2e::dashboard '
    [dashboard_builder]='^e2e::dashboard '
    [lua_linter]='^e2e::packaging lua::'
    [chart]='^e2e::packaging chart::'
    [systemd]='^e2e::packaging package::'
    [prometheus]='^e2e::(packaging alerts|monitoring [a-z]+)::'
    [namespaces]='^e2e::(faults (f18|f25_disk_full)|failover cut_off|packaging scripts::full_disk)'
    [routes]='^e2e::(faults f18|failover cut_off)'
    [flock]='^e2e::packaging scripts::'
    [peer]='^bench::brief '
    [oldest_server]='^e2e::(faults (long::)?f22|failover guarded|cluster (guarded|ordered))'
    [receivers]='^e2e::servers '
    [other_servers]='^e2e::faults long::f22'
)

# In the order in which the scripts ask for them, and install them.
TOOLS_OF_TESTS=(redis signature_libraries client_compiler stream_clients python_generator rust_generator document_linters schemathesis flock languages browser browser_driver dashboard_builder routes lua_linter chart systemd prometheus namespaces peer oldest_server other_servers receivers)

# prepare TOOL…: installs them, once it knows that nothing is missing which it can't install.
prepare() {
    local tool
    for tool in "$@"; do need_"$tool"; done
    for tool in "$@"; do install_"$tool"; done
}

# tools_for LISTING: the tools that the tests of this listing use.
tools_for() {
    local tool
    for tool in "${TOOLS_OF_TESTS[@]}"; do
        if grep -qE "${tests_that_use[$tool]}" <<<"$1"; then echo "$tool"; fi
    done
}

# starts_programs LISTING: whether one of these tests starts our programs.
starts_programs() { grep -qE '^(e2e|bench)\b' <<<"$1"; }

# need_redis and redis_server are in common.sh, since every script that starts one uses them.
install_redis() {
    REDIS_SERVER=$(redis_server)
    export REDIS_SERVER
}

need_node() {
    need node "Node.js 20 or newer, for $1"
    need npm "Node.js 20 or newer, for $1"
    [ "$(node --print 'process.versions.node.split(".")[0] >= 20')" = true ] ||
        die "Node.js 20 or newer is needed, for $1; this is $(node --version)"
}

need_python() {
    need python3 "Python 3.11 or newer, for $1"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or newer is needed, for $1; this is $(python3 --version)"
    need_pip "to install what $1 use"
}

need_signature_libraries() {
    need_node "the tests of signatures"
    need_python "the tests of signatures"
}

install_signature_libraries() {
    python_packages "$TOOLS/standardwebhooks-python-$STANDARDWEBHOOKS_PYTHON" "standardwebhooks==$STANDARDWEBHOOKS_PYTHON"
    ln -sfn "standardwebhooks-python-$STANDARDWEBHOOKS_PYTHON" "$TOOLS/python"
    node_packages node "standardwebhooks-node-$STANDARDWEBHOOKS_NODE" "standardwebhooks@$STANDARDWEBHOOKS_NODE"
}

need_languages() {
    need_node "the tests of verification code"
    need_python "the tests of verification code"
    need_debian_package golang-go "the tests of verification code" go
    need_debian_package ruby "the tests of verification code" ruby
}

# PHP is among the receivers.
install_languages() {
    real_receivers || die "PHP is missing, which comes from Debian's packages"
    debian_package golang-go go
    debian_package ruby ruby
}

need_client_compiler() { need_node "the tests of the generated clients"; }

install_client_compiler() {
    node_packages client "client-$OPENAPI_TYPESCRIPT-$OPENAPI_FETCH-$HEY_API-$ORVAL-$TYPESCRIPT-$TYPES_NODE" \
        "openapi-typescript@$OPENAPI_TYPESCRIPT" "openapi-fetch@$OPENAPI_FETCH" "@hey-api/openapi-ts@$HEY_API" "orval@$ORVAL" \
        "typescript@$TYPESCRIPT" "@types/node@$TYPES_NODE"
}

need_stream_clients() { need_node "the tests of the live streams"; }

install_stream_clients() {
    node_packages streams "streams-$FETCH_EVENT_SOURCE-$EVENT_SOURCE_POLYFILL-$EXPRESS-$COMPRESSION-$HTTP_PROXY" \
        "@microsoft/fetch-event-source@$FETCH_EVENT_SOURCE" "event-source-polyfill@$EVENT_SOURCE_POLYFILL" "express@$EXPRESS" \
        "compression@$COMPRESSION" "http-proxy@$HTTP_PROXY"
}

need_python_generator() { need_python "the tests of the OpenAPI document"; }

install_python_generator() {
    local name="openapi-python-$OPENAPI_SPEC_VALIDATOR-$OPENAPI_PYTHON_CLIENT"
    python_packages "$TOOLS/$name" "openapi-spec-validator==$OPENAPI_SPEC_VALIDATOR" "openapi-python-client==$OPENAPI_PYTHON_CLIENT"
    ln -sfn "$name" "$TOOLS/openapi-python"
}

need_rust_generator() { :; }

# The test compiles them, without the network.
install_rust_generator() { cargo fetch --quiet --locked --manifest-path "$WORKSPACE/e2e/client/progenitor/Cargo.toml"; }

need_document_linters() { need_node "the linters of the OpenAPI document"; }

install_document_linters() {
    node_packages linters "linters-$REDOCLY-$SPECTRAL" "@redocly/cli@$REDOCLY" "@stoplight/spectral-cli@$SPECTRAL"
}

need_schemathesis() { need_python "the tests that schemathesis makes"; }

install_schemathesis() {
    python_packages "$TOOLS/schemathesis-$SCHEMATHESIS-$HYPOTHESIS" "schemathesis==$SCHEMATHESIS" "hypothesis==$HYPOTHESIS"
    ln -sfn "schemathesis-$SCHEMATHESIS-$HYPOTHESIS" "$TOOLS/schemathesis"
}

need_flock() { need flock "for the tests of ./scripts/run; Debian: apt-get install util-linux"; }
install_flock() { :; }

need_browser() { need_debian_package chromium "the browser test" chromium chromium-browser google-chrome; }
install_browser() { debian_package chromium chromium chromium-browser google-chrome; }

need_browser_driver() { need_node "the tests of the dashboard"; }

install_browser_driver() {
    node_packages browser "browser-$PLAYWRIGHT-$AXE-$LIGHTHOUSE" "playwright-core@$PLAYWRIGHT" "axe-core@$AXE" "lighthouse@$LIGHTHOUSE"
}

need_dashboard_builder() { need_node "the tests of the dashboard"; }

# As its lock file says, in a directory named after that.
install_dashboard_builder() {
    local name new
    name=dashboard-$(cat "$WORKSPACE"/dashboard/package{,-lock}.json | sha256sum | cut -c 1-16)
    if [ ! -d "$TOOLS/$name" ]; then
        mkdir -p "$TOOLS"
        new=$(mktemp -d "$TOOLS/new.XXXXXX")
        cp "$WORKSPACE"/dashboard/{package.json,package-lock.json,.npmrc} "$new"
        npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --loglevel error
        mv -T "$new" "$TOOLS/$name"
    fi
    ln -sfn "$name" "$TOOLS/dashboard"
}

need_routes() { need_debian_package iproute2 "the tests of private addresses and of networks that tear" ip; }
install_routes() { debian_package iproute2 ip; }

need_lua_linter() { need_debian_package lua-check "the test of the scripts in Lua" luacheck; }
install_lua_linter() { debian_package lua-check luacheck; }

# What Helm is made of.
readonly SPRIG=/usr/share/gocode/src/github.com/Masterminds/sprig

need_chart() {
    need_python "the test of the Helm chart"
    need_debian_package golang-go "the test of the Helm chart" go
    [ -d "$SPRIG" ] || need_debian_package golang-github-masterminds-sprig-dev "the test of the Helm chart"
}

install_chart() {
    debian_package golang-go go
    [ -d "$SPRIG" ] || debian_package golang-github-masterminds-sprig-dev
    python_packages "$TOOLS/chart-$KUBERNETES_VALIDATE" "kubernetes-validate==$KUBERNETES_VALIDATE"
    ln -sfn "chart-$KUBERNETES_VALIDATE" "$TOOLS/chart"
}

need_systemd() { need_debian_package systemd "the test of the systemd units" systemd-analyze; }
install_systemd() { debian_package systemd systemd-analyze; }

need_prometheus() { :; }
install_prometheus() { prometheus_and_promtool || die "Prometheus is missing, which comes from Debian's packages"; }

need_namespaces() { need_debian_package util-linux "the tests of private addresses, of networks that tear and of a full disk" unshare; }
install_namespaces() { debian_package util-linux unshare; }

# What the benchmarks compare with; without it they measure the rest.
need_peer() { need_node "the peer of the benchmarks"; }
install_peer() { bullmq_peer; }

need_oldest_server() { :; }
install_oldest_server() { the_oldest_server; }

need_other_servers() { :; }
install_other_servers() { all_servers; }

need_receivers() {
    need_node "the tests with real receivers"
    need_python "the tests with real receivers"
}

install_receivers() { real_receivers || die "nginx or PHP is missing, which come from Debian's packages"; }

# install_nextest: what runs the tests.
install_nextest() {
    export PATH=$PATH:$TOOLS/bin
    have cargo-nextest || cargo install cargo-nextest --locked --root "$TOOLS"
}

install_deny() {
    export PATH=$TOOLS/bin:$PATH
    [ "$(cargo deny --version 2>/dev/null)" = "cargo-deny $CARGO_DENY" ] ||
        cargo install cargo-deny --version "$CARGO_DENY" --locked --debug --no-default-features --root "$TOOLS" --force
}
