import type * as CountedBase from '../support/CountedBase';
import { checkHistories, historiesOf, timeFor } from '../support/checkHistories';
import { multiHistory } from '../support/history';

jest.mock('../../server/src/sync/base/LevelBase', () =>
  jest.requireActual<typeof CountedBase>('../support/CountedBase'),
);

const HISTORIES = 250;

test(
  `in ${historiesOf(HISTORIES)} histories of up to four servers nothing is lost, and all end alike and at rest`,
  () => checkHistories('MULTI', multiHistory, HISTORIES),
  timeFor(historiesOf(HISTORIES)),
);
