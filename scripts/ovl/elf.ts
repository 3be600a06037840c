import { testFailure } from '../errors/failure.ts'

/** A processor in the spelling of release archives, with its number in ELF files (e_machine). */
const MACHINES = { amd64: 62, arm64: 183 } as const
export type Architecture = keyof typeof MACHINES

/** The architecture of this host, which is that of its VMs. */
export const hostArchitecture = (): Architecture => (process.arch === 'arm64' ? 'arm64' : 'amd64')

const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46])
const LITTLE_ENDIAN = 1
/** Offsets of the ELF header, System V ABI. */
const DATA = 5
const MACHINE = 18

/** True for a program or library of any architecture. */
export const isElf = (content: Buffer): boolean => content.length > MACHINE + 1 && content.subarray(0, 4).equals(MAGIC)

/**
 * @param where the file as the person knows it, for the message
 * @throws Failure WRONG_ARCHITECTURE (exit 1) when it cannot run on the architecture
 */
export function requireArchitecture(content: Buffer, architecture: Architecture, where: string): void {
  const machine = content[DATA] === LITTLE_ENDIAN ? content.readUInt16LE(MACHINE) : content.readUInt16BE(MACHINE)
  if (machine === MACHINES[architecture]) return
  const name = Object.entries(MACHINES).find(([, number]) => number === machine)?.[0] ?? `machine ${machine}`
  throw testFailure('WRONG_ARCHITECTURE', `${where}: is for ${name}, and the VMs are ${architecture}`)
}
