import { Header, Pax } from 'tar'
import type { Member } from './member.ts'

const BLOCK = 512
/** POSIX: two blocks of zeros. */
const END = Buffer.alloc(2 * BLOCK)

/**
 * The members as a tar archive, in ustar's form (pax's for names that do not fit), owned by root: GNU tar and busybox read it.
 * @param time of all members
 */
export function* archiveBlocks(members: readonly Member[], time: Date): Generator<Buffer> {
  for (const member of members) {
    const content = member.type === 'file' ? member.content : Buffer.alloc(0)
    const fields = {
      ...fieldsOf(member),
      size: content.length,
      mtime: time,
      uid: 0,
      gid: 0,
      uname: 'root',
      gname: 'root',
    }
    const block = Buffer.alloc(BLOCK)
    // True when the name is cut in the header: an extended header in front of it holds the whole.
    if (new Header(fields).encode(block, 0)) yield new Pax(fields).encode()
    yield block
    if (content.length === 0) continue
    yield content
    const rest = content.length % BLOCK
    if (rest > 0) yield Buffer.alloc(BLOCK - rest)
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
