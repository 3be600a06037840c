// A test: npx xcluster-netns test tests/first.test.ts --cluster namespaces
// All keys: node_modules/xcluster-netns/docs/own-tests.md
import { defineTest, onWorkers } from 'xcluster-netns'

export default defineTest({
  summary: 'PODs of a node reach each other, and no POD of another node',
  // Variables of the cluster: two nodes with two PODs each. Options such as --nvm take precedence.
  cluster: { __nvm: 2, xcluster_NPODS: 2 },
  // The PODs that the steps create. If one is missing, the test fails.
  pods: 'numbered',
  // Names for selectors.
  labels: { first: ['*-ns01'] },
  // The test runs once for each value, as `first[size=1400]`. `--set size=576` selects other values.
  parameters: { size: [56, 1400] },
  steps: [
    // Steps of `netns_test`, on all nodes with PODs.
    onWorkers('create_with_addresses'),
    onWorkers('linux_bridge'),
    // Commands on nodes (`on`) or in PODs (`in`): a text is run by a shell, a list is a command with its arguments.
    {
      name: 'bridge',
      command: 'ip -brief link show type bridge',
      on: 'workers',
      expect: { stdout: /UP/, withinSeconds: 10 },
    },
    // A command in the background, stopped at the end of the test.
    {
      name: 'listener',
      command: ['socat', 'TCP6-LISTEN:8080,fork', 'SYSTEM:hostname'],
      in: { label: 'first' },
      background: { port: 8080 },
    },
    // A function does what data cannot express.
    {
      name: 'names',
      run: async ({ pods, run, check, parameters }) => {
        for (const { name, node, ipv4 } of await pods()) {
          if (!name.endsWith('-ns02')) continue
          const first = `${node}-ns01`
          await check(`${name} finds ${first}`, async () => {
            const [to] = (await pods()).filter(pod => pod.name === first).flatMap(pod => pod.ipv4)
            await run(`ping -c 1 -W 5 -s ${parameters.size} ${to}`, { in: name, expect: { stdout: '1 received' } })
            await run(`socat -u TCP:${to}:8080 -`, { in: name, expect: { stdout: first } })
          })
          if (ipv4.length !== 1) throw new Error(`${name} has ${ipv4.length} IPv4 addresses`)
        }
      },
    },
  ],
  // Which PODs reach each other, by ping in both families. All other pairs must be silent. Try 'all'.
  reach: 'node',
  // Always runs, also after a failure.
  cleanup: [{ command: 'rm -f /tmp/mine', on: 'all' }],
})
