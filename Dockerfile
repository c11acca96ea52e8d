# The API of lum1 with what browsers need; PostgreSQL is another container's business (compose.yaml).

FROM node:22-bookworm-slim AS web
WORKDIR /web
COPY api/web/package.json api/web/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/lum1 --create-home lum1
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY geo geo
COPY search search
COPY tiles tiles
COPY etl etl
COPY api api
COPY --from=web /web/node_modules api/web/node_modules

USER lum1
ENV PYTHONPATH=/app LUM1_HOME=/var/lib/lum1 LUM1_HOST=0.0.0.0 LUM1_PORT=8640
VOLUME /var/lib/lum1
EXPOSE 8640
ENTRYPOINT ["python", "-m", "api.cli"]
CMD ["start", "--foreground"]
