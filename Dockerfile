# The hub, from requirements.lock: docker build -t greenroom .
# How to run it: server/docs/operations.md.

FROM python:3.11-slim AS build
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} && uv venv /opt/greenroom
ENV VIRTUAL_ENV=/opt/greenroom UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1
WORKDIR /src
# Versions and hashes come from the lock; only what the hub needs is installed of it.
COPY pyproject.toml requirements.lock ./
RUN uv pip install --constraint requirements.lock --requirement pyproject.toml --extra server
COPY README.md LICENSE ./
COPY protocol protocol
COPY server server
COPY clients clients
COPY loadtest loadtest
RUN uv pip install --no-deps --build-constraint requirements.lock .

FROM python:3.11-slim
RUN useradd --system --no-create-home --uid 10001 greenroom && install -d -m 0700 -o greenroom -g greenroom /data
COPY --from=build /opt/greenroom /opt/greenroom
ENV PATH=/opt/greenroom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GREENROOM_LISTEN=0.0.0.0:8080 \
    GREENROOM_DATA_DIR=/data
USER greenroom
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["greenroom"]
CMD ["serve"]
