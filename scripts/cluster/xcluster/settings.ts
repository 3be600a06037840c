import path from 'node:path'
import type { Settings } from '../../settings/settings.ts'
import type { Sources } from '../../settings/sources.ts'

/** Settings for running the user's xcluster. */
export interface XclusterSettings {
  /** $XCLUSTER */
  readonly command: string
  /** $XCLUSTER_TMP: the directory of the ovl image and the consoles. */
  readonly tmp: string
  /** The VMs' disk. */
  readonly image: string
  /** Consoles in xterm instead of screen. */
  readonly xterm: boolean
  /** Variables that are added to xcluster's environment. */
  readonly exports: Readonly<Record<string, string>>
}

/**
 * @param sources including the output of `$XCLUSTER env`
 * @param settings with the variables for VMs, which are exported with the prefix `xcluster_`
 */
export function readXcluster(
  sources: Sources,
  { guestEnvironment: guest, packing }: Pick<Settings, 'guestEnvironment' | 'packing'>,
): XclusterSettings {
  const command = sources.text('XCLUSTER', '')
  const [home, tmp] = [sources.text('XCLUSTER_HOME', ''), sources.text('XCLUSTER_TMP', '')]
  // Only the command line can choose another image: one in the environment belongs to other tests.
  const image = sources.textFrom('option', '__image', path.join(home, 'hd.img'))
  const xterm = sources.flag('__xterm')
  sources.text('SETUP', '')
  // Accept options that only xcluster or ovls know.
  sources.recordFrom('option', 'variable', 'test', 'topology')
  const guestExports = Object.entries(guest).map(([name, value]) => [`xcluster_${name}`, value])
  return Object.freeze({
    command,
    tmp,
    image,
    xterm,
    exports: Object.freeze({
      ...sources.valuesFrom('option', 'variable', 'test', 'topology', 'random'),
      // Override the values above: xcluster calls this program to pack the ovl, and there the options must win.
      ...sources.ownVariables(),
      ...Object.fromEntries(guestExports),
      __nvm: guest.__nvm ?? '',
      __nrouters: guest.__nrouters ?? '',
      __ntesters: guest.__ntesters ?? '',
      __image: image,
      // Absolute: xcluster runs the ovl's tar in another directory.
      ...(packing.cni && { __cni: packing.cni }),
    }),
  })
}
