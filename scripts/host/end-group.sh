# shellcheck shell=sh
# Waits for the end of its input, and ends a process group if that came without a word. Arguments: the group's leader; the seconds
# after which it is killed.

read -r _ || {
	kill -TERM "-$1"
	sleep "$2"
	kill -KILL "-$1"
}
