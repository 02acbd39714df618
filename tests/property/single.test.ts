import type * as CountedBase from '../support/CountedBase';
import { checkHistories, historiesOf, timeFor } from '../support/checkHistories';
import { singleHistory } from '../support/history';

jest.mock('../../server/src/sync/base/LevelBase', () =>
  jest.requireActual<typeof CountedBase>('../support/CountedBase'),
);

const HISTORIES = 100;

test(
  `in ${historiesOf(HISTORIES)} histories of one server no local file is touched, and the bucket ends like the directory`,
  () => checkHistories('SINGLE', singleHistory, HISTORIES),
  timeFor(historiesOf(HISTORIES)),
);
