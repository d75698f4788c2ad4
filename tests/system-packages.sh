#!/usr/bin/env bash
# Installs the system packages that the browser tests need, where they are absent and we may.
set -euo pipefail
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
else
  echo "missing: chromium (Debian: apt-get install chromium)"
  exit 1
fi
