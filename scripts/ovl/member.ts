/** The bytes of a file in chunks: joining 45 MB of plugins would cost more than writing them. */
export type Content = readonly Buffer[]

/** One entry of the ovl. Paths are relative, with `/`, and without a leading `./`. */
export type Member =
  | { readonly type: 'file'; readonly path: string; readonly executable: boolean; readonly content: Content }
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string }

export const program = (path: string, content: Content): Member => ({ type: 'file', path, executable: true, content })

/** A file's content; nothing for other members. */
export const contentOf = (member: Member): Content => (member.type === 'file' ? member.content : [])

/** Size of a member's content in bytes. */
export const sizeOf = (member: Member): number => contentOf(member).reduce((sum, chunk) => sum + chunk.length, 0)

/**
 * Removes duplicates, adds parent directories, and sorts by the bytes of the paths: independent of the locale, with
 * each directory before its content.
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
