import { add } from './add.ts'
import { capabilities } from './capabilities.ts'
import { CATALOG, CHECK_NAMES, type CheckName } from './catalog.ts'
import type { Check, CheckCode } from './check.ts'
import { del } from './del.ts'
import { leaks } from './leaks.ts'
import { networkWide } from './network-wide.ts'
import { parallel } from './parallel.ts'
import { protocol } from './protocol.ts'
import { reboot } from './reboot.ts'
import { verify } from './verify.ts'

const CODE: Readonly<Record<CheckName, CheckCode>> = {
  ...protocol,
  ...add,
  ...parallel,
  ...verify,
  ...del,
  ...leaks,
  ...reboot,
  ...networkWide,
  ...capabilities,
}

/** All checks, in the order of the catalog. */
export const checks: readonly Check[] = CHECK_NAMES.map(name => ({ name, ...CATALOG[name], ...CODE[name] }))

/**
 * The checks whose names match a pattern.
 * @param pattern with `*` for any characters: `DEL*`
 */
export function matching(pattern: string): readonly Check[] {
  const words = pattern.split('*').map(word => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const regex = new RegExp(`^${words.join('.*')}$`, 'i')
  return checks.filter(({ name }) => regex.test(name))
}
