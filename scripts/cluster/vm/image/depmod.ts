import fs from 'node:fs'
import path from 'node:path'
import { run } from '../../../host/command.ts'
import { type GuestArchitecture, nativeArchitecture } from '../../../settings/guest.ts'
import { TRIPLETS } from './recipe.ts'

/** A command with its first options. */
export type Depmod = readonly string[]

const LOADERS: Readonly<Record<GuestArchitecture, string>> = {
  amd64: 'ld-linux-x86-64.so.2',
  arm64: 'ld-linux-aarch64.so.1',
}

/**
 * The image's own depmod, by the image's own loader and libraries, so that the index does not depend on the host's
 * version of kmod. Where that cannot run, as for another architecture, the host's.
 */
export async function findDepmod(root: string, architecture: GuestArchitecture): Promise<Depmod> {
  const host = ['depmod']
  if (architecture !== nativeArchitecture()) return host
  const libraries = ['lib', 'usr/lib'].map(name => path.join(root, name, TRIPLETS[architecture]))
  const first = (places: readonly string[]) => places.find(place => fs.existsSync(place))
  const loader = first(libraries.map(directory => path.join(directory, LOADERS[architecture])))
  const kmod = first(['bin/kmod', 'usr/bin/kmod'].map(name => path.join(root, name)))
  if (!loader || !kmod) return host
  const own = [loader, '--library-path', libraries.join(':'), '--argv0', 'depmod', kmod]
  const [program = '', ...words] = own
  return await run(program, [...words, '--version']).then(
    () => own,
    () => host,
  )
}
