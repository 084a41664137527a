#!/bin/bash
# An incident is frozen, observed and thawed; what fails on the way is gone on with or taken back to the byte:
#   incident.sh BINARY
# What fails is a folder that is a file: of the overrides, so that the effect fails, or of the record, which comes after it.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: incident.sh BINARY" >&2; exit 2; }
binary=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config"
cd "$work"

said=
# expect STATUS TEXT COMMAND...: runs ballast; `said` is what it printed.
expect() {
  local wanted=$1 text=$2 status=0
  shift 2
  said=$("$binary" "$@" 2>&1 </dev/null) || status=$?
  if [ "$status" -ne "$wanted" ] || ! grep -qF -- "$text" <<<"$said"; then
    echo "ballast $*: expected status $wanted and '$text', found status $status:"
    echo "$said"
    exit 1
  fi
}
incident() {
  local wanted=$1 text=$2
  shift 2
  expect "$wanted" "$text" run incident_freeze --set symbol=BTC_USDT "$@"
}
run_id() { grep -oE 'incident_freeze-[0-9TZ]+-[0-9a-f]{8}(-[0-9]+)?' <<<"$said" | tail -1; }
fail() { echo "$*"; exit 1; }
override=var/overrides/demo/symbol-BTC_USDT.json
freeze=(--set action=freeze --set duration=1h --confirm freeze --actor ann)
release=(--set action=release --set "reason=venue is back" --confirm release)

# Nobody confirmed: nothing happens until somebody does.
incident 4 "confirmation 'freeze' is missing" --set action=freeze --set duration=1h --now 2024-03-24T08:00:00Z
[ ! -e "$override" ] || fail "frozen without a confirmation"
expect 0 "" runs abort "$(run_id)"

# The override cannot be written; the run goes on later and writes it.
touch var/overrides
incident 2 "" "${freeze[@]}" --now 2024-03-24T08:10:00Z
first=$(run_id)
rm var/overrides
expect 0 "BTC_USDT is frozen until 2024-03-24T09:10:00Z" runs resume "$first"
cp "$override" frozen.json

# A refused request changes no file; a program's observation needs nobody to confirm it.
incident 1 "release_not_authorised" "${release[@]}" --actor ann --now 2024-03-24T08:20:00Z
refused=$(run_id)
cmp "$override" frozen.json
echo '{"risk_level": "calm", "risk_score": 0.1, "time": "2024-03-24T08:25:00Z"}' >calm.json
incident 0 "BTC_USDT is frozen until 2024-03-24T09:10:00Z" --set action=observe --set assessment=calm.json --now 2024-03-24T08:25:00Z
cp "$override" frozen.json

# Thawed, but the record cannot be written: given up, the override is what it was, to the byte.
mv var/audit/freeze freeze.kept && touch var/audit/freeze
incident 2 "" "${release[@]}" --actor operator --now 2024-03-24T08:30:00Z
grep -q '"trading_blocked": false' "$override" || fail "not thawed"
thaw=$(run_id)
expect 0 "" runs abort "$thaw"
cmp "$override" frozen.json
rm var/audit/freeze && mv freeze.kept var/audit/freeze

# That it was decided stands in the log: the next decision goes on from there.
incident 0 "BTC_USDT is not frozen" --set action=observe --set assessment=calm.json --now 2024-03-24T08:35:00Z
incident 0 "BTC_USDT is frozen until 2024-03-24T08:45:00Z" --set action=alert --set alert=nav_guard --now 2024-03-24T08:40:00Z
incident 1 "freeze_not_running" "${release[@]}" --set freeze_id=another --actor operator --now 2024-03-24T08:41:00Z
incident 0 "BTC_USDT is not frozen" "${release[@]}" --actor operator --now 2024-03-24T08:42:00Z

# What was frozen of one symbol is not the state of another, nor of another environment.
expect 0 "ETH_USDT is not frozen" run incident_freeze --set symbol=ETH_USDT --set action=observe --set assessment=calm.json --now 2024-03-24T08:35:00Z
incident 0 "BTC_USDT is frozen" "${freeze[@]}" --now 2024-03-24T08:50:00Z
expect 0 "BTC_USDT is not frozen" run incident_freeze --environment paper --set symbol=BTC_USDT --set action=observe --set assessment=calm.json --now 2024-03-24T08:51:00Z

expect 0 "" verify var
for run in "$first" "$refused"; do
  expect 0 "every step, decision and artefact came out the same" replay "$run"
done
