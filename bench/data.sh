#!/usr/bin/env bash
# Fetches the data that bench/run measures on, into DIR (default bench/data):
#
#   DIR/k8s/vX   eight releases of Kubernetes, by the go command
#   DIR/linux    the Linux source as Debian packages it, by apt-get
#
# What is there already is left alone. Needs about 3 GB, and no root.
set -euo pipefail
umask 022

case ${1-} in
-h | --help)
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
  exit
  ;;
esac
dir=${1-$(dirname "$0")/data}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
versions=(v1.29.0 v1.29.5 v1.30.0 v1.30.5 v1.30.10 v1.31.0 v1.31.5 v1.32.0)
linux=linux-source-6.1

tmp=$(mktemp -d -p "$dir" .fetch.XXXXXX)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

say() { echo "data: $*" >&2; }

# module VERSION copies a module out of the module cache, writable.
module() {
  local json cached
  # Outside of any module, so that no go.mod is read or changed.
  if ! json=$(cd "$tmp" && GOWORK=off go mod download -json "k8s.io/kubernetes@$1"); then
    echo "$json" >&2
    return 1
  fi
  cached=$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$json")
  cp -a "$cached" "$tmp/$1"
  chmod -R u+w "$tmp/$1"
  mv "$tmp/$1" "$dir/k8s/$1"
}

mkdir -p "$dir/k8s"
for v in "${versions[@]}"; do
  if [ -d "$dir/k8s/$v" ]; then
    say "k8s/$v is there"
    continue
  fi
  say "k8s/$v"
  module "$v"
done

if [ -d "$dir/linux" ]; then
  say "linux is there"
else
  say "linux, from $linux"
  (
    cd "$tmp"
    # apt-get download installs nothing and needs no root.
    apt-get download -qq "$linux" 2>apt.log || {
      cat apt.log >&2
      say "apt-get knows no $linux, or not where it is: run apt-get update, on Debian 12"
      exit 1
    }
    dpkg-deb -x "$linux"_*.deb package
    mkdir linux
    tar -xf "package/usr/src/$linux.tar.xz" -C linux --no-same-owner
    dpkg-deb -f "$linux"_*.deb Package Version >linux.source
  )
  mv "$tmp/linux" "$dir/linux"
  paste -sd ' ' "$tmp/linux.source" | sed 's/Package: //; s/Version: //' >"$dir/linux.source"
fi
echo "k8s.io/kubernetes ${versions[*]}" >"$dir/k8s.source"
say "done: $(du -sh "$dir/k8s" "$dir/linux" | tr '\n\t' ', ')"
