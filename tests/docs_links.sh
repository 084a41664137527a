#!/bin/bash
# Every relative link of the documentation, and every docs/ page that source files name, must be there:
#   docs_links.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"
dead=0
while IFS=: read -r page link; do
  target=$(dirname "$page")/${link%%#*}
  if [ ! -e "$target" ]; then echo "$page: dead link $link"; dead=$((dead + 1)); fi
done < <(grep -oE '\]\([^)# ][^) ]*\)' --with-filename -r README.md docs examples --include='*.md' |
  grep -v '://' | sed -E 's/\]\((.*)\)$/\1/')
while IFS=: read -r file page; do
  if [ ! -e "$page" ]; then echo "$file: names $page, which is not there"; dead=$((dead + 1)); fi
done < <(grep -rhoE --with-filename '\bdocs/[a-zA-Z0-9_/-]+\.md' engine lua policies runbooks config tests --include='*.?pp' \
  --include='*.lua' --include='*.yaml' --include='*.cmake' --include='*.sh' | sort -u)
echo "$dead dead links"
[ "$dead" -eq 0 ]
