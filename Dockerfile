# One image for the service and the nightly job; what runs is chosen by the command.
# Microsoft's ODBC driver is not part of it: install msodbcsql18 from Microsoft's package source in a
# stage of your own where the source is SQL Server (docs/sqlserver.md).
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY api api
COPY jobs jobs
COPY migrations migrations
COPY models models
COPY powerbi powerbi
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home crisis && mkdir /data && chown crisis /data
COPY --from=build /venv /venv
USER crisis
ENV CRISIS_HOME=/data PATH=/venv/bin:$PATH
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["crisis"]
CMD ["serve", "--host", "0.0.0.0"]
