/**
 * What goes into the guest image. Everything here becomes part of the image's name in the cache: change it, and the image is
 * made anew.
 */
export const recipe = {
  /** Debian's packages; what they depend on comes with them. */
  packages: [
    'busybox-static',
    'dash',
    'dropbear-bin',
    'ethtool',
    'fping',
    'iproute2',
    'iputils-ping',
    'jq',
    'kmod',
    'linux-image-cloud-amd64',
    'nftables',
    'tcpdump',
    'util-linux',
  ],
  /** What no guest reads. */
  excludedPaths: [
    '/usr/share/bash-completion/*',
    '/usr/share/bug/*',
    '/usr/share/doc/*',
    '/usr/share/info/*',
    '/usr/share/initramfs-tools/*',
    '/usr/share/lintian/*',
    '/usr/share/locale/*',
    '/usr/share/man/*',
    '/usr/share/perl5/*',
    '/usr/lib/x86_64-linux-gnu/perl-base/*',
    '/boot/System.map*',
  ],
  /** Directories of kernel modules that are kept, below `kernel/`: networks, and what a guest boots from. */
  moduleDirectories: [
    'arch',
    'crypto',
    'drivers/block',
    'drivers/char',
    'drivers/net',
    'drivers/vhost',
    'drivers/virtio',
    'fs/isofs',
    'fs/overlayfs',
    'fs/squashfs',
    'lib',
    'net',
  ],
  /** Directories below those that are real hardware. */
  withoutModules: [
    'drivers/net/ethernet',
    'drivers/net/wireless',
    'drivers/net/phy',
    'drivers/net/usb',
    'drivers/net/hyperv',
    'net/bluetooth',
    'net/mac80211',
    'net/wireless',
    'net/ceph',
    'net/sunrpc',
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
