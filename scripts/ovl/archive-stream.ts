import { Header, Pax } from 'tar'
import { infrastructureFailure } from '../errors/failure.ts'
import { type Member, sizeOf } from './member.ts'

const BLOCK = 512
/** POSIX ends an archive with two zero blocks. */
const END = Buffer.alloc(2 * BLOCK)
const PADDING = Buffer.alloc(BLOCK)

/**
 * Encodes members, owned by root, as a ustar archive, which GNU tar and busybox read. Names that are not ASCII also get
 * a pax header.
 * @param time modification time of all members
 * @throws Failure NAME_TOO_LONG (exit 4) when a name does not fit a ustar header: busybox supports no other
 */
export function* archiveBlocks(members: readonly Member[], time: Date): Generator<Buffer> {
  for (const member of members) {
    const size = sizeOf(member)
    const fields = { ...fieldsOf(member), size, mtime: time, uid: 0, gid: 0, uname: 'root', gname: 'root' }
    const block = Buffer.alloc(BLOCK)
    const needsPax = new Header(fields).encode(block, 0)
    const encoded = new Header(block)
    if (encoded.path !== fields.path || (member.type === 'link' && encoded.linkpath !== member.target)) {
      throw infrastructureFailure('NAME_TOO_LONG', `${member.path}: its name or target is too long for a tar archive`)
    }
    if (needsPax) yield new Pax(fields).encode()
    yield block
    if (member.type !== 'file') continue
    yield* member.content
    if (size % BLOCK > 0) yield PADDING.subarray(size % BLOCK)
  }
  yield END
}

function fieldsOf(member: Member) {
  switch (member.type) {
    case 'directory':
      return { path: `${member.path}/`, type: 'Directory', mode: 0o755 } as const
    case 'link':
      return { path: member.path, type: 'SymbolicLink', mode: 0o777, linkpath: member.target } as const
    case 'file':
      return { path: member.path, type: 'File', mode: member.executable ? 0o755 : 0o644 } as const
  }
}
