# shellcheck shell=sh
# Packs ovls and programs. Sourced by xcluster-embedded.
# shellcheck disable=SC2154 # xcluster-embedded sets $packed, $cdrom, $__cached and $XCLUSTER_TMP.

unpacked() { # <archive>
	case $(head -c 6 "$1" | od -An -tx1 | tr -d ' \n') in
	fd377a585a00) xz -dc "$1" ;;
	1f8b*) gzip -dc "$1" ;;
	425a68*) bzip2 -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# Stores an uncompressed archive as an ovl that `start` finds.
store_archive() { # <number> <name>
	directory=$packed/$1$2
	mkdir -p "$directory" && cat >"$directory/archive" || return
	cat >"$directory/tar" <<-'END'
		#!/bin/sh
		exec cat "${0%/*}/archive" >"${1:?}"
	END
	chmod +x "$directory/tar"
	echo "$directory" >>"$cdrom"
}

# Packs each ovl (a name, directory or archive) once. Cached archives are used unchanged.
cmd_mkcdrom() { # [ovls…]
	make_private
	rm -rf "$packed" "$cdrom"
	settings
	number=0
	seen=' '
	for ovl; do
		case $seen in
		*" $ovl "*) continue ;;
		esac
		seen="$seen$ovl "
		case $ovl in
		env | network-topology | iptools | netns | test)
			echo "xcluster-embedded: $ovl: skipped, built into the embedded cluster" >&2
			continue
			;;
		esac
		prefix=$(printf %02d "$number")
		number=$((number + 1))
		cached=$__cached/${SETUP:-default}/$ovl.tar.xz
		[ -r "$cached" ] || cached=$__cached/default/$ovl.tar.xz
		if [ -r "$cached" ]; then
			ovl=$cached
		elif [ ! -f "$ovl" ] && [ ! -x "$ovl/tar" ]; then
			ovl=$(cmd_ovld "$ovl") || exit 1
		fi
		base=$(basename "$(readlink -f "$ovl")")
		base=${base%.tar*}
		if [ -f "$ovl" ]; then
			unpacked "$ovl" | store_archive "$prefix" "$base" || die "mkcdrom: cannot store $ovl"
		else
			[ -x "$ovl/tar" ] || die "mkcdrom: $ovl/tar is not executable"
			archive=$XCLUSTER_TMP/packing.tar
			rm -f "$archive"
			"$ovl/tar" "$archive" || die "mkcdrom: $ovl/tar exited with status $?"
			[ -s "$archive" ] || die "mkcdrom: $ovl/tar succeeded but wrote no archive"
			store_archive "$prefix" "$base" <"$archive" || die "mkcdrom: cannot store the archive of $ovl/tar"
			rm -f "$archive"
		fi
	done
}

cmd_install_prog() { # --dest=<directory> [programs…]
	dest=
	while :; do
		case ${1-} in
		--dest=* | --root=*) dest=${1#*=} ;;
		--*) ;;
		*) break ;;
		esac
		shift
	done
	: "${dest:=${__dest-}}"
	[ -n "$dest" ] || die 'install_prog: --dest=<directory> is required'
	mkdir -p "$dest/bin" || exit
	for program; do
		[ -x "$program" ] && file=$(readlink -f "$program") || file=$(command -v "$program")
		if [ ! -x "$file" ]; then
			echo "xcluster-embedded: WARNING: program '$program' not found" >&2
			continue
		fi
		cp -L "$file" "$dest/bin/$(basename "$program")" || exit
		# The image has the C library of the same release.
		ldd "$file" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' |
			grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv)\.so' |
			while IFS= read -r library; do cp -L --parents "$library" "$dest" || exit; done || exit
	done
}

cmd_cache() { # [--clear] [--list] [ovls…]
	settings
	while :; do
		case ${1-} in
		--clear) rm -rf "$__cached" ;;
		--list) find "$__cached" -type f -name '*.tar.xz' -printf '%P\n' ;;
		*) break ;;
		esac
		shift
	done
	directory=$__cached/${SETUP:-default}
	for ovl; do
		found=$(cmd_ovld "$ovl") || exit
		mkdir -p "$directory" || exit
		"$found/tar" "$directory/$ovl.tar" || die "cache: $found/tar exited with status $?"
		xz -f "$directory/$ovl.tar" || exit
	done
}
