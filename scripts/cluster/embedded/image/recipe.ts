/**
 * What goes into the guest image. All of it is part of the image's name in the cache: change it, and the image is made anew.
 */
export const recipe = {
  /** Debian's packages; what they depend on comes with them. */
  packages: [
    'bash',
    'busybox-static',
    'dash',
    'dropbear-bin',
    'ethtool',
    'fping',
    'iproute2',
    'iptables',
    'iputils-ping',
    'jq',
    'kmod',
    'linux-image-cloud-amd64',
    'ncurses-base',
    'nftables',
    'perl-base',
    'procps',
    'tcpdump',
    'util-linux',
  ],
  /** What no guest reads; most of it comes with what the kernel's package needs on a host. */
  excludedPaths: [
    '/boot/System.map*',
    '/lib/systemd/*',
    '/lib/udev/*',
    '/usr/lib/systemd/*',
    '/usr/lib/udev/*',
    '/usr/lib/x86_64-linux-gnu/gconv/*',
    '/usr/lib/x86_64-linux-gnu/perl/*',
    '/usr/lib/x86_64-linux-gnu/perl5/*',
    '/usr/share/bash-completion/*',
    '/usr/share/bug/*',
    '/usr/share/doc/*',
    '/usr/share/info/*',
    '/usr/share/initramfs-tools/*',
    '/usr/share/lintian/*',
    '/usr/share/locale/*',
    '/usr/share/man/*',
    '/usr/share/perl*',
  ],
  /** Links that a package's scripts would have made, and to what. */
  alternatives: {
    'usr/sbin/iptables': 'xtables-nft-multi',
    'usr/sbin/iptables-restore': 'xtables-nft-multi',
    'usr/sbin/iptables-save': 'xtables-nft-multi',
    'usr/sbin/ip6tables': 'xtables-nft-multi',
    'usr/sbin/ip6tables-restore': 'xtables-nft-multi',
    'usr/sbin/ip6tables-save': 'xtables-nft-multi',
  },
  /** Kernel modules that are kept, below `kernel/`: networks, and what a guest boots from. */
  modules: [
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
  /** Modules among those that are left out: real hardware. */
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
   * Modules that are loaded before the root is there, with what they depend on: those that the root needs, and those of
   * every test, since `insmod` here costs an emulated guest a tenth of `modprobe` there.
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
