/** The bytes of a file, in pieces: as they came, since joining 45 MB of plugins would cost more than writing them. */
export type Content = readonly Buffer[]

/** One entry of the ovl, ready to be written. Paths are relative, with `/`, and without a leading `./`. */
export type Member =
  | { readonly type: 'file'; readonly path: string; readonly executable: boolean; readonly content: Content }
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string }

/** An executable file. */
export const program = (path: string, content: Content): Member => ({ type: 'file', path, executable: true, content })

/** What is in a file; nothing in others. */
export const contentOf = (member: Member): Content => (member.type === 'file' ? member.content : [])

/** Size of a member's content in bytes. */
export const sizeOf = (member: Member): number => contentOf(member).reduce((sum, piece) => sum + piece.length, 0)

/**
 * The members in the order of the archive, each once, with the directories that they lie in. The order is that of the bytes of
 * the paths, so that it depends on no locale, and a directory comes before what is in it.
 */
export function arrange(members: readonly Member[]): readonly Member[] {
  const all = new Map<string, Member>()
  for (const member of members) {
    const parts = member.path.split('/')
    for (let depth = 1; depth < parts.length; depth += 1) {
      const path = parts.slice(0, depth).join('/')
      if (!all.has(path)) all.set(path, { type: 'directory', path })
    }
    all.set(member.path, member)
  }
  return [...all.values()].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}
