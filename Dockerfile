# syntax=docker/dockerfile:1
# CPU:  docker build --tag shapeseg .
# GPU:  docker build --tag shapeseg:gpu --build-arg DEVICE=gpu .
# How it is used, and what of it was run: docs/container.md.

FROM python:3.11-slim-bookworm AS build
ARG DEVICE=cpu
ARG EXTRAS=tune
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/shapeseg
ENV PATH=/opt/shapeseg/bin:$PATH
WORKDIR /build
# Dependencies first: they change seldom, and a change of the code alone installs none of them again.
COPY requirements.txt .
RUN grep --invert-match '^-e' requirements.txt > pinned.txt
# The torch of PyPI brings CUDA along; PyTorch has an index of its own with the small one for the CPU.
RUN --mount=type=cache,target=/root/.cache/pip \
    if [ "$DEVICE" = cpu ]; then \
        pip install "$(grep '^torch==' pinned.txt)" --index-url "$TORCH_INDEX"; \
    fi
RUN --mount=type=cache,target=/root/.cache/pip pip install --requirement pinned.txt
COPY pyproject.toml README.md LICENSE ./
COPY shapeseg shapeseg
RUN --mount=type=cache,target=/root/.cache/pip pip install --constraint pinned.txt ".[$EXTRAS]"

FROM python:3.11-slim-bookworm
# What opencv-python is linked against. Debian keeps only the newest of each, so that a version here would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 shapeseg \
    && install --directory --owner=shapeseg --group=shapeseg /project
COPY --from=build /opt/shapeseg /opt/shapeseg
ENV PATH=/opt/shapeseg/bin:$PATH \
    KERAS_BACKEND=torch \
    PYTHONUNBUFFERED=1
WORKDIR /project
# By pyproject.toml the notebooks know the folder to work in.
COPY --chown=shapeseg:shapeseg pyproject.toml .
COPY --chown=shapeseg:shapeseg notebooks notebooks
COPY --chown=shapeseg:shapeseg saved_models/reference saved_models/reference
USER 1000
ENTRYPOINT ["shapeseg"]
CMD ["--help"]
