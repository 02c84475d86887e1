# The images of BaseCommerce: one binary in both, what differs is what they start and that engine hosts bring plugins.
#
#   docker build --target basecommerce-construction -t basecommerce-construction .
#   docker build --target basecommerce-engines -t basecommerce-engines .
#
# The relay runs from basecommerce-construction with the command `start --role relay`.

ARG BUN_VERSION=1.4.5

FROM oven/bun:${BUN_VERSION} AS build
WORKDIR /src
# Dependencies first: they change less often than the code, and stay cached.
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile
COPY . .
RUN bun infra/dev/build.ts && mkdir -p plugins

# The binary is linked to glibc alone (libc, libm, libdl, libpthread): Bun carries its own certificates, time zones and TLS,
# so a bare Debian has all it needs and nothing is installed.
FROM debian:bookworm-slim AS runtime
COPY --from=build --chown=0:0 --chmod=0755 /src/dist/basecommerce /usr/local/bin/basecommerce
# Fails the build, not the shop, when a library is missing or the binary is for another processor.
RUN ["/usr/local/bin/basecommerce", "--version"]
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PLUGINS_DIR=/opt/basecommerce/plugins \
    HOME=/tmp
# By number, so that an orchestrator can see that it is not root. It owns no file of the image.
USER 10001:10001
WORKDIR /opt/basecommerce
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/basecommerce"]

# One line of business, and the relay.
FROM runtime AS basecommerce-construction
EXPOSE 8000 8001
# /health says that the process is alive. Whether its dependencies are, /ready says: restarting on that would help nobody.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["/usr/local/bin/basecommerce", "health", "--url", "http://127.0.0.1:8000/health"]
CMD ["start", "--role", "vertical"]

# The engine host. First-party engines are in the binary; further plugins are mounted or copied into PLUGINS_DIR.
FROM runtime AS basecommerce-engines
COPY --from=build --chown=0:0 /src/plugins /opt/basecommerce/plugins
EXPOSE 8002
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["/usr/local/bin/basecommerce", "health", "--url", "http://127.0.0.1:8002/health"]
CMD ["start", "--role", "engines"]
