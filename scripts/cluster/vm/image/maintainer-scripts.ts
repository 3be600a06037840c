import path from 'node:path'
import { run } from '../../../host/command.ts'
import { readDebName } from './deb-names.ts'
import { linkIfFree } from './tree.ts'

/** Scripts of a package that would have run at its installation. */
const NAMES = ['preinst', 'postinst', 'config'] as const

/**
 * Does what the maintainer scripts of the requested packages would do with `update-alternatives`, which many packages
 * use to install a program under its usual name, and finds the packages whose scripts do more.
 * @param files the packages, below the root
 * @returns names of packages with scripts that are not run
 */
export async function applyAlternatives(root: string, files: readonly string[]): Promise<readonly string[]> {
  const unrun: string[] = []
  for (const file of files) {
    const texts: string[] = []
    for (const name of NAMES) {
      const words = ['--info', path.join(root, file), name]
      texts.push(await run('dpkg-deb', words).catch(() => ''))
    }
    for (const { link, target } of texts.flatMap(alternativesIn)) linkIfFree(root, link, target)
    if (texts.some(doesMore)) unrun.push(readDebName(file)?.name ?? file)
  }
  return unrun
}

/** The links that a script would create: `update-alternatives --install <link> <name> <target> <priority> --slave …`. */
export function alternativesIn(script: string): readonly { readonly link: string; readonly target: string }[] {
  const text = script.replaceAll(/\\\n/g, ' ')
  return [...text.matchAll(/--(?:install|slave)\s+(\/[^\s$]+)\s+[^\s$]+\s+(\/[^\s$]+)/g)].flatMap(([, link, target]) =>
    link && target ? [{ link, target }] : [],
  )
}

/** Whether a script creates users, or enables services; debhelper's other additions do not matter on a node. */
const doesMore = (script: string): boolean =>
  /\b(adduser|useradd|addgroup|groupadd|systemd-sysusers|invoke-rc\.d|deb-systemd-invoke|setcap|chown)\b/.test(script)
