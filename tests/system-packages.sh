#!/usr/bin/env bash
# Installs the system packages that the tests need, where they are absent and we may: a browser; and PostgreSQL, Redis and
# nginx, without which the tests of keys and allowances on several machines are left out.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v nginx >/dev/null || missing+=(nginx-light)
command -v redis-server >/dev/null || missing+=(redis-server)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
elif [ "${missing[0]}" = chromium ]; then
  echo "missing: ${missing[*]} (Debian: apt-get install ${missing[*]})"
  exit 1
fi
