import test from 'ava'
import { packageNames, readDistribution } from '../../scripts/host/distribution.ts'

/** os-release of each distribution, its package manager, and its names of some packages. */
const DISTRIBUTIONS = [
  ['Debian 12', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'apt', 'qemu-system-x86 uidmap xz-utils'],
  ['Debian 13', "ID='debian'\nVERSION_CODENAME='trixie'\n", 'apt', 'qemu-system-x86 uidmap xz-utils'],
  [
    'Ubuntu 22.04',
    'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nID_LIKE=debian\n',
    'apt',
    'qemu-system-x86 uidmap xz-utils',
  ],
  [
    'Ubuntu 24.04',
    'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nID_LIKE=debian\n',
    'apt',
    'qemu-system-x86 uidmap xz-utils',
  ],
  ['Linux Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt', 'qemu-system-x86 uidmap xz-utils'],
  ['Fedora', 'NAME="Fedora Linux"\nID=fedora\n', 'dnf', 'qemu-system-x86-core shadow-utils xz'],
  ['Rocky Linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf', 'qemu-system-x86-core shadow-utils xz'],
  ['openSUSE Leap', 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', 'zypper', 'qemu-x86 shadow xz'],
  ['openSUSE Tumbleweed', 'ID="opensuse-tumbleweed"\n', 'zypper', 'qemu-x86 shadow xz'],
  ['Arch Linux', 'ID=arch\n', 'pacman', 'qemu-system-x86 shadow xz'],
  ['Alpine', 'ID=alpine\n', 'apk', 'qemu-system-x86_64 shadow-subids xz'],
] as const

for (const [name, text, expected, names] of DISTRIBUTIONS) {
  test(`knows the packages of ${name}`, t => {
    const { manager } = readDistribution(text)
    t.is(manager?.name, expected)
    if (manager) t.is(packageNames(manager, ['qemu-system-x86', 'uidmap', 'xz-utils']).join(' '), names)
  })
}

test('an unknown distribution has no package manager, but a name', t => {
  t.deepEqual(readDistribution('PRETTY_NAME="NixOS 24.05"\nID=nixos\n'), {
    id: 'nixos',
    name: 'NixOS 24.05',
    manager: undefined,
  })
  t.is(readDistribution('').name, 'an unknown system')
})

test('one package of Debian may be several, or none', t => {
  const alpine = readDistribution('ID=alpine\n').manager
  const arch = readDistribution('ID=arch\n').manager
  if (!alpine || !arch) return t.fail()
  t.deepEqual(packageNames(alpine, ['util-linux', 'util-linux']), ['util-linux-misc', 'flock', 'setpriv'])
  t.deepEqual(packageNames(arch, ['mmdebstrap', 'cpio']), ['cpio'])
})
