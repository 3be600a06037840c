import { environmentFailure, testFailure } from '../errors/failure.ts'
import type { Content } from './member.ts'

/** Architectures by their name in release archives, with Node's name and the `e_machine` of ELF files. */
const MACHINES = {
  amd64: { node: 'x64', machine: 62 },
  arm64: { node: 'arm64', machine: 183 },
  arm: { node: 'arm', machine: 40 },
  riscv64: { node: 'riscv64', machine: 243 },
  s390x: { node: 's390x', machine: 22 },
  ppc64le: { node: 'ppc64', machine: 21 },
} as const
export type Architecture = keyof typeof MACHINES

/**
 * The architecture of the host and its VMs.
 * @param nodesName as in `process.arch`
 * @throws Failure UNKNOWN_ARCHITECTURE (exit 3)
 */
export function hostArchitecture(nodesName: string = process.arch): Architecture {
  const names = Object.keys(MACHINES) as Architecture[]
  const found = names.find(name => MACHINES[name].node === nodesName)
  if (!found) {
    throw environmentFailure(
      'UNKNOWN_ARCHITECTURE',
      `there are no releases for this host's architecture, ${nodesName}`,
      {
        hint: `supported are ${names.join(', ')}`,
      },
    )
  }
  return found
}

const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46])
const LITTLE_ENDIAN = 1
/** Offsets in the ELF header (System V ABI). */
const DATA = 5
const MACHINE = 18
const NEEDED = MACHINE + 2

/** The first bytes of a file, as many as the functions below need. */
export const headOf = (content: Content): Buffer => {
  const [first] = content
  return (first && first.length >= NEEDED ? first : Buffer.concat(content)).subarray(0, NEEDED)
}

/** True for a program or library of any architecture. */
export const isElf = (head: Buffer): boolean => head.length >= NEEDED && head.subarray(0, MAGIC.length).equals(MAGIC)

/** True for a script with a `#!` line. */
export const isScript = (head: Buffer): boolean => head.subarray(0, 2).equals(Buffer.from('#!'))

/**
 * @param head of an ELF file
 * @param where names the file in the message
 * @throws Failure WRONG_ARCHITECTURE (exit 1) when it cannot run on the architecture
 */
export function requireArchitecture(head: Buffer, architecture: Architecture, where: string): void {
  const name = architectureOf(head)
  if (name === architecture) return
  throw testFailure('WRONG_ARCHITECTURE', `${where}: is for ${name}, but the VMs are ${architecture}`)
}

/** The architecture of a program; undefined if it is no ELF file. */
export function architectureOf(head: Buffer): string | undefined {
  if (!isElf(head)) return undefined
  const machine = head[DATA] === LITTLE_ENDIAN ? head.readUInt16LE(MACHINE) : head.readUInt16BE(MACHINE)
  return Object.entries(MACHINES).find(([, known]) => known.machine === machine)?.[0] ?? `ELF machine ${machine}`
}
