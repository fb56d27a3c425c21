FROM python:3.13-slim AS builder
WORKDIR /build

# Dependencies first: they change less often than the code, and then this layer is kept.
COPY requirements-build.lock requirements-runtime.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements-build.lock \
 && python -m pip wheel --no-cache-dir --no-build-isolation --use-pep517 --require-hashes \
        --requirement requirements-runtime.lock --wheel-dir /wheels

COPY pyproject.toml README.md LICENSE ./
COPY rules rules
COPY machines machines
COPY runtime runtime
COPY adapters adapters
COPY features features
RUN python -m pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/eternal \
 && python -m pip --python /opt/eternal install --no-cache-dir --no-index --no-deps /wheels/*.whl

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home eternal
COPY --from=builder /opt/eternal /opt/eternal
ENV PATH=/opt/eternal/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER eternal
WORKDIR /home/eternal
ENTRYPOINT ["eternal"]
