# shellcheck shell=sh
# Writes the process's own record into <name>.pid, then becomes the command: a process of a cluster never runs without a
# record, whenever the program is killed. Arguments: the name; a FIFO to create and open as stdin, or nothing; the
# command.

if [ -n "$2" ]; then
	mkfifo -m 600 "$2" && exec <>"$2" || exit
fi
read -r line </proc/$$/stat && read -r boot </proc/sys/kernel/random/boot_id &&
	printf "%s\n%s\n" "$line" "$boot" >"$1.pid" && shift 2 && exec "$@"
