#!/bin/bash
# What strategies did in one environment is not the state of another:
#   strategy_environments.sh BINARY
# Observed and rebalanced in demo; paper knows nothing of it, and demo goes on from its own decision.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: strategy_environments.sh BINARY" >&2; exit 2; }
binary=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config"
cd "$work"
"$binary" init desk >/dev/null
cd desk
{
  echo '['
  for strategy in core_daily_trend core_mean_reversion core_volatility_target core_cross_exchange; do
    printf '{"kind":"observe","strategy":"%s","metrics":{"alpha":0.9,"slo_violation_rate":0,"risk_penalty":0}},\n' "$strategy"
  done
  echo '{"kind":"risk","strategy":"core_cross_exchange","risk_penalty":0.9}]'
} >events.json
cycle() { "$binary" run strategy_cycle --set governor=strategies_core "$@" 2>&1; }
expect() { grep -qF -- "$2" <<<"$1" || { echo "expected '$2' in:"; echo "$1"; exit 1; }; }

expect "$(cycle --environment demo --now 2024-03-24T08:10:00Z --set events=events.json)" "allow, rebalanced"
paper=$(cycle --environment paper --now 2024-03-24T08:15:00Z)
expect "$paper" "core_cross_exchange     12.00 %"
expect "$paper" "held_on_missing_data"
expect "$(cycle --environment demo --now 2024-03-24T08:20:00Z)" "held_by_interval"
