# The compiler and what it needs stay in this stage.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts are left out: "prepare" would build before the sources are here. Optional packages are the Node that the image has.
RUN npm ci --omit=optional --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:24-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json LICENSE ./
# better-sqlite3 brings its binary along; its install script would only look for a compiler.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY --from=build /app/dist dist
COPY migrations migrations
COPY config config
# So that "docker exec … dataforseo-ledger status" works; the volume takes over the owner of the folder.
RUN ln -s /app/dist/main.js /usr/local/bin/dataforseo-ledger && mkdir /data && chown node:node /data
USER node
ENV LEDGER_DATABASE=/data/ledger.db
VOLUME /data
# On a large machine the young generation would grow to 128 MB for pages that live for a moment.
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/dist/main.js"]
CMD ["run"]
