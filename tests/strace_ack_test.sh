#!/bin/sh
# Proves with the kernel's own record that every acknowledgement follows an fdatasync that covers the entry's line:
#   strace_ack_test.sh APPEND_DRIVER
# Exit 77 (skipped) where strace is missing or not permitted.
set -eu
driver=$1
command -v strace >/dev/null 2>&1 || { echo "skipped: strace is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strace -o "$work/probe" true 2>/dev/null || { echo "skipped: strace is not permitted here"; exit 77; }
"$driver" keys "$work/keys"
strace -f -y -s 65536 -e trace=write,pwrite64,fdatasync,fsync,rename -o "$work/trace" \
  "$driver" threads "$work/log" "$work/keys" 20 3 >"$work/acks"
# In file order: lines written to a segment are dirty until an fdatasync of that segment returned 0, and a HEAD that is
# renamed into place covers the lines that were synced before. An ack may only name an entry that is both.
awk '
  function entries(text,   rest, number) {
    rest = text
    while (match(rest, /\\"seq\\":[0-9]+/)) {
      number = substr(rest, RSTART + 8, RLENGTH - 8)
      written[number] = 1; clean[number] = 0; pending[number] = 1
      rest = substr(rest, RSTART + RLENGTH)
    }
  }
  # A call that another thread interrupted is completed on a later line of the same thread.
  / <unfinished \.\.\.>$/ { begun[$1] = $0; sub(/ <unfinished \.\.\.>$/, "", begun[$1]); next }
  / resumed>/ { line = $0; sub(/^.* resumed>/, "", line); $0 = begun[$1] line }
  /write\([0-9]+<[^>]*decision_log-[^>]*\.jsonl>/ { entries($0) }
  /fdatasync\([0-9]+<[^>]*decision_log-[^>]*\.jsonl>\) += 0/ { for (number in pending) { clean[number] = 1; delete pending[number] } }
  /rename\(.*HEAD\.tmp.*HEAD"\) += 0/ {
    for (number in pending) { print "HEAD was replaced before the line of entry " number " was synced"; bad = 1 }
    for (number in clean) if (clean[number]) covered[number] = 1
  }
  /write\(1<[^>]*>, "ack / {
    match($0, /"ack [0-9]+/); number = substr($0, RSTART + 5, RLENGTH - 5)
    ++acks
    if (!written[number]) { print "entry " number " was acknowledged and never written"; bad = 1 }
    else if (!clean[number]) { print "entry " number " was acknowledged before its sync"; bad = 1 }
    else if (!covered[number]) { print "entry " number " was acknowledged before HEAD covered it"; bad = 1 }
  }
  END {
    print acks + 0 " acknowledgements"
    if (acks != 60) { print "expected 60"; bad = 1 }
    exit bad
  }' "$work/trace"
