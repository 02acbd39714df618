import type * as CountedBase from '../support/CountedBase';
import { countFileSystem } from '../support/countedFileSystem';
import type { Action, History, Quick, Sync, Trouble } from '../support/history';
import { Figures, SimulatedWorld } from '../support/SimulatedWorld';

jest.mock('../../server/src/sync/base/LevelBase', () =>
  jest.requireActual<typeof CountedBase>('../support/CountedBase'),
);

/** Keys by their numbers: the first four are plain files, the others media. */
const A = 0;
const B = 1;
const C = 2;
const MEDIA = 4;

const write = (instance: number, key: number, skewMs = 0): Quick => {
  return { do: 'write', instance, key, size: 'short', skewMs, inPlace: false };
};
const remove = (instance: number, key: number): Quick => ({ do: 'delete', instance, key });
const sync = (what: Sync, trouble: Partial<Trouble> = {}): Action => {
  return { do: 'sync', sync: what, trouble: { faults: [], ...trouble } };
};
const whole = (instance: number, trouble: Partial<Trouble> = {}): Action => sync({ do: 'whole', instance }, trouble);
const deliver = (instance: number): Action => sync({ do: 'deliver', instance });
const loseBase = (instance: number): Action => ({ do: 'lose-base', instance });
const loseFiles = (instance: number): Action => ({ do: 'lose-files', instance });

/** Histories that once broke a rule, each as small as it could be made. */
const histories: [what: string, history: Partial<History>][] = [
  [
    'a row of the feed comes once more to a server that lost its files',
    {
      startsFull: true,
      actions: [write(1, A), whole(1), deliver(0), loseFiles(0), sync({ do: 'deliver-again', instance: 0, pick: 63 })],
    },
  ],
  [
    'a file is deleted, another one comes and goes in its place, and a server has heard nothing of it',
    { startsFull: true, actions: [remove(0, A), whole(0), write(0, A), whole(0), remove(0, A), whole(0)] },
  ],
  [
    'a media file that was deleted on another server is named again, with another content, before this one hears of it',
    {
      instances: 2,
      actions: [
        write(1, MEDIA + 1),
        sync({ do: 'media-events', instance: 1 }),
        remove(3, 0),
        write(0, A),
        sync(
          { do: 'deliver-again', instance: 0, pick: 3 },
          { interrupt: { at: 0, what: { do: 'whole', instance: 0 } } },
        ),
        sync(
          { do: 'media-events', instance: 1 },
          { interrupt: { at: 0, what: { do: 'deliver', instance: 0 }, isHere: true } },
        ),
        write(1, MEDIA + 1),
        sync({ do: 'local', instance: 0 }, { crashAt: 0, interrupt: { at: 0, what: write(0, A) } }),
        whole(0, { crashAt: 13, interrupt: { at: 0, what: { do: 'local', instance: 0 } } }),
        remove(1, 0),
        write(0, A),
        whole(3, { crashAt: 0, interrupt: { at: 0, what: { do: 'media-events', instance: 0 }, isHere: true } }),
      ],
    },
  ],
  [
    'a file is deleted after the answer to its upload was lost',
    {
      instances: 1,
      actions: [whole(0), write(0, A), whole(0, { faults: [{ at: 1, kind: 'lost-answer' }] }), remove(0, A)],
    },
  ],
  [
    'the same, and its delete is withheld at first',
    {
      instances: 4,
      actions: [
        whole(3),
        write(3, A),
        whole(3, { faults: [{ at: 2, kind: 'lost-answer' }] }),
        sync({ do: 'local', instance: 0 }),
        remove(3, A),
        whole(3),
      ],
    },
  ],
  [
    'a file is replaced, by a clock that is late, after the answer to its upload was lost',
    {
      instances: 1,
      actions: [whole(0), write(0, A), whole(0, { faults: [{ at: 1, kind: 'lost-answer' }] }), write(0, A, -3_600_000)],
    },
  ],
  [
    'a media file is deleted on a server that has not looked at everything yet',
    {
      instances: 3,
      actions: [
        write(0, 6),
        sync({ do: 'local', instance: 0 }),
        remove(0, 0),
        write(2, 6),
        sync({ do: 'media-events', instance: 0 }),
        remove(2, 0),
      ],
    },
  ],
  [
    'a server lost its files, and fetches a new one before anybody decides',
    { startsFull: true, actions: [write(1, A), loseFiles(0), whole(1), whole(0)] },
  ],
  [
    'a server lost its files, and is killed when it has fetched a new one',
    { startsFull: true, actions: [loseFiles(0), write(1, A), whole(1), whole(0, { crashAt: 12 })] },
  ],
  [
    'a server lost its files, and an editor writes one of them anew',
    { startsFull: true, actions: [loseFiles(0), write(0, A)] },
  ],
  [
    'a run is killed between a delete and the next step, and more is deleted after it',
    {
      instances: 1,
      tight: true,
      startsFull: true,
      actions: [remove(0, A), sync({ do: 'local', instance: 0 }, { crashAt: 9 }), remove(0, A), remove(0, B), whole(0)],
    },
  ],
  [
    'a media file is deleted on a server that it had not reached',
    {
      actions: [
        write(0, MEDIA),
        whole(0),
        whole(1),
        write(0, MEDIA),
        whole(0),
        remove(1, 0),
        sync({ do: 'media-events', instance: 1 }),
      ],
    },
  ],
  [
    'a store answers a condition with 409 while it is probed, and knows none',
    { conditions: 'refused', actions: [write(0, A), whole(0, { faults: [{ at: 4, kind: 'conflict' }] }), whole(0)] },
  ],
  [
    'a fetched file is not noted, because the run was killed, and is deleted elsewhere',
    {
      startsFull: true,
      instances: 2,
      actions: [write(1, MEDIA), whole(1), whole(0, { crashAt: 15 }), remove(1, MEDIA), whole(1)],
    },
  ],
  [
    'a version that lost a conflict is in a trash that is lost, before the others hear of it',
    {
      startsFull: true,
      actions: [write(1, C), write(0, C, -3_600_000), whole(0), whole(1), loseBase(1), deliver(0), remove(0, C)],
    },
  ],
  [
    'a run of single keys ends early while a file is still being fetched, and then all files are lost',
    {
      instances: 4,
      startsFull: true,
      actions: [
        whole(0, { interrupt: { at: 0, what: write(0, 3) } }),
        write(0, A),
        sync({ do: 'local', instance: 0 }, { interrupt: { at: 0, what: remove(0, MEDIA) } }),
        sync({ do: 'local', instance: 0 }),
        sync({ do: 'deliver', instance: 3 }, { faults: [{ at: 5, kind: 'lost-answer' }] }),
        write(0, A),
        loseFiles(3),
      ],
    },
  ],
  [
    'a file is deleted in the moment in which it was fetched',
    {
      conditions: 'ignored',
      startsFull: true,
      actions: [
        write(0, B),
        remove(0, A),
        write(1, B),
        sync({ do: 'deliver-again', instance: 1, pick: 1 }, { crashAt: 0 }),
        remove(0, C),
        whole(0, { interrupt: { at: 0, what: write(0, C) } }),
        deliver(0),
        remove(1, C),
        whole(1, { interrupt: { at: 25, what: remove(1, C) } }),
      ],
    },
  ],
  [
    'the only file that a server knew is lost, and another one is fetched by name before everything is looked at',
    {
      actions: [
        write(1, A),
        sync({ do: 'local', instance: 1 }),
        write(0, MEDIA + 1),
        write(1, MEDIA + 1),
        loseFiles(1),
        sync({ do: 'media-events', instance: 0 }),
        sync({ do: 'media-events', instance: 1 }),
        whole(1),
      ],
    },
  ],
  [
    'a run fetches the newer version of a file that was deleted here and is killed before it notes that, and it is deleted again',
    {
      instances: 3,
      startsFull: true,
      actions: [
        write(0, A),
        write(0, C),
        whole(0),
        remove(1, C),
        whole(1, { crashAt: 19, interrupt: { at: 0, what: remove(0, A) } }),
        whole(0),
        remove(1, C),
        remove(0, A),
      ],
    },
  ],
  [
    'a run and one beside it delete at the same time what each may delete alone',
    {
      tight: true,
      startsFull: true,
      actions: [
        remove(1, B),
        whole(1),
        remove(0, A),
        sync(
          { do: 'local', instance: 0 },
          { interrupt: { at: 4, what: { do: 'deliver', instance: 0 }, isHere: true } },
        ),
        sync({ do: 'local', instance: 0 }),
        remove(0, A),
        write(0, A),
        remove(0, MEDIA + 2),
      ],
    },
  ],
];

