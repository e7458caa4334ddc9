# shellcheck shell=bash
# For test-compose: what an operator puts into `.env`, and what is otherwise here so that less is waited for.

# Writes what an operator puts into `.env`, made as the compose file says.
write_the_environment() {
    local tool=(in_engine docker run --rm --network none webhooks webhooksctl) keys
    keys=$("${tool[@]}" service-key backend)
    service_key=$(sed -n 's/^key[^:]*: *//p' <<<"$keys")
    # Sessions are signed with a key of our own in place of Clerk's.
    in_engine docker run --rm --network none --user 0:0 --volume "$directory/sessions:/sessions" webhooks \
        webhooksctl dev-env --data-dir /sessions >/dev/null
    session() { sed -n "s/^$1=//p" "$directory/sessions/dev.env"; }
    dashboard_token=$(session DASHBOARD_TOKEN)
    account=$(session ACCOUNT_ID)
    {
        # Nobody's override.
        echo "COMPOSE_FILE=docker-compose.yml"
        echo "SECRETS_KEY=$("${tool[@]}" secrets-key)"
        echo "SERVICE_KEYS=$(sed -n 's/^entry[^:]*: *//p' <<<"$keys")"
        "${tool[@]}" redis-passwords
        "${tool[@]}" store id
        echo "CLERK_ISSUER=$(session CLERK_ISSUER)"
        echo "CLERK_AUTHORIZED_PARTIES=$(session CLERK_AUTHORIZED_PARTIES)"
        printf 'CLERK_JWT_KEY=%s\n' "$(awk '{ printf "%s\\n", $0 }' "$directory/sessions/keys/session.pub.pem")"
        # The receiver is outside of the containers.
        echo "ALLOW_HTTP=true"
        echo "ALLOW_NETWORKS=$HOST_ADDRESS/32"
        # Nobody listens for a while, which is no reason to switch the endpoint off. Attempts go on for two minutes.
        echo "DISABLE_MIN_SPAN=1h"
        echo "RETRY_SCHEDULE=$(printf '2s,%.0s' {1..59})2s"
        echo "DRAIN_DELAY=1s"
        echo "RATE_LIMIT_DASHBOARD=0"
    } >"$directory/single.env"
}

# look_often: what is started is taken for healthy as soon as it is, and not at the next multiple of five seconds. It has as long for
# that as before.
look_often() {
    local services service
    services=$(compose --file docker-compose.yml --profile sentinel --profile cluster config --services)
    echo "services:"
    for service in $services; do
        case $service in
            redis* | sentinel-* | cluster | api | worker) echo "  $service: { healthcheck: { interval: 1s, retries: 120 } }" ;;
        esac
    done
}
