import type { Guest, GuestArchitecture } from '../../../settings/guest.ts'

/** The content of the guest image. It is part of the cache key: after a change the image is rebuilt. */
export const recipe = {
  /** Debian packages, besides the kernel; their dependencies are added. */
  packages: [
    'bash',
    'busybox-static',
    'curl',
    'dash',
    'dropbear-bin',
    'ethtool',
    'fping',
    'iproute2',
    'iptables',
    'iputils-ping',
    'iputils-tracepath',
    'isc-dhcp-client',
    'jq',
    'kmod',
    'ncurses-base',
    'nftables',
    'perl-base',
    'procps',
    'socat',
    'tcpdump',
    'util-linux',
  ],
  /** Files that no guest uses. */
  excludedPaths: [
    '/boot/System.map*',
    '/etc/cron*',
    '/etc/dhcp/*',
    '/etc/logrotate.d/*',
    '/usr/games/*',
    '/usr/include/*',
    '/usr/share/bash-completion/*',
    '/usr/share/bug/*',
    '/usr/share/doc/*',
    '/usr/share/info/*',
    '/usr/share/lintian/*',
    '/usr/share/locale/*',
    '/usr/share/man/*',
  ],
  /** Files of dependencies that only additional packages may use. `TRIPLET` stands for Debian's name of the architecture. */
  excludedByDefault: [
    '/bin/udevadm',
    '/lib/systemd/*',
    '/lib/udev/*',
    '/lib/TRIPLET/security/*',
    '/usr/bin/deb*',
    '/usr/bin/dpkg*',
    '/usr/bin/perl5*',
    '/usr/lib/klibc/*',
    '/usr/lib/dpkg/*',
    '/usr/lib/systemd/*',
    '/usr/lib/udev/*',
    '/usr/lib/TRIPLET/gconv/*',
    '/usr/lib/TRIPLET/libdb-5*',
    '/usr/lib/TRIPLET/libperl*',
    '/usr/lib/TRIPLET/perl/*',
    '/usr/lib/TRIPLET/perl5/*',
    '/usr/sbin/adduser',
    '/usr/sbin/arpd',
    '/usr/sbin/mkinitramfs',
    '/usr/share/adduser/*',
    '/usr/share/debconf/*',
    '/usr/share/dpkg/*',
    '/usr/share/initramfs-tools/*',
    '/usr/share/perl*',
  ],
  /** Symbolic links that maintainer scripts would create, and their targets. */
  alternatives: {
    'usr/sbin/iptables': 'xtables-nft-multi',
    'usr/sbin/iptables-restore': 'xtables-nft-multi',
    'usr/sbin/iptables-save': 'xtables-nft-multi',
    'usr/sbin/ip6tables': 'xtables-nft-multi',
    'usr/sbin/ip6tables-restore': 'xtables-nft-multi',
    'usr/sbin/ip6tables-save': 'xtables-nft-multi',
  },
  /** Kernel modules to keep, below `kernel/`: networks and boot devices. */
  modules: [
    'arch/arm64/crypto/',
    'arch/x86/crypto/',
    'crypto/',
    'drivers/block/loop.ko',
    'drivers/block/virtio_blk.ko',
    'drivers/char/',
    'drivers/net/',
    'drivers/vhost/',
    'drivers/virtio/',
    'fs/isofs/',
    'fs/overlayfs/',
    'fs/squashfs/',
    'lib/',
    'net/',
  ],
  /** Exceptions from `modules`: drivers of real hardware. */
  withoutModules: [
    'drivers/net/ethernet/',
    'drivers/net/hyperv/',
    'drivers/net/phy/',
    'drivers/net/usb/',
    'drivers/net/wireless/',
    'net/bluetooth/',
    'net/ceph/',
    'net/mac80211/',
    'net/sunrpc/',
    'net/wireless/',
  ],
  /**
   * Modules that the initrd loads, with their dependencies: those that the root needs, and those that every test uses,
   * since `insmod` in the initrd takes an emulated guest a tenth of the time of `modprobe` later.
   */
  earlyModules: [
    'virtio_pci',
    'virtio_console',
    'virtio_blk',
    'squashfs',
    'overlay',
    'virtio_net',
    'veth',
    'bridge',
    '8021q',
  ],
} as const

/** Debian's names of architectures in paths. */
export const TRIPLETS: Readonly<Record<GuestArchitecture, string>> = {
  amd64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
}

/** Patterns of the files that an image does without. */
export const excludedPaths = ({
  packages,
  architecture,
}: Pick<Guest, 'packages' | 'architecture'>): readonly string[] =>
  [...recipe.excludedPaths, ...(packages.length > 0 ? [] : recipe.excludedByDefault)].map(pattern =>
    pattern.replace('TRIPLET', TRIPLETS[architecture]),
  )
