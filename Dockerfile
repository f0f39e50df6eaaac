# What each choice is for, and how large the image is and why: docs/operations.md, "The image".
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app

# The bundler and what it needs stay in this stage.
FROM base AS build
COPY package.json package-lock.json ./
# Scripts are left out: "prepare" would build before the sources are here.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build && find dist -name '*.map' -delete

FROM base AS packages
COPY package.json package-lock.json ./
# better-sqlite3 brings its binary along; its install script would only look for a compiler. Its sources, the binaries for other
# machines, and what serves the authors and readers of the other packages are most of all bytes, and nothing loads them.
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
  && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src node_modules/zod/src \
  && find node_modules/better-sqlite3/prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete \
  && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' ')' -delete \
  && find node_modules -type d '(' -name test -o -name tests -o -name benchmark -o -name examples -o -name docs ')' -prune -exec rm -rf '{}' +

FROM base
# What runs for years needs no package manager. "docker exec … dataforseo-ledger status" needs the command in the PATH.
# The volume takes over the owner and the mode of the folder.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && ln -s /app/dist/main.js /usr/local/bin/dataforseo-ledger \
  && install --directory --owner=1000 --group=1000 --mode=0750 /data
COPY package.json LICENSE ./
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY migrations migrations
COPY config config
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
# The root file system may be read-only: SQLite's own temporary files go where the ledger is.
ENV LEDGER_DATABASE=/data/ledger.db LEDGER_HTTP_HOST=0.0.0.0 SQLITE_TMPDIR=/data
VOLUME /data
EXPOSE 8080
LABEL org.opencontainers.image.title="dataforseo-ledger" \
  org.opencontainers.image.description="A daemon that keeps a complete local record of every task a DataForSEO account has run" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.base.name="docker.io/library/node:24.21.0-bookworm-slim"
STOPSIGNAL SIGTERM
# A migration of a large ledger takes minutes; within the start period a failure does not count, a success does.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10m --retries=3 CMD ["dataforseo-ledger", "healthcheck"]
# On a large machine the young generation would grow to 128 MB for pages that live for a moment.
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/dist/main.js"]
CMD ["run"]
