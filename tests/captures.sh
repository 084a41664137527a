#!/bin/bash
# What a page shows of the terminal must be what happens: replays the page in a desk of its own and compares.
#   captures.sh BINARY PAGE          status 1 and the difference when the page is stale
#   captures.sh BINARY PAGE --print  the page with what happens now in its blocks, to be put in its place
# A line "`PATH`:" before a ```lua block names the file that the block is. In a ```console block each line that begins with
# "$ " is run in that desk, with the id of its only run for any id of a run; what follows is what it printed. Ids, times,
# hashes and durations differ each time and are not compared.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: captures.sh BINARY PAGE [--print]" >&2; exit 2; }
binary=$(readlink -f "$1")
page=$(readlink -f "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/desk"
export HOME="$work" XDG_CONFIG_HOME="$work/.config" TZ=UTC LC_ALL=C.UTF-8 NO_COLOR=1 TERM=dumb
cd "$work/desk"

ballast() { "$binary" "$@"; }

run_id='[a-z_]+-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}'

# replay COMMAND: prints what it says, and its status where that is not 0.
replay() {
  local command=$1 status=0 ids=()
  if [ -d var/runs ]; then ids=($(ls var/runs)); fi
  if [ ${#ids[@]} -eq 1 ]; then command=$(sed -E "s/$run_id/${ids[0]}/g" <<<"$command"); fi
  eval "$command" >"$work/said" 2>&1 </dev/null || status=$?
  sed "s#$work#~#g" "$work/said"
  if [ "$status" -ne 0 ]; then echo "(exit status $status)"; fi
}

inside=text file='' commands=0
while IFS= read -r line; do
  if [ "$inside" = console ] && [[ $line == '$ '* ]]; then
    if [ "$first" = no ]; then echo; fi
    first=no commands=$((commands + 1))
    echo "$line"
    replay "${line:2}"
    continue
  fi
  case "$inside:$line" in
    text:'```console') inside=console first=yes ;;
    text:'```lua') if [ -n "$file" ]; then inside=file; mkdir -p "$(dirname "$file")"; : >"$file"; fi ;;
    text:'`'*'`:') file=${line#\`} file=${file%\`:} ;;
    console:'```' | file:'```') inside=text file='' ;;
    console:*) continue ;;
    file:*) printf '%s\n' "$line" >>"$file" ;;
  esac
  printf '%s\n' "$line"
done <"$page" >"$work/replayed"
[ "$commands" -gt 0 ] || { echo "$(basename "$page") has no command to replay"; exit 1; }

if [ "${3:-}" = --print ]; then
  ids=($(ls var/runs 2>/dev/null || true))
  if [ ${#ids[@]} -eq 1 ]; then sed -i -E "s/$run_id/${ids[0]}/g" "$work/replayed"; fi
  cat "$work/replayed"
  exit
fi

same() {
  sed -E "s/$run_id/RUN/g
    s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g
    s/[0-9a-f]{64}/SHA256/g
    s/\([0-9a-f]{16}\)/(BUILD)/g
    s/(hmac|ed25519)-[0-9]{8}-[0-9a-f]{8}/\1-KEY/g
    s/^ *[0-9]+(\.[0-9] s|:[0-9:]+| s)  /T  /
    s/, [0-9]+(\.[0-9])? s\b/, T s/g
    s/TIME \| [0-9.e-]+ \|/TIME | S |/g" "$1"
}
diff -u <(same "$page") <(same "$work/replayed") ||
  { echo "$(basename "$page") is not what happens; tests/captures.sh BINARY PAGE --print shows it as it is"; exit 1; }
