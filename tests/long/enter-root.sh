#!/bin/sh
# enter-root.sh <directory> <user> <command>: runs a shell's command with a directory as root, as a container does: with its own mounts and
# processes, by pivot_root. In a mere chroot the kernel makes no user namespaces. All that was started ends with the command.
set -eu

if [ "${ENTERED-}" != yes ]; then
	exec unshare --mount --propagation private --pid --fork --kill-child env ENTERED=yes sh "$0" "$@"
fi

root=$1 user=$2 command=$3
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 run run
mkdir -p old
pivot_root . old
umount -l /old
# No exec: this shell is process 1, and waits for orphans, too.
su --login "$user" --whitelist-environment=SSL_CERT_FILE,SSL_CERT_DIR,NODE_EXTRA_CA_CERTS,npm_config_registry --command="$command"
