import { parseArgs } from 'node:util';
import { contenders } from './Contender';
import { describeResults } from './describeResults';
import { Report } from './Report';
import { runWorkload } from './runWorkload';
import { runMain, withCeph } from './withCeph';
import { workloads } from './workloads';

const { values } = parseArgs({
  options: {
    /** Ids of workloads, with commas between; all of them if absent. */
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    /** The sizes of the smaller and of the larger tree. */
    small: { type: 'string', default: '10000' },
    many: { type: 'string', default: '100000' },
    /** Names of tools to leave out, with commas between. */
    without: { type: 'string', default: '' },
    /** The file to whose end the tables go, besides the terminal. */
    out: { type: 'string' },
  },
});

runMain(() =>
  withCeph(async (store) => {
    const report = await Report.begin(values.out, 'bench');
    const only = values.only?.split(',');
    const left = values.without.split(',');
    const takePart = contenders.filter(({ name }) => !left.includes(name));
    for (const workload of workloads(Number(values.small), Number(values.many))) {
      if (only !== undefined && !only.includes(workload.id)) continue;
      await report.add(describeResults(workload, await runWorkload(workload, takePart, store, Number(values.rounds))));
    }
  }),
);
