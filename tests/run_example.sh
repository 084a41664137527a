#!/bin/bash
# Runs one example in a copy of its folder and compares what it prints with `expected`, to the byte:
#   run_example.sh BINARY FOLDER
# Nothing of the machine reaches it: home, keys, history and the language are those of the copy.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: run_example.sh BINARY FOLDER" >&2; exit 2; }
binary=$(readlink -f "$1")
folder=$(readlink -f "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$folder" "$work/copy"
mkdir "$work/home"
cd "$work/copy"
status=0
env -i PATH="$PATH" HOME="$work/home" XDG_CONFIG_HOME="$work/home/config" XDG_STATE_HOME="$work/home/state" \
  TZ=UTC LC_ALL=C.UTF-8 NO_COLOR=1 BALLAST="$binary" ./run >"$work/printed" 2>"$work/diagnostics" || status=$?
if [ "$status" -ne 0 ]; then
  echo "$(basename "$folder")/run ended with status $status"
  cat "$work/printed" "$work/diagnostics"
  exit 1
fi
diff -u "$folder/expected" "$work/printed" || { echo "the output differs from $(basename "$folder")/expected"; exit 1; }
