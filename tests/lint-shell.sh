#!/bin/sh
# Checks all shell scripts and awk programs of this repository: npm run lint.
cd "$(dirname "$0")/.." || exit

# Files with a shell's first line; the second one of TypeScript that a shell can start begins with "':' //".
shell_files() {
	git ls-files -co --exclude-standard | while read -r file; do
		[ -f "$file" ] && [ ! -L "$file" ] || continue
		case $file in
		# Written as xcluster's ovls are.
		tests/xctest/ovl/model/*) continue ;;
		esac
		{ read -r first && read -r second; } <"$file" 2>/dev/null
		case $first$second in
		*"':' //"*) ;;
		'#!/bin/sh'* | '# shellcheck shell=sh'*) echo "$file" ;;
		esac
	done
}

# The parts of netns_test share variables and call each other. Together they are checked as one program: a variable that
# no part sets, or none uses, is found. Commands get their arguments where shellcheck cannot see it (SC2119, SC2120).
is_part() { # <file>
	case $1 in
	ovl/default/* | scripts/connections/*) ;;
	*) return 1 ;;
	esac
}

files=$(shell_files)
others='' parts=''
for file in $files; do
	if is_part "$file"; then parts="$parts. ./$file
"; else others="$others $file"; fi
done
status=0
# shellcheck disable=SC2086
shellcheck $others || status=1
printf %s "$parts" | shellcheck --shell=sh -x -a -e SC2119,SC2120 - || status=1
# Programs in Perl, with the parts that they read; warnings count.
for file in $(git ls-files -co --exclude-standard -- '*.pl' '*.pm'); do
	[ -f "$file" ] && read -r first <"$file" || continue
	case $first in
	'#!/usr/bin/perl'* | package*) ;;
	*) continue ;;
	esac
	said=$(perl -w -I "$PWD/${file%/*}" -c "$PWD/$file" 2>&1)
	case $said in
	"$PWD/$file syntax OK") ;;
	*)
		echo "$said"
		status=1
		;;
	esac
done
exit "$status"
