# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY server/package.json server/
COPY sdks/node/package.json sdks/node/
COPY starters/express/package.json starters/express/
RUN npm ci --ignore-scripts
COPY tsconfig.base.json ./
COPY scripts scripts
COPY sdks/node sdks/node
COPY server server
# The image has its own Node; the one from npm serves machines without.
RUN npm run prepare \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24-bookworm-slim
ENV NODE_ENV=production TRUST_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/sdks/node sdks/node
COPY --from=build /app/server server
COPY proto proto
RUN mkdir -p /data && chown 1000:1000 /data
USER 1000
VOLUME /data
EXPOSE 50051 8080
HEALTHCHECK --interval=10s --timeout=5s CMD ["node", "server/dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "server/dist/main.js"]
CMD ["serve"]
