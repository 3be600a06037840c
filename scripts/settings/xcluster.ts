import path from 'node:path'
import type { Packing } from './packing.ts'
import type { Sources } from './sources.ts'

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

/** Ovls that go before the test's own, and behind them. */
export interface OvlNames {
  readonly base: readonly string[]
  readonly more: readonly string[]
}

/** The command of ours that stands in for xcluster's: scripts/xctest. Whoever has it as $XCLUSTER has no xcluster. */
const STAND_IN = 'xcluster-embedded'

export const isStandIn = (command: string): boolean => path.basename(command) === STAND_IN

/** An ovl of this name in $XOVLS is for Kubernetes' images: the whole of $XOVLS is not for tests like ours. */
const NOT_FOR_US = 'private-reg'

const words = (text: string): readonly string[] => Object.freeze(text.split(/\s+/).filter(Boolean))

export function readOvlNames(sources: Sources): OvlNames {
  const [base, more] = [words(sources.text('BASEOVLS', '')), words(sources.text('XOVLS', ''))]
  return Object.freeze({ base, more: more.includes(NOT_FOR_US) ? [] : more })
}

/**
 * @param sources with what `$XCLUSTER env` printed
 * @param guest the VMs' variables, which travel with the prefix `xcluster_`
 */
export function readXcluster(
  sources: Sources,
  guest: Readonly<Record<string, string>>,
  packing: Packing,
): XclusterSettings {
  const command = sources.text('XCLUSTER', '')
  const [home, tmp] = [sources.text('XCLUSTER_HOME', ''), sources.text('XCLUSTER_TMP', '')]
  // An image in the environment is that of other tests: ours run on the plain one, unless the command line names another.
  const image = sources.textOf('option', '__image', path.join(home, 'hd.img'))
  const xterm = sources.flag('__xterm')
  sources.text('SETUP', '')
  // What xcluster and ovls alone know.
  sources.see('option', 'variable', 'test', 'topology')
  const guestExports = Object.entries(guest).map(([name, value]) => [`xcluster_${name}`, value])
  return Object.freeze({
    command,
    tmp,
    image,
    xterm,
    exports: Object.freeze({
      ...sources.said('option', 'variable', 'test', 'topology', 'random'),
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
