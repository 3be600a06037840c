import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { topologyNames } from '../../scripts/cluster/own/topologies.ts'
import { recipe } from '../../scripts/cluster/vm/image/recipe.ts'

const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/xcluster.md'), 'utf8')

/** The words of the list after a line. */
const listBehind = (line: string) =>
  (page.split(`\n${line}\n`)[1] ?? '')
    .split('\n\n')[0]
    ?.split(/[\s,]+/)
    .filter(Boolean) ?? []

test('lists the packages and modules of the image', t => {
  t.deepEqual(listBehind('Debian packages:'), [...recipe.packages])
  t.deepEqual(listBehind('Kernel modules, below `kernel/`:'), [...recipe.modules])
  t.deepEqual(listBehind('without'), [...recipe.withoutModules])
})

test('lists every built-in topology', t => {
  for (const name of topologyNames()) t.true(page.includes(`\`${name}\``), name)
})
