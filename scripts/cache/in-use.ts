import fs from 'node:fs'
import { entryNames, tryRead } from '../host/files.ts'

/**
 * Finds entries of the cache that a process has open, mapped or mounted, whichever run started it. Processes of other
 * users cannot be examined; they have caches of their own.
 * @param names of entries, which contain their keys
 */
export function namesInUse(names: readonly string[]): ReadonlySet<string> {
  const [known, used] = [new Set(names), new Set<string>()]
  for (const pid of entryNames('/proc').filter(name => /^\d+$/.test(name))) {
    const text = [
      read(`/proc/${pid}/maps`),
      // Layers of overlayfs, also in other mount namespaces.
      read(`/proc/${pid}/mountinfo`),
      ...entryNames(`/proc/${pid}/fd`).map(number => target(`/proc/${pid}/fd/${number}`)),
      target(`/proc/${pid}/cwd`),
    ].join('\n')
    for (const [, name = ''] of text.matchAll(/\/([\w.-]+)(?=[/\s])/g)) if (known.has(name)) used.add(name)
  }
  return used
}

const read = (file: string): string => tryRead(file) ?? ''

function target(link: string): string {
  try {
    return fs.readlinkSync(link)
  } catch {
    return '' // closed meanwhile, or not readable
  }
}
