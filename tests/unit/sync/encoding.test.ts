import type { Intent } from '../../../server/src/sync/base/Base';
import { decodeIntent, encodeIntent } from '../../../server/src/sync/base/encoding';

describe('the stored form of an intent', () => {
  test.each<Intent>([
    { action: 'upload', at: 1 },
    { action: 'upload', at: 1, isLarge: true },
    { action: 'upload', at: 1, isLarge: true, uploadId: 'id' },
    { action: 'delete-remote', at: 1 },
  ])('gives %j back', (intent) => {
    expect(decodeIntent(encodeIntent(intent))).toEqual(intent);
  });

  test.each<[string, Intent]>([
    ['{"action":"upload","at":1}', { action: 'upload', at: 1 }],
    ['{"action":"upload","at":1,"uploadId":"id"}', { action: 'upload', at: 1, uploadId: 'id' }],
  ])('of earlier versions (%s) can be read', (text, intent) => {
    expect(decodeIntent(text)).toEqual(intent);
  });
});
