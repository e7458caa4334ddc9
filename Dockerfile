# One image with the three programs: webhooks-api (the default), webhooks-worker and webhooksctl.

FROM rust:1.95-slim-bookworm AS build
# aws-lc, the TLS library, is C.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bins \
    && mkdir /out \
    && cp target/release/webhooks-api target/release/webhooks-worker target/release/webhooksctl /out/

FROM debian:bookworm-slim
# The roots that receivers' certificates are checked against.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin webhooks
COPY --from=build /out/ /usr/local/bin/
USER 10001:10001
ENV LOG_FORMAT=json
EXPOSE 3000 3001
STOPSIGNAL SIGTERM
CMD ["webhooks-api"]
