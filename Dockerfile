# syntax=docker/dockerfile:1
# The controller, without its sandbox and without build tools.
#
# Python 3.11 is the version that `make test` runs on and mypy checks for. Bookworm brings git 2.39, whose
# behaviour with hostile repositories is the one that controller/sources was tried against.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# Locks first: as long as they stay, so does this layer.
COPY requirements-run.lock requirements-build.lock ./
RUN python -m venv /opt/trueup \
 && /opt/trueup/bin/python -m pip install --only-binary :all: --no-deps --require-hashes -r requirements-run.lock \
 && python -m venv /opt/tools \
 && /opt/tools/bin/python -m pip install --only-binary :all: --no-deps --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY specs specs
COPY controller controller
# pip compiles what it installs, because the container may not write; pip itself has no business there.
RUN /opt/tools/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/trueup/bin/python -m pip install --no-deps --no-index /wheels/*.whl \
 && /opt/trueup/bin/python -m pip uninstall --yes pip setuptools

FROM ${BASE}
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=""
LABEL org.opencontainers.image.title="trueup" \
      org.opencontainers.image.description="A release controller for Amazon ECS: specs in git, converged, watched and rolled back" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"

# Versions are the base image's business: Debian removes a pinned one from its mirrors with the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git gpg openssh-client tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-log-init --home-dir /var/lib/trueup --create-home --shell /usr/sbin/nologin trueup
COPY --from=build /opt/trueup /opt/trueup

# The root may be read-only: what is written goes to the volume (memory, mirrors of git) or to /tmp.
ENV PATH=/opt/trueup/bin:$PATH \
    HOME=/var/lib/trueup \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRUEUP_LISTEN=0.0.0.0:9102 \
    TRUEUP_STORE=sqlite:////var/lib/trueup/trueup.db
USER 10001:10001
WORKDIR /var/lib/trueup
VOLUME ["/var/lib/trueup"]
EXPOSE 9102
# Asked where we listen, so that a changed TRUEUP_LISTEN does not make a healthy container look dead.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['TRUEUP_LISTEN'].rpartition(':')[2] + '/healthz', timeout=4)"]
# tini reaps what git and ssh leave behind, and passes SIGTERM on.
ENTRYPOINT ["tini", "--", "trueup"]
CMD ["run"]
