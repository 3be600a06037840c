import fs from 'node:fs'
import path from 'node:path'
import type { TestDefinition } from '../cases/definition.ts'
import { CONNECTIONS } from '../ovl/own-tree.ts'

/**
 * The built-in tests by the names of their folders. In a bundle, static imports replace this module
 * (scripts/launch/bundle.mjs).
 */
export const definitions: ReadonlyMap<string, TestDefinition> = new Map(
  await Promise.all(
    fs
      .readdirSync(CONNECTIONS)
      .filter(name => fs.existsSync(path.join(CONNECTIONS, name, 'definition.ts')))
      .map(async name => [name, await readDefinition(name)] as const),
  ),
)

async function readDefinition(name: string): Promise<TestDefinition> {
  // esbuild resolves this form, too: scripts/launch/package.mjs.
  const { default: definition } = await import(`../connections/${name}/definition.ts`)
  return definition
}
