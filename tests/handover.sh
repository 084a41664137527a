#!/bin/bash
# Orders of a portfolio decision are handed over once, whatever fails on the way, and taken back while nobody took them:
#   handover.sh BINARY
# What fails is a folder that is a file: of the orders, so that the effect fails, or of the record, which comes after it.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: handover.sh BINARY" >&2; exit 2; }
binary=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config"
cd "$work"
"$binary" data sample >/dev/null
echo '{}' >cash.json

said=
# expect STATUS TEXT COMMAND...: runs ballast; `said` is what it printed.
expect() {
  local wanted=$1 text=$2 status=0
  shift 2
  said=$("$binary" "$@" 2>&1) || status=$?
  if [ "$status" -ne "$wanted" ] || ! grep -qF -- "$text" <<<"$said"; then
    echo "ballast $*: expected status $wanted and '$text', found status $status:"
    echo "$said"
    exit 1
  fi
}
# At the limit of turnover nobody is asked.
hand_over() {
  local wanted=$1 text=$2
  shift 2
  expect "$wanted" "$text" run rebalance_handover --set governor=stage6_core --set portfolio_value=1e6 \
    --set turnover_limit=0.5 --set force=true "$@"
}
run_id() { grep -oE 'rebalance_handover-[0-9TZ]+-[0-9a-f]{8}(-[0-9]+)?' <<<"$said" | tail -1; }
fail() { echo "$*"; exit 1; }
all_in_cash=(--set allocations=cash.json)

hand_over 2 "orders in shadow are made from what the book holds" --environment shadow --dry-run

# The order file cannot be written; the run goes on later and writes it.
mkdir -p var && touch var/orders
hand_over 2 "" "${all_in_cash[@]}" --now 2024-03-24T08:10:00Z
first=$(run_id)
rm var/orders
expect 0 "3 orders in orders/$first.json" runs resume "$first"
[ "$(ls var/orders)" = "$first.json" ] || fail "expected the order file of $first alone: $(ls var/orders)"

# It waits; nothing is added to it until it is taken.
hand_over 2 "orders/$first.json waits to be taken" "${all_in_cash[@]}" --now 2024-03-24T08:20:00Z
expect 0 "" runs abort "$(run_id)"
mv "var/orders/$first.json" "var/orders/$first.json.taken"

# What was handed over counts as the book: nothing is left to change, and no file is written.
hand_over 0 "no rebalance" --now 2024-03-24T08:30:00Z
[ "$(ls var/orders)" = "$first.json.taken" ] || fail "an order file without orders: $(ls var/orders)"

# The record cannot be written: the orders are there, and go when the run is given up.
mv var/audit/handover handover.kept && touch var/audit/handover
hand_over 2 "" "${all_in_cash[@]}" --now 2024-03-24T08:40:00Z
second=$(run_id)
[ -f "var/orders/$second.json" ] || fail "no order file of $second"
expect 0 "" runs abort "$second"
[ "$(ls var/orders)" = "$first.json.taken" ] || fail "the order file was not taken back: $(ls var/orders)"

# What was taken back is nobody's book.
hand_over 2 "ended as aborted: name the current ones" --now 2024-03-24T08:50:00Z
expect 0 "" runs abort "$(run_id)"
expect 2 "ended as aborted: name the current ones" run portfolio_cycle --set portfolio_value=1e6 --now 2024-03-24T08:55:00Z
expect 0 "" runs abort "$(grep -oE 'portfolio_cycle-[0-9TZ]+-[0-9a-f]{8}' <<<"$said" | tail -1)"

# The record cannot be written and somebody takes the orders: the run goes on and does not write them again.
hand_over 2 "" "${all_in_cash[@]}" --now 2024-03-24T09:00:00Z
third=$(run_id)
mv "var/orders/$third.json" "var/orders/$third.json.taken"
rm var/audit/handover && mv handover.kept var/audit/handover
expect 0 "3 orders in orders/$third.json" runs resume "$third"
[ ! -e "var/orders/$third.json" ] || fail "the orders of $third were handed over twice"

expect 0 "" verify var
for run in "$first" "$third"; do
  expect 0 "every step, decision and artefact came out the same" replay "$run"
done
