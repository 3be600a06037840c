/** Files that take minutes begin first: none of them then runs alone at the end, with a processor idle. */
const LONGEST = [
  'tests/vm/xcluster.test.ts',
  'tests/vm/template.test.ts',
  'tests/vm/life.test.ts',
  'tests/reporters/html/browser.test.ts',
  'tests/package/own-tests.test.ts',
  'scripts/connections/L3/namespaces.test.ts',
  'scripts/connections/cni/namespaces.test.ts',
]

const rank = file => {
  const index = LONGEST.findIndex(each => file.endsWith(each))
  return index < 0 ? LONGEST.length : index
}

export default {
  extensions: { ts: 'module' },
  environmentVariables: { TSX_DISABLE_CACHE: '1' },
  nodeArguments: ['--import=tsx'],
  timeout: '2m',
  workerThreads: false,
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other),
}
