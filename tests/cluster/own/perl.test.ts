import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'

const CLUSTER = path.resolve(import.meta.dirname, '../../../scripts/cluster')

/** The functions of Perl programs by name, without what may differ: comments, empty returns and names of constants. */
function functionsIn(...files: string[]): ReadonlyMap<string, string> {
  const text = files.map(file => fs.readFileSync(path.join(CLUSTER, file), 'utf8')).join('\n')
  return new Map(
    [...text.matchAll(/^sub (\w+) \{\n(.*?)^\}/gms)].map(([, name = '', body = '']) => [
      name,
      body
        .replace(/^\s*#.*\n/gm, '')
        .replace(/^\s*return;\n/gm, '')
        .replaceAll('$CALL{mount}', '$MOUNT')
        .trim(),
    ]),
  )
}

/** become.pl is in the guest image, and the others are not: they cannot share a file. */
test('VMs and namespaces have the same basic functions', t => {
  const ofVms = functionsIn('vm/guest/root/etc/netns/become.pl')
  const ofNamespaces = functionsIn('namespaces/world/calls.pl', 'namespaces/world/node.pl')
  const common = [...ofVms.keys()].filter(name => ofNamespaces.has(name)).sort()
  t.deepEqual(common, ['call', 'mount_on', 'read_file', 'run', 'run_batch', 'write_file'])
  for (const name of common) t.is(ofVms.get(name), ofNamespaces.get(name), name)
})
