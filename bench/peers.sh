#!/usr/bin/env bash
# Installs the programs that bench/run compares with, as Debian packages them,
# and says which versions are there. With --list, only says.
#
#   mksquashfs, unsquashfs   squashfs-tools
#   zpaq                     zpaq
#   tar, zstd                tar, zstd
#   gcc                      for the build with -tags libzstd
#   diff                     diffutils, to check what was extracted
#   borg, restic             borgbackup, restic, for bench/sharing
#   ffmpeg, mke2fs           ffmpeg, e2fsprogs, which make data for it
#
# DwarFS is not in Debian 12. Where mkdwarfs and dwarfsextract are found in
# PATH, bench/run takes them in; otherwise it says that it did not.
set -euo pipefail

packages=(squashfs-tools zpaq tar zstd gcc libc6-dev diffutils python3 borgbackup restic ffmpeg e2fsprogs)

case ${1-} in
-h | --help)
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
  exit
  ;;
--list) ;;
'')
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
  ;;
*)
  echo "usage: $0 [--list]" >&2
  exit 2
  ;;
esac

missing=0
# first COMMAND... prints the first line of what a command says of itself.
first() {
  if ! command -v "$1" >/dev/null; then
    printf '%-12s not installed\n' "$1"
    [ "$1" = mkdwarfs ] || missing=1
    return
  fi
  printf '%-12s %s\n' "$1" "$({ "$@" 2>&1 || true; } | sed -n '/[^[:space:]]/{p;q}')"
}

first mksquashfs -version
first unsquashfs -version
first zpaq
first zstd --version
first tar --version
first gcc --version
first mkdwarfs --help
first diff --version
first python3 --version
first borg --version
first restic version
first ffmpeg -version
first mke2fs -V
exit $missing
