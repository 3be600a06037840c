# shellcheck shell=sh
# What the person and the host side get to read: details on stdout, the summary and errors on stderr.

now() { date +%T; }

read -r host </proc/sys/kernel/hostname

# Summary lines of a VM are indented by two; what a test case is about is in the summary and in the log.
tcase() {
	local slogan
	slogan="  $(now) ($host): TEST CASE: $*"
	echo "$slogan"
	echo "$slogan" >&2
}
# The host side takes the reason of a failed step from this line.
failed() { echo "  $(now) ($host): FAILED: $*" >&2; }

# Wrong usage: exit 2. Something that did not work: exit 1.
usage() {
	echo "netns_test: $* (netns_test help)" >&2
	exit 2
}
die() {
	if [ -n "$in_tcase" ]; then failed "$*"; else echo "netns_test: $*" >&2; fi
	exit 1
}
