import type * as CountedBase from '../support/CountedBase';
import { checkHistories, historiesOf, timeFor } from '../support/checkHistories';
import { disastrousHistory } from '../support/history';

jest.mock('../../server/src/sync/base/LevelBase', () =>
  jest.requireActual<typeof CountedBase>('../support/CountedBase'),
);

const HISTORIES = 250;

test(
  `in ${historiesOf(HISTORIES)} histories with disasters only what they destroyed is lost, and all servers end alike and at rest`,
  () => checkHistories('MULTI', disastrousHistory, HISTORIES),
  timeFor(historiesOf(HISTORIES)),
);
