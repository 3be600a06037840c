import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { CHECK_NAMES } from '../../../scripts/cni/checks/catalog.ts'
import { RESULTS_FILE, RESULTS_PAGE, resultsPage, type StoredResult } from '../../../scripts/cni/report/results-page.ts'

const TOP = path.resolve(import.meta.dirname, '../../..')
const results: readonly StoredResult[] = JSON.parse(fs.readFileSync(path.join(TOP, RESULTS_FILE), 'utf8'))

test('the page is up to date with the results', t => {
  t.is(fs.readFileSync(path.join(TOP, RESULTS_PAGE), 'utf8'), resultsPage(results))
})

test('the results have a verdict of each check for each network, and known violations of the plugins', t => {
  const files = fs.readdirSync(path.join(TOP, 'scripts/connections/cni/networks'))
  const networks = files.filter(file => file.endsWith('.conflist')).map(file => path.parse(file).name)
  t.deepEqual(
    results.map(({ network }) => network),
    networks.toSorted(),
  )
  const verdicts = ['passed', 'failed', 'warning', 'skipped']
  for (const { network, checks } of results) {
    t.deepEqual(
      checks.map(({ name }) => name),
      [...CHECK_NAMES],
      network,
    )
    t.true(
      checks.every(({ verdict }) => verdicts.includes(verdict)),
      network,
    )
    t.is(checks.find(({ name }) => name === 'ADD succeeds')?.verdict, 'passed', network)
  }
  const whyOf = (network: string, name: string) =>
    results.find(result => result.network === network)?.checks.find(check => check.name === name)?.why ?? ''
  for (const network of ['macvlan', 'vlan'])
    t.regex(whyOf(network, 'DEL without the master interface'), /failed with code 999: Link not found/, network)
  t.regex(whyOf('bridge', 'ADD with an exhausted pool: leaves nothing'), /link veth… .* is left after a failed ADD/)
  t.is(whyOf('ptp', 'ADD with an exhausted pool: leaves nothing'), '')
})