describe('Nothing is lost, and all end alike and at rest, when', () => {
  let restore: () => void;
  beforeAll(() => {
    restore = countFileSystem();
  });
  afterAll(() => {
    restore();
  });

  test.each(histories)('%s', async (_what, history) => {
    const whatIsUsual = { instances: 2, conditions: 'all', tight: false, startsFull: false, actions: [] } as const;
    await SimulatedWorld.play('MULTI', { ...whatIsUsual, ...history, actions: history.actions ?? [] }, new Figures());
  });

  test('in SINGLE mode: a run is killed right before its deletes, and the same ones wait again with one more', async () => {
    const actions: Action[] = [
      ...Array.from({ length: 5 }, () => remove(0, A)),
      whole(0, { crashAt: 8 }),
      remove(0, A),
      whole(0, { interrupt: { at: 7, what: { do: 'media-events', instance: 0 }, isHere: true } }),
      sync({ do: 'local', instance: 0 }, { faults: [{ at: 0, kind: 'busy' }] }),
      sync({ do: 'local', instance: 0 }, { interrupt: { at: 6, what: remove(0, A) } }),
    ];
    const history = { instances: 1, conditions: 'all', tight: false, startsFull: true, actions } as const;
    await SimulatedWorld.play('SINGLE', history, new Figures());
  });

  test('in SINGLE mode: a look at the local files alone comes after the base of an emptied directory was forgotten', async () => {
    const actions: Action[] = [
      loseFiles(0),
      write(0, A, -3_600_000),
      write(0, B, -3_600_000),
      whole(0),
      sync({ do: 'local', instance: 0 }),
      sync({ do: 'local', instance: 0 }),
    ];
    const history = { instances: 1, conditions: 'all', tight: false, startsFull: true, actions } as const;
    await SimulatedWorld.play('SINGLE', history, new Figures());
  });

  test('in SINGLE mode: old copies of a few files come into a directory that was emptied', async () => {
    const actions: Action[] = [loseFiles(0), write(0, A, -3_600_000), write(0, B, -3_600_000), whole(0)];
    const history = { instances: 1, conditions: 'all', tight: false, startsFull: true, actions } as const;
    await SimulatedWorld.play('SINGLE', history, new Figures());
  });
});
