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
# a named volume takes its owner from the folder in the image
RUN useradd --system --uid 10001 --create-home crisis && mkdir /data /backup && chown crisis /data /backup
COPY --from=build /venv /venv
USER 10001
# nothing is written but below CRISIS_HOME, /backup and /tmp: run it with a read-only root
ENV CRISIS_HOME=/data CRISIS_BACKUP_FOLDER=/backup PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
VOLUME ["/data", "/backup"]
EXPOSE 8000
ENTRYPOINT ["crisis"]
CMD ["serve", "--host", "0.0.0.0"]
