import path from 'node:path'
import type { Settings } from '../../settings/settings.ts'
import type { Sources } from '../../settings/sources.ts'

/** How the user's xcluster is driven. */
export interface XclusterSettings {
  /** $XCLUSTER */
  readonly command: string
  /** $XCLUSTER_TMP: where the image of the ovls and the consoles are. */
  readonly tmp: string
  /** The VMs' disk. */
  readonly image: string
  /** Consoles in xterm, and not in screen. */
  readonly xterm: boolean
  /** What xcluster finds in its environment beside what is there already. */
  readonly exports: Readonly<Record<string, string>>
}

/**
 * @param sources with what `$XCLUSTER env` printed
 * @param settings with the VMs' variables, which travel with the prefix `xcluster_`
 */
export function readXcluster(
  sources: Sources,
  { guestEnvironment: guest, packing }: Pick<Settings, 'guestEnvironment' | 'packing'>,
): XclusterSettings {
  const command = sources.text('XCLUSTER', '')
  const [home, tmp] = [sources.text('XCLUSTER_HOME', ''), sources.text('XCLUSTER_TMP', '')]
  // An image in the environment is that of other tests: ours run on the plain one, unless the command line names another.
  const image = sources.textFrom('option', '__image', path.join(home, 'hd.img'))
  const xterm = sources.flag('__xterm')
  sources.text('SETUP', '')
  // What xcluster and ovls alone know.
  sources.recordFrom('option', 'variable', 'test', 'topology')
  const guestExports = Object.entries(guest).map(([name, value]) => [`xcluster_${name}`, value])
  return Object.freeze({
    command,
    tmp,
    image,
    xterm,
    exports: Object.freeze({
      ...sources.valuesFrom('option', 'variable', 'test', 'topology', 'random'),
      // They are among those above; xcluster calls this program for the ovl, where they would win over what was typed.
      ...sources.ownVariables(),
      ...Object.fromEntries(guestExports),
      __nvm: guest.__nvm ?? '',
      __nrouters: guest.__nrouters ?? '',
      __ntesters: guest.__ntesters ?? '',
      __image: image,
      // Typed in another directory than the one in which xcluster runs the ovl's tar.
      ...(packing.cni && { __cni: packing.cni }),
    }),
  })
}
